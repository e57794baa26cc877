//! Connections without a wire, for the tests of the pool's state.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize as Count, Ordering::SeqCst};

use tokio::time::Instant;

use super::connect_error::SharedConnectError;
use super::connection::Closing;
use super::idle::Exclusive;
use super::state::{PoolState, Shared};
use super::streams::Streams;
use super::sync::Slot;
use crate::config::PoolConfig;
use crate::error::{Error, ErrorKind};

pub(super) type Under = Arc<PoolState<FakeHttp1, FakeHttp2>>;

/// An open socket, counted.
#[derive(Debug)]
pub(super) struct Socket(Arc<Count>);

impl Socket {
    pub(super) fn open(count: &Arc<Count>, most: usize) -> Self {
        assert!(count.fetch_add(1, SeqCst) < most, "too many are open");
        Self(Arc::clone(count))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// An exclusive connection and its driver in one: dropped, it closes its socket and then frees its slot.
#[derive(Debug)]
pub(super) struct FakeHttp1 {
    _socket: Socket,
    closing: Closing,
    pub(super) expired: bool,
}

impl FakeHttp1 {
    pub(super) fn new(socket: Socket) -> Self {
        Self {
            _socket: socket,
            closing: Closing::default(),
            expired: false,
        }
    }
}

impl Exclusive for FakeHttp1 {
    fn is_closed(&self) -> bool {
        false
    }

    fn is_expired(&self) -> bool {
        self.expired
    }

    fn hold(&self, slot: Slot) {
        self.closing.hold(slot);
    }

    fn take_slot(&self) -> Option<Slot> {
        self.closing.take_slot()
    }
}

/// A shared connection.
#[derive(Debug, Clone)]
pub(super) struct FakeHttp2 {
    pub(super) streams: Arc<Streams>,
    used: Instant,
}

impl Shared for FakeHttp2 {
    fn streams(&self) -> &Arc<Streams> {
        &self.streams
    }

    fn is_over(&self) -> bool {
        self.streams.is_ended()
    }

    fn used(&mut self) -> &mut Instant {
        &mut self.used
    }
}

pub(super) fn pool_state(slots: usize, shared: usize, may_share: bool) -> Under {
    let config = PoolConfig::default()
        .max_connections(slots)
        .http2_connections(shared);
    Arc::new(PoolState::new(&config, may_share))
}

pub(super) fn fake_http2(pool_state: &Under) -> FakeHttp2 {
    FakeHttp2 {
        streams: Streams::new(pool_state.freed()),
        used: Instant::now(),
    }
}

/// A dial that failed.
pub(super) fn failed(kind: ErrorKind) -> SharedConnectError {
    SharedConnectError::of(&Error::new(kind).message("why"))
}
