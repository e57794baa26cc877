//! The layers know of no service: what they say, in messages and in comments, holds for any server.

use crate::modules::sources;
use crate::workspace::root;
use std::fs;

/// The crates that know nothing of what they are used for.
const LAYERS: [&str; 6] = [
    "wats-background",
    "wats-batch",
    "wats-cache",
    "wats-cache-macros",
    "wats-codec",
    "wats-http",
];

/// What names the service.
const NAMES: [&str; 3] = ["WATS", "wats.com", "wats.example"];

#[test]
fn the_layers_do_not_name_the_service() {
    let mut found = Vec::new();
    for layer in LAYERS {
        for file in sources(&root().join("crates").join(layer).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            for (number, line) in text.lines().enumerate() {
                if NAMES.iter().any(|name| line.contains(name)) {
                    found.push(format!(
                        "{}:{}: {}",
                        file.display(),
                        number + 1,
                        line.trim()
                    ));
                }
            }
        }
    }
    assert!(
        found.is_empty(),
        "the service is named (ClientBuilder::service_name is how messages get its name):\n{}",
        found.join("\n")
    );
}
