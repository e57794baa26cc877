//! The rules of loading: who runs the loader, who waits, and what becomes of a leader that fails.

mod errors;
mod life;
mod waiting;

use std::cell::Cell;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;
use wats_cache::{Join, LoadError, ManualClock, SingleFlight, TtlCache, WaitOutcome};

const SECOND: Duration = Duration::from_secs(1);

fn cache() -> TtlCache<u32, u32> {
    TtlCache::builder().clock(ManualClock::new()).build()
}

/// Starts a loader in a thread and returns once it runs, with the end of a channel that lets it go on.
fn slow_load(
    cache: &TtlCache<u32, u32>,
    value: u32,
) -> (mpsc::Sender<()>, std::thread::JoinHandle<u32>) {
    let (go, gate) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let cache = cache.clone();
    let thread = std::thread::spawn(move || {
        cache.get_or_insert_with(1, || {
            assert!(started.send(()).is_ok());
            let _ = gate.recv();
            value
        })
    });
    assert!(running.recv().is_ok());
    (go, thread)
}

#[test]
fn one_load_for_many_threads_and_every_get_is_counted() {
    let cache = cache();
    let loads = AtomicUsize::new(0);
    let barrier = Barrier::new(16);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                barrier.wait();
                let value = cache.get_or_insert_with(1, || {
                    loads.fetch_add(1, Ordering::Relaxed);
                    7
                });
                assert_eq!(value, 7);
            });
        }
    });
    assert_eq!(loads.into_inner(), 1);
    let stats = cache.stats();
    assert_eq!(
        (stats.hits + stats.misses, stats.loads_ok, stats.inserts),
        (16, 1, 1)
    );
}

#[test]
fn other_keys_do_not_wait() {
    let cache = cache();
    let (go, thread) = slow_load(&cache, 5);
    for key in 2..500 {
        assert_eq!(cache.get_or_insert_with(key, || key), key);
    }
    assert_eq!(cache.get(&1), None);
    drop(go);
    assert_eq!(thread.join().unwrap(), 5);
    assert_eq!(cache.get(&1), Some(5));
}

#[test]
fn an_error_is_the_callers_own_and_not_cached() {
    let cache = cache();
    assert_eq!(
        cache.get_or_try_insert_with(1, || Err("no")),
        Err(LoadError::Failed("no"))
    );
    assert!(cache.is_empty());
    assert_eq!(cache.get_or_try_insert_with(1, || Ok::<_, ()>(2)), Ok(2));
    let stats = cache.stats();
    assert_eq!((stats.loads_ok, stats.loads_failed), (1, 1));
}

#[test]
fn after_an_error_the_next_waiter_leads() {
    let loads = SingleFlight::<u32, u32>::new();
    let Join::Lead(leader) = loads.join(&1) else {
        panic!("nobody leads yet")
    };
    let (first, second) = (loads.join(&1), loads.join(&1));
    let (Join::Wait(first), Join::Wait(second)) = (first, second) else {
        panic!("the load is led")
    };
    drop(leader);
    let WaitOutcome::Lead(leader) = first.wait() else {
        panic!("nothing has completed")
    };
    leader.complete(&9);
    assert!(matches!(second.wait(), WaitOutcome::Value(9)));
    assert_eq!(loads.in_flight(), 0);
}

#[test]
fn a_panic_is_the_leaders_and_the_key_is_free_again() {
    let cache = cache();
    let caught = std::panic::catch_unwind(AssertUnwindSafe(|| {
        cache.get_or_insert_with(1, || panic!("the loader fails on purpose"))
    }));
    assert!(caught.is_err());
    assert_eq!(cache.get_or_insert_with(1, || 3), 3);
    assert_eq!(cache.stats().loads_failed, 1);
}

#[test]
fn an_insert_during_the_load_wins() {
    let cache = cache();
    let (go, thread) = slow_load(&cache, 5);
    cache.insert(1, 6);
    drop(go);
    assert_eq!(
        thread.join().unwrap(),
        5,
        "the loader's caller gets what it loaded"
    );
    assert_eq!(cache.get(&1), Some(6));
}

