//! `wats headers`: lists reports. `select` says which; `row` has the columns, `cursor` the file that remembers what was
//! printed, `reader` whether it was read.

mod cursor;
mod reader;
mod row;
mod select;

use std::path::PathBuf;

use clap::ValueEnum;
use wats::report::HeaderOrder;
use wats::{HeaderQuery, Wats};

use self::cursor::CursorFile;
pub(super) use self::row::tone;
pub(super) use self::select::Conditions;

use self::row::COLUMNS;
use super::moment::{self, Moment};
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};

/// Printed unless more are asked for.
const USUAL: u32 = 100;

/// The server gives no more at a time.
const MOST: i64 = 10_000;

/// List reports by their headers.
///
/// All conditions must hold. With --since and a file, each run prints what the server has processed since the run before,
/// those that were received again among them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats headers --part PCBA-001 --status failed --since 7d
  wats headers --since ./seen.cursor --jsonl     # what is new since the run before
  wats headers --filter \"startswith(serialNumber,'SN-4')\" --all --csv > reports.csv

The place in a file of --since goes on once what was printed has been read: where the reader of a pipe ends early, as head
does, the next run prints the same again (Windows does not tell, when all of it fits into the pipe). It belongs to the server
and the conditions with which it was made.")]
pub(crate) struct Args {
    #[command(flatten)]
    conditions: Conditions,
    /// Reports that started at this time or later: 7d before now, a day, a time; or a file, which remembers what was printed.
    #[arg(long, value_name = "TIME|FILE", value_parser = moment::time_or_file)]
    since: Option<Moment>,
    /// As --since with a file, whatever its name is.
    #[arg(long, value_name = "FILE", conflicts_with = "since", value_parser = crate::args::file())]
    since_file: Option<PathBuf>,
    /// The order: the newest start first unless another one is named.
    #[arg(long, default_value = "newest", conflicts_with_all = ["all", "since_file"])]
    order: Order,
    /// Most reports to print, 1 to 10000; 100 unless said otherwise.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=MOST))]
    top: Option<u32>,
    /// Print all of them, in the order in which the server processed them.
    #[arg(long, conflicts_with = "top")]
    all: bool,
}

/// How a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    /// The latest start first.
    Newest,
    /// The earliest start first.
    Oldest,
    /// By serial number.
    Serial,
    /// By id.
    Id,
    /// As the server processed them.
    Processed,
}

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let file = match (&args.since_file, &args.since) {
        (Some(file), _) | (None, Some(Moment::File(file))) => Some(file),
        _ => None,
    };
    let from = match args.since {
        Some(Moment::Time(from)) => Some(from),
        _ => None,
    };
    let query = args.conditions.query(from);
    if let Some(path) = file {
        if args.conditions.until.is_some() || args.order != Order::Newest {
            return Err(Failure::usage(
                "a file that remembers what was printed goes with neither --until nor --order",
            ));
        }
        let config = context.config()?;
        let wats = context.wats()?;
        let server = config
            .entries()
            .into_iter()
            .find(|entry| entry.key == "base_url");
        let server = server.and_then(|entry| entry.value).unwrap_or_default();
        let mut cursor = CursorFile::open(path, server, args.conditions.written(&query)?)?;
        return news(args, &wats, &query, &mut cursor, &context.output).await;
    }
    let wats = context.wats()?;
    if args.all {
        return all(&wats, &query, &context.output).await;
    }
    let top = args.top.unwrap_or(USUAL);
    let query = match args.order {
        Order::Newest => query.order_by_desc(HeaderOrder::Start),
        Order::Oldest => query.order_by(HeaderOrder::Start),
        Order::Serial => query.order_by(HeaderOrder::SerialNumber),
        Order::Id => query.order_by(HeaderOrder::Id),
        Order::Processed => query.order_by(HeaderOrder::TimeStamp),
    };
    let headers = wats.report().headers(&query.top(top)).await?;
    let mut rows = context.output.rows(COLUMNS)?;
    for header in &headers {
        rows.row(header)?;
    }
    let printed = rows.finish()?;
    if args.top.is_none() && printed >= USUAL as usize {
        context.output.remark(
            "only the first 100 are printed; --all prints all of them, --top another number",
        );
    }
    Ok(Exit::Done)
}

async fn all(wats: &Wats, query: &HeaderQuery, output: &Output) -> Outcome {
    let mut pages = wats.report().headers(query).each();
    let mut rows = output.rows(COLUMNS)?;
    while let Some(page) = pages.next_page().await? {
        for header in &page {
            rows.row(header)?;
        }
    }
    rows.finish()?;
    Ok(Exit::Done)
}

/// Prints what is new, and puts the place in the file on behind it. A format whose rows stand alone has it put on page by
/// page; of the others a part is worth nothing.
async fn news(
    args: &Args,
    wats: &Wats,
    query: &HeaderQuery,
    cursor: &mut CursorFile,
    output: &Output,
) -> Outcome {
    let stands_alone = matches!(output.format, Format::Jsonl | Format::Csv);
    let mut left = args.top.map(|top| top as usize);
    let mut pages = wats.report().since(cursor.place(), query);
    let mut rows = output.rows(COLUMNS)?;
    let mut place = cursor.place();
    while left != Some(0) {
        let Some(page) = pages.next_page().await? else {
            break;
        };
        let taken = left.map_or(page.len(), |left| left.min(page.len()));
        for header in page.iter().take(taken) {
            rows.row(header)?;
            if let Some(stamp) = header.time_stamp {
                place = wats::report::Cursor::after(stamp);
            }
        }
        left = left.map(|left| left - taken);
        if stands_alone {
            output.flush()?;
            reader::has_read().await?;
            cursor.advance(place)?;
        }
    }
    rows.finish()?;
    output.flush()?;
    reader::has_read().await?;
    cursor.advance(place)?;
    Ok(Exit::Done)
}
