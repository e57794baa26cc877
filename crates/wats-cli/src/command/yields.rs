//! `wats yield`: yield by product, process, station and time.

use clap::ValueEnum;
use wats::analytics::{DateGrouping, Dimension, StatisticsFilter, Yield};
use wats::jiff::Timestamp;

use super::moment;
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Cell, Column};

/// Yield by product, process, station or time.
///
/// First pass yield (fpy) is the share of units that passed their first run, in percent; spy, tpy and lpy are those that
/// passed by the second, the third and the last run. The server counts a unit once in each process.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats yield                                        # by product and process, of the last 30 days
  wats yield --part PCBA-001 --by station --since 7d
  wats yield --part PCBA-001 --period week --csv    # a row a week")]
pub(crate) struct Args {
    /// What rows are told apart by, with commas between them.
    #[arg(long, value_delimiter = ',', default_value = "part,process")]
    by: Vec<By>,
    /// A row for each period of this length, too.
    #[arg(long, value_name = "LENGTH")]
    period: Option<Period>,
    /// Part number of the units.
    #[arg(long, value_name = "NUMBER")]
    part: Option<String>,
    /// Revision of the units.
    #[arg(long)]
    revision: Option<String>,
    /// Name of the process.
    #[arg(long, value_name = "NAME")]
    process: Option<String>,
    /// Name of the station.
    #[arg(long, value_name = "NAME")]
    station: Option<String>,
    /// From this time on: how long ago, a day or a time.
    #[arg(long, value_name = "TIME", value_parser = moment::time, default_value = "30d")]
    since: Timestamp,
    /// Up to this time; now unless said otherwise.
    #[arg(long, value_name = "TIME", value_parser = moment::time)]
    until: Option<Timestamp>,
    /// Most rows, those of most units first; of periods, the first ones.
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    top: u32,
}

/// A dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Part,
    Revision,
    Product,
    Process,
    Station,
    Location,
    Purpose,
    Operator,
    Batch,
    Software,
    Version,
}

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Period {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl From<Period> for DateGrouping {
    fn from(period: Period) -> Self {
        match period {
            Period::Hour => Self::Hour,
            Period::Day => Self::Day,
            Period::Week => Self::Week,
            Period::Month => Self::Month,
            Period::Quarter => Self::Quarter,
            Period::Year => Self::Year,
        }
    }
}

impl By {
    fn dimension(self) -> Dimension {
        match self {
            Self::Part => Dimension::PartNumber,
            Self::Revision => Dimension::Revision,
            Self::Product => Dimension::ProductName,
            Self::Process => Dimension::TestOperation,
            Self::Station => Dimension::StationName,
            Self::Location => Dimension::Location,
            Self::Purpose => Dimension::Purpose,
            Self::Operator => Dimension::Operator,
            Self::Batch => Dimension::BatchNumber,
            Self::Software => Dimension::SwFilename,
            Self::Version => Dimension::SwVersion,
        }
    }

    fn column(self) -> Column<Yield> {
        match self {
            Self::Part => Column::new("part", |row| Cell::text(row.part_number.as_ref())),
            Self::Revision => Column::new("revision", |row| Cell::text(row.revision.as_ref())),
            Self::Product => Column::new("product", |row| Cell::text(row.product_name.as_ref())),
            Self::Process => Column::new("process", |row| Cell::text(row.test_operation.as_ref())),
            Self::Station => Column::new("station", |row| Cell::text(row.station_name.as_ref())),
            Self::Location => Column::new("location", |row| Cell::text(row.location.as_ref())),
            Self::Purpose => Column::new("purpose", |row| Cell::text(row.purpose.as_ref())),
            Self::Operator => Column::new("operator", |row| Cell::text(row.operator.as_ref())),
            Self::Batch => Column::new("batch", |row| Cell::text(row.batch_number.as_ref())),
            Self::Software => Column::new("software", |row| Cell::text(row.sw_filename.as_ref())),
            Self::Version => Column::new("version", |row| Cell::text(row.sw_version.as_ref())),
        }
    }
}

/// The figures of a row, behind its dimensions.
fn figures() -> [Column<Yield>; 11] {
    [
        Column::new("units", |row| Cell::of(row.unit_count)),
        Column::new("fpy", |row| Cell::rounded(row.fpy.as_ref(), 1)),
        Column::new("spy", |row| Cell::rounded(row.spy.as_ref(), 1)),
        Column::new("tpy", |row| Cell::rounded(row.tpy.as_ref(), 1)),
        Column::new("lpy", |row| Cell::rounded(row.lpy.as_ref(), 1)),
        Column::further("first_pass", |row| Cell::of(row.fp_count)),
        Column::further("last_pass", |row| Cell::of(row.lp_count)),
        Column::further("retests", |row| Cell::of(row.retest_count)),
        Column::further("reports", |row| Cell::of(row.test_report_count)),
        Column::further("report_yield", |row| {
            Cell::rounded(row.test_yield.as_ref(), 1)
        }),
        Column::further("last", |row| Cell::text(row.last.as_ref())),
    ]
}

/// Those that the server gives only when they are asked for.
const FIGURES: [Dimension; 10] = [
    Dimension::Fpy,
    Dimension::Spy,
    Dimension::Tpy,
    Dimension::Lpy,
    Dimension::FpCount,
    Dimension::LpCount,
    Dimension::RetestCount,
    Dimension::TestReportCount,
    Dimension::TestYield,
    Dimension::LastUtc,
];

pub(crate) async fn run(args: &Args, context: &Context) -> Outcome {
    let mut filter = StatisticsFilter::default()
        .from(args.since)
        .top_count(args.top);
    if let Some(until) = args.until {
        filter = filter.until(until);
    }
    filter.part_number.clone_from(&args.part);
    filter.revision.clone_from(&args.revision);
    filter.test_operation.clone_from(&args.process);
    filter.station_name.clone_from(&args.station);
    filter.date_grouping = args.period.map(Into::into);

    let mut by: Vec<By> = Vec::new();
    for one in &args.by {
        if !by.contains(one) {
            by.push(*one);
        }
    }
    let mut ordered: Vec<String> = Vec::new();
    let mut columns: Vec<Column<Yield>> = Vec::new();
    if args.period.is_some() {
        ordered.push(Dimension::Period.asc());
        columns.push(Column::new("period", |row| Cell::text(row.period.as_ref())));
    }
    ordered.push(Dimension::UnitCount.desc());
    ordered.extend(by.iter().map(|by| by.dimension().into()));
    ordered.extend(FIGURES.map(String::from));
    columns.extend(by.iter().map(|by| by.column()));
    columns.extend(figures());

    let wats = context.wats()?;
    let found = wats
        .analytics()
        .dynamic_yield(&filter)
        .dimensions(ordered)
        .await?;
    let mut rows = context.output.rows(&columns)?;
    for row in found.iter() {
        rows.row(row)?;
    }
    let printed = rows.finish()?;
    if printed >= args.top as usize {
        let top = args.top;
        context.output.remark(&format!(
            "only the first {top} are printed; --top prints another number"
        ));
    }
    Ok(Exit::Done)
}
