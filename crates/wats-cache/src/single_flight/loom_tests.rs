//! The load in every order in which its threads can run. A wake-up that is lost shows as a deadlock.
//!
//! ```text
//! RUSTFLAGS="--cfg wats_loom" cargo test --release -p wats-cache --lib loom_tests
//! ```

use super::lease::Lease;
use super::{InFlightLoads, Join, Leader, SingleFlight, WaitOutcome, Waiter};
use crate::clock::{ManualClock, Time};
use loom::future::block_on;
use loom::thread;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

type Under = SingleFlight<u8, u32>;

fn lead(loads: &Under) -> Leader<u8, u32> {
    match loads.join(&1) {
        Join::Lead(leader) => leader,
        other => panic!("{other:?}"),
    }
}

fn wait(loads: &Under) -> Waiter<u8, u32> {
    match loads.join(&1) {
        Join::Wait(waiter) => waiter,
        other => panic!("{other:?}"),
    }
}

/// Polls once with a waker that goes nowhere, as a task that is moved to another executor later.
fn poll_from_another_task(waiter: &mut Waiter<u8, u32>) -> bool {
    Pin::new(waiter)
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_ready()
}

fn model(check: impl Fn(Under) + Send + Sync + 'static) {
    loom::model(move || {
        let loads = Under::new();
        check(loads.clone());
        assert_eq!(loads.in_flight(), 0, "a load was left behind");
    });
}

#[test]
fn every_caller_gets_a_value_that_was_loaded_while_it_called() {
    model(|single_flight| {
        let loads = Arc::new(AtomicUsize::new(0));
        let call = |value| {
            let (single_flight, loads) = (single_flight.clone(), Arc::clone(&loads));
            move || {
                let load = || {
                    loads.fetch_add(1, Ordering::Relaxed);
                    Ok::<_, ()>(value)
                };
                single_flight.run(&1, load)
            }
        };
        let other = thread::spawn(call(2));
        let mine = call(1)().unwrap();
        let theirs = other.join().unwrap().unwrap();
        match loads.load(Ordering::Relaxed) {
            1 => assert_eq!(mine, theirs),
            // One after the other.
            2 => assert_eq!((mine, theirs), (1, 2)),
            more => panic!("{more} loads"),
        }
    });
}

#[test]
fn completing_wakes_those_who_park_and_those_who_await() {
    model(|loads| {
        let leader = lead(&loads);
        let (parking, awaiting) = (wait(&loads), wait(&loads));
        let parked = thread::spawn(move || matches!(parking.wait(), WaitOutcome::Value(7)));
        let awaited = thread::spawn(move || matches!(block_on(awaiting), WaitOutcome::Value(7)));
        leader.complete(&7);
        assert!(parked.join().unwrap() && awaited.join().unwrap());
    });
}

#[test]
fn a_leader_that_gives_up_hands_on_to_exactly_one() {
    model(|loads| {
        let leader = lead(&loads);
        let waiters = [wait(&loads), wait(&loads)];
        let threads = waiters.map(|waiter| {
            thread::spawn(move || match waiter.wait() {
                WaitOutcome::Lead(leader) => {
                    leader.complete(&7);
                    1
                }
                WaitOutcome::Value(value) => {
                    assert_eq!(value, 7);
                    0
                }
            })
        });
        drop(leader);
        let led: usize = threads.map(|thread| thread.join().unwrap()).iter().sum();
        assert_eq!(led, 1);
    });
}

#[test]
fn a_waiter_that_leaves_does_not_take_the_lead_with_it() {
    model(|loads| {
        let leader = lead(&loads);
        let (mut leaving, staying) = (wait(&loads), wait(&loads));
        assert!(!poll_from_another_task(&mut leaving));
        let gone = thread::spawn(move || drop(leaving));
        let stayed = thread::spawn(move || match block_on(staying) {
            WaitOutcome::Lead(leader) => leader.complete(&7),
            WaitOutcome::Value(_) => panic!("nobody loaded"),
        });
        drop(leader);
        gone.join().unwrap();
        stayed.join().unwrap();
    });
}

#[test]
fn a_waiter_may_change_its_waker() {
    model(|loads| {
        let leader = lead(&loads);
        let mut waiter = wait(&loads);
        assert!(!poll_from_another_task(&mut waiter));
        let woken = thread::spawn(move || matches!(block_on(waiter), WaitOutcome::Value(7)));
        leader.complete(&7);
        assert!(woken.join().unwrap());
    });
}

