//! Whoever waits is answered or called, whatever was forgotten, panics, or has ended meanwhile.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a test is its failure"
)]

use super::{SECOND, cache};
use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Wake, Waker};
use wats_cache::{Join, Leader, ManualClock, SingleFlight, TtlCache, WaitOutcome, Waiter};

fn lead<K: Hash + Eq + Clone, V: Clone>(loads: &SingleFlight<K, V>, key: &K) -> Leader<K, V> {
    match loads.join(key) {
        Join::Lead(leader) => leader,
        _ => panic!("somebody leads"),
    }
}

fn wait<K: Hash + Eq + Clone, V: Clone>(loads: &SingleFlight<K, V>, key: &K) -> Waiter<K, V> {
    match loads.join(key) {
        Join::Wait(waiter) => waiter,
        _ => panic!("nobody leads"),
    }
}

#[test]
fn a_lease_ends_the_wait_of_those_whose_key_was_forgotten() {
    let forgets: [fn(&SingleFlight<u32, u32>); 3] = [
        |loads| loads.forget(&1),
        |loads| loads.forget_all(),
        |loads| {
            // Forgotten twice, with a load of somebody else's between.
            loads.forget(&1);
            assert_eq!(loads.run(&1, || Ok::<_, ()>(3)), Ok(3));
            loads.forget_all();
        },
    ];
    for forget in forgets {
        let clock = ManualClock::new();
        let loads = SingleFlight::with_lease_and_clock(SECOND, clock.clone());
        let hung = lead(&loads, &1);
        let (first, second) = (wait(&loads, &1), wait(&loads, &1));
        forget(&loads);
        clock.advance(SECOND);
        let WaitOutcome::Lead(next) = first.wait() else {
            panic!("nothing has completed")
        };
        assert!(next.is_current() && !hung.is_current());
        // The next one hangs, too, and once more the key is forgotten.
        forget(&loads);
        clock.advance(SECOND);
        assert!(matches!(second.wait(), WaitOutcome::Lead(_)));
        drop((hung, next));
        assert_eq!(loads.in_flight(), 0);
    }
}

#[test]
fn who_waits_for_a_forgotten_load_gets_its_value_or_the_turn() {
    let loads = SingleFlight::<u32, u32>::new();
    for completes in [true, false] {
        let leader = lead(&loads, &1);
        let waiter = wait(&loads, &1);
        loads.forget(&1);
        if completes {
            leader.complete(&7);
            assert!(matches!(waiter.wait(), WaitOutcome::Value(7)));
        } else {
            drop(leader);
            assert!(matches!(waiter.wait(), WaitOutcome::Lead(_)));
        }
        assert_eq!(loads.in_flight(), 0);
    }
}

#[test]
fn who_is_called_and_does_not_come_holds_the_others_up_no_longer_than_a_lease() {
    let clock = ManualClock::new();
    let loads = SingleFlight::<u32, u32>::with_lease_and_clock(SECOND, clock.clone());
    let leader = lead(&loads, &1);
    let mut asleep = wait(&loads, &1);
    let poll = std::pin::Pin::new(&mut asleep);
    let mut context = Context::from_waker(Waker::noop());
    assert!(std::future::Future::poll(poll, &mut context).is_pending());
    let (started, waiting) = mpsc::channel();
    let awake = wait(&loads, &1);
    let thread = std::thread::spawn(move || {
        started.send(()).unwrap();
        matches!(awake.wait(), WaitOutcome::Lead(_))
    });
    waiting.recv().unwrap();
    // It calls the first, whose waker wakes nobody.
    drop(leader);
    // The other may not be asleep yet; then it comes by itself.
    while !thread.is_finished() {
        clock.advance(SECOND);
        std::thread::yield_now();
    }
    assert!(thread.join().unwrap());
    drop(asleep);
    assert_eq!(loads.in_flight(), 0);
}

/// A value that can be cloned so many times, and then panics once.
#[derive(Debug)]
struct Brittle(Arc<AtomicUsize>);

fn brittle(clones: usize) -> Brittle {
    Brittle(Arc::new(AtomicUsize::new(clones)))
}

impl Clone for Brittle {
    fn clone(&self) -> Self {
        let left = self.0.fetch_sub(1, Ordering::Relaxed);
        assert!(left != 0, "the clone panics on purpose");
        Self(Arc::clone(&self.0))
    }
}

