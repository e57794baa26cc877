//! `wats queue ls`: what is in the queue.

use std::path::Path;

use clap::ValueEnum;
use wats::queue::{Filter, State};

use super::item::{COLUMNS, Listed};
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;

/// So many are read at a time.
const PAGE: u32 = 1000;

/// List the reports in the queue, in the order in which they came.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats queue ls --state set-aside --fields id,reason
  wats queue ls --unit PCBA-001/SN-42
  wats queue ls --jsonl | jq .id")]
pub(crate) struct Args {
    /// Only those in this state; may be given several times.
    #[arg(long, value_name = "STATE")]
    state: Vec<Named>,
    /// Only those of this unit: a serial number, or part number and serial number with a slash between; in any case.
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// Only those of the process with this code.
    #[arg(long, value_name = "CODE")]
    process: Option<i32>,
    /// At most so many; all if not given.
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Only those behind the one with this number (`seq`), for the next page.
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    after: i64,
}

/// A state as it is named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Named {
    /// To be sent as soon as its place comes.
    Ready,
    /// An older report of its unit is open.
    Behind,
    /// Being sent.
    Leased,
    /// It failed, and is tried again later.
    Waiting,
    /// It begins in the server's future.
    Held,
    /// Set aside because it was refused.
    Parked,
    /// The server has it, and has not told yet whether it is stored.
    Unconfirmed,
    /// Set aside by the server.
    Quarantined,
    /// Parked or quarantined: somebody has to decide.
    SetAside,
}

impl Named {
    fn states(self) -> &'static [State] {
        match self {
            Self::Ready => &[State::Ready],
            Self::Behind => &[State::Behind],
            Self::Leased => &[State::Leased],
            Self::Waiting => &[State::Waiting],
            Self::Held => &[State::Held],
            Self::Parked => &[State::Parked],
            Self::Unconfirmed => &[State::Unconfirmed],
            Self::Quarantined => &[State::Quarantined],
            Self::SetAside => &[State::Parked, State::Quarantined],
        }
    }
}

/// Those in any of these states, or in any at all.
pub(super) fn filter(states: &[Named]) -> Filter {
    let states = states.iter().flat_map(|named| named.states());
    states.fold(Filter::all(), |filter, state| filter.state(*state))
}

pub(super) async fn run(args: &Args, folder: &Path, context: &Context) -> Outcome {
    let queue = super::open(folder).await?;
    let mut rows = context.output.rows(COLUMNS)?;
    let mut left = args.limit.unwrap_or(u64::MAX);
    let mut after = args.after;
    let mut more = None;
    'pages: loop {
        let page = filter(&args.state).most(PAGE).after(after);
        let page = queue.list(page).await?;
        let Some(last) = page.last() else { break };
        let next = last.seq;
        for item in page {
            let listed = Listed::from(item);
            if !is_asked_for(args, &listed) {
                continue;
            }
            if left == 0 {
                more = Some(after);
                break 'pages;
            }
            left -= 1;
            after = listed.item.seq;
            rows.row(&listed)?;
        }
        after = next;
    }
    let shown = rows.finish()?;
    if let Some(after) = more {
        let remark = format!("there are more: go on with --after {after}");
        context.output.remark(&remark);
    } else if shown == 0 && !context.output.is_json() {
        context.output.remark("there is none");
    }
    Ok(Exit::Done)
}

fn is_asked_for(args: &Args, listed: &Listed) -> bool {
    let labels = &listed.labels;
    let of_process = args
        .process
        .is_none_or(|code| labels.process_code == Some(code));
    let of_unit = args.unit.as_deref().is_none_or(|unit| {
        let unit = unit.to_lowercase();
        let serial = labels.serial_number.to_lowercase();
        unit == serial || unit == format!("{}/{serial}", labels.part_number.to_lowercase())
    });
    of_process && of_unit
}
