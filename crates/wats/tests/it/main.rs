//! The tests of `wats`, in one binary.

#![allow(
    clippy::expect_used,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a panic here is the failing test, and a skipped one says so"
)]

#[cfg(feature = "macros")]
mod cached;
mod names;
mod promises;
#[cfg(feature = "redis")]
mod shared;
