//! One load per key at a time: the first caller leads, the others wait for its value.
//!
//! A load is a small state machine under its own lock:
//!
//! ```text
//!           join              complete
//! (absent) ─────► Running(epoch) ────► Complete(value)      all waiters take a clone
//!                  ▲        │ error, panic, dropped leader, end of the lease
//!          claimed │        ▼
//!                  └────── Vacant                         one waiter is woken, to lead
//! ```
//! The epoch tells a leader whose lease has ended that the load is not its own any more. A load stands in the table
//! until it completes, or nobody leads it and nobody waits. A key that is forgotten only keeps others from joining: the
//! load stays where the lease finds it, for those who wait.
//!
//! Lock order: the table's shard, then the load. Whatever is code of the user runs outside both, but for `Eq` of keys
//! under the first, and before the state says that it is done: if it panics, the load goes on with the next caller.

mod active;
mod block_on;
mod leader;
mod lease;
#[cfg(all(test, wats_loom))]
mod loom_tests;
#[cfg(all(test, not(wats_loom)))]
mod model_tests;
mod table;
mod waiter;

use crate::clock::{Clock, Time};
use crate::entry::Tick;
use crate::error::LoadError;
use crate::removal::Panics;
pub(crate) use active::{Caller, Waits};
pub(crate) use block_on::block_on;
pub use leader::Leader;
use lease::Lease;
#[cfg(wats_loom)]
use loom::sync::{Mutex, MutexGuard};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, Weak};
#[cfg(not(wats_loom))]
use std::sync::{Mutex, MutexGuard};
use std::task::Waker;
use std::time::Duration;
use table::Table;
pub use waiter::Waiter;
use wats_background::Work;

/// Runs at most one load per key at a time; callers of the same key share its value.
///
/// It remembers nothing: once a load has ended, the next caller starts another. Sync and async callers may share a
/// key. Clones share the loads.
///
/// | the leader | then |
/// |---|---|
/// | returns a value | every waiter gets a clone of it |
/// | returns an error | it gets its error; the longest waiting caller leads next, with its own loader |
/// | panics, or its future is dropped | the panic is its own; the longest waiting caller leads next |
/// | takes longer than the lease | another caller leads; its late value is its own and nobody else's |
/// | joins its own key again | [`Join::Reentrant`]; `run` and `run_async` return [`LoadError::Reentrant`] |
///
/// To share failures, too, make them values: with `SingleFlight<K, Result<V, Arc<E>>>` and a loader that returns
/// `Ok(outcome)` all who wait when a load fails get its error, and who comes later loads anew.
///
/// ```
/// use wats_cache::SingleFlight;
///
/// let loads = SingleFlight::new();
/// let value = loads.run(&"key", || Ok::<_, std::io::Error>(7)).unwrap();
/// assert_eq!(value, 7);
/// ```
pub struct SingleFlight<K, V> {
    loads: Arc<InFlightLoads<K, V>>,
}

/// What a caller is to do; see [`SingleFlight::join`].
#[derive(Debug)]
pub enum Join<K: Hash + Eq, V> {
    /// Nobody loads the key: do it, and tell the [`Leader`] the value.
    Lead(Leader<K, V>),
    /// Somebody does: wait for it.
    Wait(Waiter<K, V>),
    /// This very caller does, further up: waiting for itself would never end.
    Reentrant,
}

/// How a wait ended.
#[derive(Debug)]
pub enum WaitOutcome<K: Hash + Eq, V> {
    /// The value of the leader.
    Value(V),
    /// The leader gave up: it is this caller's turn to load.
    Lead(Leader<K, V>),
}

pub(crate) struct InFlightLoads<K, V> {
    table: Table<K, V>,
    lease: Option<Lease>,
}

struct InFlightLoad<K, V> {
    id: u64,
    key: K,
    hash: u64,
    state: Mutex<State<V>>,
}

struct State<V> {
    phase: Phase<V>,
    /// When the last leader began, or lost its lease; if the one who was called then does not come, another is called
    /// a lease later.
    since: Tick,
    /// Counts the leaders.
    epoch: u64,
    waiters: BTreeMap<u64, Option<Waker>>,
    next_ticket: u64,
}

enum Phase<V> {
    Running,
    Vacant,
    Complete(Arc<V>),
}

/// Wakers to be woken when this is dropped, outside all locks.
#[derive(Default)]
struct Wakes(Vec<Waker>);

impl Drop for Wakes {
    /// A waker that panics does not leave the others asleep.
    fn drop(&mut self) {
        let mut panic = None;
        for waker in self.0.drain(..) {
            let woken = std::panic::catch_unwind(AssertUnwindSafe(|| waker.wake()));
            panic = panic.or(woken.err());
        }
        if let (Some(panic), false) = (panic, std::thread::panicking()) {
            std::panic::resume_unwind(panic);
        }
    }
}

