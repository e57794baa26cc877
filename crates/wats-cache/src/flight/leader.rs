//! The caller that loads. Whatever becomes of it, the flight goes on: see `Drop`.

use super::{Flight, Flights, Phase, active};
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::task::Waker;

/// Leads a flight until it lands; dropped before, it hands the flight to the longest waiting caller.
#[must_use = "a leader that is dropped has given up"]
pub struct Leader<K: Hash + Eq, V> {
    flights: Arc<Flights<K, V>>,
    key: K,
    flight: Arc<Flight<V>>,
    epoch: u64,
    landed: bool,
}

impl<K: Hash + Eq + Clone, V> Leader<K, V> {
    pub(super) fn new(
        flights: &Arc<Flights<K, V>>,
        key: &K,
        flight: Arc<Flight<V>>,
        epoch: u64,
    ) -> Self {
        Self {
            flights: Arc::clone(flights),
            key: key.clone(),
            flight,
            epoch,
            landed: false,
        }
    }
}

impl<K: Hash + Eq, V> Leader<K, V> {
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

    /// As [`land`](Self::land), with a value that is made only if somebody waits for it.
    pub(crate) fn land_with(mut self, make: impl FnOnce() -> V) {
        self.landed = true;
        let wanted = {
            let mut state = self.flight.lock();
            if state.epoch != self.epoch {
                return;
            }
            if state.waiters.is_empty() {
                state.phase = Phase::Closed;
            }
            !state.waiters.is_empty()
        };
        let mut waiting = Vec::new();
        if wanted {
            let value = Arc::new(make());
            let mut state = self.flight.lock();
            if state.epoch == self.epoch {
                state.phase = Phase::Landed(value);
                waiting = state
                    .waiters
                    .values_mut()
                    .filter_map(Option::take)
                    .collect();
            }
        }
        self.flights.remove(&self.key, &self.flight);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl<K: Hash + Eq, V> Drop for Leader<K, V> {
    fn drop(&mut self) {
        if self.landed {
            return;
        }
        let mut state = self.flight.lock();
        if state.epoch != self.epoch {
            return;
        }
        let waker = state.vacate();
        let idle = state.waiters.is_empty();
        drop(state);
        if idle {
            self.flights.close_if_idle(&self.key, &self.flight);
        }
        waker.into_iter().for_each(Waker::wake);
    }
}

impl<K: Hash + Eq, V> fmt::Debug for Leader<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leader")
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}
