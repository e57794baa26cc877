//! The whole command line: a command, and the options that all of them have.

use clap::Parser;

use crate::args::{Printing, Server};
use crate::command::Command;
use crate::exit::TABLE;

/// Submit, check, look up and watch the test reports of a WATS server.
#[derive(Debug, Parser)]
#[command(name = "wats", version, after_help = TABLE, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Program {
    #[command(flatten)]
    pub(crate) server: Server,
    #[command(flatten)]
    pub(crate) printing: Printing,
    #[command(subcommand)]
    pub(crate) command: Command,
}
