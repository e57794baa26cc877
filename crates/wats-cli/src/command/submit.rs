//! `wats submit`: sends reports.

use crate::Outcome;
use crate::context::Context;
use crate::failure::Failure;

/// Send reports: WSJF, WSXF or JSON.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let _ = (args, context);
    Err(Failure::failed("not built yet"))
}
