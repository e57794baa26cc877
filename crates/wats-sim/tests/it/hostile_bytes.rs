//! What must hold of any request, as the fuzz targets check it, where cargo-fuzz is not: with every file of the corpora,
//! with each of them altered, and with made-up bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "a panic here is the failing test; the fuzz targets share the criteria"
)]

#[path = "../../fuzz/src/lib.rs"]
mod criteria;
#[path = "../../../../fuzz/replay.rs"]
mod replay;

use replay::holds;

#[test]
fn request() {
    holds("request", criteria::request);
}

#[test]
fn filter() {
    holds("filter", |bytes| {
        criteria::filter(&String::from_utf8_lossy(bytes));
    });
}

#[test]
fn report() {
    holds("report", criteria::report);
}
