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
    pub(super) is_public: bool,
}

/// Operations by method and path, with the names of parameters left out and without regard to case.
pub(super) struct Descriptions(BTreeMap<Shape, Described>);

/// Method and path of an operation, with the names of parameters left out and without regard to case.
pub(super) type Shape = (String, String);

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
            let is_public = file == "openapi_public.json";
            let description: Value = serde_json::from_str(&description).unwrap();
            for (path, operations) in description["paths"].as_object().unwrap() {
                for (method, operation) in operations.as_object().unwrap() {
                    let mut described = described(operation);
                    described.is_public = is_public;
                    all.insert(shape(method, path), described);
                }
            }
        }
        Some(Self(all))
    }

    pub(super) fn of(&self, row: &Route) -> Option<&Described> {
        self.0.get(&shape_of(row))
    }

    /// The operations that the server publishes.
    pub(super) fn public(&self) -> BTreeSet<Shape> {
        let public = self.0.iter().filter(|(_, described)| described.is_public);
        public.map(|(shape, _)| shape.clone()).collect()
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

pub(super) fn shape_of(row: &Route) -> Shape {
    let operation = &row.operation;
    shape(operation.method().as_str(), operation.path())
}

fn shape(method: &str, path: &str) -> Shape {
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
