//! Time and background work: they depend neither on code of the user nor on a runtime.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};
use wats_cache::{
    CacheBuilder, Clock, Join, ManualClock, PreciseClock, SingleFlight, TtlCache, WaitOutcome,
};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Waits for what a thread of the crate does, on a machine that may have much else to do.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < 60 * SECOND, "in vain: {what}");
        std::thread::yield_now();
    }
}

/// The rest of the process: what expires goes, is told, and leases end.
fn the_others_go_on() {
    let (sender, told) = mpsc::channel();
    let cache: TtlCache<u32, u32> = TtlCache::builder()
        .sweep_interval(Some(10 * MS))
        .on_removal(move |key, _, _| assert!(sender.send(*key).is_ok()))
        .build();
    cache.insert_with_ttl(1, 1, 20 * MS);
    assert_eq!(told.recv_timeout(60 * SECOND), Ok(1), "swept unattended");
    cache.insert_with_ttl(2, 2, 20 * MS);
    until("the end of an entry", || cache.get(&2).is_none());
    let loads = SingleFlight::<u32, u32>::with_lease(20 * MS);
    let Join::Lead(_hung) = loads.join(&1) else {
        panic!("nobody leads yet")
    };
    let Join::Wait(waiter) = loads.join(&1) else {
        panic!("somebody leads")
    };
    let WaitOutcome::Lead(next) = waiter.wait() else {
        panic!("nobody has completed")
    };
    next.complete(&7);
}

/// Open it, and whoever hangs in it goes on.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<(bool, u32)>, std::sync::Condvar)>);

impl Gate {
    fn hang(&self) {
        let mut state = self.0.0.lock().unwrap();
        state.1 += 1;
        while !state.0 {
            state = self.0.1.wait(state).unwrap();
        }
    }

    fn has_somebody(&self) -> bool {
        self.0.0.lock().unwrap().1 > 0
    }
}

/// Also at the end of a test that fails, or its caches would hang in their destructors.
impl Drop for Gate {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().0 = true;
        self.0.1.notify_all();
    }
}

struct OnDrop<F: Fn()>(F);

impl<F: Fn()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

struct ClockOf<F>(F);

impl<F: Fn() -> Duration + Send + Sync + 'static> Clock for ClockOf<F> {
    fn now(&self) -> Duration {
        (self.0)()
    }
}

struct WakerOf<F>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for WakerOf<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn is_background() -> bool {
    std::thread::current().name() == Some("wats-worker")
}

// ---- code of the user that hangs -----------------------------------------------------------------------------------

/// Not [`Gate`] itself, whose drop opens it.
fn hanging(gate: &Gate) -> impl Fn() + Send + Sync + 'static + use<> {
    let inner = Arc::clone(&gate.0);
    move || {
        let gate = std::mem::ManuallyDrop::new(Gate(Arc::clone(&inner)));
        gate.hang();
    }
}

#[test]
fn a_listener_that_hangs_keeps_up_no_other_cache() {
    let gate = Gate::default();
    let hang = hanging(&gate);
    let cache: TtlCache<u32, u32> = TtlCache::builder()
        .sweep_interval(Some(10 * MS))
        .on_removal(move |_, _, _| hang())
        .build();
    for key in 0..5 {
        cache.insert_with_ttl(key, key, MS);
    }
    until("the sweep", || gate.has_somebody());
    the_others_go_on();
    // Nor the cache itself, but for its sweeps: it is bounded, and time goes on in it.
    cache.insert_with_ttl(7, 7, SECOND / 50);
    until("the end of an entry", || !cache.contains_key(&7));
}

#[test]
fn a_destructor_that_hangs_keeps_up_no_other_cache() {
    let gate = Gate::default();
    let cache = TtlCache::builder().sweep_interval(Some(10 * MS)).build();
    cache.insert_with_ttl(1, Arc::new(OnDrop(hanging(&gate))), MS);
    until("the sweep", || gate.has_somebody());
    the_others_go_on();
}

