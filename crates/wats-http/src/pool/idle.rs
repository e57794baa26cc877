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
    connections: Vec<IdleConnection<X>>,
    /// What has been idle since before this time is not used again.
    stale_before: Option<Instant>,
}

#[derive(Debug)]
struct IdleConnection<X> {
    connection: X,
    since: Instant,
}

impl<X> Default for Idle<X> {
    fn default() -> Self {
        Self {
            connections: Vec::new(),
            stale_before: None,
        }
    }
}

impl<X: Exclusive> IdleConnection<X> {
    fn is_usable(&self, stale_before: Option<Instant>) -> bool {
        stale_before.is_none_or(|time| self.since > time) && !self.connection.is_expired()
    }
}

impl<X: Exclusive> Idle<X> {
    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    pub(super) fn push(&mut self, connection: X) {
        self.connections.push(IdleConnection {
            connection,
            since: Instant::now(),
        });
    }

    /// The one that was used last, and whether it may be used again.
    pub(super) fn pop(&mut self) -> Option<(X, bool)> {
        while let Some(idle) = self.connections.pop() {
            if !idle.connection.is_closed() {
                let usable = idle.is_usable(self.stale_before);
                return Some((idle.connection, usable));
            }
        }
        None
    }

    /// Takes what has been idle since before `time` for dead.
    pub(super) fn mark_stale(&mut self, time: Instant) {
        self.stale_before = self.stale_before.max(Some(time));
    }

    /// The one that has been idle for longest.
    pub(super) fn pop_oldest(&mut self) -> Option<X> {
        let oldest = (!self.connections.is_empty()).then(|| self.connections.remove(0));
        oldest.map(|idle| idle.connection)
    }

    /// Takes out what is due, oldest first: what is stale, too old or soon closed by the server, the surplus after a short
    /// grace, the others after the idle timeout. What gets no slot to close with stays.
    pub(super) fn take_due(
        &mut self,
        config: &PoolConfig,
        now: Instant,
        slot: impl Fn() -> Option<Slot>,
    ) -> Vec<X> {
        let stale_before = self.stale_before;
        let idle_timeout = or_forever(config.idle_timeout);
        let surplus = self.connections.len().saturating_sub(config.max_idle);
        let is_due = |index: usize, idle: &IdleConnection<X>| {
            let grace = if index < surplus {
                SURPLUS_GRACE.min(idle_timeout)
            } else {
                idle_timeout
            };
            now.duration_since(idle.since) >= grace || !idle.is_usable(stale_before)
        };
        let (mut due, mut kept) = (Vec::new(), Vec::with_capacity(self.connections.len()));
        for (index, idle) in self.connections.drain(..).enumerate() {
            if is_due(index, &idle)
                && let Some(slot) = slot()
            {
                idle.connection.hold(slot);
                due.push(idle.connection);
            } else {
                kept.push(idle);
            }
        }
        self.connections = kept;
        due
    }
}
