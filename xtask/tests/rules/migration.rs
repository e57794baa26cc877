//! The guide for those who come from the Python client: it has all that the client has, and names nothing that is not here.
//! What the client has stands in lists that not every machine has: `WATS_SHARED` names the folder that holds them.

use crate::workspace::root;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Sections of operations: domain of the Python client, heading, and folder of ours.
const SECTIONS: [(&str, &str, &str); 11] = [
    ("analytics", "Analytics", "analytics"),
    ("asset", "Asset", "asset"),
    (
        "manual_inspection",
        "Manual inspection",
        "manual_inspection",
    ),
    ("process", "Process", "process"),
    ("product", "Product", "product"),
    (BOX_BUILD, "Box build template", "product"),
    ("production", "Production", "production"),
    ("report", "Report", "report"),
    ("rootcause", "Root cause", "root_cause"),
    ("scim", "SCIM", "scim"),
    ("software", "Software", "software"),
];

/// The operations of this class have a section of their own.
const BOX_BUILD: &str = "AsyncBoxBuildTemplate";

/// The heading of the routes that have no operation here.
const LEFT_OUT: &str = "Routes that are left out";

#[test]
fn the_guide_has_every_operation_of_the_python_client() {
    let Some(operations) = shared("peer/service_operations.json") else {
        return;
    };
    let mut theirs = BTreeSet::new();
    for operation in operations.as_array().unwrap() {
        let of = |member: &str| operation[member].as_str().unwrap().to_owned();
        let domain = match of("class") {
            class if class == BOX_BUILD => class,
            _ => of("domain"),
        };
        theirs.insert((domain, of("method")));
    }
    let rows = rows();
    let mut ours = BTreeSet::new();
    for (domain, heading, _) in SECTIONS {
        for (left, _) in rows.get(heading).into_iter().flatten() {
            ours.extend(spans(left).map(|name| (domain.to_owned(), name.to_owned())));
        }
    }
    assert_eq!(same(&ours, &theirs), "", "guide and Python client");
}

#[test]
fn the_guide_has_every_route_of_the_python_client_that_the_server_does_not_describe() {
    let public = shared("wats-server/openapi_public.json");
    let internal = shared("wats-server/openapi_internal_used.json");
    let (Some(public), Some(internal), Some(endpoints)) =
        (public, internal, shared("peer/endpoints.json"))
    else {
        return;
    };
    let mut described = BTreeSet::new();
    for description in [&public, &internal] {
        for (path, methods) in description["paths"].as_object().unwrap() {
            described.extend(methods.as_object().unwrap().keys().map(|m| shape(m, path)));
        }
    }
    let theirs = endpoints.as_array().unwrap().iter().map(|endpoint| {
        let of = |member: &str| endpoint[member].as_str().unwrap();
        shape(of("method"), of("path_template"))
    });
    let theirs = theirs.filter(|route| !described.contains(route)).collect();
    let rows = rows();
    let routes = rows[LEFT_OUT].iter().flat_map(|(left, _)| spans(left));
    let ours = routes
        .map(|route| {
            let (method, path) = route.split_once(' ').unwrap();
            shape(method, path)
        })
        .collect();
    assert_eq!(same(&ours, &theirs), "", "guide and Python client");
}

#[test]
fn the_guide_names_methods_that_are_there() {
    let everywhere = functions(&root().join("crates"));
    let domains = root().join("crates/wats-domains/src");
    let folder = |name: &str| {
        let mut names = functions(&domains.join(name));
        if name == "report" {
            names.extend(functions(&root().join("crates/wats-report/src")));
        }
        for file in fs::read_dir(&domains).unwrap() {
            let file = file.unwrap().path();
            if file.is_file() {
                names.extend(functions_of(&file));
            }
        }
        names
    };
    let mut missing = BTreeSet::new();
    for (heading, rows) in rows() {
        let section = SECTIONS.iter().find(|(_, title, _)| *title == heading);
        for span in rows.iter().flat_map(|(_, right)| spans(right)) {
            let mut calls = calls(span);
            // `wats.asset().get(..)` is a method of that service, and `get(..)` one of the service of the section.
            let mut service = section.map(|(_, _, folder)| *folder);
            if span.starts_with("wats.") {
                service = None;
                if calls.get(1).is_some() && domains.join(calls[0]).is_dir() {
                    service = Some(calls.remove(0));
                }
            } else if span.starts_with(['.', '&']) || span.starts_with(char::is_uppercase) {
                service = None;
            }
            if calls.first() == Some(&"internal") {
                calls.remove(0);
            }
            for (place, name) in calls.iter().enumerate() {
                let there = match service {
                    Some(service) if place == 0 => folder(service).contains(*name),
                    _ => everywhere.contains(*name),
                };
                if !there {
                    missing.insert(format!("{heading}: {name} of `{span}`"));
                }
            }
        }
    }
    let missing: Vec<_> = missing.into_iter().collect();
    assert!(
        missing.is_empty(),
        "the guide names what is not there:\n{}",
        missing.join("\n")
    );
}

