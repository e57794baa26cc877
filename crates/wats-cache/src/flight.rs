//! One load per key at a time: the first caller leads, the others wait for its value.
//!
//! The flights under way stand in a map from key to [`Flight`]. A flight is a small state machine under its own lock:
//!
//! ```text
//!           join                land
//! (absent) ─────► Running(epoch) ────► Landed(value)      all waiters take a clone
//!                  ▲        │ error, panic, dropped leader, end of the lease
//!          claimed │        ▼
//!                  └────── Vacant                         one waiter is woken and leads: the baton
//! ```
//! A flight leaves the map when it lands, or when it is vacant and nobody waits; it is `Closed` then, and whoever still
//! holds it joins anew. The epoch tells a leader whose lease has ended that the flight is not its own any more.
//!
//! Lock order: the map's shard, then the flight. Wakers are woken, and values cloned, outside both.

mod active;
mod leader;
mod lease;
#[cfg(all(test, wats_loom))]
mod loom_tests;
mod table;
mod waiter;

use crate::clock::{Clock, Time};
use crate::entry::Tick;
use crate::error::LoadError;
pub use leader::Leader;
use lease::Lease;
#[cfg(wats_loom)]
use loom::sync::{Mutex, MutexGuard};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
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
/// key. Clones share the flights.
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
/// let flights = SingleFlight::new();
/// let value = flights.run(&"key", || Ok::<_, std::io::Error>(7)).unwrap();
/// assert_eq!(value, 7);
/// ```
pub struct SingleFlight<K, V> {
    flights: Arc<Flights<K, V>>,
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
pub enum Turn<K: Hash + Eq, V> {
    /// The value of the leader.
    Landed(V),
    /// The leader gave up: it is this caller's turn to load.
    Lead(Leader<K, V>),
}

pub(crate) struct Flights<K, V> {
    table: Table<K, Flight<V>>,
    lease: Option<Lease>,
}

struct Flight<V> {
    id: u64,
    state: Mutex<State<V>>,
}

struct State<V> {
    phase: Phase<V>,
    /// Counts the leaders.
    epoch: u64,
    waiters: BTreeMap<u64, Option<Waker>>,
    next_ticket: u64,
}

enum Phase<V> {
    Running { since: Tick },
    Vacant,
    Landed(Arc<V>),
    Closed,
}

impl<V> Flight<V> {
    fn new(since: Tick) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let state = State {
            phase: Phase::Running { since },
            epoch: 1,
            waiters: BTreeMap::new(),
            next_ticket: 0,
        };
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            state: Mutex::new(state),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> State<V> {
    /// Ends the present leadership without a value. The waker, if any, must be woken after the lock is gone.
    fn vacate(&mut self) -> Option<Waker> {
        self.phase = Phase::Vacant;
        self.epoch += 1;
        self.first_waker()
    }

    fn first_waker(&mut self) -> Option<Waker> {
        // One that was never polled will find the vacancy by itself.
        self.waiters.values_mut().find_map(Option::take)
    }

    fn claim(&mut self, since: Tick) -> u64 {
        self.phase = Phase::Running { since };
        self.epoch += 1;
        self.epoch
    }
}

impl<K: Hash + Eq, V> Flights<K, V> {
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

    /// Takes the flight out of the map if nobody leads it or waits for it.
    fn close_if_idle(&self, key: &K, flight: &Arc<Flight<V>>) {
        self.table.remove_if(key, |present| {
            Arc::ptr_eq(present, flight) && {
                let mut state = flight.lock();
                let idle = matches!(state.phase, Phase::Vacant) && state.waiters.is_empty();
                if idle {
                    state.phase = Phase::Closed;
                }
                idle
            }
        });
    }

