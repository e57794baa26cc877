//! `cargo xtask bench`: builds both binaries of the benchmark package and runs the one that leads.

use crate::process::{self, Error};
use std::ffi::OsString;
use std::process::ExitCode;

/// The profile of the workspace that has the release settings of cargo itself.
const PROFILE: &str = "bench-run";

/// Builds and runs the benchmarks with `arguments`; their exit code is ours.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Error> {
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
