//! Whoever awaits is answered or called, whatever was written meanwhile, and nobody is taken for another.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a test is its failure"
)]

use super::{Yields, poll_once};
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::task::LocalSet;
use wats_cache::{AsyncTtlCache, LoadError, Loaded, ManualClock, SingleFlight};

const LEASE: Duration = Duration::from_secs(60);

type Cache = AsyncTtlCache<u32, u32>;
type Write = (&'static str, fn(&Cache));

fn writes() -> [Write; 9] {
    [
        ("nothing", |_| ()),
        ("insert", |cache| cache.insert(1, 9)),
        ("insert and remove", |cache| {
            cache.insert(1, 9);
            cache.remove(&1);
        }),
        ("remove", |cache| assert_eq!(cache.remove(&1), None)),
        ("clear", |cache| cache.clear()),
        ("retain", |cache| assert_eq!(cache.retain(|_, _| true), 0)),
        ("invalidate_where", |cache| {
            assert_eq!(cache.invalidate_where(|_, _| false), 0);
        }),
        ("invalidate_tag", |cache| {
            assert_eq!(cache.invalidate_tag("unrelated"), 0);
        }),
        ("all of them, twice", |cache| {
            for _ in 0..2 {
                cache.insert_tagged(1, 9, None, &["a"]);
                cache.invalidate_tag("a");
                cache.clear();
            }
        }),
    ]
}

#[tokio::test]
async fn after_every_kind_of_write_a_lease_ends_the_wait() {
    for (name, write) in writes() {
        let clock = ManualClock::new();
        let cache: Cache = AsyncTtlCache::builder().clock(clock.clone()).build();
        let load = || async { Ok::<_, ()>(std::future::pending::<Loaded<u32>>().await) };
        let mut hung = Box::pin(cache.get_or_load_with(1, load));
        assert!(poll_once(hung.as_mut()).is_pending());
        let mut waiters = Vec::new();
        for value in 2..5 {
            let mut waiter = Box::pin(cache.get_or_insert_with(1, move || async move { value }));
            assert!(poll_once(waiter.as_mut()).is_pending(), "{name}");
            waiters.push(waiter);
        }
        write(&cache);
        clock.advance(LEASE);
        for waiter in waiters {
            let got = waiter.await;
            assert!(got == 9 || (2..5).contains(&got), "{name}: {got}");
        }
        // The late one ends as if nothing was.
        drop(hung);
        assert!(cache.peek(&1).is_some(), "{name}");
    }
}

#[tokio::test]
async fn a_lease_acts_for_those_who_come_between_two_writes() {
    for (name, write) in writes() {
        let clock = ManualClock::new();
        let cache: Cache = AsyncTtlCache::builder().clock(clock.clone()).build();
        let hang = || std::future::pending();
        let mut calls = Vec::new();
        for _ in 0..4 {
            // Leader and waiter before the write, and after it.
            for _ in 0..2 {
                let mut call = Box::pin(cache.get_or_insert_with(1, hang));
                let _ = poll_once(call.as_mut());
                calls.push(call);
            }
            write(&cache);
        }
        let last = cache.get_or_insert_with(1, || async { 7 });
        clock.advance(LEASE);
        let got = last.await;
        assert!(got == 7 || got == 9, "{name}");
        // All who hang go away one by one, each with somebody behind it.
        while let Some(call) = calls.pop() {
            drop(call);
        }
        assert!(cache.get_or_insert_with(2, || async { 1 }).await == 1);
    }
}

#[tokio::test]
async fn a_leader_that_is_dropped_after_a_write_calls_the_next() {
    for (name, write) in writes() {
        let cache: Cache = AsyncTtlCache::builder().load_lease(None).build();
        let hang = || std::future::pending();
        let mut leader = Box::pin(cache.get_or_insert_with(1, hang));
        assert!(poll_once(leader.as_mut()).is_pending());
        let mut waiter = Box::pin(cache.get_or_insert_with(1, || async { 2 }));
        assert!(poll_once(waiter.as_mut()).is_pending());
        write(&cache);
        drop(leader);
        let got = waiter.await;
        assert!(got == 2 || got == 9, "{name}");
    }
}

#[tokio::test]
async fn a_clone_that_panics_while_a_task_waits_strands_nobody() {
    #[derive(Debug)]
    struct Brittle(bool);
    impl Clone for Brittle {
        fn clone(&self) -> Self {
            assert!(!self.0, "the clone panics on purpose");
            Self(false)
        }
    }
    let loads = SingleFlight::<u32, Brittle>::new();
    let load = || async {
        Yields(1).await;
        Ok::<_, ()>(Brittle(true))
    };
    let mut leader = Box::pin(loads.run_async(&1, load));
    assert!(poll_once(leader.as_mut()).is_pending());
    let mut waiter = Box::pin(loads.run_async(&1, || async { Ok::<_, ()>(Brittle(false)) }));
    assert!(poll_once(waiter.as_mut()).is_pending());
    let completing = catch_unwind(AssertUnwindSafe(|| poll_once(leader.as_mut()).is_ready()));
    assert!(completing.is_err());
    assert!(waiter.await.is_ok());
    drop(leader);
    assert_eq!(loads.in_flight(), 0);
}

#[tokio::test]
async fn a_loader_that_panics_at_any_poll_calls_the_next() {
    for polls in 0..3 {
        let cache: Cache = AsyncTtlCache::builder().load_lease(None).build();
        let load = || async move {
            Yields(polls).await;
            panic!("the loader panics on purpose")
        };
        let mut leader = Box::pin(cache.get_or_insert_with(1, load));
        let mut waiter = Box::pin(cache.get_or_insert_with(1, || async { 2 }));
        for _ in 0..polls {
            assert!(poll_once(leader.as_mut()).is_pending());
            assert!(poll_once(waiter.as_mut()).is_pending());
        }
        let last = catch_unwind(AssertUnwindSafe(|| poll_once(leader.as_mut()).is_ready()));
        assert!(last.is_err());
        assert_eq!(waiter.await, 2);
    }
}

#[tokio::test]
async fn a_task_that_a_loader_happens_to_drive_waits_as_everybody() {
    let (cache, local) = (Cache::new(), LocalSet::new());
    let (asking, asked) = tokio::sync::oneshot::channel::<()>();
    let own = cache.clone();
    let other = local.spawn_local(async move {
        asking.send(()).unwrap();
        own.get_or_insert_with(1, || async { 9 }).await
    });
    // Runs the other task as well, until that one waits.
    let load = || async {
        local.run_until(asked).await.unwrap();
        local.run_until(Yields(3)).await;
        1
    };
    assert_eq!(cache.get_or_insert_with(1, load).await, 1);
    assert_eq!(local.run_until(other).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_does_a_task_of_a_runtime_inside_of_a_loader() {
    let loads = SingleFlight::<u32, u32>::new();
    let own = loads.clone();
    let load = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let (asking, asked) = tokio::sync::oneshot::channel::<()>();
        let other = runtime.spawn({
            let own = own.clone();
            async move {
                asking.send(()).unwrap();
                own.run_async(&1, || async { Ok::<_, ()>(9) }).await
            }
        });
        runtime.block_on(async {
            asked.await.unwrap();
            Yields(3).await;
        });
        Ok::<_, ()>((runtime, other))
    };
    let task = tokio::task::spawn_blocking(move || {
        let mut kept = None;
        let value = loads.run(&1, || {
            kept = load().ok();
            Ok::<_, ()>(1)
        });
        assert_eq!(value, Ok(1));
        let (runtime, other) = kept.unwrap();
        runtime.block_on(other).unwrap()
    });
    assert_eq!(task.await.unwrap(), Ok(1));
}

/// Wakes nobody, but is not the waker of anybody else.
struct Own;

impl Wake for Own {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn so_does_a_task_of_any_executor() {
    let cache = Cache::new();
    let asks = Box::pin(cache.get_or_insert_with(1, || async { 9 }));
    let other = Rc::new(RefCell::new(asks));
    let waker = Waker::from(Arc::new(Own));
    let (driven, own) = (Rc::clone(&other), waker.clone());
    let load = || {
        poll_fn(move |_| {
            let mut other = driven.borrow_mut();
            assert!(
                other
                    .as_mut()
                    .poll(&mut Context::from_waker(&own))
                    .is_pending()
            );
            Poll::Ready(1)
        })
    };
    assert_eq!(
        poll_once(pin!(cache.get_or_insert_with(1, load))),
        Poll::Ready(1)
    );
    let got = other
        .borrow_mut()
        .as_mut()
        .poll(&mut Context::from_waker(&waker));
    assert_eq!(got, Poll::Ready(1));
}

/// Asks for key 1 inside of its loader, in the way that is given.
async fn inside<F: Future<Output = Result<u32, LoadError<()>>>>(
    cache: &Cache,
    ask: impl FnOnce() -> F,
) -> bool {
    let outer = cache.get_or_try_insert_with(1, ask).await;
    outer == Err(LoadError::Failed(LoadError::Reentrant))
}

/// Polls with a waker of its own, as joins of many futures do.
async fn with_another_waker<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Own));
    let mut future = pin!(future);
    poll_fn(move |_| {
        let future: Pin<&mut F> = future.as_mut();
        future.poll(&mut Context::from_waker(&waker))
    })
    .await
}

