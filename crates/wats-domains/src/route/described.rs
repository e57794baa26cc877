//! The server's descriptions of its operations, where somebody has put them: `WATS_SHARED` names the folder that holds
//! `wats-server`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::ask::Route;

/// What a description says of an operation.
#[derive(Debug, Default)]
pub(super) struct Described {
    pub(super) query: BTreeSet<String>,
    pub(super) required: BTreeSet<String>,
    pub(super) body: bool,
}

/// Operations by method and path, with the names of parameters left out and without regard to case.
pub(super) struct Descriptions(BTreeMap<(String, String), Described>);

impl Descriptions {
    /// The descriptions of public and internal operations; tells that it is skipped where there are none.
    pub(super) fn read() -> Option<Self> {
        let mut all = BTreeMap::new();
        for file in ["openapi_public.json", "openapi_internal_used.json"] {
            let Some(description) = text(file) else {
                eprintln!(
                    "skipped: {file} is not here; WATS_SHARED names the folder above `wats-server`"
                );
                return None;
            };
            let description: Value = serde_json::from_str(&description).unwrap();
            for (path, operations) in description["paths"].as_object().unwrap() {
                for (method, operation) in operations.as_object().unwrap() {
                    all.insert(shape(method, path), described(operation));
                }
            }
        }
        Some(Self(all))
    }

    pub(super) fn of(&self, row: &Route) -> Option<&Described> {
        let operation = &row.operation;
        self.0
            .get(&shape(operation.method().as_str(), operation.path()))
    }
}

fn text(file: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("WATS_SHARED").map_or(beside, PathBuf::from);
    std::fs::read_to_string(shared.join("wats-server").join(file)).ok()
}

fn described(operation: &Value) -> Described {
    let mut found = Described::default();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap().to_owned();
        match parameter["in"].as_str().unwrap() {
            "query" => {
                if parameter["required"] == true {
                    found.required.insert(name.clone());
                }
                found.query.insert(name);
            }
            "body" => found.body = true,
            _ => {}
        }
    }
    found
}

fn shape(method: &str, path: &str) -> (String, String) {
    let mut rest = path;
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push_str("{}");
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    (method.to_uppercase(), out.to_lowercase())
}
