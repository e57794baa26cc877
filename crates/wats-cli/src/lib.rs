#![doc = include_str!("../README.md")]
//!
//! # Layout
//! One way, top to bottom: `program` (the whole command line), `command` (a file or folder for each command),
//! `context` (what a command works with: the client, the settings with their origins, the output), `args` (the options that all
//! commands have), `input` (files and the reports in them), `measured` (what steps measured), `written` and `file`
//! (files that are whole or not there), `calls` (telling what is sent), `warnings` (what the library
//! warns of), `interrupt` (Ctrl-C),
//! `output` (tables, JSON, CSV, colours, progress), `failure` and `exit` (what went wrong, and the code for it).

mod args;
mod calls;
mod command;
mod context;
mod exit;
mod failure;
mod file;
mod input;
mod interrupt;
mod measured;
mod output;
mod program;
mod warnings;
mod written;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use context::Context;
use exit::Exit;
use failure::Failure;
use program::Program;

pub(crate) use failure::Outcome;

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let program = match Program::try_parse() {
        Ok(program) => program,
        Err(error) => return failure::of_usage(&error, wants_json()),
    };
    let Program {
        server,
        printing,
        command,
    } = program;
    warnings::tell(&printing);
    let context = match Context::new(server, printing, self::command) {
        Ok(context) => context,
        Err(failure) => return failure.tell(wants_json()),
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
        let done = match context.trace() {
            Ok(Some(trace)) => {
                let mut interrupted = context.interrupt.defer();
                context.interrupt.listen();
                let run = Box::pin(async {
                    tokio::select! {
                        done = command.run(&context) => done,
                        () = interrupted.wait() => Err(Failure::new(Exit::Interrupted, "interrupted")),
                    }
                });
                trace.of(run).await
            }
            Ok(None) => {
                context.interrupt.listen();
                command.run(&context).await
            }
            Err(failure) => Err(failure),
        };
        done.and_then(|exit| context.output.flush().map(|()| exit))
    });
    // A thread that reads standard input, or a resolver, must not keep the program.
    runtime.shutdown_background();
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => context.output.tell(&failure),
    }
}

/// Whether JSON is asked for, as far as that can be told of a command line that is not understood.
fn wants_json() -> bool {
    std::env::args_os()
        .skip(1)
        .take_while(|argument| argument != "--")
        .any(|argument| argument == "--json" || argument == "--jsonl")
}

/// All commands with their options, from which completions, manual pages and the reference in `docs/cli.md` are made.
pub fn command() -> clap::Command {
    Program::command()
}
