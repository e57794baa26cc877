//! What the pool did so far and holds now.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use crate::observe::{self, OpenConnection};

/// What the pool did so far and holds now; see [`Client::pool_stats`](crate::Client::pool_stats).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Connections opened so far.
    pub dialled: u64,
    /// Requests sent on a connection that was open already.
    pub reused: u64,
    /// Connections open now, idle, in use or being closed.
    pub live: usize,
    /// HTTP/1.1 connections idle now.
    pub idle: usize,
    /// Slots that are taken now: by calls that have a connection, are opening one or wait for an HTTP/2 stream, and by
    /// HTTP/1.1 connections that are being closed, until their sockets are.
    pub in_use: usize,
    /// Calls that wait for a connection now.
    pub waiting: usize,
    /// How often a call had to wait for a connection.
    pub waits: u64,
    /// The time that all calls together waited for a connection.
    pub wait_time: Duration,
}

/// The counters behind [`PoolStats`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) dialled: AtomicU64,
    pub(super) reused: AtomicU64,
    pub(super) live: Arc<AtomicUsize>,
    /// Connections that are being opened.
    pub(super) connecting: Arc<AtomicUsize>,
    pub(super) waiting: AtomicUsize,
    pub(super) waits: AtomicU64,
    pub(super) wait_nanos: AtomicU64,
}

/// Counts an open connection until its driver has ended, or one that is being opened until that is over.
#[derive(Debug)]
pub(super) struct Live {
    count: Arc<AtomicUsize>,
    /// Held for its drop.
    told: Option<OpenConnection>,
}

impl Live {
    pub(super) fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Relaxed);
        Self {
            count: Arc::clone(count),
            told: None,
        }
    }

    /// The same, and metrics hear of it.
    pub(super) fn open(count: &Arc<AtomicUsize>) -> Self {
        let mut live = Self::new(count);
        live.told = Some(OpenConnection::new());
        live
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Relaxed);
    }
}

/// Counts a waiting call and its time, however the wait ends.
pub(super) struct Waiting<'a> {
    counters: &'a Counters,
    since: Instant,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(counters: &'a Counters) -> Self {
        counters.waiting.fetch_add(1, Relaxed);
        counters.waits.fetch_add(1, Relaxed);
        Self {
            counters,
            since: Instant::now(),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.counters.waiting.fetch_sub(1, Relaxed);
        let waited = self.since.elapsed();
        observe::queued(waited);
        let nanos = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
        self.counters.wait_nanos.fetch_add(nanos, Relaxed);
    }
}
