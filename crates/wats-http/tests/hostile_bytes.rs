//! What must hold of any bytes from outside, as the fuzz targets check it, where cargo-fuzz is not: with every file of
//! the corpora, with each of them altered, and with made-up bytes.

#![cfg(feature = "test-util")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "a panic here is the failing test; the fuzz targets share the criteria"
)]

#[path = "../fuzz/src/lib.rs"]
mod criteria;

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Replays the corpus of a target whole, cut and altered, then makes bytes up.
fn holds(target: &str, criterion: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut seeds = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let seed = std::fs::read(file.unwrap().path()).unwrap();
        criterion(&seed);
        seeds.push(seed);
    }
    assert!(!seeds.is_empty(), "no corpus of {target}");
    let altered = (
        prop::sample::select(seeds),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        prop::collection::vec(any::<u8>(), 0..8),
    )
        .prop_map(|(mut seed, at, end, bytes)| {
            let at = at.index(seed.len() + 1);
            let end = at + end.index(seed.len() - at + 1).min(16);
            seed.splice(at..end, bytes);
            seed
        });
    let inputs = prop_oneof![
        4 => altered,
        1 => prop::collection::vec(any::<u8>(), 0..300),
        1 => "\\PC{0,80}".prop_map(String::into_bytes),
    ];
    let config = Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&inputs, |bytes| {
            criterion(&bytes);
            Ok(())
        })
        .unwrap();
}

/// The same of a target that takes text.
fn holds_of_text(target: &str, criterion: impl Fn(&str)) {
    holds(target, |bytes| criterion(&String::from_utf8_lossy(bytes)));
}

#[test]
fn retry_after() {
    holds_of_text("retry_after", criteria::retry_after);
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
    holds_of_text("redirect", criteria::redirect);
}

#[test]
fn no_proxy() {
    holds_of_text("no_proxy", criteria::no_proxy);
}

#[test]
fn address() {
    holds_of_text("address", criteria::address);
}

#[test]
fn settings() {
    holds_of_text("settings", criteria::settings);
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
