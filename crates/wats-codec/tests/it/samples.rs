//! Reports as real stations export them, where they are at hand: through every pair of formats.

use std::path::{Path, PathBuf};

use serde_json::Value;
use wats_codec::{Format, Serde, Serializer};

/// The JSON files among the samples, if this machine has them.
fn samples() -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("WATS_SHARED").map_or(beside, PathBuf::from);
    let Ok(files) = std::fs::read_dir(shared.join("samples")) else {
        return Vec::new();
    };
    files
        .map(|file| file.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect()
}

#[test]
fn sample_reports_survive_every_pair_of_formats() {
    let samples = samples();
    if samples.is_empty() {
        eprintln!("skipped: no samples here");
    }
    for path in samples {
        let text = std::fs::read(&path).unwrap();
        let value: Value = Serializer::default()
            .from_slice(&text)
            .map(|Serde(it)| it)
            .unwrap();
        let codec = |format| Serializer::new(format).compress_threshold(0);
        let formats = || Format::ALL.iter().map(|format| codec(*format));
        for first in formats() {
            let once: Value = first.from_slice(&first.to_vec(&value).unwrap()).unwrap();
            assert_eq!(once, value, "{} in {}", path.display(), first.format());
            for second in formats() {
                let twice: Value = first
                    .from_slice(&second.to_vec(&Serde(&once)).unwrap())
                    .map(|Serde(it)| it)
                    .unwrap();
                let (first, second) = (first.format(), second.format());
                assert_eq!(twice, value, "{}: {first}, {second}", path.display());
            }
        }
        // Whatever a station exports, the compact forms are worth their while.
        let size = |format| codec(format).to_vec(&Serde(&value)).unwrap().len();
        let json = size(Format::Json);
        for format in [Format::MessagePack, Format::JsonGzip, Format::Archive] {
            assert!(size(format) < json, "{}: {format}", path.display());
        }
    }
}
