//! Store and forward: what it costs to put a report on the disk, how a large backlog is opened, sent and given back, and what is
//! left after a kill.
//!
//! Ours is the queue of the facade (`Wats::queue`); what it does for a report (checks, text, labels) is in its figures. Peers are
//! an embedded store, a folder of files, and the queue of the Python client, each as its documentation says to make it durable
//! ([`store`]). The floor is a synced append to one file, which can neither be looked up nor taken from.
//!
//! - `store.rs`, `ours.rs`, `peers.rs`: the contestants; `text.rs`: the reports that all of them store.
//! - `enqueue.rs`: one by one, by threads, by processes; `backlog.rs`: a hundred thousand and a million; `send.rs`: to the simulator,
//!   and a large attachment; `kills.rs`: after a kill.
//! - `process.rs`: the processes of these rows, `attach.rs` one of them; `sink.rs`: a server that keeps nothing; `system.rs`: what the system tells of a process.
//!
//! All folders are beside the program, so on the disk that the build is on: `/tmp` may be memory, where a sync costs nothing.

mod attach;
mod backlog;
mod enqueue;
mod kills;
mod ours;
mod peers;
pub(super) mod process;
mod send;
mod sink;
mod store;
mod system;
mod text;

use crate::Result;
use crate::spec::{Context, RowSpec};
use tempfile::TempDir;

/// The rows of this area.
pub(crate) fn rows(ctx: &Context) -> Vec<RowSpec> {
    let mut rows = enqueue::rows(ctx);
    rows.extend(backlog::rows(ctx));
    rows.extend(send::rows(ctx));
    rows.extend(kills::rows(ctx));
    rows
}

/// A folder on the disk that is measured.
fn folder() -> Result<TempDir> {
    let program = std::env::current_exe()?;
    let beside = program.parent().ok_or("the program is in no folder")?;
    Ok(tempfile::Builder::new()
        .prefix("queue-")
        .tempdir_in(beside)?)
}
