//! `cargo xtask bench --check BASELINE.json [--update]`: counts what the rows cost and compares it with stored counts.
//!
//! The way of a run: [`count`] starts this program again as a child that does all [`rows`] (the [`servers`] that some of
//! them ask stay here), once as it is, for allocations, and once under valgrind, for instructions. [`baseline`] is the
//! file, [`mod@compare`] the table.

mod baseline;
mod compare;
mod count;
mod rows;
mod servers;

use baseline::{Baseline, Build};
use compare::What;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use wats_bench_check::{Result, callgrind};

const USAGE: &str = "usage: cargo xtask bench --check BASELINE.json [--update]";

/// What is to be done.
#[derive(Debug, PartialEq)]
enum Task {
    Compare(PathBuf),
    Update(PathBuf),
    Child(PathBuf),
}

fn main() -> ExitCode {
    let outcome = task(std::env::args_os().skip(1)).and_then(|task| match task {
        Task::Compare(file) => compare(&file),
        Task::Update(file) => update(&file),
        Task::Child(addresses) => count::be_child(&addresses).map(|()| ExitCode::SUCCESS),
    });
    outcome.unwrap_or_else(|error| {
        say(&format!("error: {error}"));
        ExitCode::FAILURE
    })
}

fn task(arguments: impl Iterator<Item = OsString>) -> Result<Task> {
    let (options, files): (Vec<_>, Vec<_>) = arguments.partition(|word| {
        let text = word.to_string_lossy();
        text.starts_with("--") || text == count::CHILD
    });
    let [file] = <[OsString; 1]>::try_from(files).map_err(|_| USAGE)?;
    let file = PathBuf::from(file);
    let options: Vec<String> = options
        .iter()
        .map(|option| option.to_string_lossy().into_owned())
        .filter(|option| option != "--check")
        .collect();
    match options.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(Task::Compare(file)),
        ["--update"] => Ok(Task::Update(file)),
        [count::CHILD] => Ok(Task::Child(file)),
        _ => Err(USAGE.into()),
    }
}

fn compare(file: &Path) -> Result<ExitCode> {
    let baseline = Baseline::read(file)?;
    let here = Build::here()?;
    let [no_allocations, no_instructions] = here.differs(&baseline.build);
    let why = format!(
        "{} is of {}, this is {here}: its",
        file.display(),
        baseline.build
    );
    if no_allocations {
        say(&format!(
            "NOT CHECKED: {why} counts say nothing about this build"
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let mut whats = vec![What::Allocations];
    let mut remark = None;
    if no_instructions {
        remark = Some(format!("{why} instructions say nothing about this build"));
    } else if let Err(error) = callgrind::version() {
        remark = Some(error.to_string());
    } else {
        whats.insert(0, What::Instructions);
    }
    let counted = count::all(whats.contains(&What::Instructions))?;
    let lines = compare::lines(&whats, &baseline, &counted);
    let worse = compare::any_worse(&lines);
    say(&compare::table(lines));
    if let Some(remark) = remark {
        say(&format!(
            "ONLY ALLOCATIONS WERE CHECKED, no instructions: {remark}"
        ));
    }
    Ok(if worse {
        say(&format!(
            "some rows cost more than their baseline allows; where that is meant: cargo xtask bench --check {} --update",
            file.display()
        ));
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn update(file: &Path) -> Result<ExitCode> {
    // A baseline without instructions would check less wherever valgrind is.
    callgrind::version()?;
    let counted = count::all(true)?;
    let rows = counted.iter().map(|(row, costs)| (row.id, *costs));
    Baseline::of(Build::here()?, rows).write(file)?;
    say(&format!(
        "{} rows written to {}",
        counted.len(),
        file.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn say(text: &str) {
    // Nobody is there to be told that standard error is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_may_stand_anywhere_and_others_are_told() {
        let task = |line: &str| task(line.split_whitespace().map(OsString::from)).ok();
        let file = || PathBuf::from("b.json");
        assert_eq!(task("--check b.json"), Some(Task::Compare(file())));
        assert_eq!(task("--update --check b.json"), Some(Task::Update(file())));
        assert_eq!(task("--check b.json --update"), Some(Task::Update(file())));
        assert_eq!(task("--check"), None);
        assert_eq!(task("--check b.json --quick"), None);
    }
}
