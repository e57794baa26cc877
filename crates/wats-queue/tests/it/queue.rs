//! The queue by its public side: what goes in, what is said of it, what people decide.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use wats_queue::{
    Bounds, Class, DrainOptions, Ended, Entry, Error, Filter, Queue, State, Status, Stored,
    Verdict, WhenFull,
};

use crate::support::{
    LONG, Receiver, all, body, bytes, entry, fault, is_kept, key, number, open, options, put, sent,
    states, until,
};

/// Databases of every format that was released.
pub(crate) fn formats() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/formats")
}

#[tokio::test]
async fn what_is_accepted_is_awaited_in_a_task_or_waited_for_on_a_thread() {
    let folder = tempfile::tempdir().unwrap();
    let queue = Queue::open(folder.path(), options()).await.unwrap();
    let receipt = queue.enqueue(entry(1)).await.unwrap();
    assert_eq!(receipt.outcome, Stored::New);
    let same = queue.clone();
    let waited = tokio::task::spawn_blocking(move || same.enqueue(entry(1)).wait());
    assert_eq!(waited.await.unwrap().unwrap().outcome, Stored::SameAsOpen);
    let status = queue.settled(&receipt, Duration::ZERO).await.unwrap();
    assert!(matches!(status, Status::Open(item) if item.state == State::Ready));
    queue.close().await.unwrap();
    assert!(matches!(
        queue.enqueue(entry(2)).await,
        Err(Error::Closed(_))
    ));
    assert!(matches!(queue.health().await, Err(Error::Closed(_))));
}

#[test]
fn dropping_all_handles_does_what_was_asked_before() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    for at in 0..20 {
        drop(queue.enqueue(entry(at)));
    }
    drop(queue);
    let queue = open(folder.path());
    // The other thread may still be at it.
    until("all are there", || (0..20).all(|at| is_kept(&queue, at)));
}

#[test]
fn bodies_of_every_size_and_way_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    let lengths = [0, 1, 511, 262_144, 262_145, 700_000];
    for (at, length) in lengths.into_iter().enumerate() {
        let content = bytes(at as u32, length);
        let at = at as u32 * 10;
        queue
            .enqueue(Entry::new(key(at), content.clone()))
            .wait()
            .unwrap();
        let path = folder.path().join("given");
        std::fs::write(&path, &content).unwrap();
        queue
            .enqueue(Entry::file(key(at + 1), &path))
            .wait()
            .unwrap();
        // What becomes of the file later does not matter.
        std::fs::remove_file(&path).unwrap();
        let mut writer = queue.writer();
        for part in content.chunks(100_000) {
            writer.write_all(part).unwrap();
        }
        queue
            .enqueue(Entry::written(key(at + 2), writer.finish().unwrap()))
            .wait()
            .unwrap();
        for key in [key(at), key(at + 1), key(at + 2)] {
            let stored = queue.body(key).wait().unwrap();
            assert_eq!(stored.len(), length as u64);
            assert_eq!(stored.read().unwrap(), content);
        }
    }
    let error = queue
        .enqueue(Entry::file(key(999), "nowhere"))
        .wait()
        .unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn what_does_not_fit_is_refused_with_its_bound() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    for entry in [
        entry(1).lane("x".repeat(513)),
        entry(1).kind("x".repeat(65)),
        entry(1).labels("x".repeat(1025)),
    ] {
        let error = queue.enqueue(entry).wait().unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{error}");
    }
    assert_eq!(states(&queue), []);
}

