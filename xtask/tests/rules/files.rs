//! What no file of the repository contains: the path of somebody's machine. And where a module with others below it stands:
//! in `mod.rs` of their folder.

use crate::workspace::root;
use std::fs;
use std::path::{Path, PathBuf};

/// Beginnings of such paths, in two parts each so that this file does not contain them itself.
const BEGINNINGS: [(&str, &str); 5] = [
    ("/home", "/"),
    ("/root", "/"),
    ("/Users", "/"),
    (":\\Use", "rs\\"),
    ("/work", "/"),
];

/// What holds no source. In a further work tree `.git` is a file, with a path in it.
const NO_SOURCE: [&str; 2] = ["target", ".git"];

#[test]
fn no_file_names_a_path_of_a_machine() {
    let mut found = Vec::new();
    for file in files(&root()) {
        // A file that is not text holds no path that somebody wrote.
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            if names_a_machine(line) {
                found.push(format!(
                    "{}:{}: {}",
                    file.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    assert!(
        found.is_empty(),
        "paths of a machine:\n{}",
        found.join("\n")
    );
}

fn names_a_machine(line: &str) -> bool {
    BEGINNINGS.iter().any(|(first, second)| {
        let beginning = format!("{first}{second}");
        line.match_indices(&beginning).any(|(at, _)| {
            // `api/work/items` is a route, not a path of a machine: there the slash follows a name.
            let before = line[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() && !first.starts_with(':'))
                && before != Some('.')
        })
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if NO_SOURCE.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_module_with_others_below_it_is_the_mod_rs_of_their_folder() {
    let mut found = Vec::new();
    for file in files(&root()) {
        let of_cargo = file
            .parent()
            .is_some_and(|folder| folder.ends_with("tests"));
        if file.extension().is_some_and(|end| end == "rs")
            && !of_cargo
            && file.with_extension("").is_dir()
        {
            found.push(file.display().to_string());
        }
    }
    assert!(
        found.is_empty(),
        "to be moved to `mod.rs` of the folder beside it:\n{}",
        found.join("\n")
    );
}

#[test]
fn a_path_is_told_from_a_route() {
    let path = ["/ho", "me/me/x"].concat();
    assert!(names_a_machine(&format!("see {path}")));
    assert!(names_a_machine(&path));
    assert!(names_a_machine(&["C:\\Us", "ers\\me"].concat()));
    assert!(!names_a_machine(&["api/wo", "rk/items"].concat()));
    assert!(!names_a_machine(&["../wo", "rk/items"].concat()));
}
