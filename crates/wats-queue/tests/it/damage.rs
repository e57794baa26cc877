//! Files that are damaged, gone, or not ours: never a panic, never a queue that does not open, never a body that is not what
//! was stored.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use wats_queue::{DrainOptions, Ended, Event, Queue, State, Status, Verdict};

use crate::support::{
    INLINE, LONG, Receiver, all, copy, fast_folder, fault, is_kept, key, options, put, sent,
    states, times, until,
};

/// How many items the damaged queue had.
const ITEMS: u32 = 30;

/// A closed queue with items to send, some that were sent, one that is parked, and bodies in files.
fn prepared() -> tempfile::TempDir {
    let folder = fast_folder();
    let queue = open(folder.path());
    for at in 0..5 {
        put(&queue, at);
    }
    let receiver = Receiver::new(|at| {
        if at == 4 {
            Verdict::Refused(fault())
        } else {
            sent()
        }
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let drain = runtime
        .block_on(async { queue.drain(receiver, DrainOptions::default()) })
        .unwrap();
    until("one is parked", || states(&queue) == [(4, State::Parked)]);
    drain.stop(LONG).wait().unwrap();
    for at in 5..ITEMS {
        put(&queue, at);
    }
    queue.close().wait().unwrap();
    folder
}

fn open(folder: &Path) -> Queue {
    let options = options().inline_limit(INLINE).ballast(0);
    Queue::open_blocking(folder, options).unwrap()
}

/// What became of a queue whose files were changed: each item is sent as it was, or set aside, or counted as lost.
fn look(folder: &Path, runtime: &tokio::runtime::Runtime, what: &str) {
    let queue = open(folder);
    let events = queue.events();
    // Salvaged or not, it goes on: what is found by the look is dealt with before the next answer.
    let _ = queue.check().wait();
    let receiver = Receiver::that_takes_all();
    let drain = runtime
        .block_on(async { queue.drain(receiver.clone(), DrainOptions::default()) })
        .unwrap();
    let start = std::time::Instant::now();
    while !all(&queue).iter().all(|item| item.state.is_set_aside()) {
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert!(
            start.elapsed() < LONG,
            "{what}: {:?} {:?}",
            states(&queue),
            queue.health().wait()
        );
    }
    drain.stop(LONG).wait().unwrap();
    let set_aside: BTreeSet<u32> = states(&queue).iter().map(|(at, _)| *at).collect();
    let got: BTreeSet<u32> = receiver.got().into_iter().collect();
    let ended = |at: u32| matches!(queue.status(key(at)).wait(), Ok(Status::Ended(past)) if past.ended == Ended::Sent);
    let unknown = (0..ITEMS)
        .filter(|at| !got.contains(at) && !set_aside.contains(at) && !ended(*at))
        .count();
    let salvaged = queue.health().wait().unwrap().salvaged;
    let damaged_files = fs::read_dir(folder)
        .unwrap()
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .contains(".damaged-")
        })
        .count();
    if unknown > 0 {
        assert!(
            salvaged > 0 || damaged_files > 0,
            "{what}: {unknown} items are lost and nobody said so"
        );
    }
    let _ = events;
    // It takes and sends as if nothing had been.
    put(&queue, 1000);
    assert!(is_kept(&queue, 1000), "{what}");
    queue.close().wait().unwrap();
}

fn flipped(often: usize) {
    let prepared = prepared();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let whole = fs::read(prepared.path().join("queue.db")).unwrap();
    let mut random = fastrand::Rng::with_seed(11);
    let first = std::env::var("WATS_QUEUE_FROM").ok();
    let first = first.and_then(|first| first.parse().ok()).unwrap_or(0);
    for round in 0..often {
        let folder = fast_folder();
        copy(prepared.path(), folder.path());
        let mut damaged = whole.clone();
        // The first page, the others, and many places at once.
        let range = if round % 4 == 0 {
            0..4096
        } else {
            0..whole.len()
        };
        let count = if round % 3 == 0 { 20 } else { 1 };
        for _ in 0..count {
            let at = random.usize(range.clone());
            damaged[at] ^= 1 << random.u32(0..8);
        }
        fs::write(folder.path().join("queue.db"), damaged).unwrap();
        if round >= first {
            look(folder.path(), &runtime, &format!("flip {round}"));
        }
    }
}

#[test]
fn flipped_bits_lose_nothing_silently() {
    flipped(times(24));
}

#[test]
#[ignore = "minutes: a thousand places, or as many as WATS_QUEUE_TIMES says"]
fn a_thousand_flipped_bits() {
    flipped(times(1000));
}