#[test]
fn people_list_retry_replace_and_discard() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    for at in 1..=3 {
        put(&queue, at);
    }
    let receiver = Receiver::new(|at| {
        if at == 1 {
            sent()
        } else {
            Verdict::Refused(fault())
        }
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let drain = runtime
        .block_on(async { queue.drain(receiver.clone(), DrainOptions::default()) })
        .unwrap();
    until("two are parked", || {
        states(&queue) == [(2, State::Parked), (3, State::Parked)]
    });
    assert!(drain.stop(LONG).wait().unwrap());
    let parked = queue.list(Filter::set_aside()).wait().unwrap();
    assert_eq!(parked[0].fault, Some(fault()));
    let first = queue.list(Filter::all().most(1)).wait().unwrap();
    let next = queue
        .list(Filter::all().after(first[0].seq))
        .wait()
        .unwrap();
    assert_eq!((number(first[0].key), number(next[0].key)), (2, 3));
    assert_eq!(queue.retry(key(2)).wait().unwrap(), 1);
    assert!(matches!(
        queue.retry(key(2)).wait(),
        Err(Error::WrongState { .. })
    ));
    assert!(matches!(queue.retry(key(9)).wait(), Err(Error::Unknown(_))));
    let mended = Entry::new(key(3), "mended");
    runtime.block_on(queue.replace(mended)).unwrap();
    let nothing = runtime.block_on(queue.replace(Entry::new(key(9), "x")));
    assert!(matches!(nothing, Err(Error::Unknown(_))));
    assert_eq!(states(&queue), [(2, State::Ready), (3, State::Ready)]);
    let past = queue.discard(key(2), "no use").wait().unwrap();
    assert_eq!(
        (past[0].ended, past[0].note.as_str()),
        (Ended::Discarded, "no use")
    );
    assert!(matches!(
        queue.status(key(2)).wait().unwrap(),
        Status::Ended(past) if past.ended == Ended::Discarded
    ));
}

#[test]
fn who_waits_for_room_gets_it_or_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = |time| {
        Bounds::default()
            .min_free(0)
            .max_items(1)
            .when_full(WhenFull::Wait(time))
    };
    let queue = Queue::open_blocking(folder.path(), options().bounds(bounds(LONG))).unwrap();
    put(&queue, 1);
    let waiting = queue.enqueue(entry(2));
    // What makes room comes later than who waits for it.
    queue.health().wait().unwrap();
    queue.discard(key(1), "for room").wait().unwrap();
    assert_eq!(waiting.wait().unwrap().outcome, Stored::New);
    queue.close().wait().unwrap();
    let short = bounds(Duration::from_millis(1));
    let queue = Queue::open_blocking(folder.path(), options().bounds(short)).unwrap();
    let error = queue.enqueue(entry(3)).wait().unwrap_err();
    assert!(matches!(error, Error::StillFull(_)), "{error}");
}

#[test]
fn who_chose_to_drop_the_oldest_is_told_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let (sender, told) = std::sync::mpsc::channel();
    let sender = std::sync::Mutex::new(sender);
    let on_dropped = std::sync::Arc::new(move |past: &wats_queue::Past| {
        let _ = sender.lock().unwrap().send(number(past.key));
        panic!("what the user's function does is its own affair");
    });
    let bounds = Bounds::default()
        .min_free(0)
        .max_items(2)
        .when_full(WhenFull::DropOldest(Class::Backfill, on_dropped));
    let queue = Queue::open_blocking(folder.path(), options().bounds(bounds)).unwrap();
    put(&queue, 1);
    queue
        .enqueue(entry(2).class(Class::Backfill))
        .wait()
        .unwrap();
    put(&queue, 3);
    assert_eq!(told.recv_timeout(LONG).unwrap(), 2);
    assert!(matches!(
        queue.enqueue(entry(4)).wait(),
        Err(Error::Full { .. })
    ));
    assert_eq!(states(&queue), [(1, State::Ready), (3, State::Ready)]);
}

#[test]
fn items_move_to_another_machine_once() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let moved = there.path().join("moved");
    let queue = open(here.path());
    for at in 1..=5 {
        put(&queue, at);
    }
    queue
        .enqueue(Entry::new(key(6), bytes(6, 300_000)).lane("a"))
        .wait()
        .unwrap();
    let done = queue.export(&moved, Filter::all()).wait().unwrap();
    assert_eq!((done.items, done.damaged), (6, 0));
    let error = queue.export(&moved, Filter::all()).wait().unwrap_err();
    assert!(error.to_string().contains("not empty"), "{error}");
    let name = all(&queue)[4].sha256.to_string();
    let other = open(&there.path().join("queue"));
    put(&other, 2);
    // One body is damaged on the way.
    std::fs::write(moved.join(&name), b"something else").unwrap();
    let done = other.import(&moved).wait().unwrap();
    assert_eq!((done.items, done.known, done.damaged), (4, 1, 1));
    std::fs::write(moved.join(&name), body(5)).unwrap();
    let done = other.import(&moved).wait().unwrap();
    assert_eq!((done.items, done.known, done.damaged), (1, 5, 0));
    assert!((1..=5).all(|at| is_kept(&other, at)));
    let item = &other.list(Filter::all().key(key(6))).wait().unwrap()[0];
    assert_eq!((item.lane.as_str(), item.len), ("a", 300_000));
    assert!(
        other.import(there.path()).wait().is_err(),
        "there is no list"
    );
}

