//! Batchers that outlive their runtime, or never had one: nobody waits for ever.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::async_yields_async,
    reason = "a panic in a test is its failure"
)]

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};
use wats_batch::{BatchConfig, BatchError, Policy, RequestBatcher, Ticket};

type Batcher = RequestBatcher<u32, u32, String>;

fn batcher(policy: Policy, takes: Duration) -> Batcher {
    let config = BatchConfig::default()
        .policy(policy)
        .max_batch_size(2)
        .max_concurrent_batches(1);
    RequestBatcher::new(config, move |items: Vec<u32>| async move {
        tokio::time::sleep(takes).await;
        items.into_iter().map(Ok).collect::<Vec<_>>()
    })
    .unwrap()
}

fn paused() -> Runtime {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

fn add_inside(runtime: &Runtime, batcher: &Batcher) -> Ticket<u32, u32, String> {
    let _inside = runtime.enter();
    batcher.try_add(9).unwrap()
}

#[test]
fn a_batcher_may_be_made_before_there_is_a_runtime() {
    for policy in [Policy::Window, Policy::Eager] {
        let batcher = batcher(policy, Duration::ZERO);
        assert_eq!(paused().block_on(batcher.add(1)).unwrap(), 1);
    }
}

#[test]
fn without_a_runtime_an_item_fails_at_once() {
    for policy in [Policy::Window, Policy::Eager] {
        let batcher = batcher(policy, Duration::ZERO);
        let mut add = Box::pin(batcher.add(1));
        // The first poll finds no runtime and says so through the waker.
        let outcome = (&mut add).now_or_never().or_else(|| add.now_or_never());
        assert!(matches!(outcome, Some(Err(BatchError::NoRuntime))));
    }
}

#[test]
fn the_shutdown_of_the_runtime_answers_everybody() {
    for policy in [Policy::Window, Policy::Eager] {
        let batcher = batcher(policy, Duration::from_secs(60));
        let runtime = paused();
        let tickets: Vec<_> = runtime.block_on(async {
            let tickets = (0..5).map(|n| batcher.try_add(n).unwrap()).collect();
            tokio::time::sleep(Duration::from_millis(1)).await;
            tickets
        });
        drop(runtime);
        let outcomes = join_all(tickets).now_or_never().expect("nobody waits");
        for sent in &outcomes[..2] {
            assert!(matches!(sent, Err(BatchError::Interrupted)));
        }
        for unsent in &outcomes[2..] {
            assert!(
                matches!(unsent, Err(BatchError::NoRuntime))
                    && unsent.as_ref().unwrap_err().is_unsent()
            );
        }
        assert_eq!((batcher.stats().pending, batcher.stats().in_flight), (0, 0));
    }
}

#[test]
fn an_open_window_does_not_outlive_its_runtime() {
    let batcher = batcher(Policy::Window, Duration::ZERO);
    let runtime = paused();
    let ticket = add_inside(&runtime, &batcher);
    drop(runtime);
    assert!(matches!(
        ticket.now_or_never(),
        Some(Err(BatchError::NoRuntime))
    ));
}

#[test]
fn a_second_runtime_takes_over() {
    for policy in [Policy::Window, Policy::Eager] {
        let batcher = batcher(policy, Duration::from_secs(60));
        for round in 0..3 {
            let runtime = paused();
            assert_eq!(runtime.block_on(batcher.add(round)).unwrap(), round);
            let aborted = add_inside(&runtime, &batcher);
            drop(runtime);
            assert!(aborted.now_or_never().unwrap().is_err());
        }
    }
}

#[test]
fn a_flush_on_drop_works_from_outside_of_the_runtime() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let batcher = batcher(Policy::Manual, Duration::ZERO);
    runtime.block_on(async {
        // The first call tells the batcher its runtime.
        let first = batcher.try_add(0).unwrap();
        batcher.flush();
        first.await.unwrap();
    });
    let ticket = batcher.try_add(1).unwrap();
    drop(batcher);
    assert_eq!(runtime.block_on(ticket).unwrap(), 1);
}

#[test]
fn an_idle_batcher_keeps_no_task_alive() {
    let runtime = paused();
    let batcher = batcher(Policy::Window, Duration::ZERO);
    runtime.block_on(async {
        batcher.add(1).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    });
    assert_eq!(runtime.metrics().num_alive_tasks(), 0);
}

// ---- several runtimes ------------------------------------------------------------------------

/// What becomes of a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    CurrentThread,
    MultiThread,
    /// After it has added its item.
    Dropped,
    /// Buffered alone after it has added its item, until all others have got their answers.
    NotDriven,
    /// Once both have added their items.
    ShutDown,
    Paused,
    WithoutTime,
}

const KINDS: [Kind; 7] = [
    Kind::CurrentThread,
    Kind::MultiThread,
    Kind::Dropped,
    Kind::NotDriven,
    Kind::ShutDown,
    Kind::Paused,
    Kind::WithoutTime,
];

