//! `wats watch`: a folder into which others drop reports.
//!
//! `looks` decides when a file is ready, `folder` is the folder on disk, `take` brings files into the queue. Here it runs, and the
//! queue is sent beside it. Nothing is asked of the system but lists of files, so it works on the shares of other machines.

mod folder;
mod looks;
mod take;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use wats::queue::{DrainOptions, Events, Queue};

use self::folder::Folder;
use self::looks::Looks;
use self::take::{Taker, Told, Totals};
use super::queue::drain::{LAST, LOOK, unsent, until_empty};
use super::queue::events::Happened;
use super::queue::health::exit;
use crate::Outcome;
use crate::args::duration;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::Interrupted;
use crate::output::{Format, Output};

/// So many files may be told of later.
const MOST_TOLD: usize = 256;

/// Queue and send what others drop into a folder, until Ctrl-C.
///
/// A file is taken when it has not changed for some seconds and can be read to its end: one report or several, WSJF (also as a
/// list, or one after the other) or WSXF. It moves to `work`, and when its reports are in the queue to `done`, or to `failed`
/// with the reason beside it, when one of its reports would be refused. Names that end with .tmp, .part or ~ are passed over, and
/// so are those that begin with a dot. A folder that goes away is waited for.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit code with --once: 0 all was sent, 3 a file or a report was refused, 6 a file could
not be taken, 7 reports are stored but not sent yet.

Examples:
  wats watch /srv/drop --queue /var/lib/wats/queue
  wats watch /srv/drop --ready-suffix .ok        take report.json when there is report.json.ok
  wats watch /srv/drop --once --jsonl            take what is there, and tell of each file")]
pub(crate) struct Args {
    /// The folder.
    folder: PathBuf,
    /// Folder of the queue, on a disk of this machine; otherwise that of `WATS_QUEUE_DIR`, or `queue_dir` of the profile.
    #[arg(long, value_name = "FOLDER")]
    queue: Option<PathBuf>,
    /// How often the folder is looked at; 10ms at least.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = poll)]
    poll: Duration,
    /// How long a file must not have changed; it takes three looks at least.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    settle: Duration,
    /// How long a file that is no whole report may stay as it is before it moves to `failed`; 30s, and 0s with --once.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    give_up_after: Option<Duration>,
    /// Take only files beside which there is one of the same name with this end, and at once; it is deleted then.
    #[arg(long, value_name = "SUFFIX")]
    ready_suffix: Option<OsString>,
    /// Take what is there, send it, and end.
    #[arg(long)]
    once: bool,
    /// Longest time to send with --once, and before that to wait for a file that is written to all the time.
    #[arg(long = "for", value_name = "TIME", default_value = "1m", value_parser = duration, requires = "once")]
    lasting: Duration,
    /// Keep reports in the queue until the server has stored them, or says why not; this uses internal routes of the server.
    #[arg(long)]
    confirm: bool,
}

fn poll(text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    if time < Duration::from_millis(10) {
        return Err("it must be 10ms or longer".to_owned());
    }
    Ok(time)
}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    if args.ready_suffix.as_ref().is_some_and(|end| end.is_empty()) {
        return Err(Failure::usage("--ready-suffix is empty"));
    }
    // With --once it ends by itself, and the exit code says how; otherwise nobody would end it.
    if args.once {
        context.output.goes_on_unread();
    }
    let queue_folder = context.queue_folder(args.queue.as_deref(), "--queue")?;
    let folder = Folder::new(args.folder.clone(), args.ready_suffix.clone());
    // Its database would be taken for a report, and moved away.
    if folder.holds_files_of(&queue_folder) {
        return Err(Failure::usage(format!(
            "the queue in {} lies among the files that are watched; give it another folder with --queue",
            queue_folder.display()
        )));
    }
    let wats = context.wats()?;
    let output = &context.output;
    let queue = wats
        .queue(queue_folder)
        .confirm(args.confirm)
        .open()
        .await?;
    let mut interrupted = context.interrupt.handle();
    let events = queue.events();
    let mut happened = Happened::default();
    let drain = queue.drain(DrainOptions::default())?;
    let taken = take(
        args,
        folder,
        queue.raw(),
        &events,
        &mut happened,
        &mut interrupted,
        output,
    )
    .await;
    if args.once && taken.is_ok() {
        let each = |_| happened.take(&events, output);
        until_empty(&queue, Some(args.lasting), &mut interrupted, each).await?;
    }
    drain.stop(LAST).await?;
    let health = queue.health().await?;
    happened.take(&events, output);
    queue.close().await?;
    let totals = taken?;
    let left = unsent(&health);
    tell_totals(totals, &happened, left, output)?;
    if !args.once {
        return Ok(Exit::Done);
    }
    Ok(match exit(&health) {
        _ if interrupted.is_told() => Exit::Interrupted,
        _ if totals.failed > 0 || happened.set_aside > 0 => Exit::Refused,
        _ if totals.stuck > 0 => Exit::Later,
        _ if left == 0 => Exit::Done,
        Exit::Access => Exit::Access,
        _ => Exit::Queued,
    })
}