#[test]
fn a_clock_that_hangs_keeps_up_no_other_cache() {
    let gate = Gate::default();
    let hang = hanging(&gate);
    let clock = ClockOf(move || {
        if is_background() {
            hang();
        }
        Duration::ZERO
    });
    let cache: TtlCache<u32, u32> = TtlCache::builder()
        .clock(clock)
        .sweep_interval(Some(10 * MS))
        .build();
    cache.insert(1, 1);
    until("the sweep", || gate.has_somebody());
    the_others_go_on();
    assert_eq!(cache.get(&1), Some(1));
}

#[test]
fn a_waker_that_hangs_keeps_up_no_other_cache() {
    let gate = Gate::default();
    let loads = SingleFlight::<u32, u32>::with_lease(10 * MS);
    let Join::Lead(_leader) = loads.join(&1) else {
        panic!("nobody leads yet")
    };
    let Join::Wait(mut waiter) = loads.join(&1) else {
        panic!("somebody leads")
    };
    let waker = Waker::from(Arc::new(WakerOf(hanging(&gate))));
    let polled = std::pin::Pin::new(&mut waiter).poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    until("the end of the lease", || gate.has_somebody());
    the_others_go_on();
}

#[test]
fn many_that_hang_keep_up_no_more_than_one() {
    let gates: Vec<Gate> = (0..10).map(|_| Gate::default()).collect();
    let caches: Vec<TtlCache<u32, u32>> = gates
        .iter()
        .map(|gate| {
            let hang = hanging(gate);
            TtlCache::builder()
                .sweep_interval(Some(10 * MS))
                .on_removal(move |_, _, _| hang())
                .build()
        })
        .collect();
    for cache in &caches {
        cache.insert_with_ttl(1, 1, MS);
    }
    for gate in &gates {
        until("the sweep", || gate.has_somebody());
    }
    the_others_go_on();
}

// ---- code of the user that panics ----------------------------------------------------------------------------------

#[test]
fn a_listener_that_panics_is_told_of_the_rest_in_the_same_sweep() {
    let told = Arc::new(AtomicU32::new(0));
    let heard = Arc::clone(&told);
    let cache: TtlCache<u32, u32> = TtlCache::builder()
        .sweep_interval(Some(10 * MS))
        .on_removal(move |_, _, _| {
            heard.fetch_add(1, Ordering::Relaxed);
            panic!("on purpose");
        })
        .build();
    for key in 0..20 {
        cache.insert_with_ttl(key, key, 50 * MS);
    }
    until("the sweep", || cache.is_empty());
    until("the notices", || told.load(Ordering::Relaxed) == 20);
    the_others_go_on();
}

#[test]
fn destructors_that_panic_on_our_threads_stop_nothing() {
    // The first entry that goes takes the cache with it, whose other destructors all panic as well.
    let owner = Arc::new(Mutex::new(None::<TtlCache<u32, Arc<OnDrop<_>>>>));
    let gone = Arc::new(AtomicU32::new(0));
    let value = || {
        let gone = Arc::clone(&gone);
        Arc::new(OnDrop(move || {
            if is_background() {
                gone.fetch_add(1, Ordering::Relaxed);
                panic!("on purpose");
            }
        }))
    };
    let cache = TtlCache::builder()
        .sweep_interval(Some(10 * MS))
        .on_removal({
            let owner = Arc::clone(&owner);
            move |_, _, _| drop(owner.lock().unwrap().take())
        })
        .build();
    for key in 1..10 {
        cache.insert(key, value());
    }
    cache.insert_with_ttl(0, value(), 100 * MS);
    *owner.lock().unwrap() = Some(cache);
    until("all destructors", || gone.load(Ordering::Relaxed) == 10);
    the_others_go_on();
}

