//! `wats queue drain`: sends what is in the queue.

use std::path::Path;
use std::time::Duration;

use serde_json::to_value;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use wats::queue::{DrainOptions, Health, ReportQueue, State};

use super::events::Happened;
use super::health::exit;
use crate::Outcome;
use crate::args::duration;
use crate::context::Context;
use crate::exit::Exit;
use crate::interrupt::Interrupted;
use crate::output::{Cell, Tone};

/// How often it is looked whether something is left.
pub(in crate::command) const LOOK: Duration = Duration::from_millis(200);

/// How long reports that are being sent may take at the end.
pub(in crate::command) const LAST: Duration = Duration::from_secs(10);

/// Send what is in the queue, until it is empty or Ctrl-C; other programs may do so at the same time.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 the queue is empty, 3 reports were set aside, 4 some are left because the
token is not accepted, 7 some are left, 130 Ctrl-C.")]
pub(crate) struct Args {
    /// Longest time, such as 30s or 10m; without it, until the queue is empty.
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    lasting: Option<Duration>,
    /// How many reports are sent at a time, at most 64.
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    at_once: u32,
    /// Keep reports until the server has stored them, or says why not; this uses internal routes of the server.
    #[arg(long)]
    confirm: bool,
}

pub(super) async fn run(args: &Args, folder: &Path, context: &Context) -> Outcome {
    super::must_be_there(folder)?;
    let wats = context.wats()?;
    let queue = wats.queue(folder).confirm(args.confirm).open().await?;
    let mut interrupted = context.interrupt.handle();
    let events = queue.events();
    let mut happened = Happened::default();
    let drain = queue.drain(DrainOptions::default().at_once(args.at_once))?;
    let mut waiting = unsent(&queue.health().await?);
    let progress = context.output.progress(waiting, "sending");
    let each = |left| {
        progress.suspend(|| happened.take(&events, &context.output));
        progress.add(waiting.saturating_sub(left));
        waiting = left;
    };
    until_empty(&queue, args.lasting, &mut interrupted, each).await?;
    drop(progress);
    drain.stop(LAST).await?;
    let health = queue.health().await?;
    happened.take(&events, &context.output);
    queue.close().await?;
    let left = unsent(&health);
    let pause = health.pause.as_ref();
    context.output.record(&[
        ("sent", happened.sent.into()),
        (
            "set_aside",
            Cell::from(happened.set_aside).tone(tone_of(happened.set_aside)),
        ),
        ("left", left.into()),
        (
            "pause",
            Cell::of(pause.and_then(|pause| to_value(pause.reason).ok())),
        ),
    ])?;
    Ok(match left {
        _ if interrupted.is_told() => Exit::Interrupted,
        0 if happened.set_aside > 0 => Exit::Refused,
        0 => Exit::Done,
        _ if exit(&health) == Exit::Access => Exit::Access,
        _ => Exit::Queued,
    })
}

fn tone_of(many: u64) -> Tone {
    if many > 0 { Tone::Bad } else { Tone::Plain }
}

/// Waits until nothing is left, or this time is over, or Ctrl-C; `each` hears how much is left, a few times a second.
pub(in crate::command) async fn until_empty(
    queue: &ReportQueue,
    lasting: Option<Duration>,
    interrupted: &mut Interrupted,
    mut each: impl FnMut(u64),
) -> Outcome<()> {
    let end = lasting.and_then(|lasting| Instant::now().checked_add(lasting));
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = interrupted.wait() => return Ok(()),
            () = at(end) => return Ok(()),
        }
        let left = unsent(&queue.health().await?);
        each(left);
        if left == 0 {
            return Ok(());
        }
    }
}

/// Reports that are to be sent, or of which the server has not said yet that it has stored them.
pub(in crate::command) fn unsent(health: &Health) -> u64 {
    health.to_send() + health.items(State::Unconfirmed)
}

/// Ready at this time, or never.
async fn at(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}
