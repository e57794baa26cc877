//! What is counted, one file per layer.
//!
//! A row is a piece of work that is done a number of times; what it needs is made before and does not count. The rows are
//! done in their order, each once, on one thread.

#![allow(clippy::unnecessary_wraps, reason = "all rows are made alike")]

mod batch;
mod cache;
mod codec;
mod domains;
mod http;

use crate::servers::Addresses;
use std::time::Duration;
use tokio::runtime::Runtime;
use wats_bench_check::Result;

/// Does the work so many times.
pub(crate) type Work = Box<dyn FnMut(u64) -> Result<()>>;

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// Stable name, `area.what`.
    pub(crate) id: &'static str,
    /// How often it is done before it counts, and while it counts.
    pub(crate) before: u64,
    pub(crate) times: u64,
    /// By how many per cent it may grow.
    pub(crate) tolerance: f64,
    make: fn(&Addresses) -> Result<Work>,
}

/// By how much a row may grow that says nothing else.
pub(crate) const TOLERANCE: f64 = 3.0;

const fn row(
    id: &'static str,
    [before, times]: [u64; 2],
    make: fn(&Addresses) -> Result<Work>,
) -> Row {
    Row {
        id,
        before,
        times,
        tolerance: TOLERANCE,
        make,
    }
}

impl Row {
    /// With more room, where runs of one program differ by more.
    const fn within(self, tolerance: f64) -> Self {
        Self { tolerance, ..self }
    }

    /// Makes what the work needs.
    pub(crate) fn make(&self, servers: &Addresses) -> Result<Work> {
        (self.make)(servers)
    }
}

/// All rows.
pub(crate) fn all() -> Vec<Row> {
    [
        codec::ROWS,
        cache::ROWS,
        batch::ROWS,
        http::ROWS,
        domains::ROWS,
    ]
    .concat()
}

/// Where asynchronous work is done: on the counting thread.
fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}

/// The same for work that waits for a server: with nothing to do, it leaves the server time to send all of an answer, so
/// that a busy machine does not make the client look twice.
fn waiting_runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(|| std::thread::sleep(Duration::from_millis(1)))
        .build()?)
}
