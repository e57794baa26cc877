//! A tour of the SDK with measured figures, each next to the naive way of doing the same.
//!
//! `cargo xtask demo`, or `cargo run --release -p wats --example tour`. Without `--base-url` it starts a simulated WATS
//! server that takes 20 ms for each request.
//!
//! `args` reads the command line, `stage` finds or starts the server, `figures` holds and prints what was measured; then
//! one file per part: `processes`, `reads`, `bulk`, `formats`, `production`, and `file` for a report of the user's own.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people"
)]

mod args;
mod bulk;
mod figures;
mod file;
mod formats;
mod processes;
mod production;
mod reads;
mod stage;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;
use crate::figures::Figures;
use crate::stage::Stage;

/// Exit code of an interrupted command, as shells give it.
const INTERRUPTED: u8 = 130;

/// What any part may fail with.
type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let mut figures = Figures::default();
    let outcome = tokio::select! {
        outcome = run(&args, &mut figures) => Some(outcome),
        _ = tokio::signal::ctrl_c() => None,
    };
    figures.print_table();
    if let Some(path) = &args.json
        && let Err(error) = figures.write_json(path)
    {
        eprintln!(
            "error: the figures cannot be written to {}: {error}",
            path.display()
        );
        return ExitCode::FAILURE;
    }
    match outcome {
        Some(Ok(())) => ExitCode::SUCCESS,
        None => {
            eprintln!("stopped by Ctrl-C; {}", args.when_stopped());
            ExitCode::from(INTERRUPTED)
        }
        Some(Err(error)) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args, figures: &mut Figures) -> Outcome {
    let stage = Stage::set(args).await?;
    println!("{stage}");
    if let Some(path) = &args.report {
        return file::there_and_back(&stage, path).await;
    }
    processes::show(&stage, figures).await?;
    let part_numbers = stage.part_numbers().await?;
    reads::show(&stage, &part_numbers, figures).await?;
    bulk::show(&stage, &part_numbers, figures).await?;
    formats::show(figures)?;
    production::show(&stage, figures).await
}
