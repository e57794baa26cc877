//! The caller that loads. Whatever becomes of it, the flight goes on: see `Drop`.

use super::{Flight, Flights, Phase, Wakes, active};
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

/// Leads a flight until it lands; dropped before, it hands the flight to the longest waiting caller.
#[must_use = "a leader that is dropped has given up"]
pub struct Leader<K: Hash + Eq, V> {
    flights: Arc<Flights<K, V>>,
    flight: Arc<Flight<K, V>>,
    epoch: u64,
    /// The flight is over, or another's. Set after all that may panic.
    ended: bool,
}

impl<K: Hash + Eq, V> Leader<K, V> {
    pub(super) fn new(flights: &Arc<Flights<K, V>>, flight: Arc<Flight<K, V>>, epoch: u64) -> Self {
        Self {
            flights: Arc::clone(flights),
            flight,
            epoch,
            ended: false,
        }
    }

    /// Runs a loader in the name of this flight, so that joining the same key from inside is seen.
    pub fn enter<T>(&self, load: impl FnOnce() -> T) -> T {
        active::enter(self.flight.id, load)
    }

    /// As [`enter`](Self::enter), for a loader that is a future.
    pub async fn enter_async<F: Future>(&self, load: impl FnOnce() -> F) -> F::Output {
        let load = active::enter(self.flight.id, load);
        active::Entered::new(self.flight.id, load).await
    }

    /// Which flight this is, and which of its leaders.
    pub(crate) fn stamp(&self) -> (u64, u64) {
        (self.flight.id, self.epoch)
    }

    /// Whether the flight is still this leader's; not so once its lease is over and another leads.
    pub fn is_current(&self) -> bool {
        self.flight.lock().epoch == self.epoch
    }

    /// Gives every waiter a clone of the value. Does nothing if the flight is another's by now.
    pub fn land(self, value: &V)
    where
        V: Clone,
    {
        self.land_with(|| value.clone());
    }

    /// As [`land`](Self::land), with a value that is made only if somebody waits for it. If making it panics, the leader
    /// has given up.
    pub(crate) fn land_with(mut self, make: impl FnOnce() -> V) {
        if self.left_alone() {
            return;
        }
        let value = Arc::new(make());
        let mut shard = self.flights.table.lock(self.flight.hash);
        let mut state = self.flight.lock();
        self.ended = true;
        let waiting = if state.epoch == self.epoch {
            state.phase = Phase::Landed(value);
            shard.remove(&self.flight);
            state.wakers()
        } else {
            Wakes::default()
        };
        drop((state, shard));
        drop(waiting);
    }

    /// Ends the flight if nobody waits for it. Tells whether there is nothing left to do.
    fn left_alone(&mut self) -> bool {
        let mut shard = self.flights.table.lock(self.flight.hash);
        let state = self.flight.lock();
        let current = state.epoch == self.epoch;
        self.ended = !current || state.waiters.is_empty();
        if current && self.ended {
            shard.remove(&self.flight);
        }
        self.ended
    }
}

impl<K: Hash + Eq, V> Drop for Leader<K, V> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut shard = self.flights.table.lock(self.flight.hash);
        let mut state = self.flight.lock();
        if state.epoch != self.epoch {
            return;
        }
        let next = if state.waiters.is_empty() {
            shard.remove(&self.flight);
            Wakes::default()
        } else {
            state.vacate()
        };
        drop((state, shard));
        drop(next);
    }
}

impl<K: Hash + Eq, V> fmt::Debug for Leader<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leader")
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}
