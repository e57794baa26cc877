//! `wats lint`: what the server would refuse in reports.

use crate::Outcome;
use crate::context::Context;
use crate::failure::Failure;

/// Check reports by the server's rules.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    let _ = (args, context);
    Err(Failure::failed("not built yet"))
}
