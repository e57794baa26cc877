//! `wats doctor`: what is wrong between this machine and its server.

use crate::Outcome;
use crate::context::Context;
use crate::failure::Failure;

/// Tell what is wrong between this machine and its server.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let _ = (args, context);
    Err(Failure::failed("not built yet"))
}
