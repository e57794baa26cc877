//! The tests of `wats`, in one binary.

#![allow(clippy::unwrap_used, reason = "a panic here is the failing test")]

#[cfg(feature = "macros")]
mod cached;
mod names;
mod promises;
#[cfg(feature = "redis")]
mod shared;
