//! What must hold of any bytes from outside, as the fuzz targets check it, where cargo-fuzz is not: with every file
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
fn retry_after() {
    holds("retry_after", |bytes| {
        criteria::retry_after(&String::from_utf8_lossy(bytes));
    });
}

#[test]
fn error_body() {
    holds("error_body", criteria::error_body);
}

#[test]
fn encoding() {
    holds("encoding", criteria::encoding);
}

#[test]
fn redirect() {
    holds("redirect", |bytes| {
        criteria::redirect(&String::from_utf8_lossy(bytes));
    });
}

#[test]
fn no_proxy() {
    holds("no_proxy", |bytes| {
        criteria::no_proxy(&String::from_utf8_lossy(bytes));
    });
}

#[test]
fn address() {
    holds("address", |bytes| {
        criteria::address(&String::from_utf8_lossy(bytes));
    });
}

#[test]
fn settings() {
    holds("settings", |bytes| {
        criteria::settings(&String::from_utf8_lossy(bytes));
    });
}

#[test]
fn capture() {
    holds("capture", criteria::capture);
}

#[test]
fn wire() {
    holds("wire", criteria::wire);
}

#[test]
fn proxy() {
    holds("proxy", criteria::proxy);
}
