//! The tests of the program `wats`: each runs it as a process of its own, most against a simulated server. A module for
//! each subject; `harness` starts servers and programs.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a panic here is the failing test, and a skipped one says so"
)]

mod convert;
#[cfg(feature = "queue")]
mod doctor;
#[allow(dead_code, reason = "each build has tests for some of it")]
mod harness;
mod help;
mod lint;
mod plot;
#[cfg(feature = "queue")]
mod queue;
#[cfg(feature = "queue")]
mod reports;
mod samples;
mod submit;
#[cfg(feature = "queue")]
mod watch;
