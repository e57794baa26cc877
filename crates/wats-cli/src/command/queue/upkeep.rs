//! `wats queue check` and `salvage`: whether the database is whole, and what could be read of one that was not.
//!
//! A queue salvages by itself, whoever opens it; these tell of it.

use std::path::{Path, PathBuf};

use serde_json::json;
use wats::queue::{Health, Queue, Salvaged};

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Cell, Tone};

/// Look through the whole database of the queue. A damaged one is set aside, and what can be read is in the queue again.
#[derive(Debug, clap::Args)]
pub(crate) struct Check {}

pub(super) async fn check(_args: &Check, folder: &Path, context: &Context) -> Outcome {
    let (problem, health) = looked_through(folder).await?;
    let Some(problem) = problem else {
        context.output.record(&[
            ("state", Cell::from("whole").tone(Tone::Good)),
            ("reports", health.all_items().into()),
        ])?;
        return Ok(Exit::Done);
    };
    context.output.record(&[
        ("state", Cell::from("damaged").tone(Tone::Bad)),
        ("reports", health.all_items().into()),
        ("problem", problem.into()),
    ])?;
    context
        .output
        .remark("wats queue salvage tells what could be read");
    Ok(Exit::Failed)
}

/// Set a damaged database aside, take what can be read of it into the queue, and tell of all that were set aside.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit code: 1 when something of what is salvaged now is missing or damaged. The damaged
file stays beside the new one.")]
pub(crate) struct Salvage {}

pub(super) async fn salvage(_args: &Salvage, folder: &Path, context: &Context) -> Outcome {
    let (_, health) = looked_through(folder).await?;
    let files: Vec<String> = set_aside(folder)
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let found = health.last_salvaged.clone().unwrap_or_default();
    let Salvaged {
        items,
        damaged,
        missing,
        ..
    } = found;
    let lost = damaged + missing;
    context.output.record(&[
        ("reports", health.all_items().into()),
        ("salvaged", items.into()),
        ("damaged", Cell::from(damaged).tone(tone_of(damaged))),
        ("missing", Cell::from(missing).tone(tone_of(missing))),
        (
            "problem",
            Cell::of(Some(found.problem).filter(|text| !text.is_empty())),
        ),
        ("files", Cell::from(json!(files))),
    ])?;
    Ok(if lost > 0 { Exit::Failed } else { Exit::Done })
}

fn tone_of(many: u64) -> Tone {
    if many > 0 { Tone::Bad } else { Tone::Plain }
}

/// What is wrong, or was when it was opened, and how the queue is then.
async fn looked_through(folder: &Path) -> Outcome<(Option<String>, Health)> {
    let queue = super::open(folder).await?;
    let problem = match queue.check().await {
        Ok(()) => None,
        Err(wats::queue::Error::Damaged { problem, .. }) => Some(problem),
        Err(error) => return Err(error.into()),
    };
    // What was found is dealt with before this is answered.
    let health = queue.health().await?;
    let before = health.last_salvaged.as_ref();
    let problem = problem.or_else(|| before.map(|salvaged| salvaged.problem.clone()));
    close(queue).await?;
    Ok((problem, health))
}

async fn close(queue: Queue) -> Outcome<()> {
    Ok(queue.close().await?)
}

/// Databases that were set aside, oldest first.
fn set_aside(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("queue.db.damaged-") && !name.ends_with("-wal")
    });
    let mut files: Vec<PathBuf> = names.map(|entry| entry.path()).collect();
    files.sort();
    files
}
