//! What users of other queues have seen go wrong, and must not here: the last item that waits for another one, settings that
//! changed between two runs, a file that is whole with rows that make no sense, an outage of days, and those behind what is
//! never answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use wats_queue::{
    Body, Bounds, Confirmation, Deliver, DrainOptions, Entry, Event, Item, ManualClock, Queue,
    State, Status, Verdict,
};

use crate::support::{
    INLINE, LONG, Receiver, all, bytes, entry, fault, is_kept, key, number, open, options, put,
    sent, states, until,
};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap()
}

fn drain(
    queue: &Queue,
    runtime: &tokio::runtime::Runtime,
    deliver: impl Deliver,
) -> wats_queue::Drain {
    let _guard = runtime.enter();
    queue.drain(deliver, DrainOptions::default()).unwrap()
}

/// An item that nobody follows must not stay until the next one comes, or until a new start.
#[test]
fn a_single_item_is_sent_whoever_put_it_there() {
    let folder = tempfile::tempdir().unwrap();
    let (queue, other) = (open(folder.path()), open(folder.path()));
    let (runtime, receiver) = (runtime(), Receiver::that_takes_all());
    let drain = drain(&queue, &runtime, receiver.clone());
    for at in 0..6 {
        let receipt = put(if at % 2 == 0 { &queue } else { &other }, at);
        // Asked of the one that does not send: it hears of the end as well.
        let status = other.settled(&receipt, LONG).wait().unwrap();
        assert!(matches!(status, Status::Ended(_)), "{at}: {status:?}");
    }
    assert_eq!(receiver.got(), (0..6).collect::<Vec<_>>());
    assert!(drain.stop(LONG).wait().unwrap());
}

/// Who waits for the end of an item without a network is answered all the same.
#[test]
fn who_waits_for_an_end_is_answered_where_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    let receipt = put(&queue, 1);
    let status = queue.settled(&receipt, Duration::from_millis(20)).wait();
    assert!(matches!(status.unwrap(), Status::Open(item) if item.state == State::Ready));
}

/// Every setting is another one in the next run, and all that is there is still there, and sent.
#[test]
fn settings_may_change_from_run_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let strict = || options().strict_lanes(true).inline_limit(INLINE);
    let queue = Queue::open_blocking(folder.path(), strict()).unwrap();
    for at in 1..=6 {
        // Two lanes; the first of the odd ones will be refused.
        let entry = entry(at).lane((at % 2).to_string());
        queue.enqueue(entry).wait().unwrap();
    }
    let runtime = runtime();
    let refusing = Receiver::new(|at| match at {
        1 => Verdict::Refused(fault()),
        _ => sent(),
    });
    let stopped = drain(&queue, &runtime, refusing.clone());
    until("the even ones are sent", || {
        states(&queue) == [(1, State::Parked), (3, State::Behind), (5, State::Behind)]
    });
    assert!(stopped.stop(LONG).wait().unwrap());
    queue.close().wait().unwrap();

    // Fewer items may be there than there are, bodies are kept elsewhere, and lanes are not strict.
    let small = Bounds::default().min_free(0).max_items(2).max_bytes(10);
    let looser = options().bounds(small).inline_limit(100).ballast(0);
    let queue = Queue::open_blocking(folder.path(), looser).unwrap();
    assert_eq!(
        states(&queue),
        [(1, State::Parked), (3, State::Ready), (5, State::Behind)]
    );
    assert!([1, 3, 5].into_iter().all(|at| is_kept(&queue, at)));
    assert!(queue.enqueue(entry(7)).wait().unwrap_err().is_full());
    queue.close().wait().unwrap();

    // And strict again.
    let queue = Queue::open_blocking(folder.path(), strict()).unwrap();
    assert_eq!(
        states(&queue),
        [(1, State::Parked), (3, State::Behind), (5, State::Behind)]
    );
    queue.close().wait().unwrap();

    let queue = open(folder.path());
    let receiver = Receiver::that_takes_all();
    let drain = drain(&queue, &runtime, receiver.clone());
    until("the others are sent", || {
        states(&queue) == [(1, State::Parked)]
    });
    assert_eq!(receiver.got(), [3, 5]);
    assert!(drain.stop(LONG).wait().unwrap());
}

