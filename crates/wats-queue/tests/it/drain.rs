//! Sending: stops, panics, runtimes that end, pauses.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use futures_util::StreamExt as _;
use wats_queue::{
    Body, Confirmation, Deliver, DrainOptions, Ended, Event, Item, Queue, Reason, State, Status,
    Verdict,
};

use crate::support::{LONG, Receiver, fault, key, number, open, put, sent, states, until};

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
    at_once: u32,
) -> wats_queue::Drain {
    let _guard = runtime.enter();
    let options = DrainOptions::default().at_once(at_once);
    queue.drain(deliver, options).unwrap()
}

#[test]
fn everything_is_sent_once_in_the_order_of_its_lane() {
    let folder = tempfile::tempdir().unwrap();
    let (queue, runtime) = (open(folder.path()), runtime());
    let receipts: Vec<_> = (0..60)
        .map(|at| {
            let entry = crate::support::entry(at).lane((at % 3).to_string());
            queue.enqueue(entry).wait().unwrap()
        })
        .collect();
    let receiver = Receiver::that_takes_all();
    let drain = drain(&queue, &runtime, receiver.clone(), 4);
    for receipt in &receipts {
        let status = queue.settled(receipt, LONG).wait().unwrap();
        assert!(matches!(status, Status::Ended(past) if past.ended == Ended::Sent));
    }
    assert!(drain.stop(LONG).wait().unwrap());
    let got = receiver.got();
    assert_eq!(got.len(), 60);
    for lane in 0..3 {
        let of_lane: Vec<u32> = got.iter().copied().filter(|at| at % 3 == lane).collect();
        assert!(of_lane.is_sorted(), "{of_lane:?}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn it_works_in_a_runtime_without_time_and_tells_what_happens() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    let mut events = queue.events();
    let receiver = Receiver::new(|at| match at {
        1 => Verdict::Refused(fault()),
        _ => sent(),
    });
    let drain = queue
        .drain(receiver, DrainOptions::default().at_once(1))
        .unwrap();
    for at in 1..=2 {
        queue.enqueue(crate::support::entry(at)).await.unwrap();
    }
    let first = events.next().await.unwrap();
    assert!(
        matches!(&first, Event::Delayed { state: State::Parked, fault: Some(why), .. } if *why == fault()),
        "{first:?}"
    );
    let second = events.next().await.unwrap();
    assert!(second.is_sent(), "{second:?}");
    assert!(drain.stop(LONG).await.unwrap());
    queue.close().await.unwrap();
    assert!(events.next().await.is_none());
}

/// Answers in the order in which it is told to, which is not that of the calls.
#[derive(Clone, Default)]
struct Reordering(Arc<Mutex<Vec<(u32, tokio::sync::oneshot::Sender<Verdict>)>>>);

impl Deliver for Reordering {
    async fn deliver(&self, item: &Item, _: Body) -> Verdict {
        let (sender, answer) = tokio::sync::oneshot::channel();
        self.0.lock().unwrap().push((number(item.key), sender));
        answer.await.unwrap()
    }
}

#[test]
fn answers_in_another_order_than_the_calls_are_each_for_their_own_item() {
    let folder = tempfile::tempdir().unwrap();
    let (queue, runtime) = (open(folder.path()), runtime());
    let receipts: Vec<_> = (0..24).map(|at| put(&queue, at)).collect();
    let reordering = Reordering::default();
    let drain = drain(&queue, &runtime, reordering.clone(), 4);
    let mut random = fastrand::Rng::with_seed(9);
    for ended in 0..24_usize {
        let under_way = 4.min(24 - ended);
        until("all workers have one", || {
            reordering.0.lock().unwrap().len() == under_way
        });
        // The newest, or any other.
        let (at, answer) = {
            let mut waiting = reordering.0.lock().unwrap();
            let last = waiting.len() - 1;
            waiting.remove(if ended % 2 == 0 {
                last
            } else {
                random.usize(0..=last)
            })
        };
        let verdict = match at % 3 {
            0 => Verdict::Refused(wats_queue::Fault::new("test", at.to_string())),
            _ => Verdict::Sent {
                reference: at.to_string(),
            },
        };
        answer.send(verdict).unwrap();
        let status = queue.settled(&receipts[at as usize], LONG).wait().unwrap();
        match status {
            Status::Ended(past) => assert_eq!((past.note, at % 3 != 0), (at.to_string(), true)),
            Status::Open(item) => {
                let fault = item.fault.unwrap();
                assert_eq!((item.state, fault.text), (State::Parked, at.to_string()));
            }
            other => panic!("{at}: {other:?}"),
        }
    }
    assert!(drain.stop(LONG).wait().unwrap());
    let set_aside: Vec<u32> = states(&queue).iter().map(|(at, _)| *at).collect();
    assert_eq!(set_aside, [0, 3, 6, 9, 12, 15, 18, 21]);
}

/// Its clock is another one, by so many milliseconds.
struct Late(Arc<AtomicI64>);

impl Deliver for Late {
    async fn deliver(&self, _: &Item, _: Body) -> Verdict {
        sent()
    }
    fn clock_offset(&self) -> Option<i64> {
        Some(self.0.load(Ordering::SeqCst))
    }
}

#[test]
fn a_receiver_whose_clock_is_another_one_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let (queue, runtime) = (open(folder.path()), runtime());
    let events = queue.events();
    let offset = Arc::new(AtomicI64::new(299_000));
    let drain = drain(&queue, &runtime, Late(Arc::clone(&offset)), 1);
    let mut told = Vec::new();
    for (at, by) in [299_000, -301_000, -301_000, -302_000, 0, 600_000]
        .into_iter()
        .enumerate()
    {
        offset.store(by, Ordering::SeqCst);
        let receipt = put(&queue, at as u32);
        queue.settled(&receipt, LONG).wait().unwrap();
    }
    assert!(drain.stop(LONG).wait().unwrap());
    while let Some(event) = events.try_next() {
        if let Event::SkewWarning(by) = event {
            told.push(by);
        }
    }
    assert_eq!(told, [-301_000, 600_000]);
}

#[test]
fn a_panic_sets_the_item_aside_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (queue, runtime) = (open(folder.path()), runtime());
    for at in 1..=5 {
        put(&queue, at);
    }
    let receiver = Receiver::new(|at| {
        if at == 3 {
            panic!("a bug at {at}")
        } else {
            sent()
        }
    });
    let _drain = drain(&queue, &runtime, receiver, 1);
    until("four are sent", || states(&queue) == [(3, State::Parked)]);
    let item = &crate::support::all(&queue)[0];
    let fault = item.fault.as_ref().unwrap();
    assert!(
        fault.kind == "panic" && fault.text.contains("a bug at 3"),
        "{fault:?}"
    );
}