    fn remove(&self, key: &K, flight: &Arc<Flight<V>>) {
        self.table
            .remove_if(key, |present| Arc::ptr_eq(present, flight));
    }
}

impl<K, V> SingleFlight<K, V>
where
    K: Hash + Eq + Clone,
    V: Clone,
{
    /// Flights without a lease: a leader may take as long as it likes.
    pub fn new() -> Self {
        Self {
            flights: Arc::new(Flights::new(None)),
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
        let flights = Arc::new_cyclic(|flights: &Weak<Flights<K, V>>| {
            let work = || flights.clone() as Weak<dyn Work>;
            Flights::new(lease.map(|lease| Lease::new(lease, time.clone(), Some(work()))))
        });
        Self { flights }
    }

    /// Joins the flight of a key, or starts it.
    pub fn join(&self, key: &K) -> Join<K, V> {
        loop {
            let now = self.flights.now();
            let mut started = None;
            let flight = self.flights.table.get(key).unwrap_or_else(|| {
                let start =
                    || Arc::clone(started.insert(Arc::new(Flight::new(self.flights.begin(now)))));
                self.flights.table.get_or_insert(key.clone(), start)
            });
            if let Some(flight) = started {
                return Join::Lead(Leader::new(&self.flights, key, flight, 1));
            }
            if active::leads(flight.id) {
                return Join::Reentrant;
            }
            let mut state = flight.lock();
            match state.phase {
                Phase::Closed | Phase::Landed(_) => {
                    // It is over, for better or worse, and its leader is about to take it out; do so rather than
                    // spin until it has. Those who have its outcome may be here again already, and want another.
                    drop(state);
                    self.flights.remove(key, &flight);
                }
                Phase::Running { since } if self.flights.lease_is_over(since, now) => {
                    let epoch = state.claim(self.flights.begin(now));
                    drop(state);
                    return Join::Lead(Leader::new(&self.flights, key, flight, epoch));
                }
                Phase::Vacant | Phase::Running { .. } => {
                    let ticket = state.next_ticket;
                    state.next_ticket += 1;
                    state.waiters.insert(ticket, None);
                    let since = match state.phase {
                        Phase::Running { since } => since,
                        _ => now,
                    };
                    drop(state);
                    self.flights.watch(since);
                    return Join::Wait(Waiter::new(&self.flights, key, flight, ticket));
                }
            }
        }
    }

    /// Returns the value of the load of this key, run by this caller or by another.
    ///
    /// # Errors
    /// What `load` returned, if this caller ran it; [`LoadError::Reentrant`] inside the loader of this very key.
    pub fn run<E>(&self, key: &K, load: impl FnOnce() -> Result<V, E>) -> Result<V, LoadError<E>> {
        let leader = match self.join(key) {
            Join::Lead(leader) => leader,
            Join::Reentrant => return Err(LoadError::Reentrant),
            Join::Wait(waiter) => match waiter.wait() {
                Turn::Landed(value) => return Ok(value),
                Turn::Lead(leader) => leader,
            },
        };
        let value = leader.enter(load).map_err(LoadError::Failed)?;
        leader.land(&value);
        Ok(value)
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
        let leader = match self.join(key) {
            Join::Lead(leader) => leader,
            Join::Reentrant => return Err(LoadError::Reentrant),
            Join::Wait(waiter) => match waiter.await {
                Turn::Landed(value) => return Ok(value),
                Turn::Lead(leader) => leader,
            },
        };
        let value = leader.enter_async(load).await.map_err(LoadError::Failed)?;
        leader.land(&value);
        Ok(value)
    }
}

impl<K: Hash + Eq, V> SingleFlight<K, V> {
    /// Lets go of a flight under way: who waits for it still gets its value, who comes later loads anew.
    pub fn forget<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.flights.table.remove(key);
    }

    /// As [`forget`](Self::forget), for all keys.
    pub fn forget_all(&self) {
        self.flights.table.clear();
    }

    /// Keys being loaded now.
    pub fn in_flight(&self) -> usize {
        self.flights.table.len()
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
            flights: Arc::clone(&self.flights),
        }
    }
}

impl<K, V> fmt::Debug for SingleFlight<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight")
            .field(
                "lease",
                &self.flights.lease.as_ref().map(|lease| lease.length),
            )
            .finish_non_exhaustive()
    }
}
