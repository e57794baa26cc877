//! Retry of the failed part, and bisection of a poisoned batch.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use std::future::Ready;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::time::Instant;
use wats_batch::{BatchConfig, BatchError, Policy, RequestBatcher, Retry};

type Calls = Arc<Mutex<Vec<Vec<u32>>>>;

const MS: Duration = Duration::from_millis(1);

fn eager() -> BatchConfig {
    BatchConfig::default().policy(Policy::Eager)
}

/// Each item from 10 on fails until it was tried `item / 10 + 1` times.
fn flaky(calls: &Calls) -> impl Fn(Vec<u32>) -> Ready<Vec<Result<u32, String>>> + use<> {
    let calls = Arc::clone(calls);
    move |items| {
        let mut calls = calls.lock().unwrap();
        calls.push(items.clone());
        let tried = |item: u32| calls.iter().flatten().filter(|seen| **seen == item).count() as u32;
        let answer = |item: u32| {
            if tried(item) > item / 10 {
                Ok(item)
            } else {
                Err("busy".into())
            }
        };
        std::future::ready(items.into_iter().map(answer).collect())
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_failed_part_is_sent_again_and_the_rest_does_not_wait() {
    let calls = Calls::default();
    let batcher: RequestBatcher<u32, u32, String> = RequestBatcher::builder(eager())
        .retry(Retry::attempts(3).delay(100 * MS))
        .build(flaky(&calls))
        .unwrap();
    let start = Instant::now();
    let timed = |item| {
        let batcher = &batcher;
        async move { (batcher.add(item).await, start.elapsed()) }
    };
    let seen = join_all([1, 10, 2, 20, 30].map(timed)).await;
    assert_eq!(
        *calls.lock().unwrap(),
        [vec![1, 10, 2, 20, 30], vec![10, 20, 30], vec![20, 30]]
    );
    let times: Vec<_> = seen.iter().map(|(_, at)| at.as_millis()).collect();
    assert_eq!(times, [0, 100, 0, 300, 300]);
    let oks: Vec<_> = seen.iter().map(|(answer, _)| answer.is_ok()).collect();
    assert_eq!(oks, [true, true, true, true, false]);
    assert!(matches!(&seen[4].0, Err(BatchError::Item(error)) if **error == "busy"));
    let stats = batcher.stats();
    assert_eq!(
        (stats.batches, stats.bulk_calls, stats.sent, stats.resent),
        (1, 3, 5, 5)
    );
    assert_eq!(stats.failed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_retried_item_is_not_overtaken_by_a_later_one_of_its_key() {
    let calls = Calls::default();
    let batcher: RequestBatcher<u32, u32, String> = RequestBatcher::builder(eager())
        .order_by(|item: &u32| item % 10)
        .retry(Retry::attempts(3).delay(100 * MS))
        .build(flaky(&calls))
        .unwrap();
    // The first of key 1 fails once, the first of key 2 for good; the second ones never. Key 1 does
    // not wait for key 2.
    let answers = batcher.add_many([11, 32, 1, 2]).await;
    let oks: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(oks, [true, false, true, true]);
    assert_eq!(
        *calls.lock().unwrap(),
        [vec![11, 32], vec![11, 32], vec![1], vec![32], vec![2]]
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_not_retryable_is_final() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let batcher: RequestBatcher<u32, u32, &str> = RequestBatcher::builder(eager())
        .retry(Retry::attempts(5).when(|error| *error == "busy"))
        .build(move |_: Vec<u32>| {
            let call = counted.fetch_add(1, Ordering::Relaxed);
            async move { Err::<Vec<u32>, _>(if call == 0 { "busy" } else { "denied" }) }
        })
        .unwrap();
    let error = batcher.add(1).await.unwrap_err();
    assert!(matches!(&error, BatchError::Bulk(inner) if **inner == "denied"));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_item_is_not_sent_again() {
    let calls = Calls::default();
    let batcher: RequestBatcher<u32, u32, String> = RequestBatcher::builder(eager())
        .retry(Retry::attempts(3).delay(100 * MS))
        .build(flaky(&calls))
        .unwrap();
    let mut gone = Box::pin(batcher.add(21));
    let mut stays = Box::pin(batcher.add(11));
    assert!((&mut gone).now_or_never().is_none() && (&mut stays).now_or_never().is_none());
    tokio::time::sleep(50 * MS).await;
    drop(gone);
    assert_eq!(stays.await.unwrap(), 11);
    batcher.close().await;
    assert_eq!(*calls.lock().unwrap(), [vec![21, 11], vec![11]]);
    assert_eq!(batcher.stats().abandoned, 1);
}

#[tokio::test(start_paused = true)]
async fn bisection_finds_the_poisoned_items() {
    for panics in [false, true] {
        let calls = Calls::default();
        let log = Arc::clone(&calls);
        let batcher: RequestBatcher<u32, u32, String> = RequestBatcher::builder(eager())
            .bisect()
            .build(move |items: Vec<u32>| {
                log.lock().unwrap().push(items.clone());
                async move {
                    let poisoned = items.iter().find(|item| matches!(item, 13 | 60));
                    assert!(!panics || poisoned.is_none(), "poison");
                    poisoned.map_or(Ok(items.clone()), |item| Err(format!("{item} is poison")))
                }
            })
            .unwrap();
        let answers = batcher.add_many(0..64).await;
        for (item, answer) in (0..).zip(&answers) {
            match (item, answer) {
                (13 | 60, Err(BatchError::Bulk(error))) => {
                    assert_eq!(**error, format!("{item} is poison"));
                }
                (13 | 60, Err(BatchError::Panicked(message))) => assert_eq!(&**message, "poison"),
                (_, answer) => assert_eq!(answer.as_ref().unwrap(), &item),
            }
        }
        // 1 + 2 for each of the 6 levels and each of the 2 poisons, less the shared first level.
        assert_eq!(calls.lock().unwrap().len(), 1 + 2 * 6 * 2 - 2);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_not_multiplied_by_bisection() {
    let calls = Calls::default();
    let log = Arc::clone(&calls);
    let batcher: RequestBatcher<u32, u32, usize> = RequestBatcher::builder(eager())
        .bisect()
        .build(move |items: Vec<u32>| {
            log.lock().unwrap().push(items.clone());
            std::future::ready(Err::<Vec<u32>, _>(items.len()))
        })
        .unwrap();
    let answers = batcher.add_many(0..100).await;
    // Everybody has the error of the quarter it was in.
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_ref().unwrap_err().inner() == Some(&25))
    );
    let sizes: Vec<_> = calls.lock().unwrap().iter().map(Vec::len).collect();
    assert_eq!(sizes, [100, 50, 50, 25, 25, 25, 25]);
    let stats = batcher.stats();
    assert_eq!((stats.sent, stats.resent, stats.failed), (100, 200, 100));
    batcher.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_not_worth_it_is_not_halved() {
    for (unclear, calls_expected) in [("timed out", 1), ("panic", 1), ("rejected", 9)] {
        let calls = Calls::default();
        let log = Arc::clone(&calls);
        let batcher: RequestBatcher<u32, u32, &str> = RequestBatcher::builder(eager())
            .bisect_when(|error| *error == "rejected")
            .build(move |items: Vec<u32>| {
                log.lock().unwrap().push(items.clone());
                assert_ne!(unclear, "panic");
                std::future::ready(if items.contains(&5) {
                    Err(unclear)
                } else {
                    Ok(items)
                })
            })
            .unwrap();
        let answers = batcher.add_many(0..16).await;
        assert!(answers[5].is_err());
        let failed = answers.iter().filter(|answer| answer.is_err()).count();
        assert_eq!(failed, if unclear == "rejected" { 1 } else { 16 });
        assert_eq!(calls.lock().unwrap().len(), calls_expected, "{unclear}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_half_is_not_overtaken_by_a_later_item_of_its_key() {
    let calls = Calls::default();
    let log = Arc::clone(&calls);
    let batcher: RequestBatcher<u32, u32, &str> = RequestBatcher::builder(eager())
        .order_by(|item: &u32| item % 10)
        .bisect()
        .build(move |items: Vec<u32>| {
            log.lock().unwrap().push(items.clone());
            std::future::ready(if items.contains(&13) {
                Err("poison")
            } else {
                Ok(items)
            })
        })
        .unwrap();
    let answers = batcher.add_many([13, 1, 11, 21]).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1);
    let calls = calls.lock().unwrap();
    let through = calls.iter().filter(|call| !call.contains(&13)).flatten();
    let of_key_one: Vec<_> = through.filter(|item| *item % 10 == 1).collect();
    assert_eq!(of_key_one, [&1, &11, &21]);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_in_the_middle_of_a_retry_answers_everybody() {
    let batcher: RequestBatcher<u32, u32, String> = RequestBatcher::builder(eager())
        .retry(Retry::attempts(1000).delay(Duration::from_secs(10)))
        .build(|items: Vec<u32>| async move {
            let answer = |n: u32| {
                if n == 0 {
                    Ok(n)
                } else {
                    Err("busy".to_owned())
                }
            };
            items.into_iter().map(answer).collect::<Vec<_>>()
        })
        .unwrap();
    let tickets: Vec<_> = (0..3).map(|n| batcher.try_add(n).unwrap()).collect();
    tokio::time::sleep(15 * Duration::from_secs(1)).await;
    assert_eq!(batcher.close_within(MS).await, (0, 2));
    let outcomes = join_all(tickets).await;
    assert_eq!(outcomes[0].as_ref().unwrap(), &0);
    assert!(matches!(outcomes[1], Err(BatchError::Interrupted)));
    assert!(matches!(outcomes[2], Err(BatchError::Interrupted)));
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_program_is_not_retried() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let batcher: RequestBatcher<u32, u32, String> =
        RequestBatcher::builder(eager().max_batch_size(2))
            .retry(Retry::attempts(5))
            .build(move |items: Vec<u32>| {
                counted.fetch_add(1, Ordering::Relaxed);
                async move {
                    assert!(!items.contains(&0), "zero");
                    Ok(vec![1])
                }
            })
            .unwrap();
    let answers = batcher.add_many(0..4).await;
    assert!(matches!(answers[1], Err(BatchError::Panicked(_))));
    assert!(matches!(
        answers[2],
        Err(BatchError::WrongCount {
            expected: 2,
            actual: 1
        })
    ));
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}
