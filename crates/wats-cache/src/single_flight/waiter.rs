//! A caller that waits, as a future or by parking its thread.

use super::block_on::block_on;
use super::{InFlightLoad, InFlightLoads, Leader, Phase, WaitOutcome, Wakes};
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Waits for the value of a load, or for the turn to lead it. Dropping it leaves the queue.
#[must_use = "waits only when awaited, or with `wait`"]
pub struct Waiter<K: Hash + Eq, V> {
    loads: Arc<InFlightLoads<K, V>>,
    load: Arc<InFlightLoad<K, V>>,
    ticket: u64,
    done: bool,
}

// Nothing in it is pinned: the future it stands for is the state of the load.
impl<K: Hash + Eq, V> Unpin for Waiter<K, V> {}

impl<K: Hash + Eq, V> Waiter<K, V> {
    pub(super) fn new(
        loads: &Arc<InFlightLoads<K, V>>,
        load: Arc<InFlightLoad<K, V>>,
        ticket: u64,
    ) -> Self {
        Self {
            loads: Arc::clone(loads),
            load,
            ticket,
            done: false,
        }
    }

    /// Waits by parking the thread.
    pub fn wait(self) -> WaitOutcome<K, V>
    where
        K: Clone,
        V: Clone,
    {
        block_on(self)
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Future for Waiter<K, V> {
    type Output = WaitOutcome<K, V>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<WaitOutcome<K, V>> {
        if self.done {
            return Poll::Pending;
        }
        let ticket = self.ticket;
        let since = self.loads.begin(self.loads.now());
        // Cloned before the lock: a waker's clone is code of the runtime.
        let waker = context.waker().clone();
        let mut state = self.load.lock();
        let completed = match &state.phase {
            Phase::Complete(value) => Some(Arc::clone(value)),
            Phase::Running => {
                let old = state.waiters.insert(ticket, Some(waker));
                drop(state);
                drop(old);
                return Poll::Pending;
            }
            Phase::Vacant => None,
        };
        let old = state.waiters.remove(&ticket);
        let epoch = if completed.is_none() {
            state.claim(since)
        } else {
            0
        };
        drop(state);
        drop(old);
        self.done = true;
        Poll::Ready(match completed {
            Some(value) => WaitOutcome::Value(Arc::unwrap_or_clone(value)),
            None => WaitOutcome::Lead(Leader::new(&self.loads, Arc::clone(&self.load), epoch)),
        })
    }
}

impl<K: Hash + Eq, V> Drop for Waiter<K, V> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut shard = self.loads.table.lock(self.load.hash);
        let mut state = self.load.lock();
        let own = state.waiters.remove(&self.ticket);
        let mut next = Wakes::default();
        if matches!(state.phase, Phase::Vacant) {
            if state.waiters.is_empty() {
                shard.remove(&self.load);
            } else {
                // This one may have been chosen to lead: choose the next.
                next = state.first_waker();
            }
        }
        drop((state, shard));
        drop(own);
        drop(next);
    }
}

impl<K: Hash + Eq, V> fmt::Debug for Waiter<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiter")
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}
