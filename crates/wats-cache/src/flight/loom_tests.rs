//! The flight in every order in which its threads can run. A wake-up that is lost shows as a deadlock.
//!
//! ```text
//! RUSTFLAGS="--cfg wats_loom" cargo test --release -p wats-cache --lib loom_tests
//! ```

use super::lease::Lease;
use super::{Flights, Join, Leader, SingleFlight, Turn, Waiter};
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

fn lead(flights: &Under) -> Leader<u8, u32> {
    match flights.join(&1) {
        Join::Lead(leader) => leader,
        other => panic!("{other:?}"),
    }
}

fn wait(flights: &Under) -> Waiter<u8, u32> {
    match flights.join(&1) {
        Join::Wait(waiter) => waiter,
        other => panic!("{other:?}"),
    }
}

/// Polls once with a waker that goes nowhere, as a task that is moved to another executor later.
fn poll_elsewhere(waiter: &mut Waiter<u8, u32>) -> bool {
    Pin::new(waiter)
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_ready()
}

fn model(check: impl Fn(Under) + Send + Sync + 'static) {
    loom::model(move || {
        let flights = Under::new();
        check(flights.clone());
        assert_eq!(flights.in_flight(), 0, "a flight was left behind");
    });
}

#[test]
fn every_caller_gets_a_value_that_was_loaded_while_it_called() {
    model(|flights| {
        let loads = Arc::new(AtomicUsize::new(0));
        let call = |value| {
            let (flights, loads) = (flights.clone(), Arc::clone(&loads));
            move || {
                let load = || {
                    loads.fetch_add(1, Ordering::Relaxed);
                    Ok::<_, ()>(value)
                };
                flights.run(&1, load)
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
fn a_landing_wakes_those_who_park_and_those_who_await() {
    model(|flights| {
        let leader = lead(&flights);
        let (parking, awaiting) = (wait(&flights), wait(&flights));
        let parked = thread::spawn(move || matches!(parking.wait(), Turn::Landed(7)));
        let awaited = thread::spawn(move || matches!(block_on(awaiting), Turn::Landed(7)));
        leader.land(&7);
        assert!(parked.join().unwrap() && awaited.join().unwrap());
    });
}

#[test]
fn a_leader_that_gives_up_hands_on_to_exactly_one() {
    model(|flights| {
        let leader = lead(&flights);
        let waiters = [wait(&flights), wait(&flights)];
        let threads = waiters.map(|waiter| {
            thread::spawn(move || match waiter.wait() {
                Turn::Lead(leader) => {
                    leader.land(&7);
                    1
                }
                Turn::Landed(value) => {
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
fn a_waiter_that_leaves_does_not_take_the_baton_with_it() {
    model(|flights| {
        let leader = lead(&flights);
        let (mut leaving, staying) = (wait(&flights), wait(&flights));
        assert!(!poll_elsewhere(&mut leaving));
        let gone = thread::spawn(move || drop(leaving));
        let stayed = thread::spawn(move || match block_on(staying) {
            Turn::Lead(leader) => leader.land(&7),
            Turn::Landed(_) => panic!("nobody loaded"),
        });
        drop(leader);
        gone.join().unwrap();
        stayed.join().unwrap();
    });
}

#[test]
fn a_waiter_may_change_its_waker() {
    model(|flights| {
        let leader = lead(&flights);
        let mut waiter = wait(&flights);
        assert!(!poll_elsewhere(&mut waiter));
        let woken = thread::spawn(move || matches!(block_on(waiter), Turn::Landed(7)));
        leader.land(&7);
        assert!(woken.join().unwrap());
    });
}

#[test]
fn joining_while_the_last_one_leaves_finds_an_open_flight() {
    model(|flights| {
        let leader = lead(&flights);
        let joining = {
            let flights = flights.clone();
            thread::spawn(move || flights.run(&1, || Ok::<_, ()>(7)))
        };
        drop(leader);
        assert_eq!(joining.join().unwrap(), Ok(7));
    });
}

#[test]
fn who_comes_after_forget_never_gets_the_old_value() {
    model(|flights| {
        let leader = lead(&flights);
        let landing = thread::spawn(move || leader.land(&1));
        flights.forget(&1);
        assert_eq!(flights.run(&1, || Ok::<_, ()>(2)), Ok(2));
        landing.join().unwrap();
    });
}

#[test]
fn a_shared_failure_is_had_once_and_who_comes_back_loads_anew() {
    loom::model(|| {
        let flights = SingleFlight::<u8, Result<u32, &str>>::new();
        let Join::Lead(leader) = flights.join(&1) else {
            panic!("nobody leads yet")
        };
        let Join::Wait(waiter) = flights.join(&1) else {
            panic!("somebody leads")
        };
        let other = {
            let flights = flights.clone();
            thread::spawn(move || {
                let first = match waiter.wait() {
                    Turn::Landed(outcome) => outcome,
                    Turn::Lead(_) => panic!("the leader has told the outcome"),
                };
                (first, flights.run(&1, || Ok::<_, ()>(Ok(7))))
            })
        };
        leader.land(&Err("down"));
        // May come before or after the other's second load, but never gets the failure that was told.
        assert_eq!(flights.run(&1, || Ok::<_, ()>(Ok(7))), Ok(Ok(7)));
        assert_eq!(other.join().unwrap(), (Err("down"), Ok(Ok(7))));
        assert_eq!(flights.in_flight(), 0, "a flight was left behind");
    });
}

#[test]
fn at_the_end_of_a_lease_the_late_value_and_the_next_leader_do_not_meet() {
    loom::model(|| {
        let clock = ManualClock::new();
        let time = Time::custom(Arc::new(clock.clone()));
        let second = Duration::from_secs(1);
        let flights = Under {
            flights: Arc::new(Flights::new(Some(Lease::new(second, time, None)))),
        };
        let leader = lead(&flights);
        let waiter = wait(&flights);
        clock.advance(second);
        let late = thread::spawn(move || leader.land(&1));
        let sweeper = {
            let flights = flights.clone();
            thread::spawn(move || flights.end_leases())
        };
        match waiter.wait() {
            Turn::Landed(value) => assert_eq!(value, 1),
            Turn::Lead(leader) => leader.land(&2),
        }
        late.join().unwrap();
        sweeper.join().unwrap();
        assert_eq!(flights.in_flight(), 0, "a flight was left behind");
    });
}

#[test]
fn a_key_that_is_forgotten_while_a_lease_ends_leaves_nobody_waiting() {
    loom::model(|| {
        let clock = ManualClock::new();
        let time = Time::custom(Arc::new(clock.clone()));
        let second = Duration::from_secs(1);
        let flights = Under {
            flights: Arc::new(Flights::new(Some(Lease::new(second, time, None)))),
        };
        let hung = lead(&flights);
        let waiter = wait(&flights);
        clock.advance(second);
        let forgetting = {
            let flights = flights.clone();
            thread::spawn(move || flights.forget(&1))
        };
        let sweeper = {
            let flights = flights.clone();
            thread::spawn(move || flights.end_leases())
        };
        match waiter.wait() {
            Turn::Landed(_) => panic!("nobody landed"),
            Turn::Lead(leader) => leader.land(&2),
        }
        forgetting.join().unwrap();
        sweeper.join().unwrap();
        drop(hung);
        assert_eq!(flights.in_flight(), 0, "a flight was left behind");
    });
}

#[test]
fn a_key_that_is_forgotten_while_its_leader_gives_up_leaves_nobody_waiting() {
    model(|flights| {
        let leader = lead(&flights);
        let waiter = wait(&flights);
        let giving_up = thread::spawn(move || drop(leader));
        let waiting = thread::spawn(move || match waiter.wait() {
            Turn::Lead(leader) => leader.land(&7),
            Turn::Landed(_) => panic!("nobody landed"),
        });
        flights.forget_all();
        assert_eq!(flights.run(&1, || Ok::<_, ()>(2)), Ok(2));
        giving_up.join().unwrap();
        waiting.join().unwrap();
    });
}
