//! What the server would reject and the types can tell does not compile, with a message that one can act on.
//!
//! The messages are those of one compiler, so they are compared only where it is the one that wrote them. The examples
//! marked `compile_fail` in the documentation of the builders hold for every compiler.

use std::process::Command;

/// The compiler that wrote `tests/refused/*.stderr`; write them anew with `TRYBUILD=overwrite`.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn wrong_combinations_do_not_compile() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    if !version
        .as_ref()
        .is_ok_and(|version| version.starts_with(COMPILER))
    {
        return eprintln!("skipped: the messages are those of {COMPILER}x, not of {version:?}");
    }
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
