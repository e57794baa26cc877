//! `wats convert`: reports from one format to another.
//!
//! `table` makes the CSV of measurements.

mod table;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use wats::report::Report;
use wats::report::wsxf::Loss;
use wats::serde_json::{self, Value};

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file;
use crate::input::{Foreign, Source};
use crate::output::{Cell, Column};
use crate::written::{Form, written};

/// Convert reports between formats.
///
/// Read are WSJF, WSXF, and with --from OpenHTF, JUnit and STDF. Written are WSJF, WSXF, and a CSV of the measurements. What does not
/// carry over is listed, and nothing is written then, unless --lossy is given. A report without an id gets the one that it would
/// be submitted under.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats convert report.json report.xml
  wats convert --from stdf --process-code 10 --part-number CHIP-7 --revision A lot.stdf lot.jsonl
  wats convert --to csv report.json - | head

The CSV has a row for each measurement, with these columns:
  report         id of the report
  part_number, serial_number, revision, process_code, station, start, result
  path           names of the steps from the root on, with / in between
  measurement    name of one of several measurements of a step
  kind           numeric, string or boolean
  value          as it stands in the report; empty for boolean
  unit
  operator       how it is compared, such as GELE
  low_limit      the low limit, or the only one; of a string the text to compare with
  high_limit
  status         P, F, E, T, S: that of the measurement, else of its step
  iteration      which iteration of a loop, from 0
  step_time      seconds

The exit code is 3 when something would be lost.")]
pub(crate) struct Args {
    /// File with reports, or `-` for standard input.
    #[arg(value_name = "FROM")]
    input: PathBuf,
    /// File to write, or `-` for standard output. Its name says the format: .json, .jsonl, .xml or .csv.
    #[arg(value_name = "TO")]
    output: PathBuf,
    /// Format to write, whatever the name of the file says.
    #[arg(long, value_name = "FORMAT")]
    to: Option<To>,
    /// Write also what loses a part of the report on the way.
    #[arg(long)]
    lossy: bool,
    /// Replace the file if it is there.
    #[arg(long)]
    overwrite: bool,
    /// Write JSON on many lines.
    #[arg(long)]
    pretty: bool,
    #[command(flatten)]
    foreign: Foreign,
}

/// A format to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    /// WATS Standard JSON Format; several reports are a list.
    Wsjf,
    /// WSJF with a report on each line.
    Jsonl,
    /// WATS Standard XML Format.
    Wsxf,
    /// The measurements, one on each line.
    Csv,
}

/// What is lost.
const COLUMNS: &[Column<Loss>] = &[
    Column::new("path", |loss| Cell::from(loss.path.clone())),
    Column::new("loss", |loss| Cell::from(loss.text.clone())),
];

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    context.output.go_on_unread();
    let to = format(args)?;
    let source = Source::of(&args.input);
    let reports = source.models(&args.foreign, context)?;
    if reports.is_empty() {
        return Err(Failure::failed(format!(
            "{}: there is no report in it",
            source.name
        )));
    }
    let form = match to {
        To::Wsjf => Form::Wsjf,
        To::Jsonl => Form::Lines,
        To::Wsxf => Form::Wsxf,
        To::Csv => {
            let csv = table::csv(&reports);
            if csv.others > 0 {
                context.output.remark(&format!(
                    "{} steps without a measurement are not in it, nor are charts, files and free data",
                    csv.others
                ));
            }
            return give(args, context, csv.text.as_bytes(), &reports);
        }
    };
    if form != Form::Wsxf {
        tell_kept(&reports, context);
    }
    let mut made = written(&reports, form, args.pretty)?;
    // What says nothing is no loss.
    made.losses.retain(|loss| !loss.is_blank);
    if made.losses.is_empty() {
        return give(args, context, &made.bytes, &reports);
    }
    // The losses are what it prints, unless that is the report itself.
    if is_stdout(args) && args.lossy {
        for loss in &made.losses {
            context.output.remark(&loss.to_string());
        }
    } else {
        let mut rows = context.output.rows(COLUMNS)?;
        made.losses.iter().try_for_each(|loss| rows.row(loss))?;
        rows.finish()?;
    }
    if args.lossy {
        return give(args, context, &made.bytes, &reports);
    }
    let text = format!(
        "{}: {} parts do not carry over, so nothing is written; give --lossy to write the rest",
        source.name,
        made.losses.len()
    );
    Err(Failure::new(Exit::Refused, text))
}

/// Tells what was read of WSXF and has no place of its own in WSJF.
fn tell_kept(reports: &[Report], context: &Context) {
    let kept: usize = reports
        .iter()
        .filter_map(|report| serde_json::to_value(report).ok())
        .map(|report| count_kept(&report))
        .sum();
    if kept > 0 {
        context.output.remark(&format!(
            "{kept} objects have parts that WSJF has no place for: they are kept in members `wsxf`, which a server passes over"
        ));
    }
}

fn count_kept(value: &Value) -> usize {
    match value {
        Value::Object(members) => {
            let own = usize::from(members.contains_key("wsxf"));
            own + members.values().map(count_kept).sum::<usize>()
        }
        Value::Array(items) => items.iter().map(count_kept).sum(),
        _ => 0,
    }
}

/// Writes what was made.
fn give(args: &Args, context: &Context, bytes: &[u8], reports: &[Report]) -> Outcome {
    if is_stdout(args) {
        context.output.write(bytes)?;
        return Ok(Exit::Done);
    }
    file::write(&args.output, bytes, args.overwrite)?;
    let reports = match reports.len() {
        1 => "1 report".to_owned(),
        many => format!("{many} reports"),
    };
    context
        .output
        .remark(&format!("{reports} in {}", args.output.display()));
    Ok(Exit::Done)
}

fn is_stdout(args: &Args) -> bool {
    args.output == Path::new("-")
}

fn format(args: &Args) -> Outcome<To> {
    let is_csv = args
        .output
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("csv"));
    let named = match Form::of(&args.output) {
        Some(Form::Wsjf) => Some(To::Wsjf),
        Some(Form::Lines) => Some(To::Jsonl),
        Some(Form::Wsxf) => Some(To::Wsxf),
        None if is_csv => Some(To::Csv),
        None => None,
    };
    args.to.or(named).ok_or_else(|| {
        Failure::usage(format!(
            "{}: its name does not say a format; give --to wsjf, jsonl, wsxf or csv",
            args.output.display()
        ))
    })
}
