//! What stands in for cargo-fuzz where it is not: the criteria of the fuzz targets over the corpora, over altered copies of
//! them, and over made-up bytes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is the failing test"
)]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// How many inputs are made up, beside the corpus; `WATS_FUZZ_CASES` names another number.
const CASES: u32 = 300;

/// Runs a target's criterion, which panics when it does not hold.
fn holds(target: &str) {
    let criterion = |bytes: &[u8]| wats_fuzz::check(target, bytes);
    let corpora = fuzz().join("corpus");
    let mut seeds = Vec::new();
    for file in std::fs::read_dir(corpora.join(target)).unwrap() {
        let seed = std::fs::read(file.unwrap().path()).unwrap();
        criterion(&seed);
        seeds.push(seed);
    }
    assert!(!seeds.is_empty(), "no corpus of {target}");
    let piece = (
        prop::sample::select(seeds.clone()),
        any::<prop::sample::Index>(),
        0_usize..64,
    )
        .prop_map(|(seed, at, most)| {
            let at = at.index(seed.len() + 1);
            let end = seed.len().min(at + most);
            seed[at..end].to_vec()
        });
    let put = prop_oneof![2 => prop::collection::vec(any::<u8>(), 0..8), 1 => piece];
    let change = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        put,
    );
    let altered = (
        prop::sample::select(seeds),
        prop::collection::vec(change, 1..4),
    )
        .prop_map(|(mut seed, changes)| {
            for (at, end, bytes) in changes {
                let at = at.index(seed.len() + 1);
                let end = at + end.index(seed.len() - at + 1).min(16);
                seed.splice(at..end, bytes);
            }
            seed
        });
    let inputs = prop_oneof![
        4 => altered,
        1 => prop::collection::vec(any::<u8>(), 0..300),
        1 => "\\PC{0,80}".prop_map(String::into_bytes),
    ];
    let cases = std::env::var("WATS_FUZZ_CASES").ok();
    let config = Config {
        cases: cases.map_or(CASES, |cases| cases.parse().unwrap()),
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&inputs, |bytes| {
        criterion(&bytes);
        Ok(())
    });
    outcome.unwrap();
}

/// The folder of the fuzz targets.
fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

macro_rules! targets {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(#[test]
        fn $name() {
            holds(stringify!($name));
        })*
    };
}

targets! {
    codec_archive
    codec_fast
    codec_read
    codec_records
    domains_answers
    domains_filter
    domains_lists
    domains_report
    domains_serial_numbers
    domains_texts
    http_address
    http_capture
    http_encoding
    http_error_body
    http_no_proxy
    http_proxy
    http_redirect
    http_retry_after
    http_settings
    http_wire
    redis_envelope
    report_convert
    report_journal
    report_values
    report_wsxf
    sim_filter
    sim_report
    sim_request
}

#[test]
fn every_target_has_its_test_its_program_and_its_corpus() {
    let targets: Vec<&str> = wats_fuzz::TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(targets, NAMES, "tests");
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let programs: Vec<&str> = manifest
        .split("[[bin]]")
        .skip(1)
        .filter_map(|program| program.split('"').nth(1))
        .collect();
    assert_eq!(targets, programs, "programs");
    let mut corpora: Vec<String> = std::fs::read_dir(fuzz().join("corpus"))
        .unwrap()
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    corpora.sort();
    assert_eq!(targets, corpora, "corpora");
}
