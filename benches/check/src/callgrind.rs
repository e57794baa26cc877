//! Counting instructions with `valgrind --tool=callgrind`: the same on a busy machine as on an idle one.
//!
//! [`total`] counts a whole process. [`sections`] counts only what runs within one function, each time it runs on its own, so that one process can measure many things and start-up does not count.

use crate::Result;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

/// The version of valgrind, or why it cannot be started.
///
/// # Errors
/// When it is not installed.
pub fn version() -> Result<String> {
    let output = Command::new("valgrind")
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Instructions of all of `program` with these arguments.
///
/// # Errors
/// When valgrind cannot be started, or the program fails.
pub fn total(program: &Path, arguments: &[OsString]) -> Result<u64> {
    let folder = tempfile::tempdir()?;
    let told = run(folder.path(), &[], program, arguments)?;
    told.lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
        .ok_or_else(|| "valgrind did not tell what it counted".into())
}

/// Instructions of each time that `function` runs, in their order; it is named with its path. Only the thread that runs it
/// counts.
///
/// # Errors
/// When valgrind cannot be started, or the program fails.
pub fn sections(program: &Path, arguments: &[OsString], function: &str) -> Result<Vec<u64>> {
    let folder = tempfile::tempdir()?;
    // Not patterns: of two patterns that fit, valgrind keeps to one.
    let options = [
        format!("--toggle-collect={function}"),
        format!("--dump-after={function}"),
    ];
    run(folder.path(), &options, program, arguments)?;
    let mut counted = Vec::new();
    // Each time it ends, a file of the next number is written.
    for number in 1.. {
        let file = folder.path().join(format!("{COUNTS}.{number}"));
        if !file.exists() {
            break;
        }
        counted.push(totals(&std::fs::read_to_string(&file)?).ok_or("a file without totals")?);
    }
    Ok(counted)
}

const COUNTS: &str = "counts";

/// Runs it, and returns what valgrind told.
fn run(
    folder: &Path,
    options: &[String],
    program: &Path,
    arguments: &[OsString],
) -> Result<String> {
    let mut out_file = OsString::from("--callgrind-out-file=");
    out_file.push(folder.join(COUNTS));
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(out_file)
        .args(options)
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Ok(told)
    } else {
        Err(format!("the counted program failed: {told}").into())
    }
}

/// The sum in one of callgrind's files.
fn totals(file: &str) -> Option<u64> {
    file.lines()
        .find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_read_from_its_line() {
        let file = "version: 1\ncreator: x\nevents: Ir\n\nfn=(1) a\n1 5\n\ntotals: 4711\n";
        assert_eq!(totals(file), Some(4711));
        assert_eq!(totals("summary: 1\n"), None);
    }
}
