//! `wats fix`: mends reports by named policies.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use wats::report::lint::{FixPolicy, Mend, OutcomeConflict};
use wats::report::{Finding, Report, ReportFormat, Severity, Station, fix, lint};
use wats::uuid::Uuid;

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, in_our_words};
use crate::file;
use crate::input::{Contents, Foreign, Source};
use crate::output::{Cell, Column};
use crate::written::{Form, written};

/// Mend reports by named policies.
///
/// Only what can be mended without knowing what was measured is changed, and never what tells units apart. Each change is told. The
/// mended report goes to standard output, to --output, or back into its file.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats fix report.json -o mended.json
  wats fix --in-place --policy resubmit --operator Kari export.json
  wats fix --policy default,duplicate-names,missing-units report.json > mended.json
  wats fix --list

The exit code is 3 when the server would still refuse the report; what is left is told.")]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(crate) struct Args {
    /// File with reports, or `-` for standard input.
    #[arg(required_unless_present = "list", value_name = "FILE")]
    file: Option<PathBuf>,
    /// What may be changed, by the names that --list prints. `default` is what is always safe, `resubmit` what the export of a
    /// server needs to be submitted again, `none` nothing.
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "default"
    )]
    policy: Vec<String>,
    /// Allow every change.
    #[arg(long, conflicts_with = "policy")]
    all: bool,
    /// Changes that are not allowed after all, by their names.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    without: Vec<String>,
    /// Print the names of the changes and look at no file.
    #[arg(long, conflicts_with = "file")]
    list: bool,
    /// Write the mended report into this file; `-` is standard output, as without it.
    #[arg(short, long, value_name = "FILE", conflicts_with = "in_place")]
    output: Option<PathBuf>,
    /// Write the mended report into its file. The report as it was is kept beside it, as FILE.bak.
    #[arg(long)]
    in_place: bool,
    /// Replace the file of --output if it is there.
    #[arg(long)]
    overwrite: bool,
    /// Write JSON on many lines.
    #[arg(long)]
    pretty: bool,
    #[command(flatten)]
    values: Values,
}

/// What only somebody can know, for reports that do not say it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Values")]
struct Values {
    /// Which outcome counts when two contradict each other; `keep` for --policy default, `graver` for resubmit.
    #[arg(long, value_name = "WHICH")]
    conflict: Option<Conflict>,
    /// Operator of reports without one.
    #[arg(long, value_name = "TEXT")]
    operator: Option<String>,
    /// Station of reports without one; goes with --location and --purpose.
    #[arg(long, value_name = "TEXT", requires = "location", requires = "purpose")]
    station: Option<String>,
    /// Location of reports without one.
    #[arg(long, value_name = "TEXT", requires = "station")]
    location: Option<String>,
    /// Purpose of reports without one.
    #[arg(long, value_name = "TEXT", requires = "station")]
    purpose: Option<String>,
    /// Revision of units without one.
    #[arg(long, value_name = "TEXT")]
    revision: Option<String>,
    /// Process of reports without one.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(0..=32_767))]
    process_code: Option<i32>,
    /// Unit of numbers without one, with the policy missing-units; `1` if not given.
    #[arg(long, value_name = "UNIT")]
    unit: Option<String>,
    /// Id of a report without one. Each report needs its own.
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
}

/// Which of two outcomes counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Conflict {
    /// Both stay.
    Keep,
    /// That of the step.
    Step,
    /// That of the measurements.
    Measurements,
    /// The graver one.
    Graver,
}

/// A change in one of the reports of the file.
struct Row {
    number: usize,
    finding: Finding,
}

const COLUMNS: &[Column<Row>] = &[
    Column::further("report", |row| Cell::from(row.number as u64)),
    Column::new("path", |row| Cell::from(row.finding.path.clone())),
    Column::new("rule", |row| Cell::from(row.finding.code())),
    Column::sentences("change", |row| Cell::from(row.finding.text.clone())),
];