impl Kind {
    fn runtime(self) -> Runtime {
        match self {
            Self::MultiThread => Builder::new_multi_thread()
                .worker_threads(1)
                .enable_time()
                .build()
                .unwrap(),
            Self::Paused => paused(),
            Self::WithoutTime => Builder::new_current_thread().build().unwrap(),
            _ => Builder::new_current_thread().enable_time().build().unwrap(),
        }
    }

    fn is_driven(self) -> bool {
        !matches!(self, Self::Dropped | Self::NotDriven | Self::ShutDown)
    }
}

/// Drives the runtime until the future has ended, which has to be in this life.
fn drive<F>(runtime: Runtime, future: F) -> (Runtime, F::Output)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let output = runtime.block_on(future);
        done.send((runtime, output)).ok();
    });
    ended
        .recv_timeout(Duration::from_secs(60))
        .expect("it ends")
}

/// Adds an item in this runtime, which is driven for one turn.
fn add_in(runtime: &Runtime, batcher: &Batcher, item: u32) -> Ticket<u32, u32, String> {
    runtime.block_on(async {
        let ticket = batcher.try_add(item).unwrap();
        tokio::task::yield_now().await;
        ticket
    })
}

fn quick(policy: Policy) -> Batcher {
    let config = BatchConfig::default()
        .policy(policy)
        .max_wait(Duration::from_millis(20))
        .max_concurrent_batches(1);
    RequestBatcher::new(config, |items: Vec<u32>| async move {
        tokio::task::yield_now().await;
        Ok::<Vec<u32>, String>(items)
    })
    .unwrap()
}

fn check_pair(first: Kind, second: Kind, policy: Policy) {
    let case = format!("{first:?}, {second:?}, {policy:?}");
    let batcher = quick(policy);
    let kinds = [first, second];
    let mut runtimes = kinds.map(|kind| Some(kind.runtime()));
    let mut tickets = [None, None];
    for at in 0..2 {
        let runtime = runtimes[at].as_ref().unwrap();
        tickets[at] = Some(add_in(runtime, &batcher, at as u32));
        if kinds[at] == Kind::Dropped {
            runtimes[at] = None;
        }
    }
    if policy == Policy::Manual {
        let asks = (0..2).find(|at| kinds[*at].is_driven());
        let _inside = asks.map(|at| runtimes[at].as_ref().unwrap().enter());
        batcher.flush();
    }
    for at in 0..2 {
        runtimes[at] = runtimes[at].take().filter(|_| kinds[at] != Kind::ShutDown);
    }
    // Who added an item and is driven gets its answer, whatever became of the other.
    for at in (0..2).filter(|at| kinds[*at].is_driven()) {
        let runtime = runtimes[at].take().unwrap();
        let (runtime, answer) = drive(runtime, tickets[at].take().unwrap());
        assert_eq!(answer.ok(), Some(at as u32), "{case}");
        runtimes[at] = Some(runtime);
    }
    // The items of the others end, too, at the latest where they are waited for.
    for at in (0..2).filter(|at| !kinds[*at].is_driven()) {
        let ticket = tickets[at].take().unwrap();
        let driven = (0..2).find(|at| kinds[*at].is_driven());
        // A call that has begun ends only in its own runtime.
        let own = Some(at).filter(|at| runtimes[*at].is_some());
        let survivor = own.or(driven).or((0..2).find(|at| runtimes[*at].is_some()));
        match survivor {
            Some(other) => {
                let (runtime, answer) = drive(runtimes[other].take().unwrap(), ticket);
                runtimes[other] = Some(runtime);
                let told = matches!(
                    &answer,
                    Err(BatchError::NoRuntime | BatchError::Interrupted)
                );
                assert!(told || answer.ok() == Some(at as u32), "{case}");
            }
            None => assert!(ticket.now_or_never().expect(&case).is_err(), "{case}"),
        }
    }
    assert_eq!(batcher.stats().pending, 0, "{case}");
}

#[test]
fn an_item_ends_whatever_becomes_of_another_runtime() {
    let policies = [Policy::Eager, Policy::Window, Policy::Manual];
    let mut cases = Vec::new();
    for policy in policies {
        for first in KINDS {
            cases.extend(KINDS.map(|second| (first, second, policy)));
        }
    }
    // Most of a case is waiting.
    std::thread::scope(|scope| {
        for cases in cases.chunks(cases.len().div_ceil(8)) {
            scope.spawn(move || {
                for (first, second, policy) in cases {
                    check_pair(*first, *second, *policy);
                }
            });
        }
    });
}

