//! Loads under every mix of what can happen to them, in one thread: whoever waits is answered or called, at the latest
//! when a lease is over, and nothing is left behind.
#![allow(clippy::panic, reason = "a panic in a test is its failure")]

use super::lease::Lease;
use super::{InFlightLoads, Join, Leader, SingleFlight, WaitOutcome, Waiter};
use crate::clock::{ManualClock, Time};
use proptest::prelude::*;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(1);
const KEYS: usize = 2;

/// Tells in which step its load began; some can be cloned by nobody.
#[derive(Debug)]
struct Value {
    began: usize,
    brittle: bool,
}

impl Clone for Value {
    fn clone(&self) -> Self {
        assert!(!self.brittle, "this clone panics on purpose");
        Self { ..*self }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Join(usize),
    Poll(usize),
    Complete(usize),
    CompleteBrittle(usize),
    GiveUp(usize),
    /// A loader that is neither driven nor dropped.
    Hang(usize),
    Cancel(usize),
    /// A waiter that is neither polled nor dropped any more.
    Abandon(usize),
    Forget(usize),
    ForgetAll,
    PassLease,
}

fn step() -> impl Strategy<Value = Step> {
    let any = 0_usize..16;
    let key = 0..KEYS;
    prop_oneof![
        6 => key.clone().prop_map(Step::Join),
        6 => any.clone().prop_map(Step::Poll),
        1 => any.clone().prop_map(Step::Complete),
        2 => any.clone().prop_map(Step::CompleteBrittle),
        2 => any.clone().prop_map(Step::GiveUp),
        2 => any.clone().prop_map(Step::Hang),
        1 => any.clone().prop_map(Step::Cancel),
        1 => any.prop_map(Step::Abandon),
        2 => key.prop_map(Step::Forget),
        1 => Just(Step::ForgetAll),
        1 => Just(Step::PassLease),
    ]
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Waiting {
    waiter: Waiter<usize, Value>,
    key: usize,
    joined: usize,
    polled: bool,
    woken: Arc<Woken>,
}

struct Leading {
    leader: Leader<usize, Value>,
    began: usize,
}

struct World {
    loads: SingleFlight<usize, Value>,
    clock: ManualClock,
    /// Number of the present step.
    now: usize,
    /// When each key was forgotten.
    forgotten: [Vec<usize>; KEYS],
    waiting: Vec<Waiting>,
    leading: Vec<Leading>,
    hung: Vec<Leading>,
    abandoned: Vec<Waiting>,
}

fn pick<T>(from: &mut Vec<T>, which: usize) -> Option<T> {
    (!from.is_empty()).then(|| from.remove(which % from.len()))
}

impl World {
    fn new(lease: Option<Duration>) -> Self {
        let clock = ManualClock::new();
        let time = Time::custom(Arc::new(clock.clone()));
        Self {
            loads: SingleFlight {
                loads: Arc::new(InFlightLoads::new(
                    lease.map(|lease| Lease::new(lease, time, None)),
                )),
            },
            clock,
            now: 1,
            forgotten: Default::default(),
            waiting: Vec::new(),
            leading: Vec::new(),
            hung: Vec::new(),
            abandoned: Vec::new(),
        }
    }

    fn lead(&mut self, leader: Leader<usize, Value>) {
        let began = self.now;
        self.leading.push(Leading { leader, began });
    }

    fn poll(&mut self, mut waiting: Waiting) {
        waiting.polled = true;
        waiting.woken.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&waiting.woken));
        let mut context = Context::from_waker(&waker);
        let waiter = &mut waiting.waiter;
        let poll = || Pin::new(waiter).poll(&mut context);
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Pending) => self.waiting.push(waiting),
            Ok(Poll::Ready(WaitOutcome::Lead(leader))) => self.lead(leader),
            Ok(Poll::Ready(WaitOutcome::Value(value))) => {
                let known = self.forgotten_before(waiting.key, waiting.joined);
                assert!(value.began > known, "a value from before a forget");
            }
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// The last forget of the key that the caller must have seen.
    fn forgotten_before(&self, key: usize, joined: usize) -> usize {
        let before = |at: &&usize| **at < joined;
        let last = self.forgotten[key].iter().rev().find(before);
        last.copied().unwrap_or(0)
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Join(key) => match self.loads.join(&key) {
                Join::Lead(leader) => self.lead(leader),
                Join::Wait(waiter) => self.waiting.push(Waiting {
                    waiter,
                    key,
                    joined: self.now,
                    polled: false,
                    woken: Arc::default(),
                }),
                Join::Reentrant => panic!("no loader is running"),
            },
            Step::Poll(which) => {
                if let Some(waiting) = pick(&mut self.waiting, which) {
                    self.poll(waiting);
                }
            }
            Step::Complete(which) | Step::CompleteBrittle(which) => {
                if let Some(leading) = pick(&mut self.leading, which) {
                    let value = Value {
                        began: leading.began,
                        brittle: matches!(step, Step::CompleteBrittle(_)),
                    };
                    let complete = || leading.leader.complete(&value);
                    let _ = catch_unwind(AssertUnwindSafe(complete));
                }
            }
            Step::GiveUp(which) => drop(pick(&mut self.leading, which)),
            Step::Hang(which) => self.hung.extend(pick(&mut self.leading, which)),
            Step::Cancel(which) => drop(pick(&mut self.waiting, which)),
            Step::Abandon(which) => self.abandoned.extend(pick(&mut self.waiting, which)),
            Step::Forget(key) => {
                self.loads.forget(&key);
                self.forgotten[key].push(self.now);
            }
            Step::ForgetAll => {
                self.loads.forget_all();
                let now = self.now;
                self.forgotten.iter_mut().for_each(|of| of.push(now));
            }
            Step::PassLease => {
                self.clock.advance(LEASE);
                self.loads.end_leases();
            }
        }
        self.now += 1;
    }

    /// Polls whoever was woken, until nobody is. Who is called completes.
    fn settle(&mut self) {
        loop {
            let woken = |waiting: &Waiting| waiting.woken.0.load(Ordering::Relaxed);
            if let Some(at) = self.waiting.iter().position(woken) {
                let waiting = self.waiting.remove(at);
                self.poll(waiting);
            } else if let Some(Leading { leader, began }) = self.leading.pop() {
                let brittle = false;
                leader.complete(&Value { began, brittle });
            } else {
                return;
            }
            self.now += 1;
        }
    }

    /// Leaders that hang go on hanging, and so does who was abandoned.
    fn end(mut self, leases: usize) -> Result<(), TestCaseError> {
        for waiting in std::mem::take(&mut self.waiting) {
            // Somebody who wants the value polls at least once.
            self.poll(waiting);
        }
        self.settle();
        for _ in 0..leases {
            self.take(&Step::PassLease);
            self.settle();
        }
        prop_assert_eq!(self.waiting.len(), 0, "somebody waits for ever");
        drop((self.hung, self.abandoned));
        prop_assert_eq!(self.loads.in_flight(), 0, "a load was left behind");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn with_a_lease_nobody_waits_for_ever(steps in prop::collection::vec(step(), 0..60)) {
        let mut world = World::new(Some(LEASE));
        for step in &steps {
            world.take(step);
        }
        // One for the leader that hangs, and one for each who was called and did not come.
        let leases = 1 + world.abandoned.len();
        world.end(leases)?;
    }

    #[test]
    fn without_one_only_a_leader_that_hangs_or_one_who_was_called_holds_others_up(
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let mut world = World::new(None);
        for step in &steps {
            if !matches!(step, Step::Hang(_) | Step::Abandon(_)) {
                world.take(step);
            }
        }
        world.end(0)?;
    }
}
