//! The caller that loads. Whatever becomes of it, the load goes on: see `Drop`.

use super::{InFlightLoad, InFlightLoads, Phase, Wakes, active};
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

/// Leads a load until it completes; dropped before, it hands the load to the longest waiting caller.
#[must_use = "a leader that is dropped has given up"]
pub struct Leader<K: Hash + Eq, V> {
    loads: Arc<InFlightLoads<K, V>>,
    load: Arc<InFlightLoad<K, V>>,
    epoch: u64,
    /// The load is over, or another's. Set after all that may panic.
    ended: bool,
}

impl<K: Hash + Eq, V> Leader<K, V> {
    pub(super) fn new(
        loads: &Arc<InFlightLoads<K, V>>,
        load: Arc<InFlightLoad<K, V>>,
        epoch: u64,
    ) -> Self {
        Self {
            loads: Arc::clone(loads),
            load,
            epoch,
            ended: false,
        }
    }

    /// Runs the loader of this load, so that joining the same key from inside is seen.
    pub fn enter<T>(&self, load: impl FnOnce() -> T) -> T {
        active::enter(self.load.id, load)
    }

    /// As [`enter`](Self::enter), for a loader that is a future.
    pub async fn enter_async<F: Future>(&self, load: impl FnOnce() -> F) -> F::Output {
        let load = active::enter(self.load.id, load);
        active::Entered::new(self.load.id, load).await
    }

    /// The same for a loader that is told which load it is.
    pub(crate) async fn enter_stamped<F: Future>(
        &self,
        load: impl FnOnce((u64, u64)) -> F,
    ) -> F::Output {
        let load = active::enter(self.load.id, || load(self.stamp()));
        active::Entered::new(self.load.id, load).await
    }

    /// The number of the load, and of its leader.
    pub(crate) fn stamp(&self) -> (u64, u64) {
        (self.load.id, self.epoch)
    }

    /// Whether the load is still this leader's; not so once its lease is over and another leads.
    pub fn is_current(&self) -> bool {
        self.load.lock().epoch == self.epoch
    }

    /// Gives every waiter a clone of the value. Does nothing if the load is another's by now.
    pub fn complete(self, value: &V)
    where
        V: Clone,
    {
        self.complete_with(|| value.clone());
    }

    /// As [`complete`](Self::complete), with a value that is made only if somebody waits for it. If making it panics, the leader
    /// has given up.
    pub(crate) fn complete_with(mut self, make: impl FnOnce() -> V) {
        if self.left_alone() {
            return;
        }
        let value = Arc::new(make());
        let mut shard = self.loads.table.lock(self.load.hash);
        let mut state = self.load.lock();
        self.ended = true;
        let waiting = if state.epoch == self.epoch {
            state.phase = Phase::Complete(value);
            shard.remove(&self.load);
            state.wakers()
        } else {
            Wakes::default()
        };
        drop((state, shard));
        drop(waiting);
    }

    /// Ends the load if nobody waits for it. Tells whether there is nothing left to do.
    fn left_alone(&mut self) -> bool {
        let mut shard = self.loads.table.lock(self.load.hash);
        let state = self.load.lock();
        let current = state.epoch == self.epoch;
        self.ended = !current || state.waiters.is_empty();
        if current && self.ended {
            shard.remove(&self.load);
        }
        self.ended
    }
}

impl<K: Hash + Eq, V> Drop for Leader<K, V> {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let mut shard = self.loads.table.lock(self.load.hash);
        let mut state = self.load.lock();
        if state.epoch != self.epoch {
            return;
        }
        let next = if state.waiters.is_empty() {
            shard.remove(&self.load);
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