#[test]
fn joining_while_the_last_one_leaves_finds_an_open_load() {
    model(|loads| {
        let leader = lead(&loads);
        let joining = {
            let loads = loads.clone();
            thread::spawn(move || loads.run(&1, || Ok::<_, ()>(7)))
        };
        drop(leader);
        assert_eq!(joining.join().unwrap(), Ok(7));
    });
}

#[test]
fn who_comes_after_forget_never_gets_the_old_value() {
    model(|loads| {
        let leader = lead(&loads);
        let completing = thread::spawn(move || leader.complete(&1));
        loads.forget(&1);
        assert_eq!(loads.run(&1, || Ok::<_, ()>(2)), Ok(2));
        completing.join().unwrap();
    });
}

#[test]
fn a_shared_failure_is_had_once_and_who_comes_back_loads_anew() {
    loom::model(|| {
        let loads = SingleFlight::<u8, Result<u32, &str>>::new();
        let Join::Lead(leader) = loads.join(&1) else {
            panic!("nobody leads yet")
        };
        let Join::Wait(waiter) = loads.join(&1) else {
            panic!("somebody leads")
        };
        let other = {
            let loads = loads.clone();
            thread::spawn(move || {
                let first = match waiter.wait() {
                    WaitOutcome::Value(outcome) => outcome,
                    WaitOutcome::Lead(_) => panic!("the leader has told the outcome"),
                };
                (first, loads.run(&1, || Ok::<_, ()>(Ok(7))))
            })
        };
        leader.complete(&Err("down"));
        // May come before or after the other's second load, but never gets the failure that was told.
        assert_eq!(loads.run(&1, || Ok::<_, ()>(Ok(7))), Ok(Ok(7)));
        assert_eq!(other.join().unwrap(), (Err("down"), Ok(Ok(7))));
        assert_eq!(loads.in_flight(), 0, "a load was left behind");
    });
}

#[test]
fn at_the_end_of_a_lease_the_late_value_and_the_next_leader_do_not_meet() {
    loom::model(|| {
        let clock = ManualClock::new();
        let time = Time::custom(Arc::new(clock.clone()));
        let second = Duration::from_secs(1);
        let loads = Under {
            loads: Arc::new(InFlightLoads::new(Some(Lease::new(second, time, None)))),
        };
        let leader = lead(&loads);
        let waiter = wait(&loads);
        clock.advance(second);
        let late = thread::spawn(move || leader.complete(&1));
        let sweeper = {
            let loads = loads.clone();
            thread::spawn(move || loads.end_leases())
        };
        match waiter.wait() {
            WaitOutcome::Value(value) => assert_eq!(value, 1),
            WaitOutcome::Lead(leader) => leader.complete(&2),
        }
        late.join().unwrap();
        sweeper.join().unwrap();
        assert_eq!(loads.in_flight(), 0, "a load was left behind");
    });
}

#[test]
fn a_key_that_is_forgotten_while_a_lease_ends_leaves_nobody_waiting() {
    loom::model(|| {
        let clock = ManualClock::new();
        let time = Time::custom(Arc::new(clock.clone()));
        let second = Duration::from_secs(1);
        let loads = Under {
            loads: Arc::new(InFlightLoads::new(Some(Lease::new(second, time, None)))),
        };
        let hung = lead(&loads);
        let waiter = wait(&loads);
        clock.advance(second);
        let forgetting = {
            let loads = loads.clone();
            thread::spawn(move || loads.forget(&1))
        };
        let sweeper = {
            let loads = loads.clone();
            thread::spawn(move || loads.end_leases())
        };
        match waiter.wait() {
            WaitOutcome::Value(_) => panic!("nobody completed"),
            WaitOutcome::Lead(leader) => leader.complete(&2),
        }
        forgetting.join().unwrap();
        sweeper.join().unwrap();
        drop(hung);
        assert_eq!(loads.in_flight(), 0, "a load was left behind");
    });
}

#[test]
fn a_key_that_is_forgotten_while_its_leader_gives_up_leaves_nobody_waiting() {
    model(|loads| {
        let leader = lead(&loads);
        let waiter = wait(&loads);
        let giving_up = thread::spawn(move || drop(leader));
        let waiting = thread::spawn(move || match waiter.wait() {
            WaitOutcome::Lead(leader) => leader.complete(&7),
            WaitOutcome::Value(_) => panic!("nobody completed"),
        });
        loads.forget_all();
        assert_eq!(loads.run(&1, || Ok::<_, ()>(2)), Ok(2));
        giving_up.join().unwrap();
        waiting.join().unwrap();
    });
}
