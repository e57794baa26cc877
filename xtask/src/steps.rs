//! The steps of `cargo xtask test`: what each runs, and what it needs.
//!
//! The cheap ones come first, so that a slip is told within seconds. All of them work on the default members of the
//! workspace: the benchmark package with its peers is a step that must be asked for.

use crate::bench;
use crate::process::{cargo, works};
use std::path::PathBuf;
use std::process::Command;

/// The crates that must stand alone.
const LAYERS: [&str; 13] = [
    "wats-codec",
    "wats-background",
    "wats-cache-macros",
    "wats-cache",
    "wats-batch",
    "wats-queue",
    "wats-http",
    "wats-redis",
    "wats-report",
    "wats-domains",
    "wats-sim",
    "wats",
    "wats-cli",
];

/// Features that are tried without the ones beside them.
const SINGLE: [(&str, &str); 2] = [("wats-http", "brotli"), ("wats-http", "zstd")];

/// Offline, against the workspace: no crate needs to be in a registry yet. A change need not be committed to be tried.
const PACKAGE: &str = "package --workspace --exclude xtask --exclude wats-benches --exclude wats-bench-check \
     --exclude wats-docs --exclude wats-fuzz --quiet \
     --offline --allow-dirty --target-dir target/package";

/// The crates whose reading must not depend on what others of a build ask of `serde_json`.
const JSON: [&str; 3] = ["wats-report", "wats-domains", "wats-fuzz"];

/// Features of `serde_json` that change what it hands over, or in which order.
const JSON_FEATURES: &str = "serde_json/arbitrary_precision,serde_json/preserve_order,\
                             serde_json/float_roundtrip,serde_json/raw_value";

/// The crates with models for loom.
const LOOM: [&str; 4] = ["wats-batch", "wats-cache", "wats-http", "wats-redis"];

/// The workspace of the fuzz targets.
const FUZZ: &str = "fuzz/Cargo.toml";

/// One step.
#[derive(Debug)]
pub(crate) struct Step {
    /// What `--only` calls it.
    pub(crate) name: String,
    /// What it proves.
    pub(crate) about: String,
    /// Its commands, run one after the other.
    pub(crate) commands: Vec<Command>,
    /// The tool it needs beside cargo itself.
    pub(crate) needs: Option<Tool>,
    /// A tool without which it proves less.
    pub(crate) better_with: Option<Tool>,
    /// Runs only when named.
    pub(crate) on_request: bool,
}

/// A tool that may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// `cargo fmt`
    Rustfmt,
    /// `cargo clippy`
    Clippy,
    /// valgrind, which counts instructions
    Valgrind,
    /// Python with the client pywats-api
    Pywats,
    /// Chromium, which shows pages
    Chromium,
    /// libfuzzer-sys, which is no dependency of the main workspace
    Libfuzzer,
    /// strace, which writes down what a process has the disk do
    Strace,
}

impl Tool {
    /// Why a step is skipped, when this tool is missing.
    pub(crate) fn missing(self) -> Option<&'static str> {
        let (mut probe, reason) = match self {
            Self::Rustfmt => (
                cargo_line("fmt --version"),
                "no rustfmt: rustup component add rustfmt",
            ),
            Self::Clippy => (
                cargo_line("clippy --version"),
                "no clippy: rustup component add clippy",
            ),
            Self::Valgrind => {
                let mut probe = Command::new("valgrind");
                probe.arg("--version");
                (probe, "no valgrind: instructions were not counted")
            }
            Self::Pywats => {
                let python = std::env::var_os("WATS_PEER_PYTHON");
                let mut probe = Command::new(python.unwrap_or("python3".into()));
                probe.args(["-c", "import pywats"]);
                (
                    probe,
                    "no Python with pywats-api: WATS_PEER_PYTHON names the interpreter",
                )
            }
            Self::Chromium => {
                let browser = std::env::var_os("WATS_BROWSER");
                let mut probe = Command::new(browser.unwrap_or("chromium".into()));
                probe.arg("--version");
                (probe, "no Chromium: WATS_BROWSER names it")
            }
            Self::Libfuzzer => (
                at_root(&format!("fetch --manifest-path {FUZZ}")),
                "libfuzzer-sys cannot be had: is there a network?",
            ),
            Self::Strace => {
                let mut probe = Command::new("strace");
                probe.args(["-f", "-o", "/dev/null", "true"]);
                (
                    probe,
                    "no strace, or it may not trace: there is no log to cut",
                )
            }
        };
        (!works(&mut probe)).then_some(reason)
    }
}

