//! `cargo xtask bench`: builds both binaries of the benchmark package and runs the one that leads. With `--check` a package
//! of its own, which has no peers and so is built in a few minutes.

use crate::process::{self, Error};
use std::ffi::OsString;
use std::process::ExitCode;

/// The profile of the workspace that has the release settings of cargo itself.
pub(crate) const PROFILE: &str = "bench-run";

/// The package that counts against a baseline.
pub(crate) const CHECK: &str = "wats-bench-check";

/// Builds and runs the benchmarks with `arguments`; their exit code is ours.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Error> {
    if arguments.iter().any(|word| word == "--check") {
        let mut check = process::cargo();
        check.args(["run", "--quiet", "--profile", PROFILE, "-p", CHECK, "--"]);
        return process::status(check.args(arguments)).map(process::exit_code);
    }
    // `cargo run --bin` builds one binary only, but the rows that count memory run in the other.
    let mut build = process::cargo();
    build.args([
        "build",
        "--profile",
        PROFILE,
        "-p",
        "wats-benches",
        "--bins",
    ]);
    let built = process::status(&mut build)?;
    if !built.success() {
        return Ok(process::exit_code(built));
    }
    let mut bench = process::cargo();
    bench.args([
        "run",
        "--quiet",
        "--profile",
        PROFILE,
        "-p",
        "wats-benches",
        "--bin",
        "wats-bench",
        "--",
    ]);
    process::status(bench.args(arguments)).map(process::exit_code)
}
