//! The async face: cancellation at every point, tasks, and the clock of tokio.
#![cfg(feature = "async")]

#[path = "tasks/life.rs"]
mod life;
#[path = "tasks/waiting.rs"]
mod waiting;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wats_cache::{AsyncTtlCache, LoadError, ManualClock, SingleFlight, TokioClock};

/// Pending for some polls, waking itself each time.
struct Yields(usize);

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_leader_may_be_dropped_at_every_await_point() {
    for polls in 0..6 {
        let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::new();
        {
            let load = || async {
                Yields(5).await;
                1
            };
            let mut leader = pin!(cache.get_or_insert_with(1, load));
            for _ in 0..polls {
                assert!(poll_once(leader.as_mut()).is_pending());
            }
            // Dropped here, with a waiter behind it.
            let mut waiter = pin!(cache.get_or_insert_with(1, || async { 2 }));
            if polls > 0 {
                assert!(poll_once(waiter.as_mut()).is_pending());
            }
            #[expect(
                clippy::drop_non_drop,
                reason = "the future behind the pin ends with the block"
            )]
            drop(leader);
        }
        assert_eq!(
            cache.get_or_insert_with(1, || async { 3 }).await,
            3,
            "after {polls} polls"
        );
    }
}

#[tokio::test]
async fn a_dropped_leader_hands_on_to_the_one_who_waits() {
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::new();
    for polls in 1..6 {
        cache.clear();
        let mut leader = Box::pin(cache.get_or_insert_with(1, || async {
            Yields(9).await;
            1
        }));
        for _ in 0..polls {
            assert!(poll_once(leader.as_mut()).is_pending());
        }
        let waiter = tokio::spawn({
            let cache = cache.clone();
            async move { cache.get_or_insert_with(1, || async { 2 }).await }
        });
        tokio::task::yield_now().await;
        drop(leader);
        assert_eq!(waiter.await.unwrap(), 2);
    }
}

