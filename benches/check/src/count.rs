//! Has a child process do the rows, and takes its counts: of allocations as it runs, of instructions under valgrind.

use crate::rows::{self, Row, Work};
use crate::servers::{self, Addresses};
use std::ffi::OsString;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use wats_bench_check::{Result, callgrind};

/// First argument of the child.
pub(crate) const CHILD: &str = "do-rows";

/// The name by which valgrind knows what counts.
const SECTION: &str = concat!(module_path!(), "::counted_section");

/// What a row costs each time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Costs {
    /// Missing without valgrind.
    pub(crate) instructions: Option<f64>,
    pub(crate) allocations: f64,
}

/// Counts all rows, in their order.
pub(crate) fn all(with_instructions: bool) -> Result<Vec<(Row, Costs)>> {
    let servers = servers::start()?;
    let addresses = tempfile::NamedTempFile::new()?;
    serde_json::to_writer(addresses.as_file(), &servers)?;
    let rows = rows::all();
    let program = std::env::current_exe()?;
    let arguments = [OsString::from(CHILD), addresses.path().into()];

    let allocations = allocations(&program, &arguments, rows.len())?;
    let instructions = if with_instructions {
        let counted = callgrind::sections(&program, &arguments, SECTION)?;
        if counted.len() != rows.len() {
            return Err(
                format!("valgrind counted {} of {} rows", counted.len(), rows.len()).into(),
            );
        }
        counted.into_iter().map(Some).collect()
    } else {
        vec![None; rows.len()]
    };
    Ok(rows
        .into_iter()
        .zip(allocations.into_iter().zip(instructions))
        .map(|(row, (allocations, instructions))| {
            let each = |count: u64| per_time(count, row.times);
            let costs = Costs {
                instructions: instructions.map(each),
                allocations: each(allocations),
            };
            (row, costs)
        })
        .collect())
}

/// With one digit more than a baseline is read with.
fn per_time(count: u64, times: u64) -> f64 {
    (count as f64 * 100.0 / times as f64).round() / 100.0
}

fn allocations(program: &Path, arguments: &[OsString], rows: usize) -> Result<Vec<u64>> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let counted: Vec<u64> = told.lines().map_while(|line| line.parse().ok()).collect();
    if output.status.success() && counted.len() == rows {
        Ok(counted)
    } else {
        Err(format!(
            "{} of {rows} rows were done: {}",
            counted.len(),
            output.status
        )
        .into())
    }
}

/// Is the child: does every row, and writes how often each allocated.
pub(crate) fn be_child(addresses: &Path) -> Result<()> {
    let servers: Addresses = serde_json::from_slice(&std::fs::read(addresses)?)?;
    let mut out = std::io::stdout().lock();
    for row in rows::all() {
        let told = |error| format!("{}: {error}", row.id);
        let mut work = row.make(&servers).map_err(told)?;
        if row.before > 0 {
            work(row.before).map_err(told)?;
        }
        let mut done = Ok(());
        let counted = allocation_counter::measure(|| done = counted_section(&mut work, row.times));
        done.map_err(told)?;
        writeln!(out, "{}", counted.count_total)?;
    }
    Ok(())
}

/// What valgrind counts, by this name. It must not end by jumping into the work, or valgrind does not see it return.
#[inline(never)]
fn counted_section(work: &mut Work, times: u64) -> Result<()> {
    let done = work(times);
    black_box(&done);
    done
}
