//! `wats queue health`: how the queue is, with an exit code for monitoring.

use std::path::Path;

use serde_json::{Value, json, to_value};
use wats::queue::{Health, Reason};

use super::item::{time, word};
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Cell, Tone};

/// Tell how the queue is: what is in it, why it waits, whether the disk works.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit code: 0 nothing is wrong, 1 the disk fails or is full, 3 reports are set aside,
4 the token is not accepted, 6 the queue waits for the server.")]
pub(crate) struct Args {}

pub(super) async fn run(_args: &Args, folder: &Path, context: &Context) -> Outcome {
    let queue = super::open(folder).await?;
    let health = queue.health().await?;
    context.output.record(&members(&health))?;
    Ok(exit(&health))
}

/// How a queue is as the code of the program: the worst first.
pub(in crate::command) fn exit(health: &Health) -> Exit {
    let pause = health.pause.as_ref().map(|pause| pause.reason);
    match pause {
        _ if health.failing.is_some() || health.disk_is_full => Exit::Failed,
        Some(Reason::Unauthorized | Reason::Forbidden) => Exit::Access,
        Some(_) => Exit::Later,
        None if set_aside(health) > 0 => Exit::Refused,
        None => Exit::Done,
    }
}

fn set_aside(health: &Health) -> u64 {
    let set_aside = health
        .depth
        .iter()
        .filter(|depth| depth.state.is_set_aside());
    set_aside.map(|depth| depth.items).sum()
}

/// What is in the queue, for people.
fn in_words(health: &Health) -> String {
    let depth = health.depth.iter().map(|depth| {
        let state = to_value(depth.state).unwrap_or_default();
        let state = state.as_str().unwrap_or_default();
        format!("{} {state} ({} bytes)", depth.items, depth.bytes)
    });
    depth.collect::<Vec<_>>().join(", ")
}

fn members(health: &Health) -> Vec<(&'static str, Cell)> {
    let (state, tone) = match exit(health) {
        Exit::Done => ("good", Tone::Good),
        Exit::Refused => ("reports are set aside", Tone::Warning),
        Exit::Access => ("the token is not accepted", Tone::Bad),
        Exit::Later => ("waiting for the server", Tone::Warning),
        _ => ("the disk fails", Tone::Bad),
    };
    let pause = health.pause.as_ref();
    let problem = match (&health.failing, health.disk_is_full) {
        (Some(problem), _) => Some(problem.clone()),
        (None, true) => Some("the disk is full: nothing is taken".to_owned()),
        (None, false) => None,
    };
    let depth: Vec<Value> = health
        .depth
        .iter()
        .map(|depth| {
            json!({
                "state": to_value(depth.state).ok(),
                "class": to_value(depth.class).ok(),
                "reports": depth.items,
                "bytes": depth.bytes,
            })
        })
        .collect();
    let aside = set_aside(health);
    vec![
        ("state", Cell::from(state).tone(tone)),
        ("to_send", health.to_send().into()),
        (
            "set_aside",
            Cell::from(aside).tone(if aside > 0 { Tone::Bad } else { Tone::Plain }),
        ),
        ("oldest", time(health.oldest.unwrap_or(0))),
        ("sent_last_minute", health.sent_last_minute.into()),
        ("sent_last_hour", health.sent_last_hour.into()),
        (
            "seconds_left",
            Cell::of(health.eta.map(|eta| eta.as_secs())),
        ),
        (
            "pause",
            pause.map_or(Cell::of(None::<Value>), |pause| {
                word(to_value(pause.reason))
            }),
        ),
        ("pause_since", time(pause.map_or(0, |pause| pause.since))),
        ("next_try", time(pause.map_or(0, |pause| pause.until))),
        ("pause_text", Cell::text(pause.map(|pause| &pause.text))),
        ("problem", Cell::of(problem)),
        ("programs", health.owners.into()),
        (
            "depth",
            Cell::from(Value::Array(depth)).told_as(&in_words(health)),
        ),
    ]
}