#[tokio::test]
async fn a_waiter_that_is_dropped_after_its_call_passes_it_on() {
    let flights = SingleFlight::<u32, u32>::new();
    let mut leader = Box::pin(flights.run_async(&1, || async {
        Yields(9).await;
        Ok::<_, ()>(1)
    }));
    assert!(poll_once(leader.as_mut()).is_pending());
    let mut first = Box::pin(flights.run_async(&1, || async { Ok::<_, ()>(2) }));
    assert!(poll_once(first.as_mut()).is_pending());
    let second = tokio::spawn({
        let flights = flights.clone();
        async move { flights.run_async(&1, || async { Ok::<_, ()>(3) }).await }
    });
    tokio::task::yield_now().await;
    drop(leader);
    drop(first);
    assert_eq!(second.await.unwrap(), Ok(3));
    assert_eq!(flights.in_flight(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_tasks_share_one_load() {
    let cache: AsyncTtlCache<&'static str, Arc<Vec<u32>>> = AsyncTtlCache::new();
    let loads = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..10_000)
        .map(|_| {
            let (cache, loads) = (cache.clone(), Arc::clone(&loads));
            tokio::spawn(async move {
                let load = || async {
                    Yields(20).await;
                    loads.fetch_add(1, Ordering::Relaxed);
                    Ok::<_, std::io::Error>(Arc::new(vec![1, 2, 3]))
                };
                cache
                    .get_or_try_insert_with("processes", load)
                    .await
                    .unwrap()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().len(), 3);
    }
    assert_eq!(loads.load(Ordering::Relaxed), 1);
    let stats = cache.stats();
    assert_eq!((stats.loads_ok, stats.hits + stats.misses), (1, 10_000));
}

#[tokio::test]
async fn a_loader_that_asks_for_its_own_key_gets_an_error() {
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::new();
    let inner = cache.clone();
    let load = || async move {
        Yields(1).await;
        inner
            .get_or_try_insert_with(1, || async { Ok::<_, ()>(4) })
            .await
    };
    assert_eq!(
        cache.get_or_try_insert_with(1, load).await,
        Err(LoadError::Failed(LoadError::Reentrant))
    );
    assert_eq!(cache.get_or_insert_with(1, || async { 5 }).await, 5);
}

#[tokio::test]
async fn a_renewal_runs_in_a_task_of_its_own() {
    let clock = ManualClock::new();
    let second = Duration::from_secs(1);
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::builder()
        .default_ttl(10 * second)
        .stale_while_revalidate(10 * second)
        .clock(clock.clone())
        .build();
    cache.insert(1, 1);
    clock.advance(10 * second);
    let (go, gate) = tokio::sync::oneshot::channel::<()>();
    let load = || async {
        let _ = gate.await;
        Ok::<_, ()>(2)
    };
    // Nobody has opened the gate, so this would never return if it waited for the loader.
    assert_eq!(cache.get_or_renew_with(1, load).await, Ok(1));
    let never = || async { panic!("somebody is loading") };
    assert_eq!(
        cache.get_or_renew_with::<(), _>(1, never).await,
        Ok(1),
        "others are served, too"
    );
    go.send(()).unwrap();
    while cache.get(&1) != Some(2) {
        tokio::task::yield_now().await;
    }
    let stats = cache.stats();
    assert_eq!((stats.stale_served, stats.loads_ok), (2, 1));
    // Nothing to serve: the caller loads.
    assert_eq!(
        cache.get_or_renew_with(2, || async { Err(7) }).await,
        Err(LoadError::Failed(7))
    );
}

#[test]
fn outside_a_runtime_renewals_run_in_the_calling_task() {
    let clock = ManualClock::new();
    let second = Duration::from_secs(1);
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::builder()
        .default_ttl(second)
        .stale_while_revalidate(second)
        .clock(clock.clone())
        .build();
    cache.insert(1, 1);
    clock.advance(second);
    let mut renewing = pin!(cache.get_or_renew_with(1, || async { Ok::<_, ()>(2) }));
    assert_eq!(poll_once(renewing.as_mut()), Poll::Ready(Ok(2)));
}

#[tokio::test]
async fn errors_are_not_cached() {
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::new();
    assert_eq!(
        cache
            .get_or_try_insert_with(1, || async { Err("no") })
            .await,
        Err(LoadError::Failed("no"))
    );
    assert_eq!(
        cache
            .get_or_try_insert_with(1, || async { Ok::<_, ()>(1) })
            .await,
        Ok(1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_sweeps_and_ends_with_the_last_handle() {
    let value = Arc::new(());
    let cache: AsyncTtlCache<u32, Arc<()>> = AsyncTtlCache::builder()
        .clock(TokioClock::new())
        .default_ttl(Duration::from_secs(5))
        .build();
    cache.insert(1, Arc::clone(&value));
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(cache.contains_key(&1));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!((cache.len(), Arc::strong_count(&value)), (0, 1));
    let tasks = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    drop(cache);
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    assert_eq!(
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks(),
        tasks - 1
    );
}

#[tokio::test(start_paused = true)]
async fn a_shared_failure_comes_to_all_who_wait_at_once_and_to_nobody_later() {
    let second = Duration::from_secs(1);
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::new();
    let start = tokio::time::Instant::now();
    let calls = (0..10).map(|caller| {
        let cache = cache.clone();
        tokio::spawn(async move {
            let load = || async move {
                tokio::time::sleep(second).await;
                Err::<u32, _>(Arc::new(caller))
            };
            let error = cache
                .get_or_try_insert_shared_with(1, load)
                .await
                .unwrap_err();
            (error.failed().unwrap(), start.elapsed().as_secs())
        })
    });
    let mut seen = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        seen.push(call.await.unwrap());
    }
    // All have the error of the first; it is one and the same.
    assert!(seen.iter().all(|(error, at)| (**error, *at) == (0, 1)));
    assert!(seen.iter().all(|(error, _)| Arc::ptr_eq(error, &seen[0].0)));
    let stats = cache.stats();
    assert_eq!((stats.loads_failed, stats.misses), (1, 10));

    let later = || async { Ok::<_, Arc<i32>>(5) };
    assert_eq!(
        cache.get_or_try_insert_shared_with(1, later).await,
        Ok(5),
        "errors are not cached"
    );
}

#[tokio::test]
async fn who_cannot_take_a_shared_failure_loads_itself() {
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::new();
    let failing = || async {
        Yields(9).await;
        Err("down")
    };
    let mut leader = Box::pin(cache.get_or_try_insert_shared_with(1, failing));
    assert!(poll_once(leader.as_mut()).is_pending());
    let mut own = Box::pin(cache.get_or_try_insert_with(1, || async { Err("my own") }));
    assert!(poll_once(own.as_mut()).is_pending());
    let mut other = Box::pin(cache.get_or_try_insert_shared_with(1, || async { Err(7) }));
    assert!(poll_once(other.as_mut()).is_pending());
    assert_eq!(leader.await, Err(LoadError::Failed("down")));
    assert_eq!(own.await, Err(LoadError::Failed("my own")));
    assert_eq!(other.await, Err(LoadError::Failed(7)));
}

#[tokio::test]
async fn a_shared_failure_leaves_everybody_the_stale_value() {
    let clock = ManualClock::new();
    let second = Duration::from_secs(1);
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::builder()
        .default_ttl(second)
        .stale_if_error(10 * second)
        .clock(clock.clone())
        .build();
    cache.insert(1, 4);
    clock.advance(2 * second);
    let call = || {
        cache.get_or_try_insert_shared_with(1, || async {
            Yields(3).await;
            Err("down")
        })
    };
    assert_eq!(tokio::join!(call(), call()), (Ok(4), Ok(4)));
    let stats = cache.stats();
    assert_eq!((stats.loads_failed, stats.stale_served), (1, 2));
}
