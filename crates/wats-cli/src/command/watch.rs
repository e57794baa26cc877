//! `wats watch`: a folder into which others drop reports.

use crate::Outcome;
use crate::context::Context;
use crate::failure::Failure;

/// Send what is dropped into a folder.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let _ = (args, context);
    Err(Failure::failed("not built yet"))
}
