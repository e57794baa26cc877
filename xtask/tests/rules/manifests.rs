//! What every crate has, and that every dependency has its line of reason.

use crate::workspace::{packages, root};
use std::collections::BTreeSet;
use std::fs;

#[test]
fn every_crate_has_a_readme_and_a_description() {
    let mut missing = Vec::new();
    for package in packages() {
        let readme = fs::read_to_string(package.folder.join("README.md")).unwrap_or_default();
        if readme.trim().is_empty() {
            missing.push(format!("{}: README.md", package.name));
        }
        if package.description.is_empty() || package.description == "TBD" {
            missing.push(format!("{}: description in Cargo.toml", package.name));
        }
    }
    assert!(missing.is_empty(), "missing:\n{}", missing.join("\n"));
}

#[test]
fn every_dependency_has_its_line_in_the_docs() {
    let document = root().join("docs").join("dependencies.md");
    let text = fs::read_to_string(&document)
        .unwrap_or_else(|error| panic!("{}: {error}", document.display()));
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut names: BTreeSet<String> = declared(&manifest);
    let members = packages();
    // The peers of the benchmark package are explained where they are measured.
    let shipped = members
        .iter()
        .filter(|package| package.name != "wats-benches");
    let used = shipped.flat_map(|package| &package.dependencies);
    names.extend(
        used.filter(|dependency| !dependency.ours)
            .map(|d| d.name.clone()),
    );
    names.retain(|name| !members.iter().any(|package| package.name == *name));
    let explained = explained(&text);
    let unexplained: Vec<String> = names
        .into_iter()
        .filter(|name| !explained.contains(name))
        .collect();
    assert!(
        unexplained.is_empty(),
        "docs/dependencies.md does not say why these are here: {}",
        unexplained.join(", ")
    );
}

/// Names in the first column of the tables; a cell may hold several.
fn explained(document: &str) -> BTreeSet<String> {
    let rows = document.lines().filter_map(|line| line.strip_prefix('|'));
    let cells = rows.filter_map(|row| row.split('|').next());
    cells
        .flat_map(|cell| cell.split(','))
        .map(|name| name.trim().trim_matches('`').to_owned())
        .collect()
}

/// Names of `[workspace.dependencies]`.
fn declared(manifest: &str) -> BTreeSet<String> {
    let section = manifest
        .lines()
        .skip_while(|line| line.trim() != "[workspace.dependencies]");
    let lines = section.skip(1).take_while(|line| !line.starts_with('['));
    lines
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim().to_owned())
        .collect()
}

#[test]
fn declared_dependencies_are_read_from_their_section_only() {
    let manifest = "[package]\nname = \"x\"\n[workspace.dependencies]\n# a = 1\nbytes = \"1\"\n\
                    serde = { version = \"1\" }\n\n[profile.release]\nlto = true\n";
    let names: Vec<String> = declared(manifest).into_iter().collect();
    assert_eq!(names, ["bytes", "serde"]);
}

#[test]
fn explained_dependencies_are_the_first_column() {
    let found = explained(
        "text `other`\n| crate | why |\n|---|---|\n| bytes | for `serde` |\n| `a`, b | x |\n",
    );
    assert!(
        ["bytes", "a", "b"].iter().all(|name| found.contains(*name)),
        "{found:?}"
    );
    assert!(!found.contains("serde") && !found.contains("other"));
}
