//! The folder of the queue: whether it can hold one, how fast it is, and how the queue in it is.

use std::path::Path;

use wats::queue::{FolderFacts, Queue, QueueOptions};

use super::findings::Findings;
use super::way::milliseconds;
use crate::Outcome;
use crate::command::queue::health;
use crate::context::Context;
use crate::exit::Exit;

/// A disk that takes longer to sync a write is slow.
const SLOW: std::time::Duration = std::time::Duration::from_millis(100);

pub(super) fn look(
    findings: &mut Findings<'_>,
    given: Option<&Path>,
    context: &Context,
) -> Outcome<()> {
    // Settings that cannot be read were told of before.
    let named = given.map(Path::to_path_buf).or_else(|| {
        let config = context.config().ok()?;
        config.queue_dir()
    });
    let Some(folder) = named else {
        return Ok(());
    };
    let shown = folder.display();
    if !folder.is_dir() {
        let remedy = "it is made when a queue is opened; check the path if there should be one";
        return findings.warn("queue", format!("there is no folder {shown}"), remedy);
    }
    let facts = match Queue::inspect(&folder) {
        Ok(facts) => facts,
        Err(error) => {
            let remedy =
                "use a folder of a local disk to which the user of this program has all rights";
            return findings.fail("queue", Exit::Failed, error.to_string(), remedy);
        }
    };
    disk(findings, &shown.to_string(), &facts)?;
    if !Queue::is_in(&folder) {
        return findings.good("queue", format!("there is none yet in {shown}"));
    }
    state(findings, &folder)
}

fn disk(findings: &mut Findings<'_>, shown: &str, facts: &FolderFacts) -> Outcome<()> {
    if let Some(network) = &facts.network {
        let found = format!("{shown} is on a network file system ({network})");
        let remedy = "use a folder of a local disk: on that of a network several programs would damage the queue";
        findings.fail("folder", Exit::Failed, found, remedy)?;
    } else if facts.others_may_read == Some(true) {
        let found = format!("{shown} can be read by other users");
        let remedy = "reports may be confidential: take the rights of others away (chmod 700)";
        findings.warn("folder", found, remedy)?;
    } else {
        findings.good("folder", format!("{shown} can hold a queue"))?;
    }
    if let (Some(free), Some(least)) = (facts.free, facts.least_free) {
        let found = format!("{} MiB are free", free >> 20);
        if free < least {
            let remedy = format!(
                "free disk space: below {} MiB the queue takes nothing",
                least >> 20
            );
            findings.fail("disk", Exit::Failed, found, &remedy)?;
        } else {
            findings.good("disk", found)?;
        }
    }
    match facts.sync {
        None => findings.fail("sync", Exit::Failed, "the disk is full", "free disk space"),
        Some(time) if time > SLOW => {
            let found = format!("a write takes {} until it is on disk", milliseconds(time));
            findings.warn(
                "sync",
                found,
                "each report that is queued takes as long: use a faster disk",
            )
        }
        Some(time) => {
            let found = format!("a write takes {} until it is on disk", milliseconds(time));
            findings.good("sync", found)
        }
    }
}

/// How the queue is, as `wats queue health` tells it.
fn state(findings: &mut Findings<'_>, folder: &Path) -> Outcome<()> {
    let opened = Queue::open_blocking(folder, QueueOptions::default());
    let health = match opened.and_then(|queue| queue.health().wait()) {
        Ok(health) => health,
        Err(error) => {
            let remedy = "`wats queue check` tells more";
            return findings.fail("queue", Exit::Failed, error.to_string(), remedy);
        }
    };
    let pause = health.pause.as_ref();
    let why = pause.map(|pause| format!("; it waits: {} ({})", pause.reason, pause.text));
    let found = format!(
        "{} reports, {} of them to be sent{}",
        health.all_items(),
        health.to_send(),
        why.unwrap_or_default()
    );
    match health::exit(&health) {
        Exit::Done => findings.good("queue", found),
        Exit::Refused => findings.warn(
            "queue",
            found,
            "`wats queue ls --state set-aside` shows what somebody has to decide about",
        ),
        Exit::Failed => findings.fail(
            "queue",
            Exit::Failed,
            found,
            "the disk of the queue fails or is full: mend it, or free space",
        ),
        exit => findings.fail(
            "queue",
            exit,
            found,
            "it goes on by itself when what is told above is mended",
        ),
    }
}