impl<K, V> InFlightLoad<K, V> {
    fn new(key: K, hash: u64, since: Tick) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let state = State {
            phase: Phase::Running,
            since,
            epoch: 1,
            waiters: BTreeMap::new(),
            next_ticket: 0,
        };
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            key,
            hash,
            state: Mutex::new(state),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> State<V> {
    /// Ends the present leadership without a value, and calls the next.
    fn vacate(&mut self) -> Wakes {
        self.phase = Phase::Vacant;
        self.epoch += 1;
        self.first_waker()
    }

    fn first_waker(&mut self) -> Wakes {
        // One that was never polled will find the vacancy by itself.
        let first = self.waiters.values_mut().find_map(Option::take);
        Wakes(first.into_iter().collect())
    }

    fn wakers(&mut self) -> Wakes {
        let all = self.waiters.values_mut().filter_map(Option::take);
        Wakes(all.collect())
    }

    fn claim(&mut self, since: Tick) -> u64 {
        self.phase = Phase::Running;
        self.since = since;
        self.epoch += 1;
        self.epoch
    }

    fn queue(&mut self) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiters.insert(ticket, None);
        ticket
    }
}

impl<K: Hash + Eq, V> InFlightLoads<K, V> {
    fn new(lease: Option<Lease>) -> Self {
        Self {
            table: Table::new(),
            lease,
        }
    }

    /// The time only matters to leases, so without one no clock is read.
    fn now(&self) -> Tick {
        self.lease.as_ref().map_or(0, Lease::now)
    }

    /// When the lease of a leader begins that takes the key now.
    fn begin(&self, now: Tick) -> Tick {
        self.lease.as_ref().map_or(0, |lease| lease.begin(now))
    }

    fn lease_is_over(&self, since: Tick, now: Tick) -> bool {
        self.lease
            .as_ref()
            .is_some_and(|lease| lease.is_over(since, now))
    }

    /// Somebody waits now for a leader whose lease began at `since`.
    fn watch(&self, since: Tick) {
        if let Some(lease) = &self.lease {
            lease.watch(since);
        }
    }

    /// Ends the leases that are over and has a waiter lead on; tells when the next one of those began that must be watched.
    fn end_leases(&self) -> Option<Tick> {
        let now = self.now();
        let mut panics = Panics::default();
        let mut soonest: Option<Tick> = None;
        for (load, forgotten) in self.table.all() {
            let (wakes, since) = self.end_lease(&load, forgotten, now);
            soonest = soonest.into_iter().chain(since).min();
            // A waker is code of the runtime of who waits.
            panics.drop(wakes);
        }
        panics.swallow();
        soonest
    }

    /// Ends the lease of a load if it is over, and calls the next who waits. Tells when the lease began that it has now,
    /// if somebody must see its end.
    fn end_lease(
        &self,
        load: &InFlightLoad<K, V>,
        forgotten: bool,
        now: Tick,
    ) -> (Wakes, Option<Tick>) {
        let mut shard = self.table.lock(load.hash);
        let mut state = load.lock();
        let watched = forgotten || !state.waiters.is_empty();
        if !self.lease_is_over(state.since, now) {
            let open = matches!(state.phase, Phase::Running | Phase::Vacant);
            return (Wakes::default(), (watched && open).then_some(state.since));
        }
        match state.phase {
            Phase::Running if !state.waiters.is_empty() => {
                state.since = self.begin(now);
                (state.vacate(), Some(state.since))
            }
            // Who was called has not come.
            Phase::Vacant => {
                state.since = self.begin(now);
                (state.first_waker(), Some(state.since))
            }
            // Without a waiter the next caller finds the end of the lease by itself, but nobody comes to this one.
            Phase::Running if forgotten => {
                state.epoch += 1;
                shard.remove(load);
                (Wakes::default(), None)
            }
            _ => (Wakes::default(), None),
        }
    }
}

