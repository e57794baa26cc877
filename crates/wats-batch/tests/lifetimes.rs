//! Batchers that outlive their runtime, or never had one: nobody waits for ever.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};
use wats_batch::{BatchConfig, BatchError, Policy, RequestBatcher, Ticket, limit};

type Batcher = RequestBatcher<u32, u32, String>;

fn batcher(policy: Policy, takes: Duration) -> Batcher {
    let config = BatchConfig::default()
        .policy(policy)
        .max_batch_size(limit::<2>())
        .max_concurrent_batches(limit::<1>());
    RequestBatcher::new(config, move |items: Vec<u32>| async move {
        tokio::time::sleep(takes).await;
        items.into_iter().map(Ok).collect::<Vec<_>>()
    })
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
            let cut_off = add_inside(&runtime, &batcher);
            drop(runtime);
            assert!(cut_off.now_or_never().unwrap().is_err());
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
