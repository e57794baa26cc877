//! Keys, priorities, order, statistics and metrics, on a paused clock.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use wats_batch::{BatchConfig, BatchError, Policy, Priority, RequestBatcher};

type Sent = Arc<Mutex<Vec<Vec<u32>>>>;

fn recording(config: BatchConfig) -> (RequestBatcher<u32, u32, String>, Sent) {
    let sent = Sent::default();
    let log = Arc::clone(&sent);
    let batcher = RequestBatcher::new(config, move |items: Vec<u32>| {
        log.lock().unwrap().push(items.clone());
        async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Ok::<Vec<u32>, String>(items)
        }
    })
    .unwrap();
    (batcher, sent)
}

#[tokio::test(start_paused = true)]
async fn a_batch_keeps_the_order_of_its_callers() {
    let (batcher, sent) = recording(BatchConfig::default());
    let _ = batcher.add_many([5, 3, 9, 1]).await;
    assert_eq!(*sent.lock().unwrap(), [vec![5, 3, 9, 1]]);
}

#[tokio::test(start_paused = true)]
async fn priorities_go_first_in_and_across_batches() {
    let config = BatchConfig::default()
        .max_batch_size(2)
        .max_concurrent_batches(1)
        .policy(Policy::Manual);
    let (batcher, sent) = recording(config);
    let add = |item, priority| batcher.try_add_with(item, priority).unwrap();
    let tickets = [
        add(1, Priority::Low),
        add(2, Priority::Normal),
        add(3, Priority::High),
        add(4, Priority::Normal),
        add(5, Priority::High),
    ];
    batcher.flush();
    join_all(tickets).await;
    assert_eq!(*sent.lock().unwrap(), [vec![3, 5], vec![2, 4], vec![1]]);
}