/// Waits within the delivery, and blocks its thread, until it is let go.
#[derive(Clone, Default)]
struct Blocked(Arc<(Mutex<bool>, Condvar)>, Arc<AtomicU32>);

impl Blocked {
    fn let_go(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

impl Deliver for Blocked {
    async fn deliver(&self, _: &Item, _: Body) -> Verdict {
        self.1.fetch_add(1, Ordering::SeqCst);
        let free = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(free, |free| !*free).unwrap());
        sent()
    }
}

#[test]
fn what_does_not_end_in_time_is_given_back_and_its_word_is_void() {
    let folder = tempfile::tempdir().unwrap();
    let (queue, stuck) = (open(folder.path()), runtime());
    put(&queue, 1);
    let blocked = Blocked::default();
    let stopped = drain(&queue, &stuck, blocked.clone(), 1);
    until("it is being sent", || blocked.1.load(Ordering::SeqCst) == 1);
    assert_eq!(states(&queue), [(1, State::Leased)]);
    assert!(!stopped.stop(Duration::from_millis(10)).wait().unwrap());
    assert_eq!(states(&queue), [(1, State::Ready)]);
    // Another one sends it.
    let (other, receiver) = (runtime(), Receiver::that_takes_all());
    let drain = drain(&queue, &other, receiver.clone(), 1);
    until("it is sent", || receiver.got() == [1]);
    assert!(drain.stop(LONG).wait().unwrap());
    blocked.let_go();
    assert_eq!(states(&queue), []);
    drop(stuck);
    assert_eq!(receiver.got(), [1]);
}

/// Never comes to an end.
struct Never;

impl Deliver for Never {
    async fn deliver(&self, _: &Item, _: Body) -> Verdict {
        std::future::pending().await
    }
}

#[test]
fn a_runtime_that_ends_gives_back_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    put(&queue, 1);
    let ended = runtime();
    let lost = drain(&queue, &ended, Never, 3);
    until("it is leased", || states(&queue) == [(1, State::Leased)]);
    drop(ended);
    until("it is free", || states(&queue) == [(1, State::Ready)]);
    assert!(lost.has_ended());
    let (runtime, receiver) = (runtime(), Receiver::that_takes_all());
    let _drain = drain(&queue, &runtime, receiver.clone(), 1);
    until("it is sent", || receiver.got() == [1]);
}