const MENDS: &[Column<Mend>] = &[
    Column::new("name", |mend| Cell::from(mend.name())),
    Column::new("default", |mend| {
        Cell::from(FixPolicy::default().has(*mend))
    }),
    Column::new("resubmit", |mend| {
        Cell::from(FixPolicy::resubmit().has(*mend))
    }),
    Column::sentences("about", |mend| Cell::from(mend.about())),
];

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    if args.list {
        let mut rows = context.output.rows(MENDS)?;
        Mend::ALL.iter().try_for_each(|mend| rows.row(mend))?;
        rows.finish()?;
        return Ok(Exit::Done);
    }
    // Its exit code and the files that it writes are more than what it prints.
    context.output.goes_on_unread();
    let policy = policy(args)?;
    let file = args.file.clone().unwrap_or_else(|| PathBuf::from("-"));
    let source = Source::of(&file)?;
    if args.in_place && source.path().is_none() {
        return Err(Failure::usage(
            "--in-place needs a file; standard input has none",
        ));
    }
    let (mut reports, form) = read(&source, context)?;
    let mut changes = Vec::new();
    for (at, report) in reports.iter_mut().enumerate() {
        let done = fix(report, &policy).into_iter();
        changes.extend(done.map(|finding| Row {
            number: at + 1,
            finding,
        }));
    }
    let made = written(&reports, form, args.pretty)?;
    if let Some(loss) = made.losses.iter().find(|loss| !loss.is_blank) {
        return Err(Failure::failed(format!(
            "{}: WSXF cannot hold the mended report ({loss}); convert it to WSJF first",
            source.name
        )));
    }
    let target = match (&args.output, args.in_place) {
        (Some(output), _) if output != Path::new("-") => Some(output.as_path()),
        (_, true) => source.path(),
        (_, false) => None,
    };
    match target {
        None => {
            for Row { finding, .. } in &changes {
                context.output.remark(&finding.to_string());
            }
            context.output.write(&made.bytes)?;
        }
        Some(path) => {
            if args.in_place && !changes.is_empty() {
                let copy = file::back_up(path)?;
                context
                    .output
                    .remark(&format!("the report as it was is in {}", copy.display()));
            }
            if !args.in_place || !changes.is_empty() {
                file::write(path, &made.bytes, args.in_place || args.overwrite)?;
            }
            let mut rows = context.output.rows(COLUMNS)?;
            changes.iter().try_for_each(|change| rows.row(change))?;
            rows.finish()?;
        }
    }
    left(&reports, &source, context)
}

/// Tells what the server would still refuse.
fn left(reports: &[Report], source: &Source, context: &Context) -> Outcome {
    let mut left: Vec<Finding> = reports.iter().flat_map(lint).collect();
    left.retain(|finding| finding.severity() == Severity::Reject);
    if left.is_empty() {
        return Ok(Exit::Done);
    }
    if !context.output.is_json() {
        for finding in &left {
            context
                .output
                .remark(&in_our_words(&format!("{finding:#}")));
        }
    }
    let text = format!(
        "{}: the server would still refuse it, for {} findings",
        source.name,
        left.len()
    );
    Err(Failure {
        findings: left,
        ..Failure::new(Exit::Refused, text)
    })
}

/// The reports of a file, and the form in which they are.
fn read(source: &Source, context: &Context) -> Outcome<(Vec<Report>, Form)> {
    let Contents::Texts(texts) = source.contents(&Foreign::default(), context)? else {
        return Err(Failure::failed("it is no report"));
    };
    let is_xml = texts.iter().any(|text| text.format == ReportFormat::Wsxf);
    let is_lines = source.path().and_then(Form::of) == Some(Form::Lines);
    let form = match (is_xml, is_lines) {
        (true, _) => Form::Wsxf,
        (false, true) => Form::Lines,
        (false, false) => Form::Wsjf,
    };
    let reports: Outcome<Vec<Report>> = texts.iter().map(|text| source.model(text)).collect();
    Ok((reports?, form))
}

fn policy(args: &Args) -> Outcome<FixPolicy> {
    let values = &args.values;
    let mut policy = FixPolicy::none();
    if args.all {
        policy = Mend::ALL
            .iter()
            .fold(policy, |policy, mend| policy.with(*mend));
    } else {
        for name in &args.policy {
            let other = match name.as_str() {
                "default" => FixPolicy::default(),
                "resubmit" => FixPolicy::resubmit(),
                "none" => FixPolicy::none(),
                name => FixPolicy::none().with(mend(name)?),
            };
            policy = Mend::ALL
                .iter()
                .filter(|mend| other.has(**mend))
                .fold(policy, |policy, mend| policy.with(*mend));
            if name == "resubmit" {
                policy = policy.conflict(OutcomeConflict::Graver);
            }
        }
    }
    for name in &args.without {
        policy = policy.without(mend(name)?);
    }
    if let Some(conflict) = values.conflict {
        policy = policy.conflict(match conflict {
            Conflict::Keep => OutcomeConflict::Keep,
            Conflict::Step => OutcomeConflict::Step,
            Conflict::Measurements => OutcomeConflict::Measurements,
            Conflict::Graver => OutcomeConflict::Graver,
        });
    }
    if let Some(operator) = &values.operator {
        policy = policy.operator(operator);
    }
    if let (Some(name), Some(location), Some(purpose)) =
        (&values.station, &values.location, &values.purpose)
    {
        policy = policy.station(Station {
            name,
            location,
            purpose,
        });
    }
    if let Some(revision) = &values.revision {
        policy = policy.revision(revision);
    }
    if let Some(code) = values.process_code {
        policy = policy.process_code(code);
    }
    if let Some(unit) = &values.unit {
        policy = policy.unit(unit);
    }
    if let Some(id) = values.id {
        policy = policy.id(id);
    }
    Ok(policy)
}

/// A change by its name.
fn mend(name: &str) -> Outcome<Mend> {
    let found = Mend::ALL.iter().find(|mend| mend.name() == name);
    found.copied().ok_or_else(|| {
        Failure::usage(format!(
            "there is no policy {name:?}; there are default, resubmit, none, and those that `wats fix --list` prints"
        ))
    })
}
