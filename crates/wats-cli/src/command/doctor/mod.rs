//! `wats doctor`: what is wrong between this machine and its server, on one screen.
//!
//! `findings` is the list of what was found, `way` goes from the settings to the connection, `server` asks the server, `queue` looks
//! at the folder of the queue. Each step that cannot be made because one before it failed is left out.

mod findings;
#[cfg(feature = "queue")]
mod queue;
mod server;
mod way;

use std::path::PathBuf;

use self::findings::Findings;
use crate::Outcome;
use crate::context::Context;

/// Tell what is wrong between this machine and its server, and what to do about it.
///
/// It looks at the settings and where each comes from, the way to the server, its certificate, the clock, the rights of the
/// token, and the folder of the queue. Nothing is changed on the server; no secret is printed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit code: that of the first failure: 2 for the settings, 4 for the token, 6 for the
network, 1 for what else is wrong. Warnings are 0.")]
pub(crate) struct Args {
    /// Folder of the queue, which is looked at as well; otherwise that of `WATS_QUEUE_DIR`, or `queue_dir` of the profile, if any.
    #[arg(long, value_name = "FOLDER")]
    queue: Option<PathBuf>,
}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    context.output.goes_on_unread();
    let mut findings = Findings::new(&context.output);
    if let Some(wats) = way::settings(&mut findings, context)?
        && way::connection(&mut findings, &wats).await?
    {
        server::ask(&mut findings, &wats).await?;
    }
    #[cfg(feature = "queue")]
    queue::look(&mut findings, args.queue.as_deref(), context)?;
    #[cfg(not(feature = "queue"))]
    let _ = &args.queue;
    findings.finish()
}