#[test]
fn a_removal_during_the_load_wins_and_later_callers_load_anew() {
    for invalidate in [
        (|cache| assert_eq!(cache.remove(&1), None)) as fn(&TtlCache<u32, u32>),
        |cache| cache.clear(),
        |cache| assert_eq!(cache.invalidate_where(|_, _| false), 0),
        |cache| assert_eq!(cache.retain(|_, _| true), 0),
    ] {
        let cache = cache();
        let (go, thread) = slow_load(&cache, 5);
        invalidate(&cache);
        // Joining the old load would hand out what was just invalidated.
        assert_eq!(cache.get_or_insert_with(1, || 8), 8);
        drop(go);
        assert_eq!(thread.join().unwrap(), 5);
        assert_eq!(cache.get(&1), Some(8));
    }
}

#[test]
fn a_hung_leader_loses_the_key_when_its_lease_ends() {
    let clock = ManualClock::new();
    let cache = TtlCache::builder()
        .load_lease(Some(SECOND))
        .clock(clock.clone())
        .build();
    let (go, hung) = slow_load(&cache, 5);
    // One who waited already is woken by the end of the lease …
    let waiter = std::thread::spawn({
        let cache = cache.clone();
        move || cache.get_or_insert_with(1, || 6)
    });
    while cache.stats().misses < 2 {
        std::thread::yield_now();
    }
    clock.advance(SECOND);
    assert_eq!(waiter.join().unwrap(), 6);
    drop(go);
    // … and the late value is its caller's only.
    assert_eq!(hung.join().unwrap(), 5);
    assert_eq!(cache.get(&1), Some(6));
}

#[test]
fn without_a_waiter_the_next_caller_finds_the_end_of_the_lease() {
    let clock = ManualClock::new();
    let loads = SingleFlight::<u32, u32>::with_lease_and_clock(SECOND, clock.clone());
    let Join::Lead(hung) = loads.join(&1) else {
        panic!("nobody leads yet")
    };
    clock.advance(SECOND);
    let Join::Lead(next) = loads.join(&1) else {
        panic!("the lease is over")
    };
    assert!(!hung.is_current() && next.is_current());
    hung.complete(&1);
    assert_eq!(loads.in_flight(), 1, "a late completion changes nothing");
    next.complete(&2);
    assert_eq!(loads.in_flight(), 0);
}

#[test]
fn asking_for_the_key_that_is_being_loaded_is_an_error() {
    let cache = cache();
    let inner = |key| cache.get_or_try_insert_with(key, || Ok::<_, LoadError<()>>(4));
    // Directly, and by way of another key, as when parts contain each other.
    let outer = cache.get_or_try_insert_with(1, || inner(1));
    assert_eq!(outer, Err(LoadError::Failed(LoadError::Reentrant)));
    let outer = cache.get_or_try_insert_with(1, || cache.get_or_try_insert_with(2, || inner(1)));
    assert_eq!(
        outer,
        Err(LoadError::Failed(LoadError::Failed(LoadError::Reentrant)))
    );
    assert_eq!(inner(1), Ok(4), "the keys are free again");
    assert_eq!(cache.keys(), [1], "nothing was cached on the way");
}

#[test]
fn a_loader_may_ask_for_other_keys_and_look_at_its_own() {
    let cache = cache();
    let value = cache.get_or_insert_with(1, || {
        assert_eq!(cache.get(&1), None);
        cache.get_or_insert_with(2, || 4) + 1
    });
    assert_eq!((value, cache.get(&2)), (5, Some(4)));
}

#[test]
fn where_there_is_no_error_to_return_a_reentrant_load_panics_and_frees_the_key() {
    let cache = cache();
    let caught = std::panic::catch_unwind(AssertUnwindSafe(|| {
        cache.get_or_insert_with(1, || cache.get_or_insert_with(1, || 4) + 1)
    }));
    let message = caught.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("asked for the key"), "{message}");
    assert_eq!(cache.get_or_insert_with(1, || 3), 3);
}

#[test]
fn a_load_tells_its_own_loader_from_others() {
    let loads = SingleFlight::<u32, u32>::new();
    let inner = loads.run(&1, || {
        assert!(matches!(loads.join(&1), Join::Reentrant));
        assert_eq!(loads.run(&1, || Ok::<_, ()>(1)), Err(LoadError::Reentrant));
        loads.run(&2, || Ok::<_, ()>(2))
    });
    assert_eq!(inner, Ok(2));
}

