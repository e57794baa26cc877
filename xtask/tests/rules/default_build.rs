//! What a program takes in that uses `wats` as it comes: how many packages, and which of them build C code.

use crate::workspace::root;
use std::collections::BTreeSet;
use std::process::Command;

/// How many packages may be built, ours and those that only build scripts and macros need among them. What not everybody
/// needs is a feature: see docs/dependencies.md before raising it.
const MOST: usize = 88;

/// Whose build scripts compile C.
const BUILDS_C: [&str; 1] = ["ring"];

/// The packages that `cargo tree` lists for the default build of `wats`. The target is fixed, since each has packages of
/// its own.
fn listed(further: &[&str]) -> BTreeSet<String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "-p", "wats", "-e", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}"])
        .args(["--target", "x86_64-unknown-linux-gnu"])
        .args(further)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .collect()
}

#[test]
fn the_default_build_stays_small() {
    let packages = listed(&[]);
    assert!(
        packages.len() <= MOST,
        "{} packages instead of at most {MOST}:\n{}",
        packages.len(),
        Vec::from_iter(packages).join("\n")
    );
}

#[test]
fn the_default_build_compiles_no_c_but_the_cryptography() {
    let names: Vec<String> = listed(&["--invert", "cc", "--depth", "1"])
        .iter()
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .filter(|name| name != "cc")
        .collect();
    assert_eq!(names, BUILDS_C);
}
