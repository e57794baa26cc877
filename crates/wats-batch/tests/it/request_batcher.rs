//! What a `RequestBatcher` promises, on a paused clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::time::Instant;
use wats_batch::{BatchConfig, BatchError, Policy, Priority, RequestBatcher, Retry};

type Log = Arc<Mutex<Vec<(Duration, Vec<u32>)>>>;

/// A batcher whose server takes `takes` and doubles, and a log of what it saw and when.
fn doubling(config: BatchConfig, takes: Duration) -> (RequestBatcher<u32, u32, String>, Log) {
    let log = Log::default();
    let seen = Arc::clone(&log);
    let start = Instant::now();
    let batcher = RequestBatcher::new(config, move |items: Vec<u32>| {
        seen.lock().unwrap().push((start.elapsed(), items.clone()));
        async move {
            tokio::time::sleep(takes).await;
            items.into_iter().map(|n| Ok(n * 2)).collect::<Vec<_>>()
        }
    })
    .unwrap();
    (batcher, log)
}

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn the_first_item_arms_the_window_and_later_ones_do_not_move_it() {
    let (batcher, log) = doubling(BatchConfig::default(), Duration::ZERO);
    let late = async {
        tokio::time::sleep(60 * MS).await;
        batcher.add(2).await
    };
    let (one, two) = tokio::join!(batcher.add(1), late);
    assert_eq!((one.unwrap(), two.unwrap()), (2, 4));
    assert_eq!(*log.lock().unwrap(), [(100 * MS, vec![1, 2])]);
}

