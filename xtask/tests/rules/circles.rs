//! No module of a crate uses itself by way of others: what a file needs can be read from top to bottom.
//!
//! A folder is read as one thing from outside. So a file may use what the `mod.rs` above it defines, and that alone makes no
//! circle; what two files of a folder need of each other does.

use crate::modules::{Uses, roots, uses};
use crate::workspace::packages;
use std::collections::{BTreeMap, BTreeSet};

/// Circles that stand for the time being, by crate. The list only shrinks: what is open is taken off it.
const KNOWN: &[(&str, &[&str])] = &[];

#[test]
fn no_module_uses_itself_by_way_of_others() {
    let mut found: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for package in packages() {
        for root in roots(&package.folder) {
            found
                .entry(package.name.clone())
                .or_default()
                .extend(circles(&uses(&root)));
        }
    }
    let (mut new, mut gone) = (Vec::new(), Vec::new());
    for (name, circles) in &found {
        for circle in circles {
            let known = KNOWN.iter().any(|(of, modules)| {
                of == name
                    && circle
                        .iter()
                        .all(|module| modules.contains(&module.as_str()))
            });
            if !known {
                new.push(format!("{name}: {}", circle.join(" <-> ")));
            }
        }
    }
    for (of, modules) in KNOWN {
        for module in *modules {
            let still = found
                .get(*of)
                .is_some_and(|circles| circles.iter().flatten().any(|other| other == module));
            if !still {
                gone.push(format!("{of}: {module}"));
            }
        }
    }
    assert!(
        new.is_empty(),
        "modules that use each other:\n{}",
        new.join("\n")
    );
    assert!(
        gone.is_empty(),
        "no longer in a circle, to be taken off the list:\n{}",
        gone.join("\n")
    );
}

/// The groups of modules of which each reaches each.
fn circles(uses: &Uses) -> Vec<Vec<String>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> = uses
        .keys()
        .map(|from| (from.as_str(), reached(uses, from)))
        .collect();
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    for (from, to) in &reach {
        if to.contains(from) {
            found.insert(
                to.iter()
                    .filter(|other| reach.get(*other).is_some_and(|back| back.contains(from)))
                    .map(|other| (*other).to_owned())
                    .collect(),
            );
        }
    }
    found.into_iter().collect()
}

fn reached<'a>(uses: &'a Uses, from: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&str> = uses[from].iter().map(String::as_str).collect();
    while let Some(next) = open.pop() {
        if found.insert(next) {
            open.extend(uses.get(next).into_iter().flatten().map(String::as_str));
        }
    }
    found
}

#[test]
fn a_circle_is_found_through_re_exports_and_within_macros() {
    let folder = std::env::temp_dir().join(format!("wats-circles-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("src/deep")).unwrap();
    for (name, text) in [
        ("lib.rs", "mod a; mod b; mod deep; mod alone; pub use b::B;"),
        ("a.rs", "use crate::B; pub struct A(B);"),
        (
            "b.rs",
            "pub struct B; fn f() { println!(\"{}\", crate::deep::D); }",
        ),
        ("deep/mod.rs", "mod inner; pub use inner::D;"),
        (
            "deep/inner.rs",
            "pub const D: u8 = 1; type X = super::super::a::A;",
        ),
        (
            "alone.rs",
            "use crate::a::A; #[cfg(test)] mod tests { use crate::alone; }",
        ),
    ] {
        std::fs::write(folder.join("src").join(name), text).unwrap();
    }
    let found = circles(&uses(&folder.join("src/lib.rs")));
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(found, [["a", "b", "deep::inner"]]);
}
