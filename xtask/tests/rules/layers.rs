//! Who may depend on whom, as `docs/architecture.md` draws it.

use crate::workspace::{Dependency, Package, packages};

/// What a crate of ours may build on.
struct Rule {
    name: &'static str,
    may_use: &'static [&'static str],
    /// Beyond that, in its tests and examples.
    may_test_with: &'static [&'static str],
}

const fn rule(
    name: &'static str,
    may_use: &'static [&'static str],
    may_test_with: &'static [&'static str],
) -> Rule {
    Rule {
        name,
        may_use,
        may_test_with,
    }
}

const UNDER_DOMAINS: &[&str] = &[
    "wats-http",
    "wats-cache",
    "wats-batch",
    "wats-codec",
    "wats-queue",
    "wats-report",
    "wats-redis",
];
const SIM: &[&str] = &["wats-sim"];

/// The layers know nothing of one another; the domains stand on the layers, the facade on the domains. The simulator
/// is the independent other side: sharing the client's models would let a wrong wire name agree with itself.
const RULES: &[Rule] = &[
    rule("wats-codec", &[], &[]),
    rule("wats-background", &[], &["wats-cache"]),
    rule("wats-cache", &["wats-background", "wats-cache-macros"], &[]),
    rule("wats-cache-macros", &[], &["wats-cache"]),
    rule("wats-batch", &[], &[]),
    rule("wats-queue", &[], &[]),
    rule("wats-http", &[], SIM),
    rule(
        "wats-redis",
        &["wats-background", "wats-cache", "wats-codec", "wats-http"],
        SIM,
    ),
    rule("wats-report", &["wats-codec"], &[]),
    rule("wats-domains", UNDER_DOMAINS, SIM),
    rule(
        "wats",
        &[
            "wats-domains",
            "wats-http",
            "wats-cache",
            "wats-batch",
            "wats-codec",
            "wats-redis",
        ],
        SIM,
    ),
    rule("wats-sim", &[], &[]),
    rule("wats-cli", &["wats", "wats-sim"], SIM),
];

/// These may use everything.
const TOOLS: [&str; 5] = [
    "xtask",
    "wats-benches",
    "wats-bench-check",
    "wats-docs",
    "wats-fuzz",
];

fn violations(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for package in packages
        .iter()
        .filter(|package| !TOOLS.contains(&package.name.as_str()))
    {
        let name = &package.name;
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
            found.push(format!(
                "{name} has no rule: say in RULES what it may depend on"
            ));
            continue;
        };
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| dependency.ours)
        {
            let to = dependency.name.as_str();
            let allowed = rule.may_use.contains(&to)
                || (dependency.dev && (rule.may_test_with.contains(&to) || to == name));
            if !allowed {
                let kind = if dependency.dev {
                    "dev-dependency"
                } else {
                    "dependency"
                };
                found.push(format!("{name} -> {to}: this {kind} is forbidden"));
            }
        }
    }
    found
}

#[test]
fn crates_depend_only_on_what_they_may() {
    let found = violations(&packages());
    assert!(
        found.is_empty(),
        "forbidden edges (see docs/architecture.md):\n{}",
        found.join("\n")
    );
}

#[test]
fn a_forbidden_edge_is_named() {
    let package = |name: &str, dependencies: &[(&str, bool, bool)]| Package {
        name: name.to_owned(),
        description: String::new(),
        folder: "".into(),
        public: true,
        features: Vec::new(),
        dependencies: dependencies
            .iter()
            .map(|&(name, dev, ours)| Dependency {
                name: name.to_owned(),
                dev,
                ours,
            })
            .collect(),
    };
    let found = violations(&[
        package(
            "wats-cache",
            &[("wats-codec", false, true), ("dashmap", false, false)],
        ),
        package(
            "wats-http",
            &[("wats-sim", true, true), ("wats-batch", true, true)],
        ),
        package(
            "wats-domains",
            &[("wats-sim", false, true), ("wats-http", false, true)],
        ),
        package("wats-new", &[]),
        package("xtask", &[("wats", false, true)]),
    ]);
    assert_eq!(
        found,
        [
            "wats-cache -> wats-codec: this dependency is forbidden",
            "wats-http -> wats-batch: this dev-dependency is forbidden",
            "wats-domains -> wats-sim: this dependency is forbidden",
            "wats-new has no rule: say in RULES what it may depend on",
        ]
    );
}
