//! `batch_map` and its streams, on a paused clock.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};
use wats_batch::{BatchMap, batch_map, batch_map_stream};

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn a_slow_first_item_idles_no_other_slot() {
    // 1000 items of 10 ms in 9 slots, while the first holds the tenth for a second.
    let start = Instant::now();
    let under_way = Cell::new(0);
    let most = Cell::new(0);
    let mut at_a_second = 0;
    let done = Cell::new(0);
    let out = batch_map(0..1000, 10, |n: u32| {
        let (under_way, most, done) = (&under_way, &most, &done);
        async move {
            under_way.set(under_way.get() + 1);
            most.set(most.get().max(under_way.get()));
            sleep(if n == 0 { 1000 * MS } else { 10 * MS }).await;
            under_way.set(under_way.get() - 1);
            done.set(done.get() + 1);
            if n == 0 {
                (n, Some(done.get()))
            } else {
                (n, None)
            }
        }
    })
    .await;
    if let Some((_, Some(done))) = out.first() {
        at_a_second = *done;
    }
    assert!(
        out.iter().zip(0..).all(|((seen, _), n)| *seen == n),
        "in order"
    );
    assert_eq!(most.get(), 10);
    assert!(
        (890..=901).contains(&at_a_second),
        "{at_a_second} done beside the slow one"
    );
    // 900 beside the slow one in 9 slots, the other 99 in all 10.
    assert_eq!(start.elapsed(), 1100 * MS);
}

#[tokio::test(start_paused = true)]
async fn never_more_futures_than_the_limit() {
    struct Alive<'a>(&'a Cell<usize>);
    impl Drop for Alive<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }
    let alive = Cell::new(0);
    let out = batch_map(0..10_000, 7, |n: u64| {
        alive.set(alive.get() + 1);
        assert!(alive.get() <= 7);
        let guard = Alive(&alive);
        async move {
            if n.is_multiple_of(3) {
                sleep(MS).await;
            }
            drop(guard);
            n
        }
    })
    .await;
    assert_eq!(out.len(), 10_000);
}

#[tokio::test(start_paused = true)]
async fn one_failure_stops_nothing_and_has_its_index() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let parts = BatchMap::new(2)
        .progress(move |progress| log.lock().unwrap().push(progress))
        .partition(
            0..5,
            async |n| if n == 1 || n == 3 { Err(n) } else { Ok(n) },
        )
        .await;
    assert_eq!(parts.ok, [(0, 0), (2, 2), (4, 4)]);
    assert_eq!(parts.failed, [(1, 1), (3, 3)]);
    let seen = seen.lock().unwrap();
    let last = seen.last().unwrap();
    assert_eq!(
        (seen.len(), last.done, last.failed, last.total),
        (5, 5, 2, Some(5))
    );
    assert_eq!(last.to_string(), "5/5 (2 failed)");
}

#[tokio::test(start_paused = true)]
async fn a_stop_signal_finishes_what_was_started() {
    let out = BatchMap::new(4)
        .run_until(
            0..1000,
            async |n: u32| {
                sleep(10 * MS).await;
                n
            },
            sleep(95 * MS),
        )
        .await;
    assert_eq!(out, (0..40).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_ends_all() {
    struct Counts(Arc<AtomicUsize>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let ended = Arc::new(AtomicUsize::new(0));
    let started = AtomicUsize::new(0);
    {
        let map = batch_map(0..100, 8, |_: u32| {
            started.fetch_add(1, Ordering::Relaxed);
            let guard = Counts(Arc::clone(&ended));
            async move {
                std::future::pending::<()>().await;
                drop(guard);
            }
        });
        assert!(map.now_or_never().is_none());
    }
    assert_eq!(
        (
            started.load(Ordering::Relaxed),
            ended.load(Ordering::Relaxed)
        ),
        (8, 8)
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_fills_its_slots_before_it_hands_out_a_result() {
    let started = Cell::new(0);
    let mut stream = std::pin::pin!(batch_map_stream(0..100, 10, |n: u32| {
        started.set(started.get() + 1);
        async move {
            if n > 0 {
                sleep(MS).await;
            }
            n
        }
    }));
    assert_eq!(stream.next().await, Some((0, 0)));
    assert_eq!(started.get(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_stream_keeps_no_more_than_the_limit() {
    let started = Cell::new(0);
    let mut stream = std::pin::pin!(batch_map_stream(0.., 5, |n: u64| {
        started.set(started.get() + 1);
        std::future::ready(n)
    }));
    for taken in 0..100 {
        assert_eq!(stream.next().await.unwrap().0, taken);
        assert!(started.get() <= taken + 5);
    }
}

#[tokio::test(start_paused = true)]
async fn an_ordered_stream_is_in_order_and_bounded() {
    let started = RefCell::new(Vec::new());
    let map = BatchMap::new(4).max_ahead(12);
    let mut stream = std::pin::pin!(map.ordered_stream(0..100, |n: u32| {
        started.borrow_mut().push(n);
        async move {
            sleep(if n == 0 { 1000 * MS } else { MS }).await;
            n
        }
    }));
    assert!(tokio::time::timeout(500 * MS, stream.next()).await.is_err());
    assert_eq!(started.borrow().len(), 12, "as many as may be kept");
    let all: Vec<_> = stream.collect().await;
    assert_eq!(all, (0..100).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn ready_futures_give_others_their_turn() {
    let turns = Cell::new(0);
    let other = async {
        loop {
            turns.set(turns.get() + 1);
            tokio::task::yield_now().await;
        }
    };
    let map = batch_map(0..100_000, 10, std::future::ready::<u32>);
    tokio::select! {
        biased;
        () = other => unreachable!(),
        out = map => assert_eq!(out.len(), 100_000),
    }
    assert!(turns.get() > 50, "{} turns", turns.get());
}

#[tokio::test]
async fn wake_ups_from_other_threads_are_not_lost() {
    // Each item is finished by a thread of its own, at any moment.
    let out = batch_map(0..2000u32, 64, async |n| {
        let (send, receive) = tokio::sync::oneshot::channel();
        tokio::task::spawn_blocking(move || send.send(n));
        receive.await.unwrap()
    })
    .await;
    assert_eq!(out, (0..2000).collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn outcomes_are_in_order_whatever_the_delays(
        delays in proptest::collection::vec(0u64..20, 0..100),
        limit in 1usize..130,
    ) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let expected: Vec<_> = delays.iter().copied().enumerate().collect();
        let work = async |(n, delay): (usize, u64)| {
            if delay > 0 {
                sleep(MS * delay as u32).await;
            }
            (n, delay)
        };
        runtime.unwrap().block_on(async {
            let items = expected.clone();
            prop_assert_eq!(&batch_map(items.clone(), limit, work).await, &expected);
            let ordered = BatchMap::new(limit).ordered_stream(items.clone(), work);
            prop_assert_eq!(&ordered.collect::<Vec<_>>().await, &expected);
            let mut seen: Vec<_> = batch_map_stream(items, limit, work).collect().await;
            seen.sort_unstable();
            prop_assert!(seen.iter().map(|(n, out)| (*n, out.0, out.1)).eq(
                expected.iter().map(|(n, delay)| (*n, *n, *delay))
            ));
            Ok(())
        })?;
    }
}
