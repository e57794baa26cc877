//! The command: options, the choice of rows, progress, and the reports at the end.

use crate::memory::Counter;
use crate::pace::Pace;
use crate::row::{Report, Row, SCHEMA};
use crate::runner::{self, Plan, Watch};
use crate::spec::{Context, RowSpec};
use crate::{Result, areas, goals, machine, memory, report};
use clap::{Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Exit code after Ctrl-C, as shells give it.
const INTERRUPTED: u8 = 130;
/// Name of the binary whose allocator counts.
const MEMORY_BINARY: &str = "wats-bench-memory";

/// Measures the wats crates and their peers side by side and writes report.json, report.md and report.html.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", version)]
struct Options {
    /// Take at most 90 s for all rows: fewer and shorter rounds.
    #[arg(long)]
    quick: bool,
    /// Only these areas (cache, batch, codec, http, domains, redis, scenario, queue, sim, scaling), or rows whose id begins like this.
    #[arg(long, value_delimiter = ',', value_name = "AREA")]
    only: Vec<String>,
    /// Write the report as JSON to this file too.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// An interpreter with pywats-api; without it that peer is left out.
    #[arg(long, value_name = "PYTHON")]
    peer_python: Option<PathBuf>,
    /// Folder of the reports.
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    out: PathBuf,
    /// Put the run into the guide too, between its markers.
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "docs/performance.md")]
    docs: Option<PathBuf>,
    /// Measure nothing: write the reports of the run in this report.json again.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["quick", "only", "list"])]
    from: Option<PathBuf>,
    /// List the ids of the rows and measure nothing.
    #[arg(long)]
    list: bool,
    #[command(subcommand)]
    internal: Option<Internal>,
}

#[derive(Debug, Subcommand)]
enum Internal {
    /// Be the server of a row (started by the benchmark itself).
    #[command(hide = true)]
    Serve {
        name: String,
        arguments: Vec<String>,
    },
}

/// Runs the command; `counter` is what distinguishes the binary that counts allocations.
pub fn main(counter: Option<Counter>) -> ExitCode {
    let options = Options::parse();
    if let Some(counter) = counter {
        memory::install(counter);
    }
    let outcome = match &options.internal {
        Some(Internal::Serve { name, arguments }) => {
            areas::serve(name, arguments).map(|()| ExitCode::SUCCESS)
        }
        None => match &options.from {
            Some(file) => render_again(&options, file).map(|()| ExitCode::SUCCESS),
            None => measure(&options, counter.is_some()),
        },
    };
    outcome.unwrap_or_else(|error| {
        say(&format!("error: {error}"));
        ExitCode::FAILURE
    })
}

fn render_again(options: &Options, file: &Path) -> Result<()> {
    let explain = |error| format!("cannot read {}: {error}", file.display());
    let text = std::fs::read(file).map_err(explain)?;
    write_reports(&serde_json::from_slice(&text)?, options)
}

fn measure(options: &Options, counting: bool) -> Result<ExitCode> {
    let taken = jiff::Timestamp::now().strftime("%FT%TZ").to_string();
    let runtime = Arc::new(Runtime::new()?);
    let stop = Arc::new(AtomicBool::new(false));
    stop_on_ctrl_c(&runtime, &stop);
    let pace = Pace::new(Duration::from_millis(100));
    let peer = options.peer_python.clone();
    let ctx = Context::new(options.quick, pace.clone(), Arc::clone(&runtime), peer);

    let mut chosen = choose(areas::all(&ctx), &options.only)?;
    goals::set(&mut chosen);
    if options.list {
        for metric in chosen.iter().flat_map(|spec| &spec.metrics) {
            say(&metric.id);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let left_out = leave_out(&mut chosen);
    let order: Vec<String> = chosen
        .iter()
        .flat_map(|spec| &spec.metrics)
        .map(|metric| metric.id.clone())
        .collect();
    let (memory, timed): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|spec| spec.counts_memory);
    let mine = if counting { memory } else { timed };
    let elsewhere = !counting && order.len() > mine.iter().map(|spec| spec.metrics.len()).sum();

    let plan = plan(options.quick, &mine, elsewhere, &pace);
    let mut progress = ProgressLine::new(mine.len());
    let mut rows = runner::run(mine, plan, &stop, &mut progress);
    progress.bar.finish_and_clear();
    if elsewhere && !stop.load(Ordering::Relaxed) {
        match memory_rows(options) {
            Ok(more) => rows.extend(more),
            Err(error) => say(&format!("the rows that count memory are missing: {error}")),
        }
    }
    rows.sort_by_key(|row| order.iter().position(|id| *id == row.id));

    let interrupted = stop.load(Ordering::Relaxed);
    let report = Report {
        schema: SCHEMA,
        machine: machine::describe(),
        taken,
        quick: options.quick,
        notes: notes(options, left_out, interrupted),
        rows,
    };
    if counting {
        let json = options
            .json
            .as_deref()
            .ok_or("wats-bench-memory needs --json FILE")?;
        report::json::write(&report, json)?;
    } else {
        write_reports(&report, options)?;
    }
    Ok(if interrupted {
        ExitCode::from(INTERRUPTED)
    } else {
        ExitCode::SUCCESS
    })
}

/// The first Ctrl-C lets the round end and the reports be written; the second ends the program at once.
fn stop_on_ctrl_c(runtime: &Runtime, stop: &Arc<AtomicBool>) {
    let stop = Arc::clone(stop);
    runtime.spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if stop.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(INTERRUPTED));
            }
            say("stopping after this round; once more to stop at once");
        }
    });
}

