//! `wats sim`: a simulated server.

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Run a simulated server until Ctrl-C; it prints its address and token.
// Both structures would give their options a group named `Args`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    simulator: wats_sim::cli::Args,
}

pub(crate) async fn run(args: Args, context: &Context) -> Outcome {
    // It ends by itself when it is told to, and prints what it counted.
    let _interrupted = context.interrupt.handle();
    wats_sim::cli::run(args.simulator)
        .await
        .map_err(Failure::failed)?;
    Ok(Exit::Done)
}
