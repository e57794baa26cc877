//! `wats queue export` and `import`: reports for another machine.

use std::path::{Path, PathBuf};

use wats::queue::{Queue, QueueOptions, Transferred};

use super::list::{Named, filter};
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::Output;

/// Copy reports to a folder, for another machine; they stay in the queue, too.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats queue export /media/stick/station-7       on the old station
  wats queue import /media/stick/station-7       on the new one")]
pub(crate) struct Export {
    /// The folder, which must be empty or not there.
    folder: PathBuf,
    /// Only those in this state; may be given several times.
    #[arg(long, value_name = "STATE")]
    state: Vec<Named>,
}

pub(super) async fn export(args: &Export, folder: &Path, context: &Context) -> Outcome {
    let queue = super::open(folder).await?;
    let done = queue.export(&args.folder, filter(&args.state)).await?;
    tell(&done, &context.output)
}

/// Take in the reports of a folder that `wats queue export` has written.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// The folder.
    folder: PathBuf,
}

pub(super) async fn import(args: &Import, folder: &Path, context: &Context) -> Outcome {
    // A new station has none yet.
    let queue = Queue::open(folder, QueueOptions::default()).await?;
    let done = queue.import(&args.folder).await?;
    queue.close().await?;
    tell(&done, &context.output)
}

fn tell(done: &Transferred, output: &Output) -> Outcome {
    output.record(&[
        ("copied", done.items.into()),
        ("known", done.known.into()),
        ("damaged", done.damaged.into()),
    ])?;
    Ok(if done.damaged > 0 {
        Exit::Failed
    } else {
        Exit::Done
    })
}