/// All steps in their order.
pub(crate) fn all() -> Vec<Step> {
    let nextest = works(cargo().args(["nextest", "--version"]));
    let mut steps = vec![
        step(
            "fmt",
            "the sources are formatted",
            ["fmt --all --check -- -l"],
        )
        .needs(Tool::Rustfmt),
        step(
            "clippy",
            "no lint warns, in any target, with all features",
            ["clippy --all-targets --all-features -- -D warnings"],
        )
        .needs(Tool::Clippy),
        step(
            "rules",
            "layers, manifests and files keep the project's rules",
            ["test -p xtask"],
        ),
        tests(nextest),
        step(
            "doctests",
            "the examples in the docs hold",
            ["test --doc --all-features"],
        ),
        docs(),
        examples(),
        package(),
    ];
    steps.extend(LAYERS.map(alone));
    steps.push(formats_beside_features());
    steps.extend(JSON.map(features));
    steps.extend([
        peer(
            "pywats",
            "the Python client works with the simulator unchanged",
            "the_python_client",
        )
        .needs(Tool::Pywats),
        peer(
            "browser",
            "a browser shows the simulator's pages",
            "a_browser",
        )
        .needs(Tool::Chromium),
    ]);
    steps.push(bench_check());
    let benches = step(
        "benches",
        "the benchmark package holds (compiles every peer)",
        [
            "clippy -p wats-benches --all-targets -- -D warnings",
            "test -p wats-benches",
        ],
    );
    steps.push(Step {
        on_request: true,
        ..benches
    });
    steps.extend([loom(), power_cuts(), fuzz_check(), package_build()]);
    steps
}

/// A program we did not write, against the simulator.
fn peer(name: &str, about: &str, test: &str) -> Step {
    let line = format!("test -p wats-sim --all-features --test it peers::{test} -- --ignored");
    step(&format!("peers:{name}"), about, [line])
}

/// What `cargo xtask bench --check` runs.
fn bench_check() -> Step {
    let mut check = step(
        "bench-check",
        "the rows of benches/baseline.json cost no more than it says (an optimised build)",
        [format!(
            "run --quiet --profile {} -p {} -- benches/baseline.json",
            bench::PROFILE,
            bench::CHECK
        )],
    )
    .better_with(Tool::Valgrind);
    for command in &mut check.commands {
        command.current_dir(root());
    }
    check
}

/// The usual tests have a few hundred cuts of each kind.
fn power_cuts() -> Step {
    let cuts = step(
        "powercut",
        "the queue on disk loses nothing in ten thousand power cuts of each kind (minutes; WATS_QUEUE_TIMES says how many)",
        ["test --release -p wats-queue --all-features --test it -- --ignored --nocapture ten_thousand_power_cuts"],
    )
    .needs(Tool::Strace);
    Step {
        on_request: true,
        ..cuts
    }
}

/// In a target directory of its own, because the flag has everything built anew.
fn loom() -> Step {
    let mut loom = step(
        "loom",
        "what is concurrent holds in every order of its threads (minutes: an optimised build)",
        LOOM.map(|name| {
            format!("test --release -p {name} --lib --target-dir target/loom loom_tests")
        }),
    );
    for command in &mut loom.commands {
        command
            .current_dir(root())
            .env("RUSTFLAGS", "--cfg wats_loom");
    }
    Step {
        on_request: true,
        ..loom
    }
}

/// Apart from the others: cargo turns a feature on for all crates of a build.
fn formats_beside_features() -> Step {
    let mut features = step(
        "features:wats-codec",
        "the formats are the same beside a crate that turns on every feature of serde_json",
        [
            "test --locked --manifest-path crates/wats-codec/features/Cargo.toml --target-dir target/features",
        ],
    );
    for command in &mut features.commands {
        command.current_dir(root());
    }
    features
}