#[test]
fn a_value_that_panics_when_it_is_handed_out_is_no_value() {
    let loads = SingleFlight::<u32, Brittle>::new();
    let leader = lead(&loads, &1);
    let waiter = wait(&loads, &1);
    assert!(catch_unwind(AssertUnwindSafe(|| leader.complete(&brittle(0)))).is_err());
    let WaitOutcome::Lead(next) = waiter.wait() else {
        panic!("nothing has completed")
    };
    next.complete(&brittle(1));
    assert_eq!(loads.in_flight(), 0);
}

#[test]
fn a_clone_that_panics_in_a_load_strands_nobody() {
    for clones in 0..4 {
        let cache: TtlCache<u32, Brittle> = TtlCache::builder().load_lease(None).build();
        let (go, gate) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        let cache = &cache;
        std::thread::scope(|scope| {
            let leader = scope.spawn(move || {
                let load = || {
                    started.send(()).unwrap();
                    let _ = gate.recv();
                    brittle(clones)
                };
                // The panic, if there is one here, is the leader's own.
                let _ = catch_unwind(AssertUnwindSafe(|| cache.get_or_insert_with(1, load)));
            });
            running.recv().unwrap();
            let waiter = scope.spawn(|| {
                // It may take the brittle value itself.
                let load = || brittle(100);
                catch_unwind(AssertUnwindSafe(|| cache.get_or_insert_with(1, load)))
            });
            while cache.stats().misses < 2 {
                std::thread::yield_now();
            }
            drop(go);
            leader.join().unwrap();
            let _ = waiter.join().unwrap();
        });
        let again = || cache.get_or_insert_with(1, || brittle(100));
        // One of the clones may be left to panic here, but nobody waits for ever.
        let _ = catch_unwind(AssertUnwindSafe(again));
        cache.clear();
        again();
    }
}

/// A key that panics when it is told to.
#[derive(Debug, Eq, PartialEq)]
struct Moody(u32);

thread_local! {
    static PANIC_IN: RefCell<&'static str> = const { RefCell::new("") };
}

fn may_panic(place: &str) {
    assert!(
        PANIC_IN.with_borrow(|of| *of != place),
        "{place} panics on purpose"
    );
}

impl Clone for Moody {
    fn clone(&self) -> Self {
        may_panic("clone");
        Self(self.0)
    }
}

impl Hash for Moody {
    fn hash<H: Hasher>(&self, state: &mut H) {
        may_panic("hash");
        self.0.hash(state);
    }
}

#[test]
fn a_key_that_panics_leaves_no_load_behind() {
    let loads = SingleFlight::<Moody, u32>::new();
    let key = Moody(1);
    for place in ["clone", "hash"] {
        // As the first of its key, and behind somebody.
        for led in [false, true] {
            let leader = led.then(|| lead(&loads, &key));
            PANIC_IN.set(place);
            let joined = catch_unwind(AssertUnwindSafe(|| drop(loads.join(&key))));
            // Who comes second needs no key of its own.
            assert_eq!(joined.is_ok(), led && place == "clone");
            // A load ends without asking its key for anything.
            drop(leader);
            assert_eq!(loads.in_flight(), 0, "{place}");
            PANIC_IN.set("");
            assert_eq!(loads.run(&key, || Ok::<_, ()>(2)), Ok(2));
        }
    }
}

#[test]
fn a_shared_error_that_panics_when_it_is_cloned_is_its_own_callers() {
    #[derive(Debug)]
    struct Error;
    impl Clone for Error {
        fn clone(&self) -> Self {
            panic!("the clone panics on purpose")
        }
    }
    let cache: TtlCache<u32, u32> = TtlCache::builder().load_lease(None).build();
    let (go, gate) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let cache = &cache;
    std::thread::scope(|scope| {
        let leader = scope.spawn(move || {
            let load = || {
                started.send(()).unwrap();
                let _ = gate.recv();
                Err(Error)
            };
            let call = || cache.get_or_try_insert_shared_with(1, load).is_ok();
            catch_unwind(AssertUnwindSafe(call))
        });
        running.recv().unwrap();
        let waiter = scope.spawn(|| {
            let load = || Ok::<_, Error>(2);
            cache.get_or_try_insert_shared_with(1, load).unwrap()
        });
        while cache.stats().misses < 2 {
            std::thread::yield_now();
        }
        drop(go);
        // With nobody behind it, it would not have been cloned.
        let _ = leader.join().unwrap();
        assert_eq!(waiter.join().unwrap(), 2);
    });
}

