//! The integration tests of `wats-codec`, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a panic is the failing test, and a skipped one should say so"
)]

mod archive;
mod fast;
mod hazards;
mod limits;
mod numbers;
mod records;
mod round_trips;
mod samples;
mod serializer;
