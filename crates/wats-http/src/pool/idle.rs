//! Idle HTTP/1.1 connections, newest last, and the reaper that closes what nobody needs, over HTTP/2 too.
//!
//! Newest first keeps a few connections warm and lets the others age. After a burst the pool may hold more than
//! `max_idle`; the surplus is closed after a short grace, so that alternating load does not close and open
//! connections all the time.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;

use super::Shared;
use super::stock::Exclusive;
use super::sync::Slot;
use crate::config::PoolConfig;

/// How long connections above `max_idle` are kept.
const SURPLUS_GRACE: Duration = Duration::from_millis(500);

/// How often the reaper looks: often enough for a surplus to be gone within a second.
const PACE: Duration = Duration::from_millis(200);

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
        let surplus = self.connections.len().saturating_sub(config.max_idle);
        let is_due = |index: usize, parked: &Parked<X>| {
            let grace = if index < surplus {
                SURPLUS_GRACE.min(config.idle_timeout)
            } else {
                config.idle_timeout
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

/// Starts the reaper unless it runs; it ends by itself when the pool holds no connection, or is gone.
pub(super) fn ensure_reaper(pool: &Arc<Shared>) {
    pool.stock
        .ensure_reaper(|| tokio::spawn(reap(Arc::downgrade(pool))).abort_handle());
}

async fn reap(pool: Weak<Shared>) {
    loop {
        // A surplus may arise at any time, so this looks at a fixed pace for as long as there is anything.
        tokio::time::sleep(PACE).await;
        let Some(pool) = pool.upgrade() else { return };
        // Dropped here, outside the lock, which closes them.
        if pool.stock.reap(&pool.config, Instant::now()).is_none() {
            return;
        }
    }
}
