//! `wats queue`: the reports that wait on disk. The folder may be that of stations that are running.
//!
//! `list` and `show` look, `change` retries and discards, `fix` has a report edited, `transfer` exports and imports, `drain` sends,
//! `health` says how it is, `upkeep` checks and salvages. `item` is how an item is shown, `events` what is told of what happens, which
//! `wats watch` tells, too.

mod change;
pub(super) mod drain;
pub(super) mod events;
mod fix;
pub(super) mod health;
mod item;
mod list;
mod show;
mod transfer;
mod upkeep;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use wats::queue::{Queue, QueueOptions};
use wats::uuid::Uuid;

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Look into and work on a queue of reports on disk.
///
/// Any number of programs may have the folder open meanwhile. Only drain needs a server.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats queue health                          how the queue of WATS_QUEUE_DIR is
  wats queue ls --state set-aside            what somebody has to decide about
  wats queue fix 83ac0b8e-b575-4004-94de-f905774c3ed8
  wats queue drain --for 10m                 send what is in it")]
pub(crate) struct Args {
    /// Folder of the queue; otherwise that of `WATS_QUEUE_DIR`, or `queue_dir` of the profile.
    #[arg(long, global = true, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    action: Action,
}

/// What is done with the queue.
#[derive(Debug, Subcommand)]
enum Action {
    Ls(list::Args),
    Show(show::Args),
    Retry(change::Retry),
    Fix(fix::Args),
    Discard(change::Discard),
    Export(transfer::Export),
    Import(transfer::Import),
    Check(upkeep::Check),
    Salvage(upkeep::Salvage),
    Drain(drain::Args),
    Health(health::Args),
}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let folder = context.queue_folder(args.dir.as_deref(), "--dir")?;
    let folder = folder.as_path();
    if !matches!(args.action, Action::Ls(_) | Action::Show(_)) {
        context.output.goes_on_unread();
    }
    match &args.action {
        Action::Ls(args) => list::run(args, folder, context).await,
        Action::Show(args) => show::run(args, folder, context).await,
        Action::Retry(args) => change::retry(args, folder, context).await,
        Action::Fix(args) => fix::run(args, folder, context).await,
        Action::Discard(args) => change::discard(args, folder, context).await,
        Action::Export(args) => transfer::export(args, folder, context).await,
        Action::Import(args) => transfer::import(args, folder, context).await,
        Action::Check(args) => upkeep::check(args, folder, context).await,
        Action::Salvage(args) => upkeep::salvage(args, folder, context).await,
        Action::Drain(args) => drain::run(args, folder, context).await,
        Action::Health(args) => health::run(args, folder, context).await,
    }
}

/// Opens a queue that is there, for whatever server it is.
async fn open(folder: &Path) -> Outcome<Queue> {
    must_be_there(folder)?;
    Ok(Queue::open(folder, QueueOptions::default()).await?)
}

/// A queue is not made where somebody only wants to look.
fn must_be_there(folder: &Path) -> Outcome<()> {
    if Queue::is_in(folder) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::NotFound,
        format!("there is no queue in {}", folder.display()),
    ))
}

/// An id as it is given.
fn id(text: &str) -> Result<Uuid, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is no id, such as 83ac0b8e-b575-4004-94de-f905774c3ed8"))
}