fn choose(specs: Vec<RowSpec>, only: &[String]) -> Result<Vec<RowSpec>> {
    if only.is_empty() {
        return Ok(specs);
    }
    let fits = |spec: &RowSpec, wish: &String| {
        spec.metrics.iter().any(|metric| {
            metric
                .id
                .strip_prefix(wish.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || wish.contains('.'))
        })
    };
    if let Some(unknown) = only.iter().find(|&wish| {
        !areas::NAMES.contains(&wish.as_str()) && !specs.iter().any(|spec| fits(spec, wish))
    }) {
        let areas = areas::NAMES.join(", ");
        return Err(format!(
            "--only {unknown}: no such area ({areas}) and no row id begins so; --list shows all"
        )
        .into());
    }
    Ok(specs
        .into_iter()
        .filter(|spec| only.iter().any(|wish| fits(spec, wish)))
        .collect())
}

/// Takes out the areas that cannot run here, and says why.
fn leave_out(chosen: &mut Vec<RowSpec>) -> Vec<String> {
    let mut said = Vec::new();
    for area in areas::NAMES {
        let is_of_it = |spec: &RowSpec| {
            let mut metrics = spec.metrics.iter();
            metrics.any(|metric| metric.id.split('.').next() == Some(area))
        };
        if !chosen.iter().any(is_of_it) {
            continue;
        }
        if let Some(why) = areas::missing(area) {
            chosen.retain(|spec| !is_of_it(spec));
            said.push(format!("SKIPPED the area {area}: {why}."));
        }
    }
    said
}

/// Rounds and their length. A quick run has 80 s in mind, so that set-up and a last long round stay below 90.
fn plan(quick: bool, specs: &[RowSpec], elsewhere: bool, pace: &Pace) -> Plan {
    if !quick {
        return Plan {
            rounds: 7,
            budget: Duration::from_secs(3600),
        };
    }
    let plan = Plan {
        rounds: 3,
        budget: Duration::from_secs(if elsewhere { 65 } else { 80 }),
    };
    let candidates: usize = specs.iter().map(|spec| spec.candidates.len()).sum();
    // One more than the rounds for finding the repetitions, and as much again for set-up and fixed-size rows.
    let runs = u32::try_from(candidates * (plan.rounds + 1) * 2)
        .unwrap_or(u32::MAX)
        .max(1);
    pace.set((plan.budget / runs).clamp(Duration::from_millis(1), Duration::from_millis(50)));
    plan
}

/// Has the counting binary beside this one measure its rows.
fn memory_rows(options: &Options) -> Result<Vec<Row>> {
    let binary = std::env::current_exe()?
        .with_file_name(format!("{MEMORY_BINARY}{}", std::env::consts::EXE_SUFFIX));
    if !binary.exists() {
        return Err(format!("{MEMORY_BINARY} is not built; `cargo xtask bench` builds it").into());
    }
    let json = options.out.join("memory-rows.json");
    let mut command = Command::new(binary);
    command
        .arg("--json")
        .arg(&json)
        .arg("--out")
        .arg(&options.out);
    if options.quick {
        command.arg("--quick");
    }
    if !options.only.is_empty() {
        command.arg("--only").arg(options.only.join(","));
    }
    let status = command.status()?;
    if !status.success() && status.code() != Some(i32::from(INTERRUPTED)) {
        return Err(format!("{MEMORY_BINARY} failed: {status}").into());
    }
    let report: Report = serde_json::from_slice(&std::fs::read(&json)?)?;
    std::fs::remove_file(&json)?;
    Ok(report.rows)
}

fn notes(options: &Options, left_out: Vec<String>, interrupted: bool) -> Vec<String> {
    let mut notes = left_out;
    if options.peer_python.is_none() {
        notes.push(
            "The Python peer pywats-api is left out: give its interpreter with --peer-python."
                .to_owned(),
        );
    }
    if !options.only.is_empty() {
        notes.push(format!(
            "Only a part of the rows: {}.",
            options.only.join(", ")
        ));
    }
    if interrupted {
        notes.push("Interrupted: only the rows that were done by then.".to_owned());
    }
    notes
}

fn write_reports(report: &Report, options: &Options) -> Result<()> {
    let out = options.out.as_path();
    report::json::write(report, &out.join("report.json"))?;
    report::write_text(&out.join("report.md"), &report::markdown::render(report))?;
    report::write_text(&out.join("report.html"), &report::html::render(report))?;
    if let Some(page) = report::scaling::render(report) {
        report::write_text(&out.join("scaling.html"), &page)?;
    }
    if let Some(extra) = &options.json {
        report::json::write(report, extra)?;
    }
    if let Some(guide) = &options.docs {
        report::guide::put(report, guide)?;
        say(&format!("the run stands in {}", display(guide)));
    }
    let failed = report.rows.iter().filter(|row| row.error.is_some()).count();
    say(&format!(
        "{} rows ({failed} with an error) in {}",
        report.rows.len(),
        display(&out.join("report.{json,md,html}"))
    ));
    for note in &report.notes {
        say(note);
    }
    Ok(())
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

fn say(line: &str) {
    // Nobody is there to be told that standard error is gone.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A line that moves while a row is measured and stays when it is done.
struct ProgressLine {
    bar: ProgressBar,
}

impl ProgressLine {
    fn new(rows: usize) -> Self {
        let bar = ProgressBar::new(rows as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:20} {pos}/{len} {elapsed} {msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }
}

impl Watch for ProgressLine {
    fn round(&mut self, row: &str, candidate: &str, round: usize) {
        self.bar.set_message(match round {
            0 => format!("{row}: {candidate}, set-up"),
            _ => format!("{row}: {candidate}, round {round}"),
        });
    }

    fn done(&mut self, rows: &[Row]) {
        self.bar.suspend(|| {
            for row in rows {
                say(&report::line(row));
            }
        });
        self.bar.inc(1);
    }
}
