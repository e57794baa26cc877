//! What the user reads. Writing fails only when nobody reads any more, so failures are let go.

use std::io::Write;

/// A line of result on standard output.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A line about what went wrong on standard error.
pub(crate) fn say_error(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
