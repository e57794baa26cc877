//! What works on one list: `batch_map` and its streams, and `ChunkedBatcher`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

mod borrows;
mod chunked;
mod limits;
mod map;
mod panics;
