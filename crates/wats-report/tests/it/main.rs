//! The tests of `wats-report`, in one binary.

#![recursion_limit = "512"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a panic here is the failing test, which tells by printing"
)]

mod alike;
mod allocations;
mod body;
#[cfg(feature = "convert")]
mod convert;
#[cfg(feature = "convert")]
mod convert_samples;
mod digits;
mod evaluate;
mod fix;
mod imitation;
mod live;
mod models;
mod refused;
mod reports;
mod roundtrip;
mod rules;
mod told;
#[cfg(feature = "xml")]
mod wsxf;
mod zone;

#[cfg(feature = "convert")]
use wats_report::{Station, Unit, convert::Defaults};