#[tokio::test(start_paused = true)]
async fn keyed_answers_need_no_order_and_show_what_is_missing() {
    let batcher: RequestBatcher<u32, String, String> = RequestBatcher::keyed(
        BatchConfig::default(),
        |n| *n % 10,
        |_: Vec<u32>| async {
            HashMap::from([
                (3, Ok("three".to_owned())),
                (1, Ok("one".to_owned())),
                (2, Err("two is refused".to_owned())),
            ])
        },
    )
    .unwrap();
    // 1 and 11 have the same key, as have 2 and 12.
    let answers = batcher.add_many([1, 2, 3, 4, 11, 12]).await;
    let text = |at: usize| answers[at].as_ref().map(String::as_str).ok();
    assert_eq!(
        [text(0), text(2), text(4)],
        [Some("one"), Some("three"), Some("one")]
    );
    assert!(matches!(answers[3], Err(BatchError::Missing)));
    for refused in [1, 5] {
        assert_eq!(
            answers[refused].as_ref().unwrap_err().inner().unwrap(),
            "two is refused"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_left_means_no_call() {
    for policy in [Policy::Window, Policy::Eager] {
        let (batcher, sent) = recording(BatchConfig::default().policy(policy));
        let mut adds: Vec<_> = (0..5).map(|n| Box::pin(batcher.add(n))).collect();
        assert!(adds.iter_mut().all(|add| add.now_or_never().is_none()));
        drop(adds);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(sent.lock().unwrap().is_empty());
        // And it is not stuck.
        assert_eq!(batcher.add(7).await.unwrap(), 7);
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_may_give_up_while_it_waits_for_room() {
    let config = BatchConfig::default().max_pending(1).policy(Policy::Manual);
    let (batcher, sent) = recording(config);
    let first = batcher.try_add(1).unwrap();
    let mut blocked = Box::pin(batcher.add(2));
    let mut last = Box::pin(batcher.add(3));
    assert!((&mut blocked).now_or_never().is_none() && (&mut last).now_or_never().is_none());
    drop(blocked);
    // Room comes free for the one behind it.
    drop(first);
    assert_eq!(batcher.flush(), 1);
    assert_eq!(last.await.unwrap(), 3);
    assert_eq!(*sent.lock().unwrap(), [vec![3]]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_nobody_looked_at_is_no_longer_in_flight() {
    let config = BatchConfig::default().policy(Policy::Eager);
    let calls = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&calls);
    let batcher: RequestBatcher<u32, u32, String> = RequestBatcher::builder(config)
        .dedupe_by(|n: &u32| *n)
        .build(move |items: Vec<u32>| {
            *counted.lock().unwrap() += 1;
            let call = *counted.lock().unwrap();
            async move { Ok::<Vec<u32>, String>(items.into_iter().map(|_| call).collect()) }
        })
        .unwrap();
    let early = batcher.try_add(1).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(batcher.add(1).await.unwrap(), 2, "asked anew");
    assert_eq!(early.await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn statistics_add_up() {
    let config = BatchConfig::default().max_batch_size(4);
    let (batcher, _) = recording(config);
    let _ = batcher.add_many(0..6).await;
    let stats = batcher.stats();
    assert_eq!(
        (stats.items, stats.sent, stats.batches, stats.largest_batch),
        (6, 6, 2, 4)
    );
    assert_eq!((stats.pending, stats.in_flight, stats.failed), (0, 0, 0));
    // Two items waited a window of 100 ms.
    assert_eq!(stats.wait_total, Duration::from_millis(200));
    assert_eq!(stats.wait_max, Duration::from_millis(100));
    assert_eq!(stats.mean_bulk(), Duration::from_millis(20));
    let text = stats.to_string();
    assert!(
        text.starts_with("6 items in 2 batches (mean 3.0, largest 4), wait 33.3ms"),
        "{text}"
    );
}

#[cfg(feature = "serde")]
#[tokio::test(start_paused = true)]
async fn statistics_serialize_with_seconds() {
    let (batcher, _) = recording(BatchConfig::default());
    batcher.add(1).await.unwrap();
    let json = serde_json::to_value(batcher.stats()).unwrap();
    assert_eq!(json["items"], 1);
    assert_eq!(json["wait_max_s"], 0.1);
    assert_eq!(json["bulk_total_s"], 0.02);
}

#[cfg(feature = "metrics")]
mod metrics_feature {
    use std::sync::atomic::{AtomicU64, Ordering};

    use metrics::{
        Counter, CounterFn, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    };

    use super::*;

    #[derive(Debug, Default)]
    struct Sum(AtomicU64);

    impl CounterFn for Sum {
        fn increment(&self, value: u64) {
            self.0.fetch_add(value, Ordering::Relaxed);
        }

        fn absolute(&self, _value: u64) {}
    }

    #[derive(Debug, Default)]
    struct Sums(Mutex<HashMap<String, Arc<Sum>>>);

    impl Recorder for Sums {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            let mut sums = self.0.lock().unwrap();
            let name: Vec<_> = key.labels().map(metrics::Label::value).collect();
            let name = format!("{}:{}", key.name(), name.join(","));
            Counter::from_arc(Arc::clone(sums.entry(name).or_default()))
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[test]
    fn each_call_is_reported_under_the_batchers_name() {
        let sums = Sums::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        metrics::with_local_recorder(&sums, || {
            runtime.block_on(async {
                let config = BatchConfig::default().policy(Policy::Eager);
                let batcher: RequestBatcher<u32, u32, String> = RequestBatcher::builder(config)
                    .name("parts")
                    .build(|items: Vec<u32>| async {
                        let odd = |n: u32| {
                            if n.is_multiple_of(2) {
                                Ok(n)
                            } else {
                                Err("odd".into())
                            }
                        };
                        items.into_iter().map(odd).collect::<Vec<_>>()
                    })
                    .unwrap();
                let _ = batcher.add_many(0..5).await;
            });
        });
        let sums = sums.0.lock().unwrap();
        let of = |name: &str| {
            sums[&format!("wats_batch_{name}_total:parts")]
                .0
                .load(Ordering::Relaxed)
        };
        assert_eq!((of("calls"), of("items"), of("failed_items")), (1, 5, 2));
    }
}
