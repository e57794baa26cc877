//! Answers against the server's own description, where it is at hand (`WATS_SHARED`, or `../shared` beside the workspace): every
//! answer that a test of this crate gets is checked, if its operation has a schema.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use jsonschema::Validator;
use serde_json::{Value, json};
use wats_sim::Simulator;

/// Operations that declare one and answer a list.
const LISTS: &[&str] = &[
    "GET /api/Software/Packages",
    "GET /api/Software/PackagesByTag",
];

/// An operation.
struct Operation {
    method: String,
    template: String,
    /// None, if the description does not say more than that there is one.
    schema: Option<Value>,
    /// Of which description.
    definitions: Arc<Value>,
    validator: OnceLock<Validator>,
}

impl Operation {
    /// Made when it is needed: most tests need few of them.
    fn validator(&self) -> &Validator {
        self.validator.get_or_init(|| {
            let mut schema = self.schema.clone().unwrap_or_default();
            schema["definitions"] = self.definitions.as_ref().clone();
            jsonschema::draft4::new(&schema)
                .unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.template))
        })
    }
}

/// The operations; none where the description is not at hand.
fn operations() -> &'static [Operation] {
    static OPERATIONS: OnceLock<Vec<Operation>> = OnceLock::new();
    OPERATIONS.get_or_init(|| {
        let near = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
        let shared = std::env::var_os("WATS_SHARED").map_or(near, PathBuf::from);
        ["openapi_public.json", "openapi_internal_used.json"]
            .iter()
            .filter_map(|name| std::fs::read(shared.join("wats-server").join(name)).ok())
            .flat_map(|description| of_description(&serde_json::from_slice(&description).unwrap()))
            .collect()
    })
}

/// Names of the operations with a schema, as [`operation`] gives them.
pub(crate) fn names() -> Vec<String> {
    let with_schema = operations()
        .iter()
        .filter(|operation| operation.schema.is_some());
    with_schema
        .map(|operation| format!("{} {}", operation.method, operation.template))
        .collect()
}

fn of_description(description: &Value) -> Vec<Operation> {
    let mut definitions = description["definitions"].clone();
    allow_null(&mut definitions);
    let definitions = Arc::new(definitions);
    let mut found = Vec::new();
    for (template, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if !["get", "post", "put", "delete", "patch"].contains(&method.as_str()) {
                continue;
            }
            let says = |schema: &&Value| {
                schema["type"] != "object" || schema.get("additionalProperties").is_some()
            };
            let schema = operation["responses"]["200"]
                .get("schema")
                .filter(says)
                .cloned();
            let method = method.to_uppercase();
            let is_list = LISTS.contains(&format!("{method} {template}").as_str());
            let schema = schema.map(|mut schema| {
                if is_list && schema["type"] != "array" {
                    schema = json!({ "type": "array", "items": schema });
                }
                // A member beside `$ref` would be ignored.
                if let Some(reference) = schema
                    .as_object_mut()
                    .and_then(|members| members.remove("$ref"))
                {
                    schema["allOf"] = json!([{ "$ref": reference }]);
                }
                schema
            });
            found.push(Operation {
                method,
                template: template.clone(),
                schema,
                definitions: Arc::clone(&definitions),
                validator: OnceLock::new(),
            });
        }
    }
    found
}

/// In this version of the format a schema cannot say that a member may be null, and the server says null of much.
fn allow_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(allow_null),
        Value::Object(members) => {
            members.values_mut().for_each(allow_null);
            if let Some(kind) = members.get_mut("type").filter(|kind| kind.is_string()) {
                *kind = json!([kind.clone(), "null"]);
            }
            if let Some(Value::Array(values)) = members.get_mut("enum") {
                values.push(Value::Null);
            }
            // References to objects may be null too.
            if let Some(reference) = members.remove("$ref") {
                members.insert(
                    "anyOf".to_owned(),
                    json!([{ "$ref": reference }, { "type": "null" }]),
                );
            }
        }
        _ => {}
    }
}

/// The operation of a request, if it has a schema.
pub(crate) fn operation(method: &str, path: &str) -> Option<String> {
    let found = find(method, path).filter(|operation| operation.schema.is_some());
    found.map(|operation| format!("{} {}", operation.method, operation.template))
}

fn find(method: &str, path: &str) -> Option<&'static Operation> {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |template: &str| {
        let (wanted, given): (Vec<_>, Vec<_>) =
            (template.split('/').collect(), path.split('/').collect());
        wanted.len() == given.len()
            && wanted.iter().zip(given).all(|(wanted, given)| {
                wanted.starts_with('{') || wanted.eq_ignore_ascii_case(given)
            })
    };
    // The simulator has routes that the description lacks. Fixed segments win over parameters, whatever the method.
    let fitting = Simulator::routes()
        .into_iter()
        .map(|(_, template)| template)
        .filter(|template| fits(template));
    let template = fitting.min_by_key(|template| template.matches('{').count())?;
    let mut all = operations().iter();
    all.find(|operation| operation.method == method && same(&operation.template, template))
}

/// An operation as it is described.
pub(crate) struct Described {
    pub(crate) method: String,
    pub(crate) template: String,
}

/// All operations, if the description is at hand.
pub(crate) fn described() -> Vec<Described> {
    let described = |operation: &Operation| Described {
        method: operation.method.clone(),
        template: operation.template.clone(),
    };
    operations().iter().map(described).collect()
}

/// A template however its parameters are named and its letters are written.
pub(crate) fn normal(template: &str) -> String {
    let part = |part: &str| match part.find('{') {
        Some(at) => format!("{}{{}}", part[..at].to_ascii_lowercase()),
        None => part.to_ascii_lowercase(),
    };
    template.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Whether two templates are one, however their parameters are named.
fn same(one: &str, other: &str) -> bool {
    normal(one) == normal(other)
}

/// Panics if the body of a successful answer is not as the description has it.
pub(crate) fn check(method: &str, path: &str, body: &[u8]) {
    let Some(operation) = find(method, path).filter(|operation| operation.schema.is_some()) else {
        return;
    };
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        panic!("{method} {path} answers no JSON");
    };
    let problems: HashMap<String, String> = operation
        .validator()
        .iter_errors(&body)
        .take(5)
        .map(|error| (error.instance_path().to_string(), error.to_string()))
        .collect();
    assert!(
        problems.is_empty(),
        "{method} {path} answers otherwise than described: {problems:?}"
    );
}
