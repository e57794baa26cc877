//! Idle connections that serve one call at a time (HTTP/1.1), newest last.
//!
//! Newest first keeps a few connections warm and lets the others age. After a burst the pool may hold more than
//! `max_idle`; the surplus is closed after a short grace, so that alternating load does not close and open
//! connections all the time.

use std::time::Duration;

use tokio::time::Instant;

use super::sync::Slot;
use crate::config::{PoolConfig, or_forever};

/// How long connections above `max_idle` are kept.
const SURPLUS_GRACE: Duration = Duration::from_millis(500);

/// A connection that serves one call at a time.
pub(super) trait Exclusive {
    fn is_closed(&self) -> bool;
    /// Whether it must not be used again.
    fn is_expired(&self) -> bool;
    /// Keeps a slot taken until the socket is closed or the slot is taken back.
    fn hold(&self, slot: Slot);
    fn take_slot(&self) -> Option<Slot>;
}

#[derive(Debug)]
pub(super) struct Idle<X> {
    connections: Vec<Parked<X>>,
    /// What has been idle since before this time is not used again.
    distrusted: Option<Instant>,
}

#[derive(Debug)]
struct Parked<X> {
    connection: X,
    since: Instant,
}

impl<X> Default for Idle<X> {
    fn default() -> Self {
        Self {
            connections: Vec::new(),
            distrusted: None,
        }
    }
}

impl<X: Exclusive> Parked<X> {
    fn is_usable(&self, distrusted: Option<Instant>) -> bool {
        distrusted.is_none_or(|time| self.since > time) && !self.connection.is_expired()
    }
}

impl<X: Exclusive> Idle<X> {
    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    pub(super) fn push(&mut self, connection: X) {
        self.connections.push(Parked {
            connection,
            since: Instant::now(),
        });
    }

    /// The one that was used last, and whether it may be used again.
    pub(super) fn pop(&mut self) -> Option<(X, bool)> {
        while let Some(parked) = self.connections.pop() {
            if !parked.connection.is_closed() {
                let usable = parked.is_usable(self.distrusted);
                return Some((parked.connection, usable));
            }
        }
        None
    }

    /// Takes what has been idle since before `time` for dead.
    pub(super) fn distrust(&mut self, time: Instant) {
        self.distrusted = self.distrusted.max(Some(time));
    }

    /// The one that has been idle for longest.
    pub(super) fn pop_oldest(&mut self) -> Option<X> {
        let oldest = (!self.connections.is_empty()).then(|| self.connections.remove(0));
        oldest.map(|parked| parked.connection)
    }

    /// Takes out what is due, oldest first: what is distrusted, too old or soon closed by the server, the surplus after a short
    /// grace, the others after the idle timeout. What gets no slot to close with stays.
    pub(super) fn take_due(
        &mut self,
        config: &PoolConfig,
        now: Instant,
        slot: impl Fn() -> Option<Slot>,
    ) -> Vec<X> {
        let distrusted = self.distrusted;
        let idle_timeout = or_forever(config.idle_timeout);
        let surplus = self.connections.len().saturating_sub(config.max_idle);
        let is_due = |index: usize, parked: &Parked<X>| {
            let grace = if index < surplus {
                SURPLUS_GRACE.min(idle_timeout)
            } else {
                idle_timeout
            };
            now.duration_since(parked.since) >= grace || !parked.is_usable(distrusted)
        };
        let (mut due, mut kept) = (Vec::new(), Vec::with_capacity(self.connections.len()));
        for (index, parked) in self.connections.drain(..).enumerate() {
            if is_due(index, &parked)
                && let Some(slot) = slot()
            {
                parked.connection.hold(slot);
                due.push(parked.connection);
            } else {
                kept.push(parked);
            }
        }
        self.connections = kept;
        due
    }
}
