//! The async face: cancellation at every point, tasks, runtimes, and the clock of tokio.
#![allow(clippy::unwrap_used)]

mod life;
mod waiting;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
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
    let loads = SingleFlight::<u32, u32>::new();
    let mut leader = Box::pin(loads.run_async(&1, || async {
        Yields(9).await;
        Ok::<_, ()>(1)
    }));
    assert!(poll_once(leader.as_mut()).is_pending());
    let mut first = Box::pin(loads.run_async(&1, || async { Ok::<_, ()>(2) }));
    assert!(poll_once(first.as_mut()).is_pending());
    let second = tokio::spawn({
        let loads = loads.clone();
        async move { loads.run_async(&1, || async { Ok::<_, ()>(3) }).await }
    });
    tokio::task::yield_now().await;
    drop(leader);
    drop(first);
    assert_eq!(second.await.unwrap(), Ok(3));
    assert_eq!(loads.in_flight(), 0);
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
async fn a_refresh_runs_in_a_task_of_its_own() {
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
    assert_eq!(cache.get_or_refresh_with(1, load).await, Ok(1));
    let never = || async { panic!("somebody is loading") };
    assert_eq!(
        cache.get_or_refresh_with::<(), _>(1, never).await,
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
        cache.get_or_refresh_with(2, || async { Err(7) }).await,
        Err(LoadError::Failed(7))
    );
}

#[test]
fn outside_a_runtime_refreshes_run_in_the_calling_task() {
    let clock = ManualClock::new();
    let second = Duration::from_secs(1);
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::builder()
        .default_ttl(second)
        .stale_while_revalidate(second)
        .clock(clock.clone())
        .build();
    cache.insert(1, 1);
    clock.advance(second);
    let mut refreshing = pin!(cache.get_or_refresh_with(1, || async { Ok::<_, ()>(2) }));
    assert_eq!(poll_once(refreshing.as_mut()), Poll::Ready(Ok(2)));
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

// ---- runtimes: a cache belongs to none -----------------------------------------------------------------------------

const MS: Duration = Duration::from_millis(1);

/// What a runtime may be like in which a cache is made and used first.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    CurrentThread,
    MultiThread,
    WithoutTime,
    Paused,
    Dropped,
    NotDriven,
    ShutDown,
    None,
}

const KINDS: [Kind; 8] = [
    Kind::CurrentThread,
    Kind::MultiThread,
    Kind::WithoutTime,
    Kind::Paused,
    Kind::Dropped,
    Kind::NotDriven,
    Kind::ShutDown,
    Kind::None,
];

impl Kind {
    fn build(self) -> Option<Runtime> {
        let mut builder = match self {
            Self::None => return None,
            Self::MultiThread | Self::ShutDown => Builder::new_multi_thread(),
            _ => Builder::new_current_thread(),
        };
        if self != Self::WithoutTime {
            builder.enable_time();
        }
        builder.worker_threads(1).start_paused(self == Self::Paused);
        Some(builder.build().unwrap())
    }

    /// What becomes of the runtime after its first use; what is returned is not driven.
    fn leave(self, runtime: Option<Runtime>) -> Option<Runtime> {
        match self {
            Self::Dropped => None,
            Self::ShutDown => {
                runtime.unwrap().shutdown_background();
                None
            }
            _ => runtime,
        }
    }
}

