//! What a published crate needs, so that its package is whole and the machines that build it know how.

use crate::modules::sources;
use crate::workspace::{Package, packages, root};
use std::fs;

fn public() -> Vec<Package> {
    packages()
        .into_iter()
        .filter(|package| package.public)
        .collect()
}

#[test]
fn a_published_crate_has_its_licences_and_says_what_goes_into_its_package() {
    let mut missing = Vec::new();
    for package in public() {
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let own = fs::read_to_string(package.folder.join(licence)).unwrap_or_default();
            if own != fs::read_to_string(root().join(licence)).unwrap() {
                missing.push(format!("{}: {licence} as at the root", package.name));
            }
        }
        let manifest = fs::read_to_string(package.folder.join("Cargo.toml")).unwrap();
        for line in [
            "include = [",
            "[package.metadata.docs.rs]",
            "all-features = true",
        ] {
            if !manifest.contains(line) {
                missing.push(format!("{}: `{line}` in Cargo.toml", package.name));
            }
        }
    }
    assert!(missing.is_empty(), "missing:\n{}", missing.join("\n"));
}

#[test]
fn a_published_crate_takes_in_no_file_from_outside_its_folder() {
    let mut found = Vec::new();
    for package in public() {
        for file in sources(&package.folder.join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            let depth = file
                .strip_prefix(&package.folder)
                .unwrap()
                .components()
                .count();
            // From `src/a/b.rs` two steps up lead to the package's folder, three lead out of it.
            let outside = "../".repeat(depth);
            for line in text.lines().filter(|line| {
                (line.contains("include_str!(\"") || line.contains("include_bytes!(\""))
                    && line.contains(&format!("\"{outside}"))
            }) {
                found.push(format!("{}: {}", file.display(), line.trim()));
            }
        }
    }
    assert!(
        found.is_empty(),
        "not in the package:\n{}",
        found.join("\n")
    );
}

#[test]
fn what_a_readme_prints_is_compiled() {
    let mut found = Vec::new();
    for package in public() {
        let readme = fs::read_to_string(package.folder.join("README.md")).unwrap();
        let included = sources(&package.folder.join("src")).iter().any(|file| {
            let text = fs::read_to_string(file).unwrap();
            text.contains("include_str!(\"../README.md\")")
        });
        if readme.contains("```rust") && !included {
            found.push(package.name);
        }
    }
    assert!(
        found.is_empty(),
        "no doctest has the README of {}",
        found.join(", ")
    );
}

#[test]
fn the_oldest_rust_version_is_the_one_that_is_tried() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .unwrap()
        .trim_matches('"');
    let workflow = fs::read_to_string(root().join(".github/workflows/ci.yml")).unwrap();
    assert!(
        workflow.contains(&format!("rustup toolchain install {version} ")),
        "the job msrv does not use {version}"
    );
}
