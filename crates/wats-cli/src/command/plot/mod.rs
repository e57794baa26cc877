//! `wats plot`: measurements drawn in the terminal, or into an SVG file.
//!
//! `source` reads the reports, `series` gathers the values of each measurement; `statistics` makes numbers of them; `scale`
//! puts values in columns and shows numbers; `figure` says what is drawn of a series; `terminal` draws it with characters, `svg` into a file.

mod figure;
mod scale;
mod series;
mod source;
mod statistics;
mod svg;
mod terminal;

use std::path::PathBuf;

use wats::jiff::Timestamp;

use super::headers::Conditions;
use super::moment;
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file;
use crate::input::From;
use crate::output::{Cell, Column, Format};
use figure::Figure;
use series::{Gathered, Series};
use statistics::Statistics;
use terminal::Canvas;

/// Draw measurements: the value within its limits, histograms with Cpk of several reports, loops.
///
/// A measurement of one report is a line with its limits and the value between them. One of several reports is a histogram with the
/// number of values, mean, standard deviation, Cp and Cpk. The iterations of a loop are a small curve. With --json, --jsonl or --csv
/// the numbers are printed instead.
///
/// The reports are files, ids, or those on the server that conditions such as --part name, the newest of them.
///
/// Without a terminal nothing is drawn unless --width or --svg is given.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats plot report.json
  wats plot reports/ --only Ripple --svg ripple.svg
  wats plot 83ac0b8e-b575-4004-94de-f905774c3ed8
  wats plot --part PCBA-001 --since 7d --top 200 --only 'Measure +5V'
  wats plot --step 'MainSequence Callback/Power/Measure +5V' --product PCBA-001 --operation ICT --days 30")]
pub(crate) struct Args {
    /// Files with reports, folders of them, `-` for standard input, or ids of reports on the server.
    #[arg(value_name = "FILE|ID")]
    reports: Vec<PathBuf>,
    /// Draw only measurements whose path contains this text, whatever its case.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Draw with ASCII characters only.
    #[arg(long)]
    ascii: bool,
    /// Draw into this SVG file.
    #[arg(long, value_name = "FILE", value_parser = crate::args::file())]
    svg: Option<PathBuf>,
    /// Replace the file of --svg if it is there.
    #[arg(long, requires = "svg")]
    overwrite: bool,
    /// Read the files as this format. Without it they are WSJF or WSXF, whichever their contents are.
    #[arg(long, value_name = "FORMAT")]
    from: Option<From>,
    /// Unit of numbers without one, with --from; `1` if not given.
    #[arg(long, value_name = "UNIT", requires = "from")]
    unit: Option<String>,
    #[command(flatten)]
    listed: Listed,
    #[command(flatten)]
    measured: Measured,
}

/// Reports on the server by their headers; all conditions must hold.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reports on the server")]
struct Listed {
    #[command(flatten)]
    conditions: Conditions,
    /// Reports that started at this time or later: 7d before now, a day, or a time.
    #[arg(long, value_name = "TIME", value_parser = moment::time)]
    since: Option<Timestamp>,
    /// At most so many, the newest of them, 1 to 1000; 100 unless said otherwise.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=MOST))]
    top: Option<u32>,
}

/// Each report is read on its own: more would take the server's time for long.
const MOST: i64 = 1000;

impl Listed {
    /// Whether reports are asked for by it.
    fn is_any(&self) -> bool {
        self.conditions.is_any() || self.since.is_some() || self.top.is_some()
    }
}

/// Values from the statistics of the server, at most 10 000, in place of reports.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Values from the server")]
struct Measured {
    /// Path of the measurement: the names of the steps from the root on with `/` in between; or as the server writes it, with `¶`.
    #[arg(
        long,
        value_name = "PATH",
        conflicts_with = "reports",
        requires = "product",
        requires = "operation"
    )]
    step: Vec<String>,
    /// Part number of the units.
    #[arg(long = "product", value_name = "PART", requires = "step")]
    product: Option<String>,
    /// Name of the process (operation type).
    #[arg(long, value_name = "NAME", requires = "step")]
    operation: Option<String>,
    /// Values of so many days.
    #[arg(long, value_name = "DAYS", requires = "step", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
}

/// The numbers of a series.
struct Row {
    series: Series,
    statistics: Statistics,
}

const COLUMNS: &[Column<Row>] = &[
    Column::new("path", |row| Cell::from(row.series.path.clone())),
    Column::new("unit", |row| Cell::from(row.series.unit.clone())),
    Column::new("operator", |row| Cell::from(row.series.operator.clone())),
    Column::new("low_limit", |row| Cell::of(row.series.limits.low)),
    Column::new("high_limit", |row| Cell::of(row.series.limits.high)),
    Column::new("count", |row| Cell::from(row.statistics.count as u64)),
    Column::new("failed", |row| Cell::from(row.series.failed as u64)),
    Column::new("min", |row| Cell::of(row.statistics.min)),
    Column::new("max", |row| Cell::of(row.statistics.max)),
    Column::new("mean", |row| Cell::of(row.statistics.mean)),
    Column::new("deviation", |row| Cell::of(row.statistics.deviation)),
    Column::new("cp", |row| Cell::of(row.statistics.cp)),
    Column::new("cpk", |row| Cell::of(row.statistics.cpk)),
    Column::further("values", |row| Cell::from(row.series.values.clone())),
];

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let width = context.output.width();
    let prints = context.output.format != Format::Table;
    if width.is_none() && args.svg.is_none() && !prints {
        return Err(Failure::usage(
            "standard output is no terminal: give --width COLUMNS, --svg FILE, or --json for the numbers",
        ));
    }
    let mut gathered = Gathered::default();
    source::gather(args, context, &mut gathered).await?;
    let mut all = gathered.finish();
    if let Some(only) = &args.only {
        let only = only.to_lowercase();
        all.retain(|series| series.path.to_lowercase().contains(&only));
    }
    if all.is_empty() {
        return Err(Failure::new(
            Exit::NotFound,
            "there is no measured number to draw",
        ));
    }
    for series in all.iter().filter(|series| series.limits_differ) {
        context.output.remark(&format!(
            "{}: its limits differ between the values; the last ones are drawn",
            series.path
        ));
    }
    if let Some(path) = &args.svg {
        let figures: Vec<Figure<'_>> = all.iter().map(Figure::of).collect();
        file::write(path, svg::drawn(&figures).as_bytes(), args.overwrite)?;
        context
            .output
            .remark(&format!("{} measurements in {}", all.len(), path.display()));
        if !prints {
            return Ok(Exit::Done);
        }
    }
    if prints {
        let mut rows = context.output.rows(COLUMNS)?;
        for series in all {
            let statistics = Statistics::of(&series.values, series.limits);
            rows.row(&Row { series, statistics })?;
        }
        rows.finish()?;
        return Ok(Exit::Done);
    }
    let canvas = Canvas {
        width: width.unwrap_or(80),
        ascii: args.ascii,
        style: context.output.style,
    };
    for line in canvas.drawn(&all) {
        context.output.line(&line)?;
    }
    Ok(Exit::Done)
}