/// The first and the last column of all tables, by the heading that stands above.
fn rows() -> BTreeMap<String, Vec<(String, String)>> {
    let guide = fs::read_to_string(root().join("docs/migrating-from-pywats.md")).unwrap();
    let mut rows = BTreeMap::<String, Vec<_>>::new();
    let mut heading = String::new();
    for line in guide.lines() {
        if let Some(title) = line.strip_prefix('#') {
            let title = title.trim_start_matches('#').trim();
            title
                .split(':')
                .next()
                .unwrap_or_default()
                .clone_into(&mut heading);
        } else if let Some(row) = line.strip_prefix("| ") {
            let row = row.trim_end_matches(" |");
            let (left, right) = (row.split(" | ").next(), row.rsplit(" | ").next());
            let row = (left.unwrap().to_owned(), right.unwrap().to_owned());
            rows.entry(heading.clone()).or_default().push(row);
        }
    }
    rows
}

/// What stands between backquotes.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The names before parentheses, without those of associated functions (`Filter::eq(..)`).
fn calls(span: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in span.match_indices('(') {
        let before = &span[..at];
        let start = before
            .rfind(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(0, |at| at + 1);
        let name = &before[start..];
        if name.starts_with(char::is_lowercase) && !before[..start].ends_with("::") {
            names.push(name);
        }
    }
    names
}

/// The public functions of all files below a folder.
fn functions(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(functions(&path));
        } else {
            names.extend(functions_of(&path));
        }
    }
    names
}

/// The public functions of a file, and the members that its macros make setters of (`=> name: Type`).
fn functions_of(file: &Path) -> BTreeSet<String> {
    if file.extension().is_none_or(|extension| extension != "rs") {
        return BTreeSet::new();
    }
    let text = fs::read_to_string(file).unwrap();
    let starts = ["pub fn ", "pub const fn ", "pub async fn ", "\" => "];
    let found = starts.iter().flat_map(|start| text.split(start).skip(1));
    found
        .filter_map(|rest| {
            rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
        })
        .map(str::to_owned)
        .collect()
}

/// Method and path, with the names of parameters left out and without regard to case.
fn shape(method: &str, path: &str) -> String {
    let mut shape = method.to_uppercase();
    shape.push(' ');
    let mut is_name = false;
    for c in path.chars() {
        is_name &= c != '}';
        if !is_name {
            shape.extend(c.to_lowercase());
        }
        is_name |= c == '{';
    }
    shape
}

/// What only one of two sets has.
fn same<T: Ord + std::fmt::Debug>(guide: &BTreeSet<T>, client: &BTreeSet<T>) -> String {
    let only_guide = guide
        .difference(client)
        .map(|item| format!("only in the guide: {item:?}\n"));
    let only_client = client
        .difference(guide)
        .map(|item| format!("not in the guide: {item:?}\n"));
    only_guide.chain(only_client).collect()
}

/// A list that not every machine has; tells that the test is skipped where it is not.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn shared(file: &str) -> Option<Value> {
    let beside = || root().join("../shared");
    let folder = std::env::var_os("WATS_SHARED").map_or_else(beside, PathBuf::from);
    let Ok(text) = fs::read_to_string(folder.join(file)) else {
        eprintln!("skipped: {file} is not here; WATS_SHARED names the folder that holds it");
        return None;
    };
    Some(serde_json::from_str(&text).unwrap())
}