#[test]
fn a_clock_that_panics_puts_its_sweeps_off_and_stops_nothing() {
    let broken = Arc::new(AtomicBool::new(true));
    let asked = Arc::new(AtomicU32::new(0));
    let clock = ClockOf({
        let (broken, asked) = (Arc::clone(&broken), Arc::clone(&asked));
        let begun = Instant::now();
        move || {
            if is_background() {
                asked.fetch_add(1, Ordering::Relaxed);
                assert!(!broken.load(Ordering::Relaxed), "on purpose");
            }
            begun.elapsed()
        }
    });
    let cache: TtlCache<u32, u32> = TtlCache::builder()
        .clock(clock)
        .sweep_interval(Some(10 * MS))
        .build();
    cache.insert_with_ttl(1, 1, MS);
    until("two sweeps", || asked.load(Ordering::Relaxed) >= 2);
    the_others_go_on();
    broken.store(false, Ordering::Relaxed);
    until("the sweep", || cache.is_empty());
}

#[test]
fn a_waker_that_panics_keeps_no_other_waiter_of_the_lease_from_being_woken() {
    let clock = ManualClock::new();
    let loads = SingleFlight::<u32, u32>::with_lease_and_clock(SECOND, clock.clone());
    let woken = Arc::new(AtomicU32::new(0));
    let mut held = Vec::new();
    for key in 0..4 {
        let Join::Lead(leader) = loads.join(&key) else {
            panic!("nobody leads yet")
        };
        let Join::Wait(mut waiter) = loads.join(&key) else {
            panic!("somebody leads")
        };
        let woken = Arc::clone(&woken);
        let waker = Waker::from(Arc::new(WakerOf(move || {
            woken.fetch_add(1, Ordering::Relaxed);
            panic!("on purpose");
        })));
        let polled = std::pin::Pin::new(&mut waiter).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        held.push((leader, waiter));
    }
    clock.advance(SECOND);
    until("all wakers", || woken.load(Ordering::Relaxed) == 4);
    // Whom nobody told finds it when it looks.
    for (_, waiter) in &mut held {
        let polled = std::pin::Pin::new(waiter).poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Ready(WaitOutcome::Lead(_))));
    }
}

// ---- operations over all shards ------------------------------------------------------------------------------------

/// What an operation over all shards does with a listener that panics at the first notice.
fn done_to_the_end(operation: impl FnOnce(&TtlCache<u32, u32>, &ManualClock)) {
    let told = Arc::new(AtomicU32::new(0));
    let heard = Arc::clone(&told);
    let clock = ManualClock::new();
    let cache: TtlCache<u32, u32> = TtlCache::builder()
        .max_entries(10_000)
        .shards(Some(8))
        .default_ttl(SECOND)
        .sweep_interval(None)
        .clock(clock.clone())
        .on_removal(move |key, _, _| {
            let before = heard.fetch_add(1, Ordering::Relaxed);
            assert!(before != 0 && key % 7 != 0, "on purpose");
        })
        .build();
    for key in 0..1000 {
        cache.insert_tagged(key, key, None, &["all"]);
    }
    let outcome =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| operation(&cache, &clock)));
    assert!(outcome.is_err(), "the first panic is the caller's");
    assert_eq!((cache.len(), told.load(Ordering::Relaxed)), (0, 1000));
}

#[test]
fn a_listener_that_panics_leaves_no_operation_half_done() {
    done_to_the_end(|cache, _| cache.clear());
    done_to_the_end(|cache, _| {
        cache.invalidate_tag("all");
    });
    done_to_the_end(|cache, _| {
        cache.retain(|_, _| false);
    });
    done_to_the_end(|cache, clock| {
        clock.advance(SECOND);
        cache.cleanup_expired();
    });
}