fn truncated(step: usize) {
    let prepared = prepared();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let whole = fs::read(prepared.path().join("queue.db")).unwrap();
    for length in (0..whole.len()).step_by(step) {
        let folder = fast_folder();
        copy(prepared.path(), folder.path());
        fs::write(folder.path().join("queue.db"), &whole[..length]).unwrap();
        look(folder.path(), &runtime, &format!("cut at {length}"));
    }
}

#[test]
fn a_file_that_is_cut_short_is_salvaged() {
    truncated(512 * 41);
}

#[test]
#[ignore = "minutes: at every sector"]
fn a_file_that_is_cut_short_anywhere_is_salvaged() {
    truncated(512);
}

#[test]
fn what_is_not_ours_is_set_aside_and_never_deleted() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = fast_folder();
    fs::write(folder.path().join("queue.db"), b"a letter to somebody").unwrap();
    look(folder.path(), &runtime, "a letter");
    let kept = fs::read_dir(folder.path()).unwrap().find_map(|entry| {
        let path = entry.unwrap().path();
        path.to_string_lossy()
            .contains(".damaged-")
            .then(|| fs::read(path).unwrap())
    });
    assert_eq!(kept.unwrap(), b"a letter to somebody");
    let folder = fast_folder();
    let other = rusqlite::Connection::open(folder.path().join("queue.db")).unwrap();
    other
        .execute_batch("CREATE TABLE item (name TEXT); INSERT INTO item VALUES ('x')")
        .unwrap();
    drop(other);
    look(folder.path(), &runtime, "the database of another program");
}

#[test]
fn a_salvage_says_what_it_found_and_keeps_what_is_whole() {
    let prepared = prepared();
    let file = prepared.path().join("queue.db");
    let db = rusqlite::Connection::open(&file).unwrap();
    // One body is another one, one is gone, one row is not what was written.
    db.execute_batch(
        "UPDATE body SET bytes = x'00' WHERE seq = 10; DELETE FROM body WHERE seq = 11; \
         UPDATE item SET key = zeroblob(16) WHERE seq = 12; PRAGMA application_id = 1;",
    )
    .unwrap();
    drop(db);
    let folder = prepared.path();
    let queue = open(folder);
    let events = queue.events();
    let health = queue.health().wait().unwrap();
    assert_eq!(health.salvaged, 1);
    assert!(health.last_salvaged.is_some());
    drop(events);
    let kept: Vec<u32> = states(&queue).iter().map(|(at, _)| *at).collect();
    let wanted: Vec<u32> = (4..ITEMS).filter(|at| ![9, 10, 11].contains(at)).collect();
    assert_eq!(kept, wanted);
    assert_eq!(states(&queue)[0], (4, State::Parked));
    assert!((0..4).all(|at| matches!(queue.status(key(at)).wait().unwrap(), Status::Ended(_))));
    // Numbers go on, and are never given out twice.
    assert!(put(&queue, 77).seq > i64::from(ITEMS));
}

#[test]
fn damage_that_is_found_while_it_runs_is_told() {
    let prepared = prepared();
    let queue = open(prepared.path());
    let events = queue.events();
    // The middle of the file, in place: as a disk does it.
    let file = prepared.path().join("queue.db");
    let mut content = fs::read(&file).unwrap();
    let end = content.len();
    content[end / 4..end / 2].fill(0x55);
    fs::write(&file, content).unwrap();
    assert!(queue.check().wait().is_err());
    until("it is told", || {
        events.try_next().is_some_and(|event| {
            let told = matches!(&event, Event::Salvaged(salvaged) if salvaged.file.exists());
            told && event.damaged_file().is_some()
        })
    });
    put(&queue, 500);
    assert!(is_kept(&queue, 500));
}

#[test]
fn a_body_whose_file_is_gone_is_set_aside_and_a_log_that_is_gone_blocks_nobody() {
    let prepared = prepared();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = fast_folder();
    copy(prepared.path(), folder.path());
    fs::remove_dir_all(folder.path().join("blobs")).unwrap();
    look(folder.path(), &runtime, "no files of bodies");
    let folder = fast_folder();
    copy(prepared.path(), folder.path());
    let queue = open(folder.path());
    put(&queue, 900);
    // As a process leaves it that was killed, but without its log.
    let image = fast_folder();
    copy(folder.path(), image.path());
    drop(queue);
    fs::remove_file(image.path().join("queue.db-wal")).unwrap();
    look(image.path(), &runtime, "no log");
}