/// Brings files into the queue, and tells of it, until it is told to end.
async fn take(
    args: &Args,
    folder: Folder,
    queue: &Queue,
    events: &Events,
    happened: &mut Happened,
    interrupted: &mut Interrupted,
    output: &Output,
) -> Outcome<Totals> {
    let give_up_after = args.give_up_after.unwrap_or(if args.once {
        Duration::ZERO
    } else {
        Duration::from_secs(30)
    });
    let (teller, mut told) = mpsc::channel(MOST_TOLD);
    let (awake, wake) = std::sync::mpsc::channel();
    let stopped = Arc::new(AtomicBool::new(false));
    let looks = Looks::new(args.settle, give_up_after);
    let mut taker = Taker::new(folder, queue.clone(), looks, teller, Arc::clone(&stopped));
    taker.poll = args.poll;
    taker.once = args.once.then(|| args.settle.saturating_add(args.lasting));
    let mut taking = tokio::task::spawn_blocking(move || taker.run(&wake));
    let mut awake = Some(awake);
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut trouble = Ok(());
    let totals = loop {
        tokio::select! {
            ended = &mut taking => break ended,
            Some(one) = told.recv() => trouble = trouble.and(tell(&one, output)),
            _ = ticks.tick() => happened.take(events, output),
            () = interrupted.wait(), if awake.is_some() => stop(&stopped, &mut awake),
        }
        // Nobody reads any more.
        if trouble.is_err() {
            stop(&stopped, &mut awake);
        }
    };
    while let Ok(one) = told.try_recv() {
        trouble = trouble.and_then(|()| tell(&one, output));
    }
    trouble?;
    totals.map_err(|stopped| Failure::failed(format!("watching has stopped: {stopped}")))?
}

fn stop(stopped: &AtomicBool, awake: &mut Option<std::sync::mpsc::Sender<()>>) {
    stopped.store(true, Ordering::SeqCst);
    *awake = None;
}

/// A line for each file: for programs on standard output, for people beside it.
fn tell(told: &Told, output: &Output) -> Outcome<()> {
    if let Told::Remark(text) = told {
        output.remark(text);
        return Ok(());
    }
    if output.format == Format::Jsonl {
        output.document(match told {
            Told::Queued { file, moved, ids } => {
                let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
                json!({ "event": "queued", "file": file, "moved": moved, "ids": ids })
            }
            Told::Failed { file, moved, why } => {
                json!({ "event": "failed", "file": file, "moved": moved, "why": why.to_json() })
            }
            Told::Remark(_) => return Ok(()),
        })?;
        // Whoever reads lines wants each as it comes.
        return output.flush();
    }
    match told {
        Told::Queued { file, ids, .. } if ids.len() == 1 => {
            output.remark(&format!("{file}: queued"));
        }
        Told::Queued { file, ids, .. } => {
            output.remark(&format!("{file}: {} reports queued", ids.len()));
        }
        Told::Failed { file, why, .. } => {
            output.remark(&format!("{file}: failed: {}", why.message));
        }
        Told::Remark(_) => {}
    }
    Ok(())
}

fn tell_totals(totals: Totals, happened: &Happened, left: u64, output: &Output) -> Outcome<()> {
    let members = [
        ("files", totals.files),
        ("reports", totals.reports),
        ("failed", totals.failed),
        ("stuck", totals.stuck),
        ("sent", happened.sent),
        ("set_aside", happened.set_aside),
        ("left", left),
    ];
    if output.format == Format::Jsonl {
        let mut document = json!({ "event": "end" });
        if let Some(all) = document.as_object_mut() {
            all.extend(members.map(|(name, many)| (name.to_owned(), json!(many))));
        }
        return output.document(document);
    }
    output.record(&members.map(|(name, many)| (name, many.into())))
}
