//! A caller that waits, as a future or by parking its thread.

use super::{Flight, Flights, Leader, Phase, Turn, Wakes};
#[cfg(wats_loom)]
use loom::thread::{self, Thread};
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
#[cfg(not(wats_loom))]
use std::thread::{self, Thread};

/// Waits for the value of a flight, or for the turn to lead it. Dropping it leaves the queue.
#[must_use = "waits only when awaited, or with `wait`"]
pub struct Waiter<K: Hash + Eq, V> {
    flights: Arc<Flights<K, V>>,
    flight: Arc<Flight<K, V>>,
    ticket: u64,
    done: bool,
}

// Nothing in it is pinned: the future it stands for is the state of the flight.
impl<K: Hash + Eq, V> Unpin for Waiter<K, V> {}

impl<K: Hash + Eq, V> Waiter<K, V> {
    pub(super) fn new(
        flights: &Arc<Flights<K, V>>,
        flight: Arc<Flight<K, V>>,
        ticket: u64,
    ) -> Self {
        Self {
            flights: Arc::clone(flights),
            flight,
            ticket,
            done: false,
        }
    }

    /// Waits by parking the thread.
    pub fn wait(mut self) -> Turn<K, V>
    where
        K: Clone,
        V: Clone,
    {
        let waker = Waker::from(Arc::new(Parked(thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(turn) = Pin::new(&mut self).poll(&mut context) {
                return turn;
            }
            thread::park();
        }
    }
}

struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Future for Waiter<K, V> {
    type Output = Turn<K, V>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Turn<K, V>> {
        if self.done {
            return Poll::Pending;
        }
        let ticket = self.ticket;
        let since = self.flights.begin(self.flights.now());
        // Cloned before the lock: a waker's clone is code of the runtime.
        let waker = context.waker().clone();
        let mut state = self.flight.lock();
        let landed = match &state.phase {
            Phase::Landed(value) => Some(Arc::clone(value)),
            Phase::Running => {
                let old = state.waiters.insert(ticket, Some(waker));
                drop(state);
                drop(old);
                return Poll::Pending;
            }
            Phase::Vacant => None,
        };
        let old = state.waiters.remove(&ticket);
        let epoch = if landed.is_none() {
            state.claim(since)
        } else {
            0
        };
        drop(state);
        drop(old);
        self.done = true;
        Poll::Ready(match landed {
            Some(value) => Turn::Landed(Arc::unwrap_or_clone(value)),
            None => Turn::Lead(Leader::new(&self.flights, Arc::clone(&self.flight), epoch)),
        })
    }
}

impl<K: Hash + Eq, V> Drop for Waiter<K, V> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut shard = self.flights.table.lock(self.flight.hash);
        let mut state = self.flight.lock();
        let own = state.waiters.remove(&self.ticket);
        let mut next = Wakes::default();
        if matches!(state.phase, Phase::Vacant) {
            if state.waiters.is_empty() {
                shard.remove(&self.flight);
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
