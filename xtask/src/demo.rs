//! `cargo xtask demo`: the tour, which is an example of the facade crate. `--shared` shows two stations on one Redis, `--offline`
//! a station without network.

use crate::process::{self, Error};
use std::ffi::OsString;
use std::process::ExitCode;

/// Builds and runs the tour with `arguments`, or the example that the first of them names; its exit code is ours.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Error> {
    let (example, features, arguments) = match arguments {
        [first, rest @ ..] if first == "--shared" => ("stations", "redis", rest),
        [first, rest @ ..] if first == "--offline" => ("offline", "queue", rest),
        all => ("tour", "xml", all),
    };
    let mut demo = process::cargo();
    demo.args(["run", "--release", "-p", "wats", "--example", example])
        .args(["--features", features, "--"])
        .args(arguments);
    process::replace(&mut demo)
}
