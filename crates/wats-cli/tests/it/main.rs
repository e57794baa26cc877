//! The tests of the program `wats`: each runs it as a process of its own, most against a simulated server. A module for
//! each subject; `harness` starts servers and programs.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a panic here is the failing test, and a skipped one says so"
)]

mod closed;
mod config;
mod convert;
mod docs;
#[cfg(feature = "queue")]
mod doctor;
#[allow(dead_code, reason = "each build has tests for some of it")]
mod harness;
mod help;
mod lint;
mod plot;
#[cfg(feature = "queue")]
mod queue;
mod reading;
#[cfg(feature = "queue")]
mod reports;
mod samples;
mod secrets;
mod shells;
mod since;
mod snapshots;
mod submit;
#[cfg(target_os = "linux")]
mod terminal;
#[cfg(feature = "queue")]
mod watch;
