//! The integration tests of `wats-codec`, in one binary.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a panic is the failing test, and a skipped one should say so"
)]

// These go through every format; `archive` brings MessagePack.
#[cfg(all(feature = "archive", feature = "gzip"))]
mod archive;
#[cfg(all(feature = "archive", feature = "gzip"))]
mod fast;
mod features;
#[cfg(all(feature = "archive", feature = "gzip"))]
mod hazards;
#[cfg(all(feature = "archive", feature = "gzip"))]
mod limits;
#[cfg(all(feature = "archive", feature = "gzip"))]
mod numbers;
#[cfg(all(feature = "archive", feature = "gzip"))]
mod records;
#[cfg(all(feature = "archive", feature = "gzip"))]
mod round_trips;
#[cfg(all(feature = "archive", feature = "gzip"))]
mod samples;
#[cfg(all(feature = "archive", feature = "gzip"))]
mod serializer;
