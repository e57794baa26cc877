//! One test program per crate, `tests/it/main.rs` with a module per subject: each further one links everything anew.

use crate::workspace::packages;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What every crate may have.
const ONE: &str = "it";

/// Further ones, each with its reason.
const FURTHER: &[(&str, &[&str])] = &[
    // Counts allocations, by an allocator of its own.
    ("wats-http", &["memory"]),
    // Starts itself as further processes, which are killed; and needs a feature.
    ("wats-domains", &["queue"]),
    // Replays the corpora, which is all that is tested of it.
    ("wats-fuzz", &["replay"]),
    // Its rules are all that is tested of this program from outside.
    ("xtask", &["rules"]),
];

#[test]
fn a_crate_has_one_test_program() {
    let mut wrong = Vec::new();
    for package in packages() {
        let found = programs(&package.folder.join("tests"));
        let name = package.name.as_str();
        let further = FURTHER.iter().find(|(of, _)| *of == name);
        let allowed: BTreeSet<&str> = further
            .map_or(&[][..], |(_, further)| further)
            .iter()
            .copied()
            .chain([ONE])
            .collect();
        let extra: Vec<&String> = found
            .iter()
            .filter(|program| !allowed.contains(program.as_str()))
            .collect();
        if !extra.is_empty() {
            wrong.push(format!("{name}: {extra:?} belongs into tests/it"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The test programs that cargo finds in a folder.
fn programs(folder: &Path) -> BTreeSet<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeSet::new();
    };
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").exists()
        })
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn files_and_folders_with_a_main_are_programs() {
    let folder = std::env::temp_dir().join(format!("wats-programs-{}", std::process::id()));
    for part in ["it", "data"] {
        fs::create_dir_all(folder.join(part)).unwrap();
    }
    for file in ["it/main.rs", "data/help.rs", "alone.rs", "notes.md"] {
        fs::write(folder.join(file), "").unwrap();
    }
    let found = programs(&folder);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["alone", "it"]);
}
