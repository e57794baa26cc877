//! `wats plot`: measurements drawn in the terminal.

use crate::Outcome;
use crate::context::Context;
use crate::failure::Failure;

/// Draw measurements, histograms and loops.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let _ = (args, context);
    Err(Failure::failed("not built yet"))
}
