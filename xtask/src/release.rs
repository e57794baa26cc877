//! `cargo xtask release --dry-run`: which crates would be published, in which order, and why.
//!
//! The last release of a crate is its newest tag `NAME-vVERSION`. A crate is due when it has none, when commits since then
//! touched its folder, or when a crate of ours that it depends on is due. Nothing is published or written: RELEASING.md says
//! how that is done.

use crate::process::{self, Error, works};
use crate::terminal::say;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Options of the command.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Say what would be done; the only thing that this command does.
    #[arg(long)]
    dry_run: bool,
}

/// A crate that may be published.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Crate {
    name: String,
    version: String,
    folder: PathBuf,
    /// Crates of ours that it needs.
    needs: Vec<String>,
}

/// What is known of a crate's last release.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Last {
    None,
    /// Its tag, and the commits since then that touched the crate.
    Tag(String, usize),
}

/// Runs the command.
pub(crate) fn run(options: &Options) -> Result<ExitCode, Error> {
    if !options.dry_run {
        return Err(
            "add --dry-run; publishing itself is done by hand, as RELEASING.md says"
                .to_owned()
                .into(),
        );
    }
    let crates = in_order(publishable(&metadata()?)?)?;
    let semver = works(process::cargo().args(["semver-checks", "--version"]));
    let mut due = BTreeSet::new();
    let mut failed = false;
    for one in &crates {
        let last = last_release(one)?;
        let reason = reason(one, &last, &due);
        let notes = unreleased(
            &std::fs::read_to_string(one.folder.join("CHANGELOG.md")).unwrap_or_default(),
        );
        let name = format!("{} {}", one.name, one.version);
        let Some(reason) = reason else {
            say(&format!("{name:<26} as released"));
            continue;
        };
        due.insert(one.name.clone());
        say(&format!(
            "{name:<26} publish: {reason}; {notes} lines in CHANGELOG"
        ));
        if let (true, Last::Tag(tag, _)) = (semver, &last) {
            let mut check = process::cargo();
            check.args(["semver-checks", "-p", &one.name, "--baseline-rev", tag]);
            failed |= !process::status(&mut check)?.success();
        }
    }
    if !semver {
        say("not checked against the last release: cargo-semver-checks is not installed");
    }
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn reason(one: &Crate, last: &Last, due: &BTreeSet<String>) -> Option<String> {
    match last {
        Last::None => Some("never released".to_owned()),
        Last::Tag(tag, commits) if *commits > 0 => Some(format!("{commits} commits since {tag}")),
        Last::Tag(..) => one
            .needs
            .iter()
            .find(|needed| due.contains(*needed))
            .map(|needed| format!("{needed} is published")),
    }
}

fn metadata() -> Result<Value, Error> {
    let output = process::cargo()
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .map_err(|error| format!("cannot start cargo metadata: {error}"))?;
    serde_json::from_slice(&output.stdout).map_err(|error| {
        let words = String::from_utf8_lossy(&output.stderr);
        format!("cargo metadata: {error} {}", words.trim()).into()
    })
}

fn publishable(metadata: &Value) -> Result<Vec<Crate>, Error> {
    let packages = metadata["packages"]
        .as_array()
        .ok_or_else(|| "cargo metadata names no packages".to_owned())?;
    // `publish = false` is an empty list of registries.
    let public = packages.iter().filter(|package| {
        package["publish"]
            .as_array()
            .is_none_or(|list| !list.is_empty())
    });
    Ok(public.map(read).collect())
}

fn read(package: &Value) -> Crate {
    let text = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
    let mut folder = PathBuf::from(text("manifest_path"));
    folder.pop();
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    Crate {
        name: text("name"),
        version: text("version"),
        folder,
        needs: dependencies
            .filter(|dependency| dependency["path"].is_string() && dependency["source"].is_null())
            // One by its path alone is for tests here, and no part of the package.
            .filter(|dependency| dependency["req"] != "*")
            .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned))
            .collect(),
    }
}

/// Crates after all that they need.
fn in_order(mut left: Vec<Crate>) -> Result<Vec<Crate>, Error> {
    let names: BTreeSet<String> = left.iter().map(|one| one.name.clone()).collect();
    let mut done: Vec<Crate> = Vec::new();
    while !left.is_empty() {
        let ready = left.iter().position(|one| {
            one.needs.iter().all(|needed| {
                *needed == one.name
                    || !names.contains(needed)
                    || done.iter().any(|earlier| earlier.name == *needed)
            })
        });
        let Some(at) = ready else {
            let names: Vec<&str> = left.iter().map(|one| one.name.as_str()).collect();
            return Err(format!("these need each other: {}", names.join(", ")).into());
        };
        done.push(left.remove(at));
    }
    Ok(done)
}

fn last_release(one: &Crate) -> Result<Last, Error> {
    let pattern = format!("{}-v*", one.name);
    let tags = git(&["tag", "--list", &pattern, "--sort=-v:refname"])?;
    let Some(tag) = tags.lines().next() else {
        return Ok(Last::None);
    };
    let range = format!("{tag}..HEAD");
    let folder = one.folder.to_string_lossy();
    let commits = git(&["log", "--format=%h", &range, "--", &folder])?;
    Ok(Last::Tag(tag.to_owned(), commits.lines().count()))
}

fn git(arguments: &[&str]) -> Result<String, Error> {
    let output = Command::new("git")
        .args(arguments)
        .output()
        .map_err(|error| format!("cannot start git: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let words = String::from_utf8_lossy(&output.stderr);
        Err(format!("git {}: {}", arguments.join(" "), words.trim()).into())
    }
}

/// Lines of text under `[Unreleased]`.
fn unreleased(changelog: &str) -> usize {
    changelog
        .lines()
        .skip_while(|line| !line.starts_with("## [Unreleased]"))
        .skip(1)
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, needs: &[&str]) -> Crate {
        Crate {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            folder: PathBuf::new(),
            needs: needs.iter().map(|&needed| needed.to_owned()).collect(),
        }
    }

    #[test]
    fn crates_come_after_what_they_need_and_a_circle_is_told() {
        let order = in_order(vec![
            one("top", &["middle", "base"]),
            one("middle", &["base", "middle"]),
            one("base", &["elsewhere"]),
        ]);
        let names: Vec<String> = order.unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(names, ["base", "middle", "top"]);
        let error = in_order(vec![one("a", &["b"]), one("b", &["a"])]).unwrap_err();
        assert!(error.to_string().contains("a, b"), "{error}");
    }

    #[test]
    fn a_crate_is_due_by_itself_or_by_what_it_needs() {
        let due = BTreeSet::from(["base".to_owned()]);
        let top = one("top", &["base"]);
        let tag = |commits| Last::Tag("top-v0.1.0".to_owned(), commits);
        assert_eq!(reason(&top, &Last::None, &due).unwrap(), "never released");
        assert!(
            reason(&top, &tag(3), &due)
                .unwrap()
                .starts_with("3 commits")
        );
        assert_eq!(reason(&top, &tag(0), &due).unwrap(), "base is published");
        assert_eq!(reason(&top, &tag(0), &BTreeSet::new()), None);
    }

    #[test]
    fn the_notes_of_the_next_release_are_counted() {
        let text =
            "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- one\n  more\n\n## [0.1.0]\n\n- old\n";
        assert_eq!(unreleased(text), 2);
        assert_eq!(unreleased("nothing"), 0);
    }
}
