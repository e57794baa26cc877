//! `wats plot`: measurements drawn in the terminal, or into an SVG file.
//!
//! `series` gathers the values of each measurement, from reports and from the server; `statistics` makes numbers of them; `scale`
//! puts values in columns and shows numbers; `figure` says what is drawn of a series; `terminal` draws it with characters, `svg` into a file.

mod figure;
mod scale;
mod series;
mod statistics;
mod svg;
mod terminal;

use std::path::{Path, PathBuf};

use wats::analytics::{MeasurementPath, StatisticsFilter};
use wats::report::{Report, StepPath};
use wats::uuid::Uuid;

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::file;
use crate::input::{Foreign, sources};
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
/// Without a terminal nothing is drawn unless --width or --svg is given.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats plot report.json
  wats plot reports/ --only Ripple --svg ripple.svg
  wats plot 83ac0b8e-b575-4004-94de-f905774c3ed8
  wats plot --step 'MainSequence Callback/Power/Measure +5V' --product PCBA-001 --operation ICT --days 30")]
pub(crate) struct Args {
    /// Files with reports, folders of them, `-` for standard input, or ids of reports on the server.
    #[arg(required_unless_present = "step", value_name = "FILE|ID")]
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
    #[command(flatten)]
    measured: Measured,
    #[command(flatten)]
    foreign: Foreign,
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
    if args.measured.step.is_empty() {
        for report in reports(args, context).await? {
            gathered.add(&report);
        }
    } else {
        of_server(args, context, &mut gathered).await?;
    }
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

/// The reports of files, and those of ids from the server.
async fn reports(args: &Args, context: &Context) -> Outcome<Vec<Report>> {
    let id_of = |path: &Path| -> Option<Uuid> {
        let text = path.to_str()?;
        (!path.exists()).then(|| text.parse().ok()).flatten()
    };
    let (ids, files): (Vec<&PathBuf>, Vec<&PathBuf>) =
        args.reports.iter().partition(|path| id_of(path).is_some());
    let mut found = Vec::new();
    if !files.is_empty() {
        let files: Vec<PathBuf> = files.into_iter().cloned().collect();
        for source in sources(&files, &args.foreign, context)? {
            found.extend(source.models(&args.foreign, context)?);
        }
    }
    if !ids.is_empty() {
        let wats = context.wats()?;
        for id in ids.into_iter().filter_map(|path| id_of(path)) {
            found.push(wats.report().get(id).await?);
        }
    }
    Ok(found)
}

/// The values of the measurements that are named.
async fn of_server(args: &Args, context: &Context, gathered: &mut Gathered) -> Outcome<()> {
    let Measured {
        step,
        product,
        operation,
        days,
    } = &args.measured;
    let mut filter = StatisticsFilter::default();
    if let Some(product) = product {
        filter = filter.part_number(product);
    }
    if let Some(operation) = operation {
        filter = filter.test_operation(operation);
    }
    if let Some(days) = days {
        filter = filter.last_days(*days);
    }
    let mut paths = Vec::new();
    for step in step {
        let path: StepPath = step.parse().map_err(wats::Error::from)?;
        let mut wire = MeasurementPath::new(path.steps().iter().map(String::as_str));
        if let Some(name) = path.measurement_name() {
            wire = wire.measurement(name);
        }
        paths.push(wire);
    }
    let values = context
        .wats()?
        .analytics()
        .measurements(&filter, &paths)
        .await?;
    for value in values.iter() {
        gathered.add_value(value);
    }
    Ok(())
}
