//! Reports through a queue on disk to a server that fails in many ways, over real connections.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a panic here is the failing test"
)]

mod common;
mod connections;
mod faults;
mod order;
mod processes;
mod stored;