async fn every_way_of_asking_is_seen() {
    let cache = Cache::new();
    let ask = || cache.get_or_try_insert_with(1, || async { Ok::<_, ()>(4) });
    assert!(inside(&cache, ask).await);
    assert!(inside(&cache, || async { tokio::join!(ask(), Yields(2)).0 }).await);
    let limited = || async { tokio::time::timeout(LEASE, ask()).await.unwrap() };
    assert!(inside(&cache, limited).await);
    assert!(inside(&cache, || with_another_waker(ask())).await);
    let local = LocalSet::new();
    assert!(inside(&cache, || local.run_until(ask())).await);
    let by_another_key = || async {
        let load = || async { ask().await.map_err(|_| ()) };
        let outer = cache.get_or_try_insert_with(2, load).await;
        outer.map_err(|_| LoadError::Reentrant)
    };
    assert!(inside(&cache, by_another_key).await);
    assert_eq!(cache.get_or_insert_with(1, || async { 5 }).await, 5);
}

#[tokio::test]
async fn a_loader_that_waits_for_itself_is_seen_in_the_root_of_a_runtime() {
    every_way_of_asking_is_seen().await;
}

#[tokio::test]
async fn a_loader_that_waits_for_itself_is_seen_in_a_task() {
    let local = LocalSet::new();
    let task = local.spawn_local(every_way_of_asking_is_seen());
    local.run_until(task).await.unwrap();
}