/// In a runtime that may only be used while `inside` runs.
fn inside<T>(runtime: Option<&Runtime>, run: impl FnOnce() -> T) -> T {
    match runtime {
        Some(runtime) => runtime.block_on(async { run() }),
        None => run(),
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !done() {
        assert!(begun.elapsed().as_secs() < 60, "in vain: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn memory_comes_back_whatever_becomes_of_the_runtime_a_cache_was_made_in() {
    for first in KINDS {
        for second in KINDS {
            let value = Arc::new(());
            let runtime = first.build();
            let cache: AsyncTtlCache<u32, Arc<()>> = inside(runtime.as_ref(), || {
                let cache = AsyncTtlCache::builder()
                    .sweep_interval(Some(10 * MS))
                    .build();
                cache.insert_with_ttl(1, Arc::clone(&value), MS);
                cache
            });
            let _runtime = first.leave(runtime);
            // Nobody drives either of them while we wait.
            until("the first sweep", || Arc::strong_count(&value) == 1);
            let runtime = second.build();
            inside(runtime.as_ref(), || {
                cache.insert_with_ttl(2, Arc::clone(&value), MS);
            });
            let _runtime = second.leave(runtime);
            until("a sweep later", || cache.is_empty());
        }
    }
}

#[test]
fn a_load_ends_whatever_becomes_of_the_runtime_of_its_leader() {
    for first in KINDS {
        let cache: AsyncTtlCache<u32, u32> =
            AsyncTtlCache::builder().load_lease(Some(20 * MS)).build();
        let runtime = first.build();
        let hung = {
            let cache = cache.clone();
            async move { cache.get_or_insert_with(1, std::future::pending).await }
        };
        // Polled once, in its runtime.
        let mut leader = None;
        match &runtime {
            Some(runtime) if first != Kind::None => {
                let (sender, begun) = std::sync::mpsc::channel();
                let task = async move {
                    let mut hung = pin!(hung);
                    assert!(poll_once(hung.as_mut()).is_pending());
                    sender.send(()).unwrap();
                    hung.await
                };
                let task = runtime.spawn(task);
                runtime.block_on(tokio::task::yield_now());
                begun.recv().unwrap();
                drop(task);
            }
            _ => {
                let mut hung = Box::pin(hung);
                assert!(poll_once(hung.as_mut()).is_pending());
                leader = Some(hung);
            }
        }
        let _runtime = first.leave(runtime);
        // The others come from a runtime without time, so nothing of tokio's can wake them.
        let others = Kind::WithoutTime.build().unwrap();
        let value = others.block_on(cache.get_or_insert_with(1, || async { 2 }));
        assert_eq!(value, 2, "{first:?}");
        drop(leader);
    }
}

#[test]
fn a_sweep_does_not_take_the_time_of_the_runtime() {
    let runtime = Kind::CurrentThread.build().unwrap();
    runtime.block_on(async {
        let (sender, swept) = std::sync::mpsc::channel();
        let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::builder()
            .sweep_interval(Some(10 * MS))
            .on_removal(move |_, _, _| sender.send(std::thread::current().id()).unwrap())
            .build();
        cache.insert_with_ttl(1, 1, MS);
        // The only thread of the runtime stands still meanwhile.
        let thread = swept.recv().unwrap();
        assert_ne!(thread, std::thread::current().id());
        let tasks = tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks();
        assert_eq!(tasks, 0, "nothing of ours runs in the runtime");
    });
}

/// Sweeps of another cache, that go by real time.
fn real_time_passes() {
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::builder()
        .sweep_interval(Some(10 * MS))
        .build();
    for _ in 0..5 {
        cache.insert_with_ttl(1, 1, 10 * MS);
        until("a sweep", || cache.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_stands_still_for_sweeps_and_leases_too() {
    let cache: AsyncTtlCache<u32, u32> = AsyncTtlCache::builder()
        .clock(TokioClock::new())
        .default_ttl(10 * MS)
        .load_lease(Some(10 * MS))
        .sweep_interval(Some(10 * MS))
        .build();
    cache.insert(1, 1);
    let mut leader = pin!(cache.get_or_insert_with(2, || async {
        Yields(1_000_000).await;
        2
    }));
    assert!(poll_once(leader.as_mut()).is_pending());
    let mut waiter = pin!(cache.get_or_insert_with(2, || async { 3 }));
    assert!(poll_once(waiter.as_mut()).is_pending());
    real_time_passes();
    assert_eq!((cache.get(&1), cache.len()), (Some(1), 1));
    assert!(poll_once(waiter.as_mut()).is_pending());
    // From another thread, without a runtime, it is the same clock.
    std::thread::scope(|scope| {
        let other = scope.spawn(|| cache.get(&1));
        assert_eq!(other.join().unwrap(), Some(1));
    });
    tokio::time::advance(10 * MS).await;
    assert_eq!(cache.get(&1), None);
    assert_eq!(waiter.await, 3, "the lease is over");
}

#[tokio::test(start_paused = true)]
async fn memory_comes_back_when_a_paused_clock_is_advanced() {
    let value = Arc::new(());
    let cache: AsyncTtlCache<u32, Arc<()>> = AsyncTtlCache::builder()
        .clock(TokioClock::new())
        .sweep_interval(Some(10 * MS))
        .build();
    cache.insert(1, Arc::clone(&value));
    tokio::time::advance(Duration::from_secs(301)).await;
    until("the sweep", || Arc::strong_count(&value) == 1);
}

#[tokio::test(start_paused = true)]
async fn a_cache_does_not_move_a_paused_clock() {
    let caches: Vec<AsyncTtlCache<u32, u32>> = vec![
        AsyncTtlCache::new(),
        AsyncTtlCache::builder().clock(TokioClock::new()).build(),
        AsyncTtlCache::builder()
            .clock(TokioClock::new())
            .sweep_interval(Some(10 * MS))
            .build(),
    ];
    for cache in &caches {
        cache.insert(1, 1);
        cache.get_or_insert_with(2, || async { 2 }).await;
    }
    let begun = tokio::time::Instant::now();
    let (done, answer) = tokio::sync::oneshot::channel();
    // The runtime has nothing to do, so it would move on to the next timer, if there were one.
    let worker = std::thread::spawn(move || {
        real_time_passes();
        done.send(()).unwrap();
    });
    answer.await.unwrap();
    worker.join().unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert!(caches.iter().all(|cache| cache.get(&1) == Some(1)));
}
