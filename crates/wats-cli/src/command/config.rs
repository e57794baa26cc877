//! `wats config`: the settings and where each comes from.

use crate::Outcome;
use crate::context::Context;
use crate::failure::Failure;

/// Show the settings and where each comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    let _ = (args, context);
    Err(Failure::failed("not built yet"))
}
