//! The operations on the server as such, and the tests of the whole table.

use crate::ask::route::routes;

routes! { "app";
    version = GET "/api/App/Version" safe;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a panic in a test is its failure")]

    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use serde_json::Value;
    use wats_http::http::Method;

    use crate::ask::Route;

    fn table() -> impl Iterator<Item = &'static Route> {
        [
            super::ALL,
            crate::process::route::ALL,
            crate::product::route::ALL,
            crate::report::route::ALL,
            crate::report::route::internal::ALL,
        ]
        .into_iter()
        .flatten()
        .copied()
    }

    #[test]
    fn the_table_is_consistent() {
        let mut names = BTreeSet::new();
        for Route {
            operation,
            keeps,
            stales,
            ..
        } in table()
        {
            assert!(names.insert(operation.name()), "{} twice", operation.name());
            assert!(operation.path().starts_with("/api/"));
            let is_read = operation.method() == Method::GET;
            assert!(
                keeps.is_none() || is_read,
                "{} writes and must not be answered from a cache",
                operation.name()
            );
            assert!(
                stales.is_empty() || !is_read,
                "{} reads and makes nothing stale",
                operation.name()
            );
        }
    }

    /// The server's descriptions, where somebody has put them: `WATS_SHARED` names the folder that holds `wats-server`.
    fn described(file: &str) -> Option<BTreeSet<(String, String)>> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let shared =
            std::env::var_os("WATS_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
        let text = std::fs::read_to_string(shared.join("wats-server").join(file)).ok()?;
        let description: Value = serde_json::from_str(&text).unwrap();
        let paths = description["paths"].as_object().unwrap();
        let shapes = paths.iter().flat_map(|(path, operations)| {
            let methods = operations.as_object().unwrap().keys();
            methods.map(|method| shape(method, path))
        });
        Some(shapes.collect())
    }

    /// Method and path, with the names of parameters left out and without regard to case.
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

    #[test]
    fn the_rows_are_operations_of_the_server() {
        for (file, internal) in [
            ("openapi_public.json", false),
            ("openapi_internal_used.json", true),
        ] {
            let Some(known) = described(file) else {
                eprintln!(
                    "skipped: {file} is not here; WATS_SHARED names the folder above `wats-server`"
                );
                continue;
            };
            for row in table() {
                let operation = &row.operation;
                if operation.path().starts_with("/api/internal/") == internal {
                    let shape = shape(operation.method().as_str(), operation.path());
                    assert!(known.contains(&shape), "{}: {shape:?}", operation.name());
                }
            }
        }
    }
}
