//! `wats yield`: yield by product, process, station and time.

use crate::Outcome;
use crate::context::Context;
use crate::failure::Failure;

/// Yield by product, process, station or time.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let _ = (args, context);
    Err(Failure::failed("not built yet"))
}
