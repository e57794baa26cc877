//! The queue as its users see it: alone, with other processes, killed, stopped, without power, on a disk that fails.
//!
//! - `support.rs`: bodies that are known by their number, receivers that write down what they get.
//! - `child.rs`: what a further process does; this program started again.
//! - `powercut/`: what a disk may hold after the power went, from a log of all that a process wrote.
//!
//! What takes minutes is ignored, and runs by its name: `--ignored`.

// Helpers of tests, outside of what the lints know as tests.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used
)]

mod backfill;
mod child;
mod damage;
mod disk;
mod drain;
mod figures;
mod kill;
mod powercut;
mod processes;
mod queue;
mod reported;
mod support;
mod systems;