#[test]
fn health_says_what_is_in_it_and_who_has_it_open() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    let other = open(folder.path());
    put(&queue, 1);
    queue
        .enqueue(entry(2).class(Class::Backfill))
        .wait()
        .unwrap();
    let health = other.health().wait().unwrap();
    assert_eq!(
        (health.all_items(), health.to_send(), health.owners),
        (2, 2, 2)
    );
    assert_eq!(health.items(State::Ready), 2);
    assert_eq!(health.depth.len(), 2);
    assert_eq!(health.depth[0].bytes, body(1).len() as u64);
    assert!(health.oldest.is_some() && health.pause.is_none() && health.failing.is_none());
    drop(other);
    until("one has it open", || {
        queue.health().wait().unwrap().owners == 1
    });
}

#[test]
fn databases_of_every_format_are_opened_and_sent() {
    for format in ["0", "1"] {
        let folder = tempfile::tempdir().unwrap();
        crate::support::copy(&formats().join(format), folder.path());
        let queue = open(folder.path());
        assert!((1..=3).all(|at| is_kept(&queue, at)), "{format}");
        assert_eq!(
            states(&queue),
            [(2, State::Parked), (3, State::Ready)],
            "format {format}: the first one was sent"
        );
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let receiver = Receiver::that_takes_all();
        let drain = runtime
            .block_on(async { queue.drain(receiver.clone(), DrainOptions::default()) })
            .unwrap();
        until("it is sent", || receiver.got() == [3]);
        drain.stop(LONG).wait().unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    crate::support::copy(&formats().join("newer"), folder.path());
    let error = Queue::open_blocking(folder.path(), options()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Newer { found: 2, .. }), "{text}");
    assert!(text.contains("made by version 9.9.9"), "{text}");
}

/// Writes the folders that the test above reads. A format that was released is never written again.
#[test]
#[ignore = "writes the databases of the formats, once for each"]
fn write_the_formats() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    for at in 1..=3 {
        put(&queue, at);
    }
    let receiver = Receiver::new(|at| {
        if at == 1 {
            sent()
        } else {
            Verdict::Refused(fault())
        }
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let drain = runtime
        .block_on(async { queue.drain(receiver, DrainOptions::default()) })
        .unwrap();
    until("parked", || {
        states(&queue)
            .iter()
            .all(|(_, state)| *state == State::Parked)
    });
    drain.stop(LONG).wait().unwrap();
    queue.retry(key(3)).wait().unwrap();
    queue.close().wait().unwrap();
    for (name, sql) in [
        ("1", ""),
        (
            "0",
            "ALTER TABLE item DROP COLUMN reference; UPDATE meta SET format = 0; PRAGMA user_version = 0",
        ),
        (
            "newer",
            "UPDATE meta SET format = 2, made_by = '9.9.9'; PRAGMA user_version = 2",
        ),
    ] {
        let to = formats().join(name);
        if to.exists() {
            continue;
        }
        std::fs::create_dir_all(&to).unwrap();
        let file = to.join("queue.db");
        std::fs::copy(folder.path().join("queue.db"), &file).unwrap();
        let db = rusqlite::Connection::open(&file).unwrap();
        db.execute_batch(sql).unwrap();
        db.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))
            .unwrap();
        db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
            .unwrap();
    }
}

#[test]
fn a_folder_is_measured_and_nothing_is_left_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let facts = Queue::inspect(folder.path()).unwrap();
    assert_eq!(facts.network, None);
    assert!(facts.sync.is_some());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(!Queue::is_in(folder.path()));
    let queue = open(folder.path());
    assert!(Queue::is_in(folder.path()));
    Queue::inspect(folder.path()).unwrap();
    queue.close().wait().unwrap();
    assert!(Queue::inspect(folder.path().join("none")).is_err());
}
