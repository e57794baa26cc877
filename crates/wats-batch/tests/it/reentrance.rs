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
use wats_batch::{BatchConfig, BatcherBuilder, Policy, RequestBatcher, Retry};

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
        .max_pending(4)
        .max_batch_size(3)
        .max_concurrent_batches(2);
    let batcher = build(&look, RequestBatcher::builder(config))
        .build(|items: Vec<Nosy>| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let answer = |item: Nosy| match item.0 % 3 {
                0 => Err(item),
                _ => Ok(item),
            };
            Ok::<Vec<Result<Nosy, Nosy>>, Nosy>(items.into_iter().map(answer).collect())
        })
        .unwrap();
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
    let (_, aborted) = tokio::join!(join_all(left), batcher.close_within(Duration::ZERO));
    assert_eq!(aborted.0 + aborted.1, 4);
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
        builder.bisect().retry(Retry::attempts(2).when(move |_| {
            look.look();
            true
        }))
    })
    .await;
}

/// What panics when it is dropped, if it is not zero.
struct Touchy(u32);

impl Drop for Touchy {
    fn drop(&mut self) {
        assert!(self.0 == 0 || std::thread::panicking(), "dropped");
    }
}

impl Clone for Touchy {
    fn clone(&self) -> Self {
        assert!(self.0 != 77, "cloned");
        Self(self.0)
    }
}

/// Wakers, answers, errors and items that nobody gets: what they do is no other caller's matter.
#[tokio::test(start_paused = true)]
async fn a_panic_of_foreign_code_is_no_other_callers_matter() {
    struct BadWaker;
    impl Wake for BadWaker {
        fn wake(self: Arc<Self>) {
            std::panic::resume_unwind(Box::new("woken"));
        }
    }
    let config = BatchConfig::default()
        .policy(Policy::Eager)
        .max_concurrent_batches(1);
    let batcher: RequestBatcher<u32, Touchy, Touchy> =
        RequestBatcher::new(config, |items: Vec<u32>| async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let answer = |item| match item {
                7 => Err(Touchy(7)),
                _ => Ok(Touchy(item)),
            };
            let mut answers: Vec<Result<Touchy, Touchy>> = items.into_iter().map(answer).collect();
            if answers.len() == 4 {
                answers.push(Ok(Touchy(8)));
            }
            answers
        })
        .unwrap();
    // Answers and an error that nobody gets, more than one of them in a batch.
    let gone: Vec<_> = [1, 7, 2].map(|item| batcher.try_add(item).unwrap()).into();
    let stays = batcher.try_add(0).unwrap();
    let fifth = batcher.try_add(0).unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    drop(gone);
    let behind = batcher.try_add(0).unwrap();
    assert_eq!(stays.await.ok().unwrap().0, 0);
    assert_eq!(fifth.await.ok().unwrap().0, 0);
    assert_eq!(behind.await.ok().unwrap().0, 0);
    // A waker, before others of its batch.
    let mut bad = Box::pin(batcher.add(0));
    let waker = Waker::from(Arc::new(BadWaker));
    assert!(
        bad.poll_unpin(&mut Context::from_waker(&waker))
            .is_pending()
    );
    assert_eq!(batcher.add(0).await.ok().unwrap().0, 0);
    drop(bad);
    // The answers of a call with a wrong number of them.
    let wrong = batcher.add_many([1, 2, 3, 4]).await;
    assert!(
        wrong
            .iter()
            .all(|answer| matches!(answer, Err(wats_batch::BatchError::WrongCount { .. })))
    );
    assert_eq!(batcher.add(0).await.ok().unwrap().0, 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_beside_the_bulk_function_fails_its_batch_alone() {
    let config = BatchConfig::default().policy(Policy::Eager);
    let batcher: RequestBatcher<Touchy, u32, u32> = RequestBatcher::builder(config)
        .retry(Retry::attempts(2).when(|error: &u32| {
            assert!(*error != 5, "asked");
            false
        }))
        .build(|items: Vec<Touchy>| async move {
            let answer = |item: &Touchy| match item.0 {
                5 => Err(5),
                other => Ok(other),
            };
            let answers: Vec<_> = items.iter().map(answer).collect();
            items.into_iter().for_each(std::mem::forget);
            answers
        })
        .unwrap();
    for (bad, word) in [(77, "cloned"), (5, "asked")] {
        match batcher.add(Touchy(bad)).await {
            Err(wats_batch::BatchError::Panicked(message)) => assert_eq!(&*message, word),
            other => unreachable!("{other:?}"),
        }
        assert_eq!(batcher.add(Touchy(0)).await.unwrap(), 0);
    }
    assert_eq!(batcher.stats().in_flight, 0);
}
