#![doc = include_str!("../README.md")]
//!
//! # Layout
//! One way, top to bottom: `program` (the command line), `command` (a file or folder for each command), `args` (options that all have),
//! `context` (what a command works with: the client, the settings with their origins, the output), `interrupt` (Ctrl-C),
//! `output` (tables, JSON, CSV, colours, progress), `failure` and `exit` (what went wrong, and the code for it).

mod args;
mod command;
mod context;
mod exit;
mod failure;
mod interrupt;
mod output;
mod program;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use context::Context;
use failure::Failure;
use program::Program;

pub(crate) use failure::Outcome;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let program = match Program::try_parse() {
        Ok(program) => program,
        Err(error) => return failure::of_usage(&error),
    };
    let Program {
        server,
        printing,
        command,
    } = program;
    let context = match Context::new(server, &printing, self::command) {
        Ok(context) => context,
        Err(failure) => return failure.tell_plainly(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::failed(format!("the runtime cannot be started: {error}"));
            return context.output.tell(&failure);
        }
    };
    let outcome = runtime.block_on(async {
        context.interrupt.listen();
        let done = command.run(&context).await;
        done.and_then(|exit| context.output.flush().map(|()| exit))
    });
    // A thread that reads standard input, or a resolver, must not keep the program.
    runtime.shutdown_background();
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => context.output.tell(&failure),
    }
}

/// All commands with their options, from which completions, manual pages and the reference in `docs/cli.md` are made.
pub fn command() -> clap::Command {
    Program::command()
}
