//! What must hold of any report, list and answer, as the fuzz targets check it, where cargo-fuzz is not: with every file
//! of the corpora, with each of them altered, and with made-up bytes.

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
fn report() {
    holds("report", criteria::report);
}

#[test]
fn lists() {
    holds("lists", criteria::lists);
}

#[test]
fn texts() {
    holds("texts", criteria::texts);
}

#[test]
fn answers() {
    holds("answers", criteria::answers);
}
