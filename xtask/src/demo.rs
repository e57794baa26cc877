//! `cargo xtask demo`: the tour, which is an example of the facade crate; `--shared` is the example of two stations on one
//! Redis.

use crate::process::{self, Error};
use std::ffi::OsString;
use std::process::ExitCode;

/// Builds and runs the tour with `arguments`, or the stations; its exit code is ours.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Error> {
    let (example, feature, arguments) = match arguments {
        [first, rest @ ..] if first == "--shared" => ("stations", "redis", rest),
        all => ("tour", "xml", all),
    };
    let mut tour = process::cargo();
    tour.args(["run", "--release", "-p", "wats", "--example", example])
        .args(["--features", feature, "--"])
        .args(arguments);
    process::status(&mut tour).map(process::exit_code)
}
