//! A million adds on two threads with everything going wrong at random: callers that go away, bulk
//! calls that panic, fail or answer short, batchers that are closed or dropped in the middle. Each
//! caller gets exactly one outcome, its own, and no item is sent twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::{JoinSet, yield_now};
use wats_batch::{BatchConfig, BatchError, Policy, RequestBatcher};

const ADDS: usize = 1_000_000;
const TASKS: usize = 50;
/// Adds of one batcher's life.
const LIFE: usize = 20_000;

type Batcher = RequestBatcher<usize, usize, &'static str>;

/// How often each item was handed to the bulk function.
type Sent = Arc<Vec<AtomicU8>>;

fn batcher(policy: Policy, sent: Sent) -> Batcher {
    let config = BatchConfig::default()
        .max_batch_size(16)
        .max_concurrent_batches(3)
        .max_pending(30)
        .max_wait(Duration::from_micros(200))
        .policy(policy);
    RequestBatcher::new(config, move |items: Vec<usize>| {
        for item in &items {
            assert_eq!(sent[*item].fetch_add(1, Ordering::Relaxed), 0, "sent twice");
        }
        async move {
            for _ in 0..fastrand::u32(0..4) {
                yield_now().await;
            }
            match fastrand::u32(0..20) {
                0 => std::panic::panic_any("at random"),
                1 => Err("all of it"),
                2 => Ok(vec![Ok(7); items.len() - 1]),
                _ => Ok(items
                    .into_iter()
                    .map(|item| {
                        if item.is_multiple_of(7) {
                            Err("multiple of 7")
                        } else {
                            Ok(item)
                        }
                    })
                    .collect()),
            }
        }
    })
    .unwrap()
}

#[derive(Default)]
struct Tally {
    answered: AtomicUsize,
    refused: AtomicUsize,
    closed: AtomicUsize,
    cancelled: AtomicUsize,
    panicked: AtomicUsize,
    short: AtomicUsize,
    failed: AtomicUsize,
    interrupted: AtomicUsize,
}

fn check(item: usize, outcome: Result<usize, BatchError<&'static str>>, times: u8, tally: &Tally) {
    let (counter, expected) = match outcome {
        Ok(value) => {
            assert_eq!(value, item, "an answer of another's item");
            (&tally.answered, 1)
        }
        Err(BatchError::Item(error)) => {
            assert!(*error == "multiple of 7" && item.is_multiple_of(7));
            (&tally.refused, 1)
        }
        Err(BatchError::Bulk(error)) => {
            assert_eq!(*error, "all of it");
            (&tally.failed, 1)
        }
        Err(BatchError::Panicked(message)) => {
            assert_eq!(&*message, "at random");
            (&tally.panicked, 1)
        }
        Err(BatchError::WrongCount { expected, actual }) => {
            assert_eq!(expected, actual + 1);
            (&tally.short, 1)
        }
        Err(BatchError::Closed) => (&tally.closed, 0),
        // Its batch was taken, so it may be sent, even a moment after this is told; twice it never is.
        Err(BatchError::Interrupted) => (&tally.interrupted, times.min(1)),
        Err(error) => panic!("{error:?}"),
    };
    assert_eq!(times, expected, "item {item}");
    counter.fetch_add(1, Ordering::Relaxed);
}

/// One caller: waits for the answer, or goes away after a while.
async fn call(batcher: &Batcher, item: usize, sent: &Sent, tally: &Tally) {
    let polls = if fastrand::u32(0..4) == 0 {
        fastrand::usize(0..4)
    } else {
        usize::MAX
    };
    let outcome = if item.is_multiple_of(3)
        && let Ok(ticket) = batcher.try_add(item)
    {
        poll_at_most(ticket, polls).await
    } else {
        poll_at_most(batcher.add(item), polls).await
    };
    match outcome {
        Some(outcome) => check(item, outcome, sent[item].load(Ordering::Relaxed), tally),
        None => {
            tally.cancelled.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn poll_at_most<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    if polls == usize::MAX {
        return Some(future.await);
    }
    for _ in 0..=polls {
        tokio::select! {
            biased;
            outcome = &mut future => return Some(outcome),
            () = yield_now() => {}
        }
    }
    None
}

/// The end of a batcher, in one of the ways there are.
async fn end(batcher: Batcher) {
    match fastrand::u32(0..4) {
        0 => batcher.close().await,
        1 => {
            batcher
                .close_within(Duration::from_micros(fastrand::u64(0..50)))
                .await;
        }
        2 => {
            batcher.flush();
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_caller_gets_exactly_one_outcome_and_no_item_is_sent_twice() {
    std::panic::set_hook(Box::new(|_| {}));
    let sent: Sent = Arc::new((0..ADDS).map(|_| AtomicU8::new(0)).collect());
    let tally = Arc::new(Tally::default());
    for life in 0..ADDS / LIFE {
        let policy = if life.is_multiple_of(2) {
            Policy::Eager
        } else {
            Policy::Window
        };
        let batcher = batcher(policy, Arc::clone(&sent));
        let mut callers = JoinSet::new();
        for task in 0..TASKS {
            let (batcher, sent, tally) = (batcher.clone(), Arc::clone(&sent), Arc::clone(&tally));
            callers.spawn(async move {
                let first = life * LIFE + task * (LIFE / TASKS);
                for item in first..first + LIFE / TASKS {
                    call(&batcher, item, &sent, &tally).await;
                }
            });
        }
        if life.is_multiple_of(3) {
            // In the middle of it; the remaining adds find it closed.
            for _ in 0..fastrand::usize(0..2000) {
                yield_now().await;
            }
            end(batcher).await;
        } else {
            drop(batcher);
        }
        while let Some(caller) = callers.join_next().await {
            let ended = caller.map_err(tokio::task::JoinError::into_panic);
            if let Err(panic) = ended {
                drop(std::panic::take_hook());
                let said = panic.downcast::<String>().map_or_else(
                    |panic| {
                        panic
                            .downcast::<&str>()
                            .map_or("?".into(), |said| said.to_string())
                    },
                    |said| *said,
                );
                panic!("a caller in life {life}: {said}");
            }
        }
    }
    drop(std::panic::take_hook());
    let of = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let t = &*tally;
    let told = of(&t.answered) + of(&t.refused) + of(&t.failed) + of(&t.panicked) + of(&t.short);
    let cut = of(&t.closed) + of(&t.interrupted);
    assert_eq!(told + cut + of(&t.cancelled), ADDS);
    // The wheel did turn up everything.
    for counter in [
        &t.answered,
        &t.refused,
        &t.failed,
        &t.panicked,
        &t.short,
        &t.cancelled,
        &t.closed,
    ] {
        assert!(of(counter) > 100);
    }
}
