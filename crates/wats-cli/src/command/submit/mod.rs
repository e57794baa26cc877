//! `wats submit`: sends reports.
//!
//! `prepare` takes the reports out of the files, with their ids and what the rules say of them; `send` sends them, some at a time,
//! `queue` puts them into a queue on disk; `row` is what is printed of each.

mod prepare;
#[cfg(feature = "queue")]
mod queue;
mod row;
mod send;

use std::path::PathBuf;
use std::time::Duration;

use wats::BulkOptions;
use wats::report::{ConfirmOptions, SubmitOptions};

use crate::Outcome;
use crate::args::duration;
use crate::context::Context;
use crate::input::{Foreign, sources};
use crate::interrupt::Interrupted;
use prepare::{Prepare, Prepared};
use row::{Row, Told};

/// Send reports: WSJF, WSXF, or those of other programs.
///
/// A file may hold several reports: one after the other, a list, or WSXF with many. Each is sent as it stands there, byte for byte.
/// One without an id is given one that is made of its bytes. To repeat is safe: the server keeps one report of an id.
///
/// Reports are checked before they are sent; those that the server would refuse are not sent. WSJF of more than 16 MiB is checked
/// and sent piece by piece, in little memory; not looked at are then its loops, and charts and files of more than 64 KiB. WSXF of
/// more than 16 MiB is sent unchecked, and one of more than 64 MiB is not taken.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats submit report.json
  wats submit reports/ --jsonl
  wats submit --queue /var/lib/station/queue report.json
  wats submit --from openhtf --process-code 10 --part-number PCBA-001 --revision A record.json

Each report is a row: its file, its id, and what became of it:
  sent         the server has it
  stored       the server has stored it (--confirm)
  pending      the server has it, and it is not known yet whether it is stored (--confirm)
  quarantined  the server has set it aside (--confirm)
  queued       it is in the queue, and not sent yet
  set-aside    it is in the queue, and the server has refused it
  refused      the rules or the server refuse it
  failed       it could not be read or sent
  unsent       it was not tried any more
  checked      it would be sent (--dry-run)

Exit codes:
  0    all reports are sent, or stored where that was asked for
  1    one could not be read, or failed for another reason than those below
  2    the command line cannot be understood
  3    one is refused by the rules or the server: do not repeat it as it is
  4    the token is missing, wrong or without the right
  5    a file is not there
  6    the network or the server cannot now: try later
  7    one is in the queue and not sent yet
  130  ended by Ctrl-C
Where reports have several, the first of 130, 4, 3, 1, 5, 2, 6 and 7 counts.")]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct Args {
    /// Files with reports, folders of them, or `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Put the reports into the queue in this folder, on disk, and send them from there.
    #[cfg(feature = "queue")]
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["or_queue", "confirm"])]
    queue: Option<PathBuf>,
    /// Put those into the queue in this folder that cannot be sent because of the network or the server.
    #[cfg(feature = "queue")]
    #[arg(long, value_name = "FOLDER")]
    or_queue: Option<PathBuf>,
    /// With --queue: wait so long for the reports to be sent; 0s leaves sending to others.
    #[cfg(feature = "queue")]
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration, requires = "queue")]
    wait: Duration,
    /// Follow each report until the server has stored it, for at most a minute. It asks routes that the server does not publish.
    #[arg(long)]
    confirm: bool,
    /// Make the outcomes of values and limits before sending. Without it they are sent as they are.
    #[arg(long)]
    active: bool,
    /// Send nothing; say what would be sent.
    #[arg(long)]
    dry_run: bool,
    /// Send also what the rules say the server refuses.
    #[arg(long)]
    force: bool,
    /// Reports that are sent at once.
    #[arg(long, value_name = "NUMBER", default_value = "5", value_parser = clap::value_parser!(u8).range(1..=50))]
    at_once: u8,
    /// Wait so long while the server cannot be reached, when there are several reports.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    outage_wait: Duration,
    #[command(flatten)]
    foreign: Foreign,
}

