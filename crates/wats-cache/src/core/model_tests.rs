//! Loading look-ups under every mix of what can happen to them, polled by hand: all are answered, and nothing from before
//! a write is cached after it.
#![allow(clippy::panic, reason = "a panic in a test is its failure")]

use crate::{AsyncTtlCache, LoadError, Loaded, ManualClock};
use proptest::prelude::*;
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(1);
const KEYS: usize = 2;

/// Tells in which step it was made; a fuse lets one of its clones panic.
#[derive(Debug)]
struct Value {
    made: usize,
    fuse: Arc<AtomicI64>,
}

impl Value {
    fn new(made: usize, clones: i64) -> Self {
        let fuse = Arc::new(AtomicI64::new(clones));
        Self { made, fuse }
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        let left = self.fuse.fetch_sub(1, Ordering::Relaxed);
        assert!(left != 0, "the clone panics on purpose");
        Self {
            made: self.made,
            fuse: Arc::clone(&self.fuse),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Value,
    /// The clone of this number panics.
    Brittle(i64),
    Error,
    Panic,
}

#[derive(Debug, Clone)]
enum Step {
    /// A look-up that is made and not polled; its value has a tag.
    Call {
        key: usize,
        shared: bool,
    },
    Poll(usize),
    /// Lets the load of a call end, when it is polled.
    Finish(usize, Outcome),
    Drop(usize),
    /// Neither polled nor dropped any more.
    Abandon(usize),
    Insert(usize),
    Remove(usize),
    InvalidateTag,
    InvalidateOtherTag,
    Retain,
    Clear,
    PassLease,
}

fn step() -> impl Strategy<Value = Step> {
    let (which, key) = (0_usize..16, 0..KEYS);
    let outcome = prop_oneof![
        2 => Just(Outcome::Value),
        2 => (0_i64..4).prop_map(Outcome::Brittle),
        2 => Just(Outcome::Error),
        1 => Just(Outcome::Panic),
    ];
    prop_oneof![
        6 => (key.clone(), any::<bool>()).prop_map(|(key, shared)| Step::Call { key, shared }),
        8 => which.clone().prop_map(Step::Poll),
        4 => (which.clone(), outcome).prop_map(|(which, outcome)| Step::Finish(which, outcome)),
        1 => which.clone().prop_map(Step::Drop),
        1 => which.prop_map(Step::Abandon),
        1 => key.clone().prop_map(Step::Insert),
        2 => key.prop_map(Step::Remove),
        1 => Just(Step::InvalidateTag),
        1 => Just(Step::InvalidateOtherTag),
        1 => prop_oneof![Just(Step::Retain), Just(Step::Clear)],
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

type Answer = Result<Value, LoadError<usize>>;

fn tagged(value: Value) -> Loaded<Value> {
    Loaded::new(value).tags(["tag"])
}

struct Call {
    future: Pin<Box<dyn Future<Output = Answer>>>,
    woken: Arc<Woken>,
    outcome: Rc<Cell<Option<Outcome>>>,
    loads: Rc<Cell<bool>>,
}

struct World {
    cache: AsyncTtlCache<usize, Value>,
    clock: ManualClock,
    now: Rc<Cell<usize>>,
    /// When each key was last written or removed; an insert counts before what it inserts.
    written: [usize; KEYS],
    calls: Vec<Call>,
    abandoned: Vec<Call>,
}

impl World {
    fn new() -> Self {
        let clock = ManualClock::new();
        Self {
            cache: AsyncTtlCache::builder()
                .load_lease(Some(LEASE))
                .default_ttl(None)
                .sweep_interval(None)
                .clock(clock.clone())
                .build(),
            clock,
            now: Rc::new(Cell::new(1)),
            written: [0; KEYS],
            calls: Vec::new(),
            abandoned: Vec::new(),
        }
    }

    fn call(&mut self, key: usize, shared: bool) {
        let outcome: Rc<Cell<Option<Outcome>>> = Rc::default();
        let loads: Rc<Cell<bool>> = Rc::default();
        let (told, loading, now) = (Rc::clone(&outcome), Rc::clone(&loads), Rc::clone(&self.now));
        let load = move || {
            let began = now.get();
            loading.set(true);
            poll_fn(move |_| match told.get() {
                None => Poll::Pending,
                Some(Outcome::Value) => Poll::Ready(Ok(Value::new(began, -1))),
                Some(Outcome::Brittle(clones)) => Poll::Ready(Ok(Value::new(began, clones))),
                Some(Outcome::Error) => Poll::Ready(Err(began)),
                Some(Outcome::Panic) => panic!("the loader panics on purpose"),
            })
        };
        let cache = self.cache.clone();
        let future: Pin<Box<dyn Future<Output = Answer>>> = if shared {
            let load = move || async move { load().await.map(tagged) };
            Box::pin(async move { cache.get_or_load_shared_with(key, load).await })
        } else {
            let load = move || async move { load().await.map(tagged) };
            Box::pin(async move { cache.get_or_load_with(key, load).await })
        };
        self.calls.push(Call {
            future,
            woken: Arc::default(),
            outcome,
            loads,
        });
    }

    fn pick(&mut self, which: usize) -> Option<Call> {
        let calls = &mut self.calls;
        (!calls.is_empty()).then(|| calls.remove(which % calls.len()))
    }

    fn poll(&mut self, mut call: Call) {
        call.woken.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&call.woken));
        let mut context = Context::from_waker(&waker);
        let poll = || call.future.as_mut().poll(&mut context).is_pending();
        if catch_unwind(AssertUnwindSafe(poll)).unwrap_or(false) {
            self.calls.push(call);
        }
    }

    fn take(&mut self, step: &Step) {
        let now = self.now.get();
        match *step {
            Step::Call { key, shared } => self.call(key, shared),
            Step::Poll(which) => {
                if let Some(call) = self.pick(which) {
                    self.poll(call);
                }
            }
            Step::Finish(which, outcome) => {
                if let Some(call) = self.pick(which) {
                    call.outcome.set(Some(outcome));
                    self.poll(call);
                }
            }
            Step::Drop(which) => drop(self.pick(which)),
            Step::Abandon(which) => {
                let call = self.pick(which);
                self.abandoned.extend(call);
            }
            Step::Insert(key) => {
                self.cache.insert(key, Value::new(now + 1, -1));
                self.written[key] = now;
                self.now.set(now + 1);
            }
            Step::Remove(key) => {
                let _ = catch_unwind(AssertUnwindSafe(|| self.cache.remove(&key)));
                self.written[key] = now;
            }
            Step::InvalidateTag => {
                self.cache.invalidate_tag("tag");
                for key in 0..KEYS {
                    // What was inserted has no tag.
                    if self.cache.contains_key(&key) {
                        continue;
                    }
                    self.written[key] = now;
                }
            }
            Step::InvalidateOtherTag => assert_eq!(self.cache.invalidate_tag("other"), 0),
            Step::Retain => {
                let all = || self.cache.retain(|_, _| true);
                // It looks at clones, which may panic; loads are overtaken before.
                let _ = catch_unwind(AssertUnwindSafe(all));
                for key in 0..KEYS {
                    if !self.cache.contains_key(&key) {
                        self.written[key] = now;
                    }
                }
            }
            Step::Clear => {
                self.cache.clear();
                self.written = [now; KEYS];
            }
            Step::PassLease => {
                self.clock.advance(LEASE);
                self.cache.core.single_flight.end_leases();
            }
        }
        self.now.set(self.now.get() + 1);
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for key in 0..KEYS {
            let made = self.cache.core.peek(&key, |value| value.made);
            prop_assert!(
                made.is_none_or(|made| made > self.written[key]),
                "key {} was written at {}, and has a value of {made:?}",
                key,
                self.written[key]
            );
        }
        Ok(())
    }

    /// Polls whoever was woken; who loads by now gets a value.
    fn settle(&mut self) {
        loop {
            let ready = |call: &Call| {
                if call.loads.get() && call.outcome.get().is_none() {
                    call.outcome.set(Some(Outcome::Value));
                    return true;
                }
                call.woken.0.load(Ordering::Relaxed)
            };
            let Some(at) = self.calls.iter().position(ready) else {
                return;
            };
            let call = self.calls.remove(at);
            self.poll(call);
            self.now.set(self.now.get() + 1);
        }
    }

    fn end(mut self) -> Result<(), TestCaseError> {
        for call in std::mem::take(&mut self.calls) {
            self.poll(call);
        }
        self.settle();
        for _ in 0..=self.abandoned.len() {
            self.take(&Step::PassLease);
            self.settle();
            self.check()?;
        }
        prop_assert_eq!(self.calls.len(), 0, "somebody waits for ever");
        self.abandoned.clear();
        let loads = self.cache.core.single_flight.in_flight();
        prop_assert_eq!(loads, 0, "a load was left behind");
        let pending =
            |shard: &crate::lock::Lock<crate::shard::Shard<_, _>>| shard.lock().pending.is_empty();
        prop_assert!(self.cache.core.shards.iter().all(pending));
        let stats = self.cache.stats();
        prop_assert_eq!(stats.inserts - stats.removals(), stats.size);
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
    fn all_are_answered_and_nothing_from_before_a_write_is_cached(
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.check()?;
        }
        world.end()?;
    }
}
