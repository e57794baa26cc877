//! What holds on several threads, where callers leave their items in buffers beside the queue: nothing in
//! a buffer is forgotten by a flush, a close or the statistics, and a thread's items stay in order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinSet, yield_now};
use wats_batch::{BatchConfig, BatchError, Policy, Priority, RequestBatcher};

type Batcher = RequestBatcher<u32, u32, String>;

fn echo(config: BatchConfig) -> Batcher {
    RequestBatcher::new(config, |items: Vec<u32>| async move {
        yield_now().await;
        Ok::<Vec<u32>, String>(items)
    })
    .unwrap()
}

fn two_threads() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap()
}

/// Runs it in tasks on both threads.
fn on_both_threads<F: Future<Output = ()> + Send + 'static>(task: impl Fn() -> F) {
    two_threads().block_on(async {
        let mut tasks: JoinSet<()> = (0..4).map(|_| task()).collect();
        while let Some(task) = tasks.join_next().await {
            task.unwrap();
        }
    });
}

#[test]
fn a_flush_finds_what_was_added_before_it() {
    let batcher = echo(BatchConfig::default().policy(Policy::Manual));
    on_both_threads(|| {
        let batcher = batcher.clone();
        async move {
            for n in 0..3000 {
                let mut add = Box::pin(batcher.add(n));
                if let Some(answer) = (&mut add).now_or_never() {
                    unreachable!("{answer:?} before the flush");
                }
                batcher.flush();
                assert_eq!(add.await.unwrap(), n);
            }
        }
    });
    assert_eq!(batcher.stats().items, 12_000);
    assert_eq!((batcher.stats().pending, batcher.stats().sent), (0, 12_000));
}

#[test]
fn a_close_sends_what_was_added_before_it() {
    two_threads().block_on(async {
        for _ in 0..300 {
            let batcher = echo(BatchConfig::default().policy(Policy::Eager));
            let mut tasks = JoinSet::new();
            for task in 0..4 {
                let batcher = batcher.clone();
                tasks.spawn(async move {
                    for n in 0.. {
                        let mut add = Box::pin(batcher.add(n));
                        if task == 0 && n == 20 {
                            let early = (&mut add).now_or_never();
                            batcher.close().await;
                            let answer = match early {
                                Some(answer) => answer,
                                None => add.await,
                            };
                            return assert_eq!(answer.unwrap(), n, "added before the close");
                        }
                        match add.await {
                            Ok(answer) => assert_eq!(answer, n),
                            Err(error) => return assert!(matches!(error, BatchError::Closed)),
                        }
                    }
                });
            }
            while let Some(task) = tasks.join_next().await {
                task.unwrap();
            }
            let stats = batcher.stats();
            assert_eq!((stats.pending, stats.in_flight), (0, 0));
            assert_eq!(stats.sent + stats.failed, stats.items);
        }
    });
}

#[test]
fn the_items_of_a_task_stay_in_order_however_they_are_added() {
    let sent: Arc<Mutex<Vec<u32>>> = Arc::default();
    let log = Arc::clone(&sent);
    let config = BatchConfig::default()
        .policy(Policy::Eager)
        .max_batch_size(7)
        .max_concurrent_batches(1);
    let batcher: Batcher = RequestBatcher::new(config, move |items: Vec<u32>| {
        log.lock().unwrap().extend(&items);
        async move { Ok::<Vec<u32>, String>(items) }
    })
    .unwrap();
    let next = Arc::new(Mutex::new(0));
    on_both_threads(|| {
        let (batcher, first) = (batcher.clone(), {
            let mut next = next.lock().unwrap();
            *next += 100_000;
            *next
        });
        async move {
            for step in (0..4000).step_by(4) {
                // All four enter in one turn of the task: on one thread.
                let n = first + step;
                let mut one = Box::pin(batcher.add(n));
                assert!((&mut one).now_or_never().is_none());
                let two = batcher.try_add_with(n + 1, Priority::Normal).unwrap();
                let both = batcher.add_many([n + 2, n + 3]);
                assert!(both.await.iter().all(Result::is_ok));
                assert!(one.await.is_ok() && two.await.is_ok());
            }
        }
    });
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), 16_000);
    for task in 1..=4 {
        let own = sent.iter().filter(|n| **n / 100_000 == task);
        assert!(own.is_sorted(), "task {task}");
    }
}

#[test]
fn callers_that_go_away_are_not_sent_and_leave_nothing_behind() {
    let sent: Arc<Mutex<Vec<u32>>> = Arc::default();
    let log = Arc::clone(&sent);
    let batcher: Batcher = RequestBatcher::new(
        BatchConfig::default().policy(Policy::Eager),
        move |items: Vec<u32>| {
            log.lock().unwrap().extend(&items);
            async move { Ok::<Vec<u32>, String>(items) }
        },
    )
    .unwrap();
    on_both_threads(|| {
        let (batcher, sent) = (batcher.clone(), Arc::clone(&sent));
        async move {
            for n in 0..3000 {
                let mut gone: Pin<Box<_>> = Box::pin(batcher.add(1_000_000));
                let answered = (&mut gone).now_or_never().is_some();
                let before = batcher.stats();
                drop(gone);
                assert!(!answered && before.items > before.cancelled);
                assert_eq!(batcher.add(n).await.unwrap(), n);
            }
            drop(sent);
        }
    });
    let stats = batcher.stats();
    assert_eq!(stats.items, 24_000);
    let came = sent
        .lock()
        .unwrap()
        .iter()
        .filter(|n| **n == 1_000_000)
        .count() as u64;
    assert_eq!(stats.cancelled + came, 12_000);
    // The others had their answer already.
    assert!(stats.abandoned <= came);
}
