//! `wats units`: units by their serial numbers.

use crate::Outcome;
use crate::context::Context;
use crate::failure::Failure;

/// Look up units by their serial numbers.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let _ = (args, context);
    Err(Failure::failed("not built yet"))
}