/// What a check has to find in a file that SQLite takes for whole, and what is left of three items then.
#[test]
fn rows_that_make_no_sense_are_found_and_mended() {
    let nonsense = [
        "UPDATE item SET state = 42 WHERE seq = 2",
        "UPDATE item SET state = 1 WHERE seq = 2",
        "UPDATE item SET state = 2, owner = NULL WHERE seq = 2",
        "UPDATE item SET class = 7 WHERE seq = 2",
        "UPDATE meta SET items = 1000000",
        "UPDATE meta SET bytes = -5",
        "UPDATE meta SET bytes = 1 << 60, flow = 'x'",
    ];
    for sql in nonsense {
        let folder = tempfile::tempdir().unwrap();
        let queue = open(folder.path());
        for at in 1..=3 {
            put(&queue, at);
        }
        queue.close().wait().unwrap();
        let db = rusqlite::Connection::open(folder.path().join("queue.db")).unwrap();
        db.execute_batch(sql).unwrap();
        drop(db);

        let queue = open(folder.path());
        let events = queue.events();
        let found = queue.check().wait();
        assert!(found.is_err(), "{sql} was not found");
        let salvaged = || match events.try_next() {
            Some(Event::Salvaged(salvaged)) => Some((salvaged.items, salvaged.damaged)),
            _ => None,
        };
        let mut counts = None;
        until("it is mended", || {
            counts = counts.or_else(salvaged);
            counts.is_some()
        });
        assert_eq!(counts, Some((3, 0)), "{sql}");
        // One more has room, and all are sent, but for one whose state nobody knows any more: that is for somebody to see.
        put(&queue, 4);
        let (runtime, receiver) = (runtime(), Receiver::that_takes_all());
        let drain = drain(&queue, &runtime, receiver.clone());
        let left: &[(u32, State)] = match sql.contains("42") {
            true => &[(2, State::Parked)],
            false => &[],
        };
        until("all are sent", || states(&queue) == left);
        assert!(drain.stop(LONG).wait().unwrap());
        queue.check().wait().unwrap();
    }
}

/// What is under way when the network goes, and all that comes in the days after it, is sent afterwards, in its order.
#[test]
fn an_outage_of_days_loses_nothing_of_its_first_hours() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(1_800_000_000_000));
    let never = Duration::from_secs(3600 * 24 * 365);
    let options = options()
        .clock(Arc::clone(&clock) as _)
        .stalled_after(never);
    let queue = Queue::open_blocking(folder.path(), options).unwrap();
    let runtime = runtime();
    let down = Arc::new(AtomicBool::new(false));
    let receiver = Receiver::new({
        let down = Arc::clone(&down);
        move |_| match down.load(Ordering::SeqCst) {
            true => Verdict::Unreachable(fault()),
            false => sent(),
        }
    });
    let drain = drain(&queue, &runtime, receiver.clone());
    let lane = |at: u32| entry(at).lane("one");
    queue.enqueue(lane(0)).wait().unwrap();
    until("one is sent", || receiver.got() == [0]);
    down.store(true, Ordering::SeqCst);
    for hour in 1..=96 {
        queue.enqueue(lane(hour)).wait().unwrap();
        clock.advance(3_600_000);
    }
    down.store(false, Ordering::SeqCst);
    until("all are sent", || {
        clock.advance(10_000);
        states(&queue).is_empty()
    });
    assert!(drain.stop(LONG).wait().unwrap());
    let counts = receiver.counts();
    assert!((0..=96).all(|at| counts.contains_key(&at)));
    let mut firsts = receiver.got();
    firsts.dedup();
    assert!(firsts.is_sorted(), "{firsts:?}");
}

/// Its receiver never says what became of the first ones.
struct Silent {
    from: i64,
    asked: Arc<AtomicU64>,
}

impl Deliver for Silent {
    async fn deliver(&self, item: &Item, _: Body) -> Verdict {
        Verdict::Unconfirmed {
            reference: number(item.key).to_string(),
        }
    }

    async fn confirm(&self, items: &[(Item, String)]) -> Vec<(i64, Confirmation)> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let known = items.iter().filter(|(item, _)| item.seq > self.from);
        known
            .map(|(item, _)| (item.seq, Confirmation::Stored))
            .collect()
    }
}

#[test]
fn those_of_which_nothing_is_heard_do_not_keep_others_from_being_asked_about() {
    let folder = crate::support::fast_folder();
    let each = Duration::from_millis(10);
    let queue = Queue::open_blocking(folder.path(), options().confirm_each(each)).unwrap();
    // One more than are asked about at a time.
    let many = 1003_u32;
    let waiting: Vec<_> = (0..many)
        .map(|at| queue.enqueue(Entry::new(key(at), bytes(at, 20))))
        .collect();
    for answer in waiting {
        answer.wait().unwrap();
    }
    let runtime = runtime();
    let silent = Silent {
        from: 1000,
        asked: Arc::default(),
    };
    let asked = Arc::clone(&silent.asked);
    let drain = drain(&queue, &runtime, silent);
    until("the last ones have ended", || {
        let health = queue.health().wait().unwrap();
        health.items(State::Unconfirmed) == 1000 && health.to_send() == 0
    });
    // The first ones are asked about again.
    let before = asked.load(Ordering::SeqCst);
    until("they are asked about again", || {
        asked.load(Ordering::SeqCst) > before + 2
    });
    assert!(drain.stop(LONG).wait().unwrap());
    assert_eq!(all(&queue).len(), 1000);
}
