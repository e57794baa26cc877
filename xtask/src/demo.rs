//! `cargo xtask demo`: the tour, which is an example of the facade crate.

use crate::process::{self, Error};
use std::ffi::OsString;
use std::process::ExitCode;

/// Builds and runs the tour with `arguments`; its exit code is ours.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Error> {
    let mut tour = process::cargo();
    tour.args([
        "run",
        "--release",
        "-p",
        "wats",
        "--example",
        "tour",
        "--features",
        "xml",
        "--",
    ])
    .args(arguments);
    process::status(&mut tour).map(process::exit_code)
}