#[test]
fn a_listener_that_panics_when_a_load_completes_leaves_nobody_waiting() {
    let clock = ManualClock::new();
    let cache: TtlCache<u32, u32> = TtlCache::builder()
        .default_ttl(SECOND)
        .stale_if_error(9 * SECOND)
        .load_lease(None)
        .clock(clock.clone())
        .on_removal(|_, value, _| assert!(*value != 1, "panics on purpose"))
        .build();
    cache.insert(1, 1);
    clock.advance(SECOND);
    let load = || cache.get_or_insert_with(1, || 2);
    assert!(catch_unwind(AssertUnwindSafe(load)).is_err());
    assert_eq!(cache.get_or_insert_with(1, || 3), 2, "it was stored before");
}

#[test]
fn a_waker_that_panics_wakes_the_others_all_the_same() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("the waker panics on purpose")
        }
    }
    let loads = SingleFlight::<u32, u32>::new();
    let leader = lead(&loads, &1);
    let mut first = wait(&loads, &1);
    let waker = Waker::from(Arc::new(Panics));
    let poll = std::pin::Pin::new(&mut first);
    assert!(std::future::Future::poll(poll, &mut Context::from_waker(&waker)).is_pending());
    let second = wait(&loads, &1);
    let thread = std::thread::spawn(move || matches!(second.wait(), WaitOutcome::Value(7)));
    assert!(catch_unwind(AssertUnwindSafe(|| leader.complete(&7))).is_err());
    assert!(thread.join().unwrap());
    assert!(matches!(first.wait(), WaitOutcome::Value(7)));
}

/// Runs something when its thread ends.
struct AtEnd(Option<Box<dyn FnOnce()>>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        if let Some(run) = self.0.take() {
            run();
        }
    }
}

thread_local! {
    static AT_END: RefCell<AtEnd> = const { RefCell::new(AtEnd(None)) };
}

/// Runs `first` in a thread and `last` in a destructor of its, in which other such destructors have run already.
fn while_a_thread_ends(
    first: impl FnOnce() + Send + 'static,
    last: impl FnOnce() + Send + 'static,
) {
    let (done, ended) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        AT_END.with_borrow_mut(|at_end| {
            at_end.0 = Some(Box::new(move || {
                last();
                done.send(()).unwrap();
            }));
        });
        first();
    });
    thread.join().unwrap();
    ended.recv().unwrap();
}

#[test]
fn loading_works_in_the_destructors_of_a_thread() {
    let cache = cache();
    let (before, after) = (cache.clone(), cache.clone());
    while_a_thread_ends(
        move || assert_eq!(before.get_or_insert_with(1, || 1), 1),
        move || {
            assert_eq!(after.get_or_insert_with(2, || 2), 2);
            let inner = || after.get_or_insert_with(4, || 4);
            assert_eq!(after.get_or_insert_with(3, inner), 4);
            assert_eq!(SingleFlight::new().run(&1, || Ok::<_, ()>(5)), Ok(5));
            assert_eq!(super::cache().get_or_insert_with(1, || 6), 6);
        },
    );
    assert_eq!(cache.len(), 4);
}

#[test]
fn waiting_works_in_the_destructors_of_a_thread() {
    let loads = SingleFlight::<u32, u32>::new();
    let leader = lead(&loads, &1);
    let waiter = wait(&loads, &1);
    let before = loads.clone();
    let (started, waiting) = mpsc::channel();
    let completing = std::thread::spawn(move || {
        waiting.recv().unwrap();
        leader.complete(&7);
    });
    while_a_thread_ends(
        move || assert_eq!(before.run(&2, || Ok::<_, ()>(1)), Ok(1)),
        move || {
            started.send(()).unwrap();
            assert!(matches!(waiter.wait(), WaitOutcome::Value(7)));
        },
    );
    completing.join().unwrap();
}