/// So many reports, or so many bytes, are in memory at a time.
const TOGETHER: (usize, u64) = (100, 16 << 20);

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    // What is sent does not depend on who reads the rows.
    context.output.goes_on_unread();
    let sources = sources(&args.files, &args.foreign, context)?;
    let interrupted = context.interrupt.handle();
    let mut receiver = Receiver::new(args, context, &interrupted, sources.len()).await?;
    let progress = context.output.progress(sources.len() as u64, "submitting");
    let mut told = Told::new(context)?;
    let mut waiting = Vec::new();
    for source in &sources {
        if interrupted.is_told() {
            progress.suspend(|| told.row(&Row::unsent(&source.name)))?;
            continue;
        }
        for prepared in (Prepare { args, context }).all_of(source) {
            match prepared {
                Ok(prepared) => waiting.push(prepared),
                Err(row) => progress.suspend(|| told.row(&row))?,
            }
            let bytes: u64 = waiting.iter().map(Prepared::in_memory).sum();
            if waiting.len() >= TOGETHER.0 || bytes >= TOGETHER.1 {
                let rows = receiver.take(std::mem::take(&mut waiting)).await?;
                progress.suspend(|| told.all(&rows))?;
            }
        }
        progress.add(1);
    }
    if !waiting.is_empty() {
        let rows = receiver.take(waiting).await?;
        progress.suspend(|| told.all(&rows))?;
    }
    let rows = receiver.finish().await?;
    progress.suspend(|| told.all(&rows))?;
    drop(progress);
    told.finish()
}

/// Who takes the reports.
enum Receiver {
    /// Nobody: they are only looked at.
    Nobody,
    Server(Box<send::Server>),
    #[cfg(feature = "queue")]
    Queue(Box<queue::Waiting>),
}

impl Receiver {
    async fn new(
        args: &Args,
        context: &Context,
        interrupted: &Interrupted,
        files: usize,
    ) -> Outcome<Self> {
        if args.dry_run {
            return Ok(Self::Nobody);
        }
        let wats = context.wats()?;
        #[cfg(feature = "queue")]
        if let Some(folder) = &args.queue {
            let waiting = queue::Waiting::open(&wats, folder, args.wait, interrupted).await?;
            return Ok(Self::Queue(Box::new(waiting)));
        }
        let mut options = SubmitOptions::default();
        if args.confirm {
            options = options.confirm(ConfirmOptions::default());
        }
        let mut many = BulkOptions::default().at_once(usize::from(args.at_once));
        many = match args.outage_wait {
            wait if files > 1 && !wait.is_zero() && !args.has_fallback() => many.outage_wait(wait),
            _ => many.no_outage_wait(),
        };
        let mut stop = interrupted.clone();
        many = many.until(async move { stop.wait().await });
        Ok(Self::Server(Box::new(send::Server {
            wats,
            options,
            many,
            #[cfg(feature = "queue")]
            or_queue: args.or_queue.clone(),
            #[cfg(feature = "queue")]
            fallback: None,
            refused: false,
        })))
    }

    /// Takes reports; of some it is known at once what became of them.
    async fn take(&mut self, reports: Vec<Prepared>) -> Outcome<Vec<Row>> {
        match self {
            Self::Nobody => Ok(reports.into_iter().map(|one| one.row("checked")).collect()),
            Self::Server(server) => server.send(reports).await,
            #[cfg(feature = "queue")]
            Self::Queue(queue) => queue.take(reports).await,
        }
    }

    /// What became of the others.
    async fn finish(self) -> Outcome<Vec<Row>> {
        match self {
            Self::Nobody => Ok(Vec::new()),
            #[cfg(feature = "queue")]
            Self::Server(server) => server.finish().await.map(|()| Vec::new()),
            #[cfg(not(feature = "queue"))]
            Self::Server(_) => Ok(Vec::new()),
            #[cfg(feature = "queue")]
            Self::Queue(queue) => queue.finish().await,
        }
    }
}

impl Args {
    /// Whether what cannot be sent goes elsewhere.
    fn has_fallback(&self) -> bool {
        #[cfg(feature = "queue")]
        return self.or_queue.is_some();
        #[cfg(not(feature = "queue"))]
        false
    }
}