#[test]
fn a_stale_value_is_served_while_one_caller_loads() {
    let clock = ManualClock::new();
    let cache = TtlCache::builder()
        .default_ttl(SECOND)
        .stale_while_revalidate(2 * SECOND)
        .clock(clock.clone())
        .build();
    cache.insert(1, 1);
    clock.advance(SECOND);
    assert_eq!(cache.get(&1), None, "a plain look-up never serves it");
    let (go, loader) = slow_load(&cache, 2);
    assert_eq!(
        cache.get_or_insert_with(1, || panic!("somebody is loading")),
        1
    );
    drop(go);
    assert_eq!(loader.join().unwrap(), 2);
    assert_eq!(cache.get(&1), Some(2));
    assert_eq!(cache.stats().stale_served, 1);
    clock.advance(3 * SECOND);
    assert_eq!(cache.get_or_insert_with(1, || 3), 3);
    assert_eq!(cache.stats().stale_served, 1);
}

#[test]
fn a_stale_value_is_served_instead_of_an_error_up_to_its_maximum() {
    let clock = ManualClock::new();
    let cache = TtlCache::builder()
        .default_ttl(SECOND)
        .stale_if_error(5 * SECOND)
        .clock(clock.clone())
        .build();
    cache.insert(1, 1);
    clock.advance(3 * SECOND);
    assert_eq!(cache.get_or_try_insert_with(1, || Err("down")), Ok(1));
    clock.advance(3 * SECOND);
    assert_eq!(
        cache.get_or_try_insert_with(1, || Err("down")),
        Err(LoadError::Failed("down"))
    );
    let stats = cache.stats();
    assert_eq!(
        (stats.stale_served, stats.loads_failed, stats.hits),
        (1, 2, 0)
    );
}

#[test]
fn who_loads_by_itself_can_have_the_stale_value_too() {
    let clock = ManualClock::new();
    let cache = TtlCache::builder()
        .default_ttl(SECOND)
        .stale_if_error(5 * SECOND)
        .clock(clock.clone())
        .build();
    cache.insert(1, 1);
    assert_eq!(cache.get_stale(&1), None, "it is fresh");
    clock.advance(3 * SECOND);
    assert_eq!((cache.get(&1), cache.get_stale(&1)), (None, Some(1)));
    cache.remove(&1);
    assert_eq!(cache.get_stale(&1), None);
    cache.insert(1, 1);
    clock.advance(7 * SECOND);
    assert_eq!(cache.get_stale(&1), None, "past its maximum");
    let stats = cache.stats();
    assert_eq!((stats.stale_served, stats.hits, stats.misses), (1, 0, 1));
}

#[test]
fn an_entry_is_refreshed_ahead_of_its_end() {
    let clock = ManualClock::new();
    let cache = TtlCache::builder()
        .default_ttl(10 * SECOND)
        .refresh_ahead(Some(0.8))
        .clock(clock.clone())
        .build();
    let loads = Cell::new(0);
    let load = || {
        loads.set(loads.get() + 1);
        if loads.get() == 2 {
            Err("down")
        } else {
            Ok(loads.get())
        }
    };
    assert_eq!(cache.get_or_try_insert_with(1, load), Ok(1));
    clock.advance(7 * SECOND);
    assert_eq!(cache.get_or_try_insert_with(1, load), Ok(1));
    clock.advance(SECOND);
    assert_eq!(
        cache.get_or_try_insert_with(1, load),
        Ok(1),
        "what is fresh outlives a failed refresh"
    );
    assert_eq!(cache.get_or_try_insert_with(1, load), Ok(3));
    clock.advance(7 * SECOND);
    assert_eq!(
        cache.get(&1),
        Some(3),
        "the refreshed entry lives its whole time"
    );
    assert_eq!(loads.get(), 3);
}

#[test]
fn ten_thousand_waiters_get_one_value() {
    let loads = SingleFlight::<u32, Arc<u32>>::new();
    let Join::Lead(leader) = loads.join(&1) else {
        panic!("nobody leads yet")
    };
    let waiters: Vec<_> = (0..10_000)
        .map(|_| match loads.join(&1) {
            Join::Wait(waiter) => waiter,
            other => panic!("{other:?}"),
        })
        .collect();
    let value = Arc::new(7);
    leader.complete(&value);
    for waiter in waiters {
        assert!(matches!(waiter.wait(), WaitOutcome::Value(got) if Arc::ptr_eq(&got, &value)));
    }
    assert_eq!(loads.in_flight(), 0);
}

