//! `wats queue show`: one report in the queue, or what became of it.

use std::io::Read as _;
use std::path::Path;

use wats::queue::{Body, Ended, Past, Queue, Status, report_key};
use wats::uuid::Uuid;

use super::item::{COLUMNS, Listed, time};
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Cell, Tone};

/// Show a report in the queue, or what became of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  wats queue show 83ac0b8e-b575-4004-94de-f905774c3ed8 --body > report.json")]
pub(crate) struct Args {
    /// Id of the report.
    #[arg(value_parser = super::id)]
    id: Uuid,
    /// Print the text of the report, byte for byte as it is stored, and nothing else.
    #[arg(long)]
    body: bool,
}

pub(super) async fn run(args: &Args, folder: &Path, context: &Context) -> Outcome {
    let queue = super::open(folder).await?;
    if args.body {
        return body(&queue, args.id, context).await;
    }
    match queue.status(report_key(args.id)).await? {
        Status::Open(item) => {
            let listed = Listed::from(*item);
            let members: Vec<_> = COLUMNS
                .iter()
                .map(|column| (column.head.name, (column.of)(&listed)))
                .collect();
            context.output.record(&members)?;
        }
        Status::Ended(past) => context.output.record(&ended(&past, args.id))?,
        _ => return Err(unknown(args.id)),
    }
    Ok(Exit::Done)
}

fn ended(past: &Past, id: Uuid) -> Vec<(&'static str, Cell)> {
    let (word, tone) = match past.ended {
        Ended::Sent => ("sent", Tone::Good),
        Ended::Replaced => ("replaced", Tone::Plain),
        Ended::Discarded => ("discarded", Tone::Warning),
        _ => ("dropped", Tone::Bad),
    };
    vec![
        ("seq", Cell::from(past.seq)),
        ("id", id.to_string().into()),
        ("state", Cell::from(word).tone(tone)),
        ("stored", time(past.enqueued_at)),
        ("ended", time(past.ended_at)),
        ("tries", Cell::from(past.tries)),
        ("bytes", Cell::from(past.len)),
        ("sha256", past.sha256.to_string().into()),
        ("note", past.note.as_str().into()),
    ]
}

async fn body(queue: &Queue, id: Uuid, context: &Context) -> Outcome {
    let body = match queue.body(report_key(id)).await {
        Err(wats::queue::Error::Unknown(_)) => return Err(unknown(id)),
        body => body?,
    };
    match &body {
        Body::File { path, .. } => {
            // A piece at a time: it may be large.
            let what = path.display();
            let mut file = std::fs::File::open(path).map_err(|error| Failure::io(&what, &error))?;
            let mut piece = vec![0; 64 << 10];
            loop {
                let read = file.read(&mut piece);
                let read = read.map_err(|error| Failure::io(&what, &error))?;
                if read == 0 {
                    break;
                }
                context
                    .output
                    .write(piece.get(..read).unwrap_or_default())?;
            }
        }
        other => {
            let bytes = other.read();
            let bytes = bytes.map_err(|error| Failure::io("the report", &error))?;
            context.output.write(&bytes)?;
        }
    }
    Ok(Exit::Done)
}

/// Nothing is open under an id.
pub(super) fn unknown(id: Uuid) -> Failure {
    Failure::new(
        Exit::NotFound,
        format!("there is no report {id} in the queue"),
    )
}