#[tokio::test(start_paused = true)]
async fn a_trickle_does_not_put_the_window_off() {
    let (batcher, log) = doubling(BatchConfig::default(), Duration::ZERO);
    let add = |n: u32| {
        let batcher = &batcher;
        async move {
            tokio::time::sleep(30 * MS * n).await;
            batcher.add(n).await.unwrap();
        }
    };
    join_all((0..10).map(add)).await;
    assert_eq!(
        *log.lock().unwrap(),
        [
            (100 * MS, vec![0, 1, 2, 3]),
            (220 * MS, vec![4, 5, 6, 7]),
            (340 * MS, vec![8, 9])
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_goes_at_once_and_the_size_is_a_hard_cap() {
    let config = BatchConfig::default().max_batch_size(10);
    let (batcher, log) = doubling(config, Duration::ZERO);
    join_all((0..25).map(|n| batcher.add(n))).await;
    let log = log.lock().unwrap();
    let seen: Vec<_> = log.iter().map(|(at, items)| (*at, items.len())).collect();
    assert_eq!(
        seen,
        [(Duration::ZERO, 10), (Duration::ZERO, 10), (100 * MS, 5)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_leaves_the_next_window_alone() {
    // A batch that fills at 50 ms must not make the next one, begun at 60 ms, go at 100 ms.
    let config = BatchConfig::default().max_batch_size(2);
    let (batcher, log) = doubling(config, Duration::ZERO);
    let add = |n, at: Duration| {
        let batcher = &batcher;
        async move {
            tokio::time::sleep(at).await;
            batcher.add(n).await.unwrap();
        }
    };
    tokio::join!(add(1, Duration::ZERO), add(2, 50 * MS), add(3, 60 * MS));
    assert_eq!(
        *log.lock().unwrap(),
        [(50 * MS, vec![1, 2]), (160 * MS, vec![3])]
    );
}

#[tokio::test(start_paused = true)]
async fn a_lone_item_waits_one_window_and_under_eager_none() {
    let (batcher, _) = doubling(BatchConfig::default(), Duration::ZERO);
    let start = Instant::now();
    batcher.add(1).await.unwrap();
    assert_eq!(start.elapsed(), 100 * MS);

    let (batcher, _) = doubling(BatchConfig::default().policy(Policy::Eager), Duration::ZERO);
    let start = Instant::now();
    batcher.add(1).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn eager_gathers_only_while_all_slots_are_busy() {
    let config = BatchConfig::default()
        .policy(Policy::Eager)
        .max_concurrent_batches(1)
        .max_batch_size(10);
    let (batcher, log) = doubling(config, 20 * MS);
    let first = batcher.add(0);
    let others = async {
        tokio::time::sleep(5 * MS).await;
        join_all((1..16).map(|n| batcher.add(n))).await
    };
    let (first, others) = tokio::join!(first, others);
    assert_eq!(first.unwrap(), 0);
    assert!(others.into_iter().all(|answer| answer.is_ok()));
    let log = log.lock().unwrap();
    let seen: Vec<_> = log.iter().map(|(at, items)| (*at, items.len())).collect();
    assert_eq!(seen, [(Duration::ZERO, 1), (20 * MS, 10), (40 * MS, 5)]);
}

#[tokio::test(start_paused = true)]
async fn never_more_bulk_calls_than_allowed() {
    let config = BatchConfig::default()
        .max_batch_size(10)
        .max_concurrent_batches(3);
    let (batcher, log) = doubling(config, 20 * MS);
    join_all((0..100).map(|n| batcher.add(n))).await;
    assert_eq!(batcher.stats().most_in_flight, 3);
    let log = log.lock().unwrap();
    let times: Vec<_> = log.iter().map(|(at, _)| at.as_millis()).collect();
    assert_eq!(times, [0, 0, 0, 20, 20, 20, 40, 40, 40, 60]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_bulk_call_stops_no_later_window() {
    let config = BatchConfig::default().max_concurrent_batches(2);
    let (batcher, log) = doubling(config, Duration::from_secs(10));
    let late = async {
        tokio::time::sleep(150 * MS).await;
        batcher.add(2).await
    };
    let (_, _) = tokio::join!(batcher.add(1), late);
    let log = log.lock().unwrap();
    assert_eq!((log[0].0, log[1].0), (100 * MS, 250 * MS));
}

#[tokio::test(start_paused = true)]
async fn manual_waits_for_a_flush() {
    let config = BatchConfig::default()
        .policy(Policy::Manual)
        .max_batch_size(4);
    let (batcher, log) = doubling(config, Duration::ZERO);
    let tickets: Vec<_> = (0..6).map(|n| batcher.try_add(n).unwrap()).collect();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert!(log.lock().unwrap().is_empty());
    assert_eq!(batcher.flush(), 6);
    let later = batcher.try_add(99).unwrap();
    for (n, ticket) in (0..).zip(tickets) {
        assert_eq!(ticket.await.unwrap(), n * 2);
    }
    // The last was added after the flush; it fills the second batch, or stays.
    assert!(batcher.stats().pending <= 1);
    batcher.close().await;
    assert_eq!(later.await.unwrap(), 198);
}

#[tokio::test(start_paused = true)]
async fn each_item_has_its_own_error() {
    let batcher = RequestBatcher::new(BatchConfig::default(), |items: Vec<u32>| async move {
        let odd = |n: u32| {
            if n.is_multiple_of(2) {
                Ok(n)
            } else {
                Err(format!("{n} is odd"))
            }
        };
        items.into_iter().map(odd).collect::<Vec<_>>()
    })
    .unwrap();
    let answers = batcher.add_many(0..4).await;
    assert_eq!(answers[0].as_ref().unwrap(), &0);
    assert!(matches!(&answers[1], Err(BatchError::Item(e)) if **e == "1 is odd"));
    assert_eq!(answers[2].as_ref().unwrap(), &2);
    assert_eq!(
        answers[3].as_ref().unwrap_err().inner().unwrap(),
        "3 is odd"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wrong_number_of_answers_names_both_counts() {
    for actual in [0, 2, 4] {
        let batcher =
            RequestBatcher::infallible(BatchConfig::default(), move |_: Vec<u32>| async move {
                vec![0u32; actual]
            })
            .unwrap();
        for answer in batcher.add_many(0..3).await {
            let error = answer.unwrap_err();
            assert!(
                matches!(error, BatchError::WrongCount { expected: 3, actual: a } if a == actual)
            );
            assert!(
                error
                    .to_string()
                    .contains(&format!("{actual} answers for 3 items"))
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_fails_its_batch_and_no_other() {
    let config = BatchConfig::default().max_batch_size(2);
    let batcher: RequestBatcher<u32, u32, String> =
        RequestBatcher::new(config, |items: Vec<u32>| {
            assert!(!items.contains(&1), "one is not served");
            async move {
                assert!(!items.contains(&3), "three neither");
                items.into_iter().map(Ok).collect::<Vec<_>>()
            }
        })
        .unwrap();
    let answers = batcher.add_many(0..6).await;
    let panic = |at: usize| answers[at].as_ref().unwrap_err().to_string();
    assert!(panic(0).contains("one is not served") && panic(1).contains("one is not served"));
    assert!(panic(2).contains("three neither") && panic(3).contains("three neither"));
    assert!(answers[4].is_ok() && answers[5].is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_item_is_not_sent_and_strands_nobody() {
    let (batcher, log) = doubling(BatchConfig::default(), Duration::ZERO);
    let mut first = Box::pin(batcher.add(1));
    let mut second = Box::pin(batcher.add(2));
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    // The first item armed the window.
    drop(first);
    assert_eq!(second.await.unwrap(), 4);
    assert_eq!(*log.lock().unwrap(), [(100 * MS, vec![2])]);
    assert_eq!(batcher.stats().cancelled, 1);
}

#[tokio::test(start_paused = true)]
async fn close_flushes_now_and_then_refuses() {
    let (batcher, log) = doubling(BatchConfig::default(), 20 * MS);
    let ticket = batcher.try_add(1).unwrap();
    batcher.close().await;
    assert_eq!(log.lock().unwrap()[0].0, Duration::ZERO);
    assert_eq!(ticket.await.unwrap(), 2);
    assert!(matches!(batcher.add(2).await, Err(BatchError::Closed)));
    let refused = batcher.try_add(3).unwrap_err();
    assert_eq!(refused.into_item(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_partial_batch_does_not_hold_up_a_close() {
    for policy in [Policy::Window, Policy::Eager, Policy::Manual] {
        let config = BatchConfig::default().policy(policy);
        let (batcher, log) = doubling(config.max_wait(Duration::MAX), Duration::ZERO);
        let tickets: Vec<_> = (0..3).map(|n| batcher.try_add(n).unwrap()).collect();
        batcher.close().await;
        assert_eq!(*log.lock().unwrap(), [(Duration::ZERO, vec![0, 1, 2])]);
        assert!(join_all(tickets).await.iter().all(Result::is_ok));
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_with_a_deadline_fails_the_rest_by_name() {
    let config = BatchConfig::default()
        .max_batch_size(2)
        .max_concurrent_batches(1);
    let (batcher, log) = doubling(config, Duration::from_secs(60));
    let tickets: Vec<_> = (0..4).map(|n| batcher.try_add(n).unwrap()).collect();
    tokio::task::yield_now().await;
    let start = Instant::now();
    assert_eq!(batcher.close_within(10 * MS).await, (2, 2));
    assert_eq!(start.elapsed(), 10 * MS);
    let errors: Vec<_> = join_all(tickets)
        .await
        .into_iter()
        .map(Result::unwrap_err)
        .collect();
    assert!(matches!(errors[0], BatchError::Interrupted));
    assert!(matches!(errors[1], BatchError::Interrupted));
    assert!(matches!(errors[2], BatchError::Closed));
    assert!(matches!(errors[3], BatchError::Closed));
    batcher.close().await;
    assert_eq!(log.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_sends_what_waits() {
    let (batcher, log) = doubling(BatchConfig::default(), 20 * MS);
    let ticket = batcher.try_add(1).unwrap();
    let clone = batcher.clone();
    drop(batcher);
    tokio::time::sleep(MS).await;
    assert!(log.lock().unwrap().is_empty(), "a clone is still there");
    drop(clone);
    assert_eq!(ticket.await.unwrap(), 2);
    assert_eq!(log.lock().unwrap()[0].0, MS);
}

#[tokio::test(start_paused = true)]
async fn try_add_refuses_when_full_and_add_waits_for_room() {
    let config = BatchConfig::default()
        .max_pending(2)
        .max_batch_size(2)
        .max_concurrent_batches(1);
    let (batcher, log) = doubling(config, 20 * MS);
    let sent: Vec<_> = (0..2).map(|n| batcher.try_add(n).unwrap()).collect();
    tokio::task::yield_now().await;
    let queued: Vec<_> = (2..4).map(|n| batcher.try_add(n).unwrap()).collect();
    assert!(matches!(
        batcher.try_add(4),
        Err(wats_batch::TryAddError::Full(4))
    ));
    assert_eq!(batcher.stats().pending, 2);
    assert_eq!(batcher.add(4).await.unwrap(), 8);
    join_all(sent).await;
    join_all(queued).await;
    assert_eq!(batcher.stats().refused, 1);
    assert_eq!(batcher.stats().blocked, 1);
    let items: Vec<_> = log
        .lock()
        .unwrap()
        .iter()
        .map(|(_, items)| items.clone())
        .collect();
    assert_eq!(items, [vec![0, 1], vec![2, 3], vec![4]]);
}

#[tokio::test(start_paused = true)]
async fn duplicates_share_one_item_in_the_queue_and_in_flight() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    let batcher: RequestBatcher<u32, u32, String> = RequestBatcher::builder(BatchConfig::default())
        .dedupe_by(|n: &u32| *n)
        .build(move |items: Vec<u32>| {
            seen.lock().unwrap().push(items.clone());
            async move {
                tokio::time::sleep(50 * MS).await;
                items.into_iter().map(Ok).collect::<Vec<_>>()
            }
        })
        .unwrap();
    let in_flight = async {
        tokio::time::sleep(120 * MS).await;
        batcher.add(1).await
    };
    let (a, b, c, d) = tokio::join!(batcher.add(1), batcher.add(1), batcher.add(2), in_flight);
    assert_eq!(
        (a.unwrap(), b.unwrap(), c.unwrap(), d.unwrap()),
        (1, 1, 2, 1)
    );
    assert_eq!(*calls.lock().unwrap(), [vec![1, 2]]);
    assert_eq!(batcher.stats().deduplicated, 2);
    // Once answered it is asked anew.
    batcher.add(1).await.unwrap();
    assert_eq!(calls.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_gone_leader_leaves_its_followers_served() {
    let batcher: RequestBatcher<u32, u32, String> = RequestBatcher::builder(BatchConfig::default())
        .dedupe_by(|n: &u32| *n)
        .build(|items: Vec<u32>| async { items.into_iter().map(Ok).collect::<Vec<_>>() })
        .unwrap();
    let mut leader = Box::pin(batcher.add(1));
    let mut follower = Box::pin(batcher.add(1));
    assert!((&mut leader).now_or_never().is_none());
    assert!((&mut follower).now_or_never().is_none());
    drop(leader);
    assert_eq!(follower.await.unwrap(), 1);
    assert_eq!(batcher.stats().cancelled, 0);
}

#[tokio::test(start_paused = true)]
async fn one_key_is_never_in_two_calls_and_keeps_its_order() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let under_way: Arc<Mutex<Vec<char>>> = Arc::default();
    let (seen, busy) = (Arc::clone(&log), Arc::clone(&under_way));
    let config = BatchConfig::default()
        .max_batch_size(3)
        .policy(Policy::Eager);
    let batcher: RequestBatcher<(char, u32), u32, String> = RequestBatcher::builder(config)
        .order_by(|(key, _): &(char, u32)| *key)
        .build(move |items: Vec<(char, u32)>| {
            let busy = Arc::clone(&busy);
            let mut keys: Vec<char> = items.iter().map(|(key, _)| *key).collect();
            keys.dedup();
            let mut now = busy.lock().unwrap();
            assert!(
                keys.iter().all(|key| !now.contains(key)),
                "{keys:?} in {now:?}"
            );
            now.extend(&keys);
            drop(now);
            seen.lock().unwrap().extend(items.clone());
            async move {
                tokio::time::sleep(MS * (1 + items.len() as u32 % 3)).await;
                busy.lock().unwrap().retain(|key| !keys.contains(key));
                items.into_iter().map(|(_, n)| Ok(n)).collect::<Vec<_>>()
            }
        })
        .unwrap();
    let items = (0..60).map(|n| (['a', 'b', 'c', 'd'][n as usize * 7 % 4], n));
    let answers = batcher.add_many(items).await;
    assert!(
        answers
            .into_iter()
            .zip(0..)
            .all(|(answer, n)| answer.unwrap() == n)
    );
    let log = log.lock().unwrap();
    for key in ['a', 'b', 'c', 'd'] {
        let sent: Vec<_> = log
            .iter()
            .filter(|(k, _)| *k == key)
            .map(|(_, n)| *n)
            .collect();
        assert!(sent.is_sorted() && sent.len() == 15, "{key}: {sent:?}");
    }
    assert!(batcher.stats().most_in_flight > 1);
}

#[tokio::test(start_paused = true)]
async fn a_flush_covers_those_who_wait_for_room() {
    for priority in [Priority::Low, Priority::Normal, Priority::High] {
        let config = BatchConfig::default()
            .policy(Policy::Manual)
            .max_pending(10)
            .max_batch_size(4);
        let batcher =
            RequestBatcher::infallible(config, |items: Vec<u32>| async { items }).unwrap();
        let mut import = batcher.add_many(0..25);
        let others: Vec<_> = (100..105)
            .map(|item| Box::pin(batcher.add_with(item, priority)))
            .collect();
        let mut others = futures_util::future::join_all(others);
        assert!((&mut import).now_or_never().is_none());
        assert!((&mut others).now_or_never().is_none());
        assert_eq!(batcher.flush(), 30);
        // What comes behind the flush is not covered, and takes nobody's place.
        let late = Box::pin(batcher.add_with(200, Priority::High));
        let mut late = futures_util::future::maybe_done(late);
        assert!(std::pin::Pin::new(&mut late).now_or_never().is_none());
        assert_eq!(import.await.len(), 25);
        assert_eq!(others.await.len(), 5);
        batcher.flush();
        std::pin::Pin::new(&mut late).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_forgets_cancelled_items() {
    let config = BatchConfig::default().policy(Policy::Manual).max_pending(2);
    let batcher = RequestBatcher::infallible(config, |items: Vec<u32>| async { items }).unwrap();
    let mut adds: Vec<_> = (0..4).map(|item| Box::pin(batcher.add(item))).collect();
    for add in &mut adds {
        assert!(add.now_or_never().is_none());
    }
    assert_eq!(batcher.flush(), 4);
    // One accepted and one that waits for room.
    drop(adds.remove(3));
    drop(adds.remove(0));
    let mut later = Box::pin(batcher.add(9));
    assert!((&mut later).now_or_never().is_none());
    for add in adds {
        add.await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((batcher.stats().pending, batcher.stats().sent), (1, 2));
}

#[test]
fn a_limit_of_zero_is_refused_by_name() {
    let base = BatchConfig::default();
    let configs = [
        ("max_batch_size", base.clone().max_batch_size(0)),
        (
            "max_concurrent_batches",
            base.clone().max_concurrent_batches(0),
        ),
        ("max_pending", base.max_pending(0)),
    ];
    for (option, config) in configs {
        let refused = RequestBatcher::infallible(config, |items: Vec<u32>| async { items });
        let error = refused.unwrap_err();
        assert_eq!(error.option, option);
        assert_eq!(error.to_string(), format!("`{option}` must not be 0"));
    }
    let chunks = wats_batch::ChunkConfig::default();
    for (option, config) in [
        ("chunk_size", chunks.clone().chunk_size(0)),
        ("max_concurrent", chunks.max_concurrent(0)),
    ] {
        let refused = wats_batch::ChunkedBatcher::<u32, u32>::new(config);
        assert_eq!(refused.unwrap_err().option, option);
    }
}

/// Every option at its least, at one that wraps easily, and at its most.
#[tokio::test(start_paused = true)]
async fn limits_are_data_and_no_arithmetic() {
    let sizes = [1, usize::MAX / 2 + 1, usize::MAX];
    for policy in [Policy::Eager, Policy::Window, Policy::Manual] {
        for (nth, size) in sizes.into_iter().cycle().take(12).enumerate() {
            for wait in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
                let base = BatchConfig::default().policy(policy).max_wait(wait);
                let config = match nth / 3 {
                    0 => base.max_batch_size(size),
                    1 => base.max_pending(size),
                    2 => base.max_concurrent_batches(size),
                    _ => base
                        .max_batch_size(size)
                        .max_pending(size)
                        .max_concurrent_batches(size),
                };
                let retry = Retry::attempts(u32::MAX)
                    .delay(Duration::ZERO)
                    .max_delay(wait);
                let batcher: RequestBatcher<u32, u32, String> =
                    RequestBatcher::builder(config.clone())
                        .retry(retry)
                        .order_by(|item: &u32| item % 2)
                        .build(|items: Vec<u32>| async { Ok::<_, String>(items) })
                        .unwrap();
                let plain =
                    RequestBatcher::infallible(config.clone(), |items: Vec<u32>| async { items })
                        .unwrap();
                let (mut keyed, mut lone) = (batcher.add_many(0..7), plain.add_many(0..7));
                let _ = (
                    (&mut keyed).now_or_never().is_none(),
                    (&mut lone).now_or_never().is_none(),
                );
                if wait == Duration::MAX || policy == Policy::Manual {
                    batcher.flush();
                    plain.flush();
                }
                assert!(keyed.await.iter().all(Result::is_ok), "{config:?}");
                assert!(lone.await.iter().all(Result::is_ok), "{config:?}");
                assert_eq!(plain.close_within(wait).await, (0, 0));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_ticket_let_go_is_sent_all_the_same() {
    let config = BatchConfig::default().max_wait(Duration::from_millis(5));
    let plain =
        RequestBatcher::infallible(config.clone(), |items: Vec<u32>| async { items }).unwrap();
    let joined: RequestBatcher<u32, u32, Infallible> = RequestBatcher::builder(config)
        .dedupe_by(|item: &u32| *item)
        .build_infallible(|items| async { items })
        .unwrap();
    for batcher in [plain, joined] {
        batcher.try_add(1).unwrap().detach();
        drop(batcher.try_add(2).unwrap());
        batcher.try_add(3).unwrap().detach();
        assert_eq!(batcher.add(3).await.unwrap(), 3);
        let stats = batcher.stats();
        assert_eq!(stats.cancelled, 1);
        assert_eq!(stats.sent + stats.deduplicated, 3);
    }
}
