//! `cargo xtask demo`: the tour, which is an example of the facade crate; with `--offline`, a station without network.

use crate::process::{self, Error};
use std::ffi::OsString;
use std::process::ExitCode;

/// Says that a station without network is shown instead.
const OFFLINE: &str = "--offline";

/// Builds and runs the tour with `arguments`, or what stands behind `--offline` with another example; its exit code is ours.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Error> {
    let (example, features, arguments) = match arguments.split_first() {
        Some((first, rest)) if first == OFFLINE => ("offline", "queue", rest),
        _ => ("tour", "xml", arguments),
    };
    let mut demo = process::cargo();
    demo.args(["run", "--release", "-p", "wats", "--example", example])
        .args(["--features", features, "--"])
        .args(arguments);
    process::status(&mut demo).map(process::exit_code)
}