#[test]
fn calls_in_a_runtime_that_is_not_driven_hold_no_slots() {
    for kind in [Kind::CurrentThread, Kind::MultiThread, Kind::Paused] {
        let left_alone = Builder::new_current_thread().enable_time().build().unwrap();
        let batcher = batcher(Policy::Eager, Duration::from_millis(20));
        let ticket = left_alone.block_on(async {
            let ticket = batcher.try_add(1).unwrap();
            while batcher.stats().in_flight == 0 {
                tokio::task::yield_now().await;
            }
            ticket
        });
        let other = batcher.clone();
        let (_, answer) = drive(kind.runtime(), async move { other.add(2).await });
        assert_eq!(answer.unwrap(), 2, "{kind:?}");
        // Its outcome is as good as any, once it is driven again; the slot counts as before.
        assert_eq!(left_alone.block_on(ticket).unwrap(), 1);
        assert_eq!((batcher.stats().pending, batcher.stats().in_flight), (0, 0));
        assert_eq!(left_alone.block_on(batcher.add(3)).unwrap(), 3);
    }
}

#[test]
fn items_of_a_runtime_that_is_not_driven_take_no_room_for_ever() {
    let left_alone = Builder::new_current_thread().enable_time().build().unwrap();
    let config = BatchConfig::default().max_pending(2);
    let batcher: Batcher =
        RequestBatcher::new(config, |items: Vec<u32>| async { Ok::<_, String>(items) }).unwrap();
    let kept: Vec<_> = (0..2)
        .map(|item| add_in(&left_alone, &batcher, item))
        .collect();
    let other = batcher.clone();
    let (other_runtime, answers) = drive(Kind::CurrentThread.runtime(), async move {
        other.add_many(2..7).await
    });
    assert!(
        answers
            .iter()
            .map(|answer| answer.as_ref().unwrap())
            .eq(&[2, 3, 4, 5, 6])
    );
    let (_, answers) = drive(other_runtime, join_all(kept));
    assert!(answers.iter().all(Result::is_ok));
}

#[test]
fn a_key_held_up_by_a_runtime_that_is_not_driven_goes_on() {
    let left_alone = Builder::new_current_thread().enable_time().build().unwrap();
    let batcher: Batcher = RequestBatcher::builder(BatchConfig::default())
        .order_by(|_: &u32| 0)
        .build(|items: Vec<u32>| async { Ok::<_, String>(items) })
        .unwrap();
    let first = add_in(&left_alone, &batcher, 1);
    let other = batcher.clone();
    let (_, answer) = drive(
        Kind::MultiThread.runtime(),
        async move { other.add(2).await },
    );
    assert_eq!(answer.unwrap(), 2);
    assert_eq!(first.now_or_never().unwrap().unwrap(), 1);
}

#[test]
fn calls_from_outside_use_a_runtime_that_lives() {
    for how in ["flush", "close", "drop"] {
        let batcher = quick(Policy::Manual);
        let lasting = Kind::MultiThread.runtime();
        let ticket = add_in(&lasting, &batcher, 1);
        // Used last, and gone without a task of the batcher to notice.
        let short = Kind::MultiThread.runtime();
        drop(add_in(&short, &batcher, 2));
        drop(short);
        match how {
            "flush" => assert_eq!(batcher.flush(), 1),
            // The runtime's own thread may be quicker than this one.
            "close" => drop(batcher.close().now_or_never()),
            _ => drop(batcher),
        }
        assert_eq!(lasting.block_on(ticket).unwrap(), 1, "{how}");
    }
    // What is added from outside goes by any that lives.
    let batcher = quick(Policy::Eager);
    let lasting = Kind::MultiThread.runtime();
    assert_eq!(lasting.block_on(batcher.add(0)).unwrap(), 0);
    let short = Kind::MultiThread.runtime();
    assert_eq!(short.block_on(batcher.add(1)).unwrap(), 1);
    drop(short);
    let ticket = batcher.try_add(2).unwrap();
    assert_eq!(lasting.block_on(ticket).unwrap(), 2);
}

#[test]
fn short_lived_runtimes_do_a_lasting_one_no_harm() {
    for policy in [Policy::Eager, Policy::Window] {
        let batcher = quick(policy);
        let (lasting, other) = (Kind::MultiThread.runtime(), batcher.clone());
        let items = lasting.spawn(async move {
            for item in 0..50 {
                assert_eq!(other.add(item).await.unwrap(), item);
            }
        });
        while !items.is_finished() {
            let short = Kind::CurrentThread.runtime();
            let _aborted = add_in(&short, &batcher, 1000);
            drop(short);
        }
        lasting.block_on(items).unwrap();
    }
}

#[test]
fn each_runtime_keeps_its_own_time() {
    let ahead = paused();
    let batcher = ahead.block_on(async {
        tokio::time::advance(Duration::from_secs(3600)).await;
        quick(Policy::Window)
    });
    // The first lies behind the clock of the batcher's maker, the second before it.
    let real = Kind::CurrentThread.runtime();
    assert_eq!(real.block_on(batcher.add(1)).unwrap(), 1);
    let waited = ahead.block_on(async {
        let start = tokio::time::Instant::now();
        assert_eq!(batcher.add(2).await.unwrap(), 2);
        start.elapsed()
    });
    assert!(waited >= Duration::from_millis(20) && waited < Duration::from_millis(25));
    assert!(batcher.stats().wait_max < Duration::from_secs(60));
}