impl<K, V> SingleFlight<K, V>
where
    K: Hash + Eq + Clone,
    V: Clone,
{
    /// Without a lease: a leader may take as long as it likes.
    pub fn new() -> Self {
        Self {
            loads: Arc::new(InFlightLoads::new(None)),
        }
    }

    /// A leader that takes longer than `lease` does not hold the others up: one of them leads then. The lease is
    /// looked after every quarter of it, at least every second.
    pub fn with_lease(lease: Duration) -> Self
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        Self::build(Some(lease), &Time::Coarse)
    }

    /// As [`with_lease`](Self::with_lease), with the time of another clock.
    pub fn with_lease_and_clock(lease: Duration, clock: impl Clock) -> Self
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        Self::build(Some(lease), &Time::custom(Arc::new(clock)))
    }

    pub(crate) fn build(lease: Option<Duration>, time: &Time) -> Self
    where
        K: Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        let loads = Arc::new_cyclic(|loads: &Weak<InFlightLoads<K, V>>| {
            let work = || loads.clone() as Weak<dyn Work>;
            InFlightLoads::new(lease.map(|lease| Lease::new(lease, time.clone(), Some(work()))))
        });
        Self { loads }
    }

    /// Joins the load of a key, or starts it.
    ///
    /// [`Join::Reentrant`] is for a caller that may block its thread, or await: inside the loader in the same task of
    /// tokio, or, where that is not known, anywhere below the loader on the stack.
    pub fn join(&self, key: &K) -> Join<K, V> {
        self.join_as(key, Caller::Task(None))
    }

    pub(crate) fn join_as(&self, key: &K, caller: Caller<'_>) -> Join<K, V> {
        let loads = &self.loads;
        let hash = loads.table.hash(key);
        let now = loads.now();
        let mut started = None;
        loop {
            let mut shard = loads.table.lock(hash);
            if let Some(load) = shard.current(hash, key).cloned() {
                if active::leads(load.id, caller) {
                    return Join::Reentrant;
                }
                let mut state = load.lock();
                if loads.lease_is_over(state.since, now) {
                    let epoch = state.claim(loads.begin(now));
                    drop((state, shard));
                    return Join::Lead(Leader::new(loads, load, epoch));
                }
                let ticket = state.queue();
                let since = state.since;
                drop((state, shard));
                loads.watch(since);
                return Join::Wait(Waiter::new(loads, load, ticket));
            }
            if let Some(load) = started {
                shard.add(Arc::clone(&load));
                drop(shard);
                return Join::Lead(Leader::new(loads, load, 1));
            }
            drop(shard);
            started = Some(Arc::new(InFlightLoad::new(
                key.clone(),
                hash,
                loads.begin(now),
            )));
        }
    }

    /// Leads a load that nobody joins, beside whichever there is.
    pub(crate) fn lead_alone(&self, key: &K) -> Leader<K, V> {
        let loads = &self.loads;
        let hash = loads.table.hash(key);
        let load = InFlightLoad::new(key.clone(), hash, loads.begin(loads.now()));
        Leader::new(loads, Arc::new(load), 1)
    }

    /// Returns the value of the load of this key, run by this caller or by another.
    ///
    /// # Errors
    /// What `load` returned, if this caller ran it; [`LoadError::Reentrant`] inside the loader of this very key.
    pub fn run<E>(&self, key: &K, load: impl FnOnce() -> Result<V, E>) -> Result<V, LoadError<E>> {
        block_on(self.run_as(Waits::Thread, key, || std::future::ready(load())))
    }

    /// Returns the value of the load of this key, run by this caller or by another. Works on any runtime.
    ///
    /// # Errors
    /// What the future of `load` returned, if this caller ran it; [`LoadError::Reentrant`] inside the loader of this
    /// very key.
    pub async fn run_async<E, F>(
        &self,
        key: &K,
        load: impl FnOnce() -> F,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<V, E>>,
    {
        self.run_as(Waits::Task, key, load).await
    }

    async fn run_as<E, F>(
        &self,
        waits: Waits,
        key: &K,
        load: impl FnOnce() -> F,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<V, E>>,
    {
        let leader = match waits.call(|caller| self.join_as(key, caller)).await {
            Join::Lead(leader) => leader,
            Join::Reentrant => return Err(LoadError::Reentrant),
            Join::Wait(waiter) => match waiter.await {
                WaitOutcome::Value(value) => return Ok(value),
                WaitOutcome::Lead(leader) => leader,
            },
        };
        let value = leader.enter_async(load).await.map_err(LoadError::Failed)?;
        leader.complete(&value);
        Ok(value)
    }
}

impl<K: Hash + Eq, V> SingleFlight<K, V> {
    /// Lets go of a load under way: who waits for it still gets its value, or the turn to load if there comes none;
    /// who comes later loads anew.
    pub fn forget<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.loads.table.hash(key);
        let forgotten = self.loads.table.lock(hash).forget(hash, key);
        if forgotten {
            self.loads.watch(self.loads.now());
        }
    }

    /// As [`forget`](Self::forget), for all keys.
    pub fn forget_all(&self) {
        if self.loads.table.forget_all() {
            self.loads.watch(self.loads.now());
        }
    }

    /// Loads under way now, those of forgotten keys included.
    pub fn in_flight(&self) -> usize {
        self.loads.table.len()
    }
}

#[cfg(test)]
impl<K: Hash + Eq, V> SingleFlight<K, V> {
    /// What the background does from time to time.
    pub(crate) fn end_leases(&self) {
        self.loads.end_leases();
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> Clone for SingleFlight<K, V> {
    fn clone(&self) -> Self {
        Self {
            loads: Arc::clone(&self.loads),
        }
    }
}

impl<K, V> fmt::Debug for SingleFlight<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight")
            .field(
                "lease",
                &self.loads.lease.as_ref().map(|lease| lease.length),
            )
            .finish_non_exhaustive()
    }
}
