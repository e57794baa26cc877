//! `wats convert`: reports from one format to another.

use crate::Outcome;
use crate::context::Context;
use crate::failure::Failure;

/// Convert reports between formats.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    let _ = (args, context);
    Err(Failure::failed("not built yet"))
}
