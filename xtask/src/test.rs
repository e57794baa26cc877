//! `cargo xtask test`: runs the steps and closes with a table of them.

use crate::process::{self, Error, INTERRUPTED, Interrupt};
use crate::steps::{self, Step};
use crate::terminal::say;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Options of the command.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run only these steps; `alone` stands for all steps of that kind.
    #[arg(long, value_delimiter = ',', value_name = "STEP")]
    only: Vec<String>,
    /// List the steps and run nothing.
    #[arg(long)]
    list: bool,
    /// Stop at the first step that fails.
    #[arg(long)]
    fail_fast: bool,
}

/// How a step ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// With less than it can prove, for this reason.
    PassedInPart(String),
    Failed(String),
    Skipped(String),
}

/// A line of the closing table.
struct Line {
    name: String,
    outcome: Outcome,
    took: Duration,
}

/// Runs the command.
pub(crate) fn run(options: &Options, interrupt: &Interrupt) -> Result<ExitCode, Error> {
    let chosen = choose(steps::all(), &options.only)?;
    if options.list {
        for step in &chosen {
            let hint = if step.on_request {
                " (only when named)"
            } else {
                ""
            };
            say(&format!("{:<20} {}{hint}", step.name, step.about));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let named = !options.only.is_empty();
    let mut lines = Vec::new();
    for mut step in chosen {
        let start = Instant::now();
        let outcome = if interrupt.is_set() {
            Outcome::Skipped("interrupted".to_owned())
        } else if options.fail_fast && lines.iter().any(failed) {
            Outcome::Skipped("a step before failed".to_owned())
        } else if step.on_request && !named {
            Outcome::Skipped(format!("on request: --only {}", step.name))
        } else {
            run_step(&mut step, interrupt)
        };
        lines.push(Line {
            name: step.name,
            outcome,
            took: start.elapsed(),
        });
    }
    say(&table(&lines));
    Ok(if interrupt.is_set() {
        say("interrupted");
        ExitCode::from(INTERRUPTED)
    } else if lines.iter().any(failed) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn choose(steps: Vec<Step>, only: &[String]) -> Result<Vec<Step>, Error> {
    if only.is_empty() {
        return Ok(steps);
    }
    let fits = |step: &Step, wish: &str| {
        step.name == wish
            || step
                .name
                .split_once(':')
                .is_some_and(|(kind, _)| kind == wish)
    };
    if let Some(unknown) = only
        .iter()
        .find(|wish| !steps.iter().any(|step| fits(step, wish)))
    {
        let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
        return Err(format!(
            "--only {unknown}: no such step; there are {}",
            names.join(", ")
        )
        .into());
    }
    Ok(steps
        .into_iter()
        .filter(|step| only.iter().any(|wish| fits(step, wish)))
        .collect())
}

fn run_step(step: &mut Step, interrupt: &Interrupt) -> Outcome {
    say(&format!("\n=== {}: {}", step.name, step.about));
    if let Some(reason) = step.needs.and_then(steps::Tool::missing) {
        say(&format!("skipped: {reason}"));
        return Outcome::Skipped(reason.to_owned());
    }
    for command in &mut step.commands {
        let shown = shown(command);
        say(&format!("$ {shown}"));
        let outcome = match process::status(command) {
            Ok(status) if status.success() => continue,
            Ok(_) if interrupt.is_set() => Outcome::Skipped("interrupted".to_owned()),
            Ok(status) => Outcome::Failed(format!("{shown} ({status})")),
            Err(error) => Outcome::Failed(error.to_string()),
        };
        return outcome;
    }
    match step.better_with.and_then(steps::Tool::missing) {
        None => Outcome::Passed,
        Some(reason) => Outcome::PassedInPart(reason.to_owned()),
    }
}

/// The command as one would type it.
fn shown(command: &std::process::Command) -> String {
    let words = command
        .get_args()
        .map(|word| word.to_string_lossy().into_owned());
    std::iter::once("cargo".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

fn failed(line: &Line) -> bool {
    matches!(line.outcome, Outcome::Failed(_))
}

fn table(lines: &[Line]) -> String {
    let width = lines
        .iter()
        .map(|line| line.name.len())
        .max()
        .unwrap_or_default();
    let mut text = String::from("\nsteps");
    for Line {
        name,
        outcome,
        took,
    } in lines
    {
        let seconds = took.as_secs_f64();
        let told = match outcome {
            Outcome::Passed => "ok".to_owned(),
            Outcome::PassedInPart(reason) => format!("in part  {reason}"),
            Outcome::Failed(reason) => format!("FAILED   {reason}"),
            Outcome::Skipped(reason) => format!("skipped  {reason}"),
        };
        text += "\n";
        text += format!("  {name:<width$}  {seconds:>7.1} s  {told}").trim_end();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_stands_for_all_its_steps_and_a_wrong_name_is_told() {
        let names = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            choose(steps::all(), &only)
                .map(|steps| steps.into_iter().map(|step| step.name).collect::<Vec<_>>())
                .map_err(|error| error.to_string())
        };
        assert_eq!(names(&["docs", "fmt"]).unwrap(), ["fmt", "docs"]);
        let alone = names(&["alone"]).unwrap();
        assert!(alone.len() > 3 && alone.iter().all(|name| name.starts_with("alone:")));
        let error = names(&["tset"]).unwrap_err();
        assert!(
            error.starts_with("--only tset: no such step; there are fmt,"),
            "{error}"
        );
    }

    #[test]
    fn the_table_tells_what_failed_and_why_something_was_left_out() {
        let line = |name: &str, outcome| Line {
            name: name.to_owned(),
            outcome,
            took: Duration::from_millis(1500),
        };
        let text = table(&[
            line("fmt", Outcome::Passed),
            line(
                "clippy",
                Outcome::Failed("cargo clippy (exit status: 101)".into()),
            ),
            line("docs", Outcome::Skipped("interrupted".into())),
            line("bench", Outcome::PassedInPart("no valgrind".into())),
        ]);
        assert_eq!(
            text,
            "\nsteps\n  fmt         1.5 s  ok\n  clippy      1.5 s  FAILED   cargo clippy (exit status: 101)\n  docs        1.5 s  skipped  interrupted\n  bench       1.5 s  in part  no valgrind"
        );
    }
}
