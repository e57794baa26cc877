//! What stands in for cargo-fuzz where it is not: a crate's tests include this file and run the criteria of its fuzz
//! targets over the corpora, over altered copies of them, and over made-up bytes.

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// How many inputs are made up, beside the corpus.
const CASES: u32 = 300;

/// Runs a target's criterion, which panics when it does not hold. Corpora stand in `fuzz/corpus/` of the crate.
pub(crate) fn holds(target: &str, criterion: impl Fn(&[u8])) {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut seeds = Vec::new();
    for file in std::fs::read_dir(corpora.join(target)).unwrap() {
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
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&inputs, |bytes| {
        criterion(&bytes);
        Ok(())
    });
    outcome.unwrap();
}
