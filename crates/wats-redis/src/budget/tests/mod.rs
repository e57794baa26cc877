//! The budget: the limiter over a log in memory and in paused time, the script against a model, and both with real servers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a panic is the failing test, and figures are printed"
)]

mod limiter;
mod processes;
mod script;
mod servers;