#[test]
fn what_went_before_a_predicate_panics_is_told() {
    let told = Arc::new(AtomicU32::new(0));
    let heard = Arc::clone(&told);
    let cache: TtlCache<u32, u32> = TtlCache::builder()
        .max_entries(10_000)
        .on_removal(move |_, _, _| {
            heard.fetch_add(1, Ordering::Relaxed);
        })
        .build();
    for key in 0..5000 {
        cache.insert(key, key);
    }
    let mut left = 4000;
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        cache.invalidate_where(|_, _| {
            left -= 1;
            assert!(left > 0, "on purpose");
            true
        })
    }));
    assert!(outcome.is_err());
    let told = told.load(Ordering::Relaxed) as usize;
    assert!(told > 0);
    assert_eq!(cache.len() + told, 5000);
}

#[test]
fn destructors_that_all_panic_leave_no_operation_half_done() {
    let dropped = Arc::new(AtomicU32::new(0));
    let fill = || {
        let cache = TtlCache::builder().max_entries(1000).build();
        for key in 0..100 {
            let dropped = Arc::clone(&dropped);
            let value = OnDrop(move || {
                dropped.fetch_add(1, Ordering::Relaxed);
                panic!("on purpose");
            });
            cache.insert(key, Arc::new(value));
        }
        cache
    };
    let panics = |run: &dyn Fn()| {
        let before = dropped.load(Ordering::Relaxed);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        assert!(outcome.is_err());
        assert_eq!(dropped.load(Ordering::Relaxed) - before, 100);
    };
    panics(&|| drop(fill()));
    let cache = fill();
    panics(&|| cache.clear());
    assert!(cache.is_empty());
}

#[test]
fn a_hand_that_moves_the_clock_tells_all_listeners() {
    struct Told(AtomicU32);
    impl wats_cache::TimeListener for Told {
        fn time_moved(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
            panic!("on purpose");
        }
    }
    let clock = ManualClock::new();
    let listeners = [(); 3].map(|()| Arc::new(Told(AtomicU32::new(0))));
    for listener in &listeners {
        let weak: std::sync::Weak<Told> = Arc::downgrade(listener);
        clock.subscribe(weak);
    }
    let outcome = std::panic::catch_unwind(|| clock.advance(SECOND));
    assert!(outcome.is_err());
    assert!(
        listeners
            .iter()
            .all(|told| told.0.load(Ordering::Relaxed) == 1)
    );
}

// ---- lengths of time -----------------------------------------------------------------------------------------------

#[test]
fn nothing_ends_early_by_the_clock_of_the_caller() {
    let lives = |cache: &TtlCache<u32, u32>, least: Duration, insert: &dyn Fn()| {
        for round in 0..10 {
            std::thread::sleep(round * 137 * MS / 100);
            let begun = Instant::now();
            insert();
            until("its end", || cache.get(&1).is_none());
            let lived = begun.elapsed();
            assert!(lived >= least, "{lived:?} instead of {least:?}");
        }
    };
    for length in [MS, 3 * MS, 10 * MS] {
        let build = || TtlCache::builder().default_ttl(length).sweep_interval(None);
        let cache = build().build();
        lives(&cache, length, &|| cache.insert(1, 1));
        lives(&cache, length, &|| cache.insert_with_ttl(1, 1, length));
        lives(&cache, length, &|| {
            cache.insert_tagged(1, 1, Some(length), &["tag"]);
        });
        lives(&cache, length, &|| {
            cache.get_or_insert_with(1, || 1);
        });
        let cache = build()
            .default_ttl(SECOND)
            .negative(length, |_| true)
            .build();
        lives(&cache, length, &|| cache.insert(1, 1));
        let cache = build().clock(PreciseClock).build();
        lives(&cache, length, &|| cache.insert(1, 1));
    }
}

#[test]
fn an_entry_that_is_read_does_not_idle_out_early() {
    let cache: TtlCache<u32, u32> = TtlCache::builder()
        .time_to_idle(Some(15 * MS))
        .sweep_interval(None)
        .build();
    for _ in 0..5 {
        cache.insert(1, 1);
        let mut read = Instant::now();
        for _ in 0..20 {
            std::thread::sleep(MS);
            let before = Instant::now();
            if cache.get(&1).is_none() {
                // The machine may have kept this thread waiting for so long.
                assert!(read.elapsed() >= 15 * MS);
                break;
            }
            read = before;
        }
    }
}

