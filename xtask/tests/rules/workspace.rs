//! The workspace as `cargo metadata` describes it.

use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// A member of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) folder: PathBuf,
    /// May be published.
    pub(crate) public: bool,
    /// By name, without `default`.
    pub(crate) features: Vec<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A line of a member's dependencies.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Needed by tests, examples and benches only.
    pub(crate) dev: bool,
    /// A path of this workspace rather than a registry.
    pub(crate) ours: bool,
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// All members.
pub(crate) fn packages() -> Vec<Package> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(package)
        .collect()
}

fn package(value: &Value) -> Package {
    let manifest = PathBuf::from(value["manifest_path"].as_str().unwrap());
    Package {
        name: value["name"].as_str().unwrap().to_owned(),
        description: value["description"].as_str().unwrap_or_default().to_owned(),
        folder: manifest.parent().unwrap().to_path_buf(),
        public: value["publish"]
            .as_array()
            .is_none_or(|list| !list.is_empty()),
        features: value["features"]
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| *name != "default")
            .cloned()
            .collect(),
        dependencies: value["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(dependency)
            .collect(),
    }
}

fn dependency(value: &Value) -> Dependency {
    Dependency {
        name: value["name"].as_str().unwrap().to_owned(),
        dev: value["kind"].as_str() == Some("dev"),
        ours: value["path"].is_string(),
    }
}
