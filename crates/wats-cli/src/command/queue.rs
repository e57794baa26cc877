//! `wats queue`: the reports that wait on disk.

use crate::Outcome;
use crate::context::Context;
use crate::failure::Failure;

/// Look into and work on a queue of reports on disk.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let _ = (args, context);
    Err(Failure::failed("not built yet"))
}
