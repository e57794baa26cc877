//! The `wats-sim` program: a simulated WATS server until Ctrl-C.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use wats_sim::cli::{self, Args};

/// A simulated WATS server; prints its counters when stopped with Ctrl-C.
#[derive(Debug, Parser)]
#[command(version)]
struct Program {
    #[command(flatten)]
    args: Args,
}

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(Program::parse().args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // Nothing is left to do if even standard error is gone.
            let _ = writeln!(io::stderr(), "error: {problem}");
            ExitCode::FAILURE
        }
    }
}