/// A cache with one value, stale or to be refreshed.
fn with_a_value_to_refresh(stale: bool) -> TtlCache<u32, u32> {
    let clock = ManualClock::new();
    let cache = TtlCache::builder()
        .default_ttl(10 * SECOND)
        .stale_while_revalidate(10 * SECOND)
        .refresh_ahead(Some(0.5))
        .clock(clock.clone())
        .build();
    cache.insert(1, 1);
    clock.advance(if stale { 10 * SECOND } else { 5 * SECOND });
    cache
}

#[test]
fn a_refresh_runs_in_the_background_of_all_callers() {
    for stale in [false, true] {
        let cache = with_a_value_to_refresh(stale);
        let (go, gate) = mpsc::channel::<()>();
        let (done, ended) = mpsc::channel();
        let here = std::thread::current().id();
        let load = move || {
            assert_ne!(std::thread::current().id(), here);
            let _ = gate.recv();
            done.send(()).map(|()| 2)
        };
        // The gate is still shut, so this would never return if it waited for the loader.
        assert_eq!(cache.get_or_refresh_with(1, load), Ok(1));
        let never = || -> Result<u32, ()> { panic!("somebody is loading") };
        assert_eq!(cache.get_or_refresh_with(1, never), Ok(1));
        drop(go);
        ended.recv().unwrap();
        while cache.get(&1) != Some(2) {
            std::thread::yield_now();
        }
        assert_eq!(cache.stats().stale_served, if stale { 2 } else { 0 });
    }
}

#[test]
fn a_failed_refresh_leaves_the_value_and_the_next_look_up_tries_again() {
    let cache = with_a_value_to_refresh(false);
    assert_eq!(cache.get_or_refresh_with(1, || Err("down")), Ok(1));
    while cache.stats().loads_failed < 1 {
        std::thread::yield_now();
    }
    let (done, ended) = mpsc::channel();
    // The key is free a moment after the failure was counted.
    while cache.stats().loads_ok < 1 {
        let done = done.clone();
        assert!(
            cache
                .get_or_refresh_with(1, move || done.send(()).map(|()| 2))
                .is_ok()
        );
        std::thread::yield_now();
    }
    ended.recv().unwrap();
    assert_eq!(cache.get(&1), Some(2));
}

#[test]
fn where_there_is_nothing_to_serve_the_caller_loads() {
    let cache = cache();
    let here = std::thread::current().id();
    let load = move || Ok::<_, ()>(u32::from(std::thread::current().id() == here));
    assert_eq!(cache.get_or_refresh_with(1, load), Ok(1));
}

#[test]
fn refreshes_that_run_are_bounded_and_one_too_many_is_put_off() {
    let clock = ManualClock::new();
    let cache = TtlCache::builder()
        .default_ttl(SECOND)
        .stale_while_revalidate(SECOND)
        .clock(clock.clone())
        .build();
    (0..100).for_each(|key| cache.insert(key, key));
    clock.advance(SECOND);
    let (go, gate) = mpsc::channel::<()>();
    let gate = Arc::new(std::sync::Mutex::new(gate));
    let (started, running) = mpsc::channel();
    for key in 0..100 {
        let (gate, started) = (Arc::clone(&gate), started.clone());
        let load = move || {
            let _ = started.send(());
            let _ = gate.lock().map(|gate| gate.recv());
            Ok::<_, ()>(key + 1000)
        };
        assert_eq!(cache.get_or_refresh_with(key, load), Ok(key));
    }
    drop(started);
    drop(go);
    let ran = running.iter().count() as u64;
    assert!((1..=16).contains(&ran), "{ran} refreshes at a time");
    while cache.stats().loads_ok < ran {
        std::thread::yield_now();
    }
    assert_eq!(
        cache.stats().loads_failed,
        0,
        "what is put off has not failed"
    );
}

#[test]
fn a_shared_failure_is_not_cached() {
    let cache = cache();
    let load = |outcome: Result<u32, &'static str>| {
        cache.get_or_try_insert_shared_with(1, move || outcome)
    };
    assert_eq!(load(Err("down")), Err(LoadError::Failed("down")));
    assert_eq!(load(Ok(2)), Ok(2));
    assert_eq!(load(Err("never asked")), Ok(2));
}
