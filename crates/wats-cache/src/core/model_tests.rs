//! Loading look-ups under every mix of what can happen to them, polled by hand: all are answered, and nothing from before
//! a write is cached after it.
#![allow(clippy::panic, reason = "a panic in a test is its failure")]

use crate::{AsyncTtlCache, LoadError, LoadHandle, LoadOptions, Loaded, ManualClock, Read};
use proptest::prelude::*;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    Own,
    Shared,
    WithOptions,
    TagsAnnounced,
    Alone,
    Origin,
}

#[derive(Debug, Clone)]
enum Step {
    /// A look-up that is made and not polled; its value has a tag.
    Call {
        key: usize,
        how: How,
    },
    Poll(usize),
    /// Lets the load of a call end, when it is polled.
    Finish(usize, Outcome),
    Drop(usize),
    /// Neither polled nor dropped any more.
    Abandon(usize),
    /// The load of a call reads from here on.
    Restart(usize),
    Insert(usize),
    Remove(usize),
    Expire(usize),
    ExpireAll,
    ExpireTag,
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
        6 => (key.clone(), how()).prop_map(|(key, how)| Step::Call { key, how }),
        2 => which.clone().prop_map(Step::Restart),
        1 => key.clone().prop_map(Step::Expire),
        1 => prop_oneof![Just(Step::ExpireAll), Just(Step::ExpireTag)],
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

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        2 => Just(How::Own),
        2 => Just(How::Shared),
        2 => Just(How::WithOptions),
        1 => Just(How::TagsAnnounced),
        1 => Just(How::Alone),
        1 => Just(How::Origin),
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

#[derive(Default)]
struct Loading {
    outcome: Mutex<Option<Outcome>>,
    handle: Mutex<Option<LoadHandle>>,
    /// When it began to read; zero before it loads.
    began: AtomicUsize,
}

impl Loading {
    fn outcome(&self) -> Option<Outcome> {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, outcome: Outcome) {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    }

    fn loads(&self) -> bool {
        self.began.load(Ordering::Relaxed) != 0
    }

    /// What it is at this poll.
    fn poll(&self) -> Poll<Result<Loaded<Value>, usize>> {
        let began = self.began.load(Ordering::Relaxed);
        let tagged = |clones| Ok(Loaded::new(Value::new(began, clones)).tags(["tag"]));
        match self.outcome() {
            None => Poll::Pending,
            Some(Outcome::Value) => Poll::Ready(tagged(-1)),
            Some(Outcome::Brittle(clones)) => Poll::Ready(tagged(clones)),
            Some(Outcome::Error) => Poll::Ready(Err(began)),
            Some(Outcome::Panic) => panic!("the loader panics on purpose"),
        }
    }
}

struct Call {
    future: Pin<Box<dyn Future<Output = Answer>>>,
    woken: Arc<Woken>,
    loading: Arc<Loading>,
    /// What it returns was made after this.
    not_before: usize,
}

struct World {
    cache: AsyncTtlCache<usize, Value>,
    clock: ManualClock,
    now: Arc<AtomicUsize>,
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
            now: Arc::new(AtomicUsize::new(1)),
            written: [0; KEYS],
            calls: Vec::new(),
            abandoned: Vec::new(),
        }
    }

    fn now(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }

    fn pass(&self) {
        self.now.fetch_add(1, Ordering::Relaxed);
    }

    fn call(&mut self, key: usize, how: How) {
        let loading: Arc<Loading> = Arc::default();
        let (inside, now) = (Arc::clone(&loading), Arc::clone(&self.now));
        let load = move || {
            inside
                .began
                .store(now.load(Ordering::Relaxed), Ordering::Relaxed);
            poll_fn(move |_| inside.poll())
        };
        let handed = Arc::clone(&loading);
        let told = move |handle| {
            let place = handed.handle.lock();
            *place.unwrap_or_else(PoisonError::into_inner) = Some(handle);
        };
        let options = match how {
            How::TagsAnnounced => LoadOptions::new().tags(["tag"]),
            How::Alone => LoadOptions::new().alone(true),
            How::Origin => LoadOptions::new().read(Read::Origin),
            How::Own | How::Shared | How::WithOptions => LoadOptions::new(),
        };
        let cache = self.cache.clone();
        let future: Pin<Box<dyn Future<Output = Answer>>> = match how {
            How::Own => Box::pin(async move { cache.get_or_load_with(key, load).await }),
            How::Shared => Box::pin(async move { cache.get_or_load_shared_with(key, load).await }),
            _ => {
                let load = move |handle| {
                    told(handle);
                    load()
                };
                Box::pin(async move { cache.load_with(key, options, load).await })
            }
        };
        // Before its first poll nothing is asked.
        let not_before = if how == How::Origin { self.now() } else { 0 };
        self.calls.push(Call {
            future,
            woken: Arc::default(),
            loading,
            not_before,
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
        let poll = || call.future.as_mut().poll(&mut context);
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Pending) => self.calls.push(call),
            Ok(Poll::Ready(Ok(value))) => assert!(value.made >= call.not_before, "an old value"),
            Ok(Poll::Ready(Err(_))) | Err(_) => {}
        }
    }

    fn take(&mut self, step: &Step) {
        let now = self.now();
        match *step {
            Step::Call { key, how } => self.call(key, how),
            Step::Poll(which) => {
                if let Some(call) = self.pick(which) {
                    self.poll(call);
                }
            }
            Step::Finish(which, outcome) => {
                if let Some(call) = self.pick(which) {
                    call.loading.finish(outcome);
                    self.poll(call);
                }
            }
            Step::Drop(which) => drop(self.pick(which)),
            Step::Abandon(which) => {
                let call = self.pick(which);
                self.abandoned.extend(call);
            }
            Step::Restart(which) => {
                let which = which % self.calls.len().max(1);
                if let Some(call) = self.calls.get(which) {
                    let handle = call.loading.handle.lock();
                    if let Some(handle) = &*handle.unwrap_or_else(PoisonError::into_inner)
                        && handle.from_here_on()
                    {
                        call.loading.began.store(now, Ordering::Relaxed);
                    }
                }
            }
            Step::Insert(key) => {
                self.cache.insert(key, Value::new(now + 1, -1));
                self.written[key] = now;
                self.pass();
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
            Step::Expire(key) => {
                let _ = catch_unwind(AssertUnwindSafe(|| self.cache.expire(&key)));
                self.written[key] = now;
            }
            Step::ExpireAll => {
                self.cache.expire_all();
                self.written = [now; KEYS];
            }
            Step::ExpireTag => {
                self.cache.expire_tag("tag");
                for key in 0..KEYS {
                    // What was inserted has no tag.
                    if !self.cache.contains_key(&key) {
                        self.written[key] = now;
                    }
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
        self.pass();
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
                if call.loading.loads() && call.loading.outcome().is_none() {
                    call.loading.finish(Outcome::Value);
                    return true;
                }
                call.woken.0.load(Ordering::Relaxed)
            };
            let Some(at) = self.calls.iter().position(ready) else {
                return;
            };
            let call = self.calls.remove(at);
            self.poll(call);
            self.pass();
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
