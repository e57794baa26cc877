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

/// Features of the layers that the facade always has.
const ALWAYS: [&str; 2] = ["async", "serde"];

#[test]
fn a_feature_is_explained_and_has_one_name() {
    let mut missing = Vec::new();
    let packages = public();
    let facade = packages
        .iter()
        .find(|package| package.name == "wats")
        .unwrap();
    for package in &packages {
        let readme = fs::read_to_string(package.folder.join("README.md")).unwrap();
        let library = fs::read_to_string(package.folder.join("src/lib.rs")).unwrap();
        let layer = facade
            .dependencies
            .iter()
            .any(|layer| layer.ours && !layer.dev && layer.name == package.name);
        for feature in &package.features {
            let name = format!("`{feature}`");
            if !readme.contains(&name) {
                missing.push(format!("{}: {name} in its README", package.name));
            }
            let known = facade.features.contains(feature) || ALWAYS.contains(&feature.as_str());
            if layer && !known {
                missing.push(format!("wats: {name}, which {} has", package.name));
            }
        }
        if library.contains("#[cfg(feature") && !library.contains("feature(doc_cfg)") {
            missing.push(format!("{}: `feature(doc_cfg)` in lib.rs", package.name));
        }
    }
    assert!(missing.is_empty(), "missing:\n{}", missing.join("\n"));
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
