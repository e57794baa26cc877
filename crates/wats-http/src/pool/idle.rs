//! Idle HTTP/1.1 connections, newest last, and the reaper that closes those nobody needs.
//!
//! Newest first keeps a few connections warm and lets the others age. After a burst the pool may hold more than
//! `max_idle`; the surplus is closed after a short grace, so that alternating load does not close and open
//! connections all the time.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::{Http1, Shared};
use crate::config::PoolConfig;

/// How long connections above `max_idle` are kept.
const SURPLUS_GRACE: Duration = Duration::from_millis(500);

#[derive(Debug, Default)]
pub(super) struct Idle {
    connections: Vec<Parked>,
    reaper: Option<AbortHandle>,
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

    /// Keeps a connection, and starts the reaper unless it runs; it ends by itself when nothing is idle.
    pub(super) fn push(&mut self, connection: Http1, pool: &Arc<Shared>) {
        self.connections.push(Parked {
            connection,
            since: Instant::now(),
        });
        if self.reaper.is_none() {
            let task = tokio::spawn(reap(Arc::downgrade(pool)));
            self.reaper = Some(task.abort_handle());
        }
    }

    pub(super) fn pop(&mut self) -> Option<Http1> {
        while let Some(parked) = self.connections.pop() {
            if !parked.connection.sender.is_closed() {
                return Some(parked.connection);
            }
        }
        None
    }

    /// Takes out what is due, oldest first: the surplus after a short grace, the others after the idle timeout.
    fn take_due(&mut self, config: &PoolConfig, now: Instant) -> Vec<Http1> {
        let surplus = self.connections.len().saturating_sub(config.max_idle);
        let grace = |index| {
            if index < surplus {
                SURPLUS_GRACE.min(config.idle_timeout)
            } else {
                config.idle_timeout
            }
        };
        let due = self
            .connections
            .iter()
            .enumerate()
            .take_while(|(i, p)| p.since + grace(*i) <= now)
            .count();
        self.connections
            .drain(..due)
            .map(|parked| parked.connection)
            .collect()
    }
}

impl Drop for Idle {
    fn drop(&mut self) {
        if let Some(reaper) = self.reaper.take() {
            reaper.abort();
        }
    }
}

async fn reap(shared: Weak<Shared>) {
    loop {
        // A surplus may arise at any time, so this looks at a fixed pace for as long as anything is idle.
        tokio::time::sleep(SURPLUS_GRACE).await;
        let Some(pool) = shared.upgrade() else { return };
        let (due, finished) = {
            let mut state = pool.lock();
            let due = state.idle.take_due(&pool.config, Instant::now());
            let finished = state.idle.len() == 0;
            if finished {
                state.idle.reaper = None;
            }
            (due, finished)
        };
        for connection in due {
            // A socket that is being closed still counts for the server, so it takes a slot if one is free. None is
            // free only while all of them are in use, and then there is no idle connection to close.
            if let Ok(slot) = Arc::clone(&pool.slots).try_acquire_owned() {
                connection.hold(slot);
            }
            drop(connection);
        }
        if finished {
            return;
        }
    }
}
