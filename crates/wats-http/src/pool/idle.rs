//! Idle HTTP/1.1 connections, newest last, and the reaper that closes what nobody needs, over HTTP/2 too.
//!
//! Newest first keeps a few connections warm and lets the others age. After a burst the pool may hold more than
//! `max_idle`; the surplus is closed after a short grace, so that alternating load does not close and open
//! connections all the time.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::connection::{Http1, Http2, is_over};
use super::{Shared, State};
use crate::config::PoolConfig;

/// How long connections above `max_idle` are kept.
const SURPLUS_GRACE: Duration = Duration::from_millis(500);

/// How often the reaper looks: often enough for a surplus to be gone within a second.
const PACE: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
pub(super) struct Idle {
    connections: Vec<Parked>,
}

#[derive(Debug)]
struct Parked {
    connection: Http1,
    since: Instant,
}

impl Idle {
    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    pub(super) fn push(&mut self, connection: Http1) {
        self.connections.push(Parked {
            connection,
            since: Instant::now(),
        });
    }

    pub(super) fn pop(&mut self) -> Option<Http1> {
        while let Some(parked) = self.connections.pop() {
            if !parked.connection.sender.is_closed() {
                return Some(parked.connection);
            }
        }
        None
    }

    /// The one that has been idle for longest.
    pub(super) fn pop_oldest(&mut self) -> Option<Http1> {
        let oldest = (!self.connections.is_empty()).then(|| self.connections.remove(0));
        oldest.map(|parked| parked.connection)
    }

    /// Takes out what is due, oldest first: what is too old or soon closed by the server, the surplus after a short grace, the others after the idle timeout.
    ///
    /// A socket that is being closed still counts for the server, so each holds a slot until then; a connection for
    /// which none is free stays for the next time.
    fn take_due(
        &mut self,
        config: &PoolConfig,
        slots: &Arc<Semaphore>,
        now: Instant,
    ) -> Vec<Http1> {
        let surplus = self.connections.len().saturating_sub(config.max_idle);
        let is_due = |index: usize, parked: &Parked| {
            let grace = if index < surplus {
                SURPLUS_GRACE.min(config.idle_timeout)
            } else {
                config.idle_timeout
            };
            now.duration_since(parked.since) >= grace || parked.connection.is_expired()
        };
        let (mut due, mut kept) = (Vec::new(), Vec::with_capacity(self.connections.len()));
        for (index, parked) in self.connections.drain(..).enumerate() {
            if is_due(index, &parked)
                && let Ok(slot) = Arc::clone(slots).try_acquire_owned()
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

/// Starts the reaper unless it runs; it ends by itself when the pool holds no connection.
pub(super) fn ensure_reaper(state: &mut State, pool: &Arc<Shared>) {
    if state.reaper.is_none() {
        let task = tokio::spawn(reap(Arc::downgrade(pool)));
        state.reaper = Some(task.abort_handle());
    }
}

async fn reap(shared: Weak<Shared>) {
    loop {
        // A surplus may arise at any time, so this looks at a fixed pace for as long as there is anything.
        tokio::time::sleep(PACE).await;
        let Some(pool) = shared.upgrade() else { return };
        let now = Instant::now();
        let mut state = pool.lock();
        let due = state.idle.take_due(&pool.config, &pool.slots, now);
        // Calls that still run over it have a handle of their own.
        let unused = |since: Instant| now.duration_since(since) >= pool.config.idle_timeout;
        let given_up = |http2: &mut Http2| unused(http2.used) || is_over(http2.expires);
        let shared_ones: Vec<_> = state.http2.extract_if(.., given_up).collect();
        let finished = state.idle.len() == 0 && state.http2.is_empty();
        if finished {
            state.reaper = None;
        }
        drop(state);
        // Dropped outside the lock, which closes them.
        drop((due, shared_ones));
        if finished {
            return;
        }
    }
}