#[test]
fn a_loader_that_blocks_on_itself_is_seen() {
    let loads = SingleFlight::<u32, u32>::new();
    let ask = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(loads.run_async(&1, || async { Ok::<_, ()>(4) }))
    };
    let outer = loads.run(&1, ask);
    assert_eq!(outer, Err(LoadError::Failed(LoadError::Reentrant)));
}

#[tokio::test]
async fn a_look_up_that_would_block_the_thread_of_a_loader_is_seen_in_any_task() {
    let (loads, local) = (SingleFlight::<u32, u32>::new(), LocalSet::new());
    let own = loads.clone();
    let other = local.spawn_local(async move { own.run(&1, || Ok::<_, ()>(9)) });
    let load = || async { local.run_until(other).await.map_err(|_| ()) };
    let single_flight = SingleFlight::clone(&loads);
    let seen = single_flight
        .run_async(&1, || async {
            load()
                .await
                .map(|inner| u32::from(inner == Err(LoadError::Reentrant)))
        })
        .await;
    assert_eq!(seen, Ok(1));
}

#[tokio::test]
async fn a_task_that_ends_by_destructors_loads_all_the_same() {
    thread_local! {
        static AT_END: RefCell<Option<AtEnd>> = const { RefCell::new(None) };
    }
    struct AtEnd(Cache);
    impl Drop for AtEnd {
        fn drop(&mut self) {
            let mut load = Box::pin(self.0.get_or_insert_with(2, || async { 2 }));
            assert_eq!(poll_once(load.as_mut()), Poll::Ready(2));
            let mut refresh = Box::pin(self.0.get_or_refresh_with(3, || async { Ok::<_, ()>(3) }));
            assert_eq!(poll_once(refresh.as_mut()), Poll::Ready(Ok(3)));
        }
    }
    let cache = Cache::new();
    let own = cache.clone();
    let thread = std::thread::spawn(move || {
        AT_END.set(Some(AtEnd(own.clone())));
        let mut load = Box::pin(own.get_or_insert_with(1, || async { 1 }));
        assert_eq!(poll_once(load.as_mut()), Poll::Ready(1));
    });
    thread.join().unwrap();
    assert_eq!(cache.len(), 3);
}
