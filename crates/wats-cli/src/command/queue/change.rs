//! `wats queue retry` and `discard`: what becomes of reports that are set aside.

use std::path::{Path, PathBuf};

use wats::jiff::Timestamp;
use wats::queue::{Filter, Queue, report_id, report_key};
use wats::uuid::Uuid;

use super::show::unknown;
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// So many are read at a time.
const PAGE: u32 = 1000;

/// Send again what is set aside, with the same bytes, and at once what waits.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  wats queue retry --all                 after the cause is mended on the server")]
pub(crate) struct Retry {
    /// Ids of the reports.
    #[arg(value_parser = super::id, required_unless_present = "all")]
    ids: Vec<Uuid>,
    /// All that are set aside.
    #[arg(long, conflicts_with = "ids")]
    all: bool,
}

pub(super) async fn retry(args: &Retry, folder: &Path, context: &Context) -> Outcome {
    let queue = super::open(folder).await?;
    let ids = if args.all {
        set_aside(&queue).await?
    } else {
        args.ids.clone()
    };
    let mut reports = 0;
    for id in ids {
        match queue.retry(report_key(id)).await {
            Ok(many) => reports += many,
            // Somebody else was faster.
            Err(wats::queue::Error::Unknown(_)) if args.all => {}
            Err(wats::queue::Error::Unknown(_)) => return Err(unknown(id)),
            Err(error) => return Err(error.into()),
        }
    }
    context.output.record(&[("retried", reports.into())])?;
    Ok(Exit::Done)
}

async fn set_aside(queue: &Queue) -> Outcome<Vec<Uuid>> {
    let mut ids = Vec::new();
    let mut after = 0;
    loop {
        let page = Filter::set_aside().most(PAGE).after(after);
        let page = queue.list(page).await?;
        let Some(last) = page.last() else {
            return Ok(ids);
        };
        after = last.seq;
        ids.extend(page.iter().map(report_id));
    }
}

/// End a report without sending it. A copy is kept, which `wats queue import` takes back.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  wats queue discard 83ac0b8e-b575-4004-94de-f905774c3ed8 --yes --why \"test of the fixture\"")]
pub(crate) struct Discard {
    /// Id of the report.
    #[arg(value_parser = super::id)]
    id: Uuid,
    /// Really discard it.
    #[arg(long)]
    yes: bool,
    /// Why, for the receipt that stays.
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// Folder for the copy, which must be empty or not there; otherwise a new one below `discarded` in that of the queue.
    #[arg(long, value_name = "FOLDER")]
    copy: Option<PathBuf>,
}

pub(super) async fn discard(args: &Discard, folder: &Path, context: &Context) -> Outcome {
    if !args.yes {
        return Err(Failure::usage(
            "the report would not be sent any more: say --yes as well",
        ));
    }
    if args.why.trim().is_empty() {
        return Err(Failure::usage("--why needs a reason"));
    }
    let queue = super::open(folder).await?;
    let copy = keep(&queue, args.id, args.copy.as_deref(), "discarded").await?;
    let ended = queue.discard(report_key(args.id), args.why.trim()).await?;
    context.output.record(&[
        ("discarded", ended.len().into()),
        ("copy", copy.display().to_string().into()),
    ])?;
    Ok(Exit::Done)
}

/// Copies all reports of an id to a folder: the one that is given, or a new one below this one in that of the queue.
pub(super) async fn keep(
    queue: &Queue,
    id: Uuid,
    given: Option<&Path>,
    below: &str,
) -> Outcome<PathBuf> {
    let copy = given.map_or_else(
        || {
            let now = Timestamp::now().as_millisecond();
            queue.folder().join(below).join(format!("{now}-{id}"))
        },
        Path::to_path_buf,
    );
    if queue
        .list(Filter::all().key(report_key(id)))
        .await?
        .is_empty()
    {
        return Err(unknown(id));
    }
    let done = queue
        .export(&copy, Filter::all().key(report_key(id)))
        .await?;
    if done.damaged > 0 {
        // What cannot be copied is what somebody wants to be rid of.
        return Ok(copy);
    }
    if done.items == 0 {
        return Err(unknown(id));
    }
    Ok(copy)
}