#[test]
fn a_lease_does_not_end_early() {
    let loads = SingleFlight::<u32, u32>::with_lease(10 * MS);
    for key in 0..10 {
        std::thread::sleep(key * MS);
        let begun = Instant::now();
        let Join::Lead(_hung) = loads.join(&key) else {
            panic!("nobody leads yet")
        };
        let Join::Wait(waiter) = loads.join(&key) else {
            continue;
        };
        assert!(matches!(waiter.wait(), WaitOutcome::Lead(_)));
        assert!(begun.elapsed() >= 10 * MS);
    }
}

/// Sets an option of a length.
type Set = fn(CacheBuilder<u32, u32>, Duration) -> CacheBuilder<u32, u32>;

#[test]
fn every_length_of_time_may_have_any_value() {
    let lengths = [Duration::ZERO, Duration::from_nanos(1), MS, Duration::MAX];
    let clocks = [None, Some(ManualClock::new())];
    let options: [Set; 7] = [
        |builder, length| builder.default_ttl(length),
        |builder, length| builder.time_to_idle(Some(length)),
        |builder, length| builder.sweep_interval(Some(length)),
        |builder, length| builder.load_lease(Some(length)),
        |builder, length| builder.stale_while_revalidate(length),
        |builder, length| builder.stale_if_error(length),
        |builder, length| builder.negative(length, |value| value % 2 == 0),
    ];
    for clock in clocks {
        for length in lengths {
            for option in options {
                for other in options {
                    let mut builder = other(option(TtlCache::builder(), length), Duration::MAX);
                    if let Some(clock) = &clock {
                        builder = builder.clock(clock.clone());
                    }
                    let cache = builder.ttl_jitter(0.5).refresh_ahead(Some(0.5)).build();
                    for key in 0..4 {
                        cache.insert(key, key);
                        cache.insert_with_ttl(key + 10, key, length);
                        let _ = cache.get(&key);
                        assert_eq!(cache.get_or_insert_with(key + 20, || key), key);
                        let _ = cache.get_or_try_insert_with(key, || Err::<u32, _>(()));
                    }
                    if let Some(clock) = &clock {
                        clock.advance(length);
                    }
                    cache.cleanup_expired();
                    let _ = cache.iter().count();
                }
            }
        }
    }
    for lease in lengths {
        let loads = SingleFlight::<u32, u32>::with_lease(lease);
        assert_eq!(loads.run(&1, || Ok::<_, ()>(1)), Ok(1));
        let Join::Lead(leader) = loads.join(&1) else {
            panic!("nobody leads yet")
        };
        drop(loads.join(&1));
        drop(leader);
    }
}

#[test]
fn without_limits_of_time_an_entry_stays() {
    for length in [None, Some(Duration::MAX)] {
        let clock = ManualClock::new();
        let cache: TtlCache<u32, u32> = TtlCache::builder()
            .default_ttl(length)
            .time_to_idle(length)
            .clock(clock.clone())
            .build();
        cache.insert(1, 1);
        clock.advance(Duration::from_secs(86_400 * 365 * 100));
        assert_eq!(cache.get(&1), Some(1));
    }
}

#[test]
fn a_value_whose_end_is_over_is_not_inserted() {
    let cache: TtlCache<u32, u32> = TtlCache::new();
    let now = Instant::now();
    cache.insert_until(1, 1, now + 3600 * SECOND);
    assert_eq!(cache.get(&1), Some(1));
    cache.insert_until(1, 2, now);
    assert_eq!(cache.get(&1), None, "nor is what it replaces good any more");
    cache.insert_until(2, 2, now + 5 * MS);
    until("its end", || cache.get(&2).is_none());
    assert!(now.elapsed() >= 5 * MS);
}