fn fuzz_check() -> Step {
    let mut check = step(
        "fuzz-check",
        "the fuzz targets compile (minutes: a workspace of their own; needs a C++ compiler)",
        [format!(
            "check --manifest-path {FUZZ} --target-dir target/fuzz-check"
        )],
    )
    .needs(Tool::Libfuzzer);
    for command in &mut check.commands {
        command.current_dir(root());
    }
    Step {
        on_request: true,
        ..check
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn at_root(line: &str) -> Command {
    let mut command = cargo_line(line);
    command.current_dir(root());
    command
}

fn tests(nextest: bool) -> Step {
    if nextest {
        step(
            "tests",
            "unit and integration tests pass (cargo-nextest)",
            ["nextest run --all-features --no-fail-fast"],
        )
    } else {
        step(
            "tests",
            "unit and integration tests pass (cargo test; cargo-nextest is not installed)",
            ["test --all-features --no-fail-fast --lib --bins --tests --examples"],
        )
    }
}

fn docs() -> Step {
    let mut docs = step(
        "docs",
        "rustdoc has no warning",
        ["doc --no-deps --all-features"],
    );
    for command in &mut docs.commands {
        command.env("RUSTDOCFLAGS", "-D warnings");
    }
    docs
}

/// Packs every crate that is published. What is packed is built only on request, since that builds everything anew.
fn package() -> Step {
    step(
        "package",
        "every published crate can be packed",
        [PACKAGE.to_owned() + " --no-verify"],
    )
}

fn package_build() -> Step {
    let build = step(
        "package-build",
        "what is packed builds (minutes: everything is built anew)",
        [PACKAGE],
    );
    Step {
        on_request: true,
        ..build
    }
}

/// Those of the transport bring a server of their own, those of the domains are given one.
fn examples() -> Step {
    step(
        "examples",
        "the examples build, and those of the transport and of the domains run against a simulator",
        [
            "build --examples --all-features",
            "run --quiet --all-features --example get",
            "run --quiet --all-features --example upload_download",
            "run --quiet --all-features --example capture",
            "run --quiet --all-features --example proxy_and_ca",
            "run --quiet --all-features --example pool_and_warm",
            "run --quiet -p xtask -- examples",
        ],
    )
    .without("WATS_BASE_URL")
}

/// A crate builds by itself, where no other member switches a feature on for it, also with one feature only where
/// features meet in one piece of code, and passes its tests without its default features.
fn alone(name: &'static str) -> Step {
    let mut alone = step(
        &format!("alone:{name}"),
        "builds alone, and passes its tests without default features",
        [
            format!("check -p {name}"),
            format!("test -p {name} --no-default-features --lib --bins --tests"),
        ],
    );
    let single = SINGLE.iter().filter(|(of, _)| *of == name);
    alone.commands.extend(single.map(|(_, feature)| {
        cargo_line(&format!(
            "check -p {name} --no-default-features --features {feature}"
        ))
    }));
    alone
}

/// Features hold for a whole build, so any crate of a program may turn these on for us.
fn features(name: &'static str) -> Step {
    step(
        &format!("features:{name}"),
        "passes its tests whatever another crate of the build asks of serde_json",
        [format!(
            "test -p {name} --features {JSON_FEATURES} --lib --bins --tests"
        )],
    )
}

fn step<const N: usize>(name: &str, about: &str, lines: [impl AsRef<str>; N]) -> Step {
    Step {
        name: name.to_owned(),
        about: about.to_owned(),
        commands: lines
            .into_iter()
            .map(|line| cargo_line(line.as_ref()))
            .collect(),
        needs: None,
        better_with: None,
        on_request: false,
    }
}

fn cargo_line(line: &str) -> Command {
    let mut command = cargo();
    command.args(line.split_whitespace());
    command
}

impl Step {
    /// Runs without this variable of the environment.
    fn without(mut self, variable: &str) -> Self {
        for command in &mut self.commands {
            command.env_remove(variable);
        }
        self
    }

    fn needs(mut self, tool: Tool) -> Self {
        self.needs = Some(tool);
        self
    }

    fn better_with(mut self, tool: Tool) -> Self {
        self.better_with = Some(tool);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_every_step_does_something() {
        let steps = all();
        let names: HashSet<&str> = steps.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(names.len(), steps.len());
        assert!(steps.iter().all(|step| !step.commands.is_empty()));
    }

    #[test]
    fn every_crate_of_the_workspace_is_tried_alone() {
        let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
        for entry in std::fs::read_dir(crates).unwrap() {
            let entry = entry.unwrap();
            if entry.path().join("Cargo.toml").exists() {
                let name = entry.file_name().into_string().unwrap();
                assert!(
                    LAYERS.contains(&name.as_str()),
                    "crates/{name} is missing in LAYERS of xtask/src/steps.rs"
                );
            }
        }
    }

    #[test]
    fn every_loom_model_has_its_place_in_a_step() {
        for entry in std::fs::read_dir(root().join("crates")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let manifest = std::fs::read_to_string(path.join("Cargo.toml")).unwrap_or_default();
            assert_eq!(
                LOOM.contains(&name),
                manifest.contains("cfg(wats_loom)"),
                "crates/{name}: LOOM of xtask/src/steps.rs"
            );
        }
    }
}
