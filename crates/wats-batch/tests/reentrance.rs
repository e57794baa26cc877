//! No foreign code runs under a lock of the batcher: wakers, items, answers, errors and key functions may
//! all call it. Where one did under a lock, these tests would not end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use wats_batch::{BatchConfig, BatcherBuilder, Policy, RequestBatcher, Retry, limit};

type Batcher = RequestBatcher<Nosy, Nosy, Nosy>;

/// Looks at the batcher, which takes its locks.
#[derive(Clone, Default)]
struct Look(Arc<(OnceLock<Batcher>, AtomicUsize)>);

impl Look {
    fn look(&self) {
        if let Some(batcher) = self.0.0.get() {
            let _ = batcher.stats();
            self.0.1.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Looks when it is cloned and when it is dropped.
struct Nosy(u32, Look);

impl Clone for Nosy {
    fn clone(&self) -> Self {
        self.1.look();
        Self(self.0, self.1.clone())
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.1.look();
    }
}

struct NosyWaker(Look);

impl Wake for NosyWaker {
    fn wake(self: Arc<Self>) {
        self.0.look();
    }
}

impl Drop for NosyWaker {
    fn drop(&mut self) {
        self.0.look();
    }
}

async fn check(
    build: impl Fn(&Look, BatcherBuilder<Nosy, Nosy, Nosy>) -> BatcherBuilder<Nosy, Nosy, Nosy>,
) {
    let look = Look::default();
    let config = BatchConfig::default()
        .policy(Policy::Eager)
        .max_pending(limit::<4>())
        .max_batch_size(limit::<3>())
        .max_concurrent_batches(limit::<2>());
    let batcher = build(&look, RequestBatcher::builder(config)).build(|items: Vec<Nosy>| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let answer = |item: Nosy| match item.0 % 3 {
            0 => Err(item),
            _ => Ok(item),
        };
        Ok::<Vec<Result<Nosy, Nosy>>, Nosy>(items.into_iter().map(answer).collect())
    });
    look.0.0.set(batcher.clone()).ok().unwrap();
    let nosy = |n| Nosy(n, look.clone());

    for round in 0..8 {
        // Answered, cancelled in the queue, abandoned in flight, refused, with a waker that changes.
        let stay: Vec<_> = (0..4)
            .filter_map(|n| batcher.try_add(nosy(n)).ok())
            .collect();
        let mut go: Vec<_> = (4..9).map(|n| Box::pin(batcher.add(nosy(n)))).collect();
        for add in &mut go {
            for _ in 0..2 {
                let waker = Waker::from(Arc::new(NosyWaker(look.clone())));
                assert!(
                    add.poll_unpin(&mut Context::from_waker(&waker))
                        .is_pending()
                );
            }
        }
        drop(batcher.try_add(nosy(9)));
        tokio::time::sleep(Duration::from_micros(round * 300)).await;
        go.truncate(2);
        join_all(stay).await;
        join_all(go).await;
    }
    let left: Vec<_> = (0..4).map(|n| batcher.add(nosy(n))).collect();
    let (_, cut_off) = tokio::join!(join_all(left), batcher.close_within(Duration::ZERO));
    assert_eq!(cut_off.0 + cut_off.1, 4);
    assert!(look.0.1.load(Ordering::Relaxed) > 100);
}

#[tokio::test(start_paused = true)]
async fn items_answers_and_wakers_may_call_the_batcher() {
    check(|_, builder| builder).await;
}

#[tokio::test(start_paused = true)]
async fn key_functions_may_call_the_batcher() {
    check(|look, builder| {
        let (order, same) = (look.clone(), look.clone());
        builder
            .order_by(move |item: &Nosy| {
                order.look();
                item.0 % 2
            })
            .dedupe_by(move |item: &Nosy| {
                same.look();
                item.0
            })
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn recovery_may_call_the_batcher() {
    check(|look, builder| {
        let look = look.clone();
        let two = std::num::NonZeroU32::new(2).unwrap();
        builder.bisect().retry(Retry::attempts(two).when(move |_| {
            look.look();
            true
        }))
    })
    .await;
}
