//! `cargo xtask`: the project's own commands.
//!
//! One file per command: [`mod@test`] with its [`steps`], [`demo`], [`examples`], [`mod@bench`], [`measure`], [`release`]. [`process`] starts
//! programs and handles Ctrl-C, [`terminal`] writes to the user.

mod bench;
mod demo;
mod examples;
mod measure;
mod process;
mod release;
mod steps;
mod terminal;
mod test;

use clap::{Parser, Subcommand};
use process::Interrupt;
use std::ffi::OsString;
use std::process::ExitCode;

/// The commands of this project.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check everything that must hold before a change goes in.
    Test(test::Options),
    /// Show the product at work against an in-process server, with measured figures.
    #[command(disable_help_flag = true)]
    Demo {
        /// `--shared` for two stations on one Redis, `--offline` for a station without network; else arguments of the tour,
        /// which --help lists.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Run the examples of the domains against a simulated factory.
    Examples,
    /// Say which crates a release would publish, and why.
    Release(release::Options),
    /// Count packages, code lines and test programs, and measure builds.
    Measure(measure::Options),
    /// Measure our crates and their peers side by side.
    #[command(disable_help_flag = true)]
    Bench {
        /// Arguments of the benchmark; --help lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let options = Options::parse();
    let interrupt = Interrupt::watch();
    let outcome = match options.command {
        Command::Test(options) => test::run(&options, &interrupt),
        Command::Demo { arguments } => demo::run(&arguments),
        Command::Examples => examples::run(),
        Command::Bench { arguments } => bench::run(&arguments),
        Command::Measure(options) => measure::run(&options),
        Command::Release(options) => release::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        terminal::say_error(&format!("error: {error}"));
        ExitCode::FAILURE
    })
}