#[test]
fn without_a_runtime_it_is_an_error_or_another_executor() {
    let folder = tempfile::tempdir().unwrap();
    let queue = open(folder.path());
    let refused = queue.drain(Receiver::that_takes_all(), DrainOptions::default());
    assert!(matches!(refused, Err(wats_queue::Error::NoRuntime)));
    put(&queue, 1);
    let receiver = Receiver::that_takes_all();
    let drain = queue.drain_on(receiver.clone(), DrainOptions::default(), |worker| {
        std::thread::spawn(|| futures_executor(worker));
    });
    until("it is sent", || receiver.got() == [1]);
    assert!(drain.stop(LONG).wait().unwrap());
}

/// The smallest executor: it parks its thread.
fn futures_executor(mut worker: wats_queue::Worker) {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    while worker.as_mut().poll(&mut context).is_pending() {
        std::thread::park();
    }
}

#[test]
fn dropping_the_queue_ends_its_drains() {
    let folder = tempfile::tempdir().unwrap();
    let (queue, runtime) = (open(folder.path()), runtime());
    let drain = drain(&queue, &runtime, Receiver::that_takes_all(), 3);
    drop(queue);
    until("its workers have ended", || drain.has_ended());
}

#[test]
fn a_credential_that_is_not_accepted_pauses_all_until_there_is_another() {
    #[derive(Clone, Default)]
    struct Account(Arc<AtomicU64>, Arc<AtomicU32>);
    impl Deliver for Account {
        async fn deliver(&self, _: &Item, _: Body) -> Verdict {
            self.1.fetch_add(1, Ordering::SeqCst);
            if self.0.load(Ordering::SeqCst) == 0 {
                Verdict::Unauthorized(fault())
            } else {
                sent()
            }
        }
        fn credential(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (queue, runtime) = (open(folder.path()), runtime());
    for at in 0..20 {
        put(&queue, at);
    }
    let account = Account::default();
    let _drain = drain(&queue, &runtime, account.clone(), 4);
    until("it is paused", || {
        let pause = queue.health().wait().unwrap().pause;
        pause.is_some_and(|pause| pause.reason == Reason::Unauthorized)
    });
    until("those under way are back", || {
        states(&queue)
            .iter()
            .all(|(_, state)| *state == State::Ready)
    });
    let meanwhile = account.1.load(Ordering::SeqCst);
    assert!(meanwhile <= 4, "{meanwhile}");
    account.0.store(1, Ordering::SeqCst);
    until("all are sent", || states(&queue).is_empty());
    assert_eq!(account.1.load(Ordering::SeqCst), meanwhile + 20);
}

#[test]
fn a_body_that_is_not_what_was_stored_is_never_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (queue, runtime) = (open(folder.path()), runtime());
    let large = crate::support::bytes(1, 300_000);
    queue
        .enqueue(wats_queue::Entry::new(key(1), large))
        .wait()
        .unwrap();
    put(&queue, 2);
    let Body::File { path, .. } = queue.body(key(1)).wait().unwrap() else {
        panic!("not a file")
    };
    let mut damaged = std::fs::read(&path).unwrap();
    damaged[150_000] ^= 1;
    std::fs::write(&path, damaged).unwrap();
    let receiver = Receiver::that_takes_all();
    let _drain = drain(&queue, &runtime, receiver.clone(), 1);
    until("it is set aside", || states(&queue) == [(1, State::Parked)]);
    assert_eq!(receiver.got(), [2]);
    assert_eq!(
        crate::support::all(&queue)[0].fault.as_ref().unwrap().kind,
        "damaged"
    );
}

#[test]
fn items_that_were_taken_in_are_asked_about() {
    struct Later(AtomicBool);
    impl Deliver for Later {
        async fn deliver(&self, item: &Item, _: Body) -> Verdict {
            Verdict::Unconfirmed {
                reference: number(item.key).to_string(),
            }
        }
        async fn confirm(&self, items: &[(Item, String)]) -> Vec<(i64, Confirmation)> {
            self.0.store(true, Ordering::SeqCst);
            items
                .iter()
                .map(|(item, reference)| {
                    assert_eq!(number(item.key).to_string(), *reference);
                    (item.seq, Confirmation::Stored)
                })
                .collect()
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let options = crate::support::options().confirm_each(Duration::from_millis(10));
    let queue = Queue::open_blocking(folder.path(), options).unwrap();
    let runtime = runtime();
    let receipt = put(&queue, 7);
    let _drain = drain(&queue, &runtime, Later(AtomicBool::new(false)), 1);
    until("it has ended", || states(&queue).is_empty());
    let status = queue.status(receipt.key).wait().unwrap();
    assert!(matches!(status, Status::Ended(past) if past.note == "7"));
}
