//! `wats lint`: what the server would refuse in reports.

use std::path::PathBuf;

use clap::ValueEnum;
use wats::report::lint::{RULES, Rule};
use wats::report::{Finding, ReportText, Severity, lint};

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, in_our_words};
use crate::input::{Contents, Foreign, Source, sources};
use crate::output::{Cell, Column, Tone};

/// Check reports by the server's rules, without a server.
///
/// Each finding is a row: where it is, which rule is broken, what that leads to, and how to mend it. `wats fix` mends what can be
/// mended without knowing what was measured.
///
/// WSJF of more than 16 MiB is checked piece by piece, in little memory; not looked at are then its loops, and charts and files of
/// more than 64 KiB.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  wats lint report.json
  wats lint reports/ --severity reject --jsonl
  wats lint --rules

The exit code is 3 when the server would refuse one of the reports.")]
pub(crate) struct Args {
    /// Files with reports, folders of them, or `-` for standard input.
    #[arg(required_unless_present = "rules", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the table of rules and look at no file.
    #[arg(long, conflicts_with = "files")]
    rules: bool,
    /// Show findings of this severity and of graver ones.
    #[arg(long, value_name = "SEVERITY", default_value = "advice")]
    severity: Least,
    #[command(flatten)]
    foreign: Foreign,
}

/// The least of what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Least {
    /// The server refuses the report.
    Reject,
    /// The server takes the report and loses a part of it.
    SilentLoss,
    /// It will mislead or hinder somebody.
    Advice,
}

impl Least {
    fn severity(self) -> Severity {
        match self {
            Self::Reject => Severity::Reject,
            Self::SilentLoss => Severity::SilentLoss,
            Self::Advice => Severity::Advice,
        }
    }
}

/// A finding in one of the reports of a file.
struct Row {
    file: String,
    number: usize,
    finding: Finding,
}

const COLUMNS: &[Column<Row>] = &[
    Column::new("file", |row| Cell::from(row.file.clone())),
    Column::further("report", |row| Cell::from(row.number as u64)),
    Column::new("path", |row| Cell::from(row.finding.path.clone())),
    Column::new("rule", |row| Cell::from(row.finding.code())),
    Column::new("severity", |row| severity(row.finding.severity())),
    Column::sentences("text", |row| Cell::from(row.finding.text.clone())),
    Column::sentences("remedy", |row| Cell::from(in_our_words(row.finding.fix()))),
    Column::further("fixable", |row| Cell::from(row.finding.rule.fixable)),
];

const RULE: &[Column<&'static Rule>] = &[
    Column::new("rule", |rule| Cell::from(rule.code)),
    Column::new("severity", |rule| severity(rule.severity)),
    Column::new("fixable", |rule| Cell::from(rule.fixable)),
    Column::sentences("text", |rule| Cell::from(rule.text)),
    Column::sentences("remedy", |rule| Cell::from(in_our_words(rule.fix))),
];

/// A severity with its colour.
fn severity(severity: Severity) -> Cell {
    Cell::from(severity.as_str()).tone(match severity {
        Severity::Reject => Tone::Bad,
        Severity::SilentLoss => Tone::Warning,
        _ => Tone::Plain,
    })
}

pub(crate) fn run(args: &Args, context: &Context) -> Outcome {
    if args.rules {
        let mut rows = context.output.rows(RULE)?;
        RULES.iter().try_for_each(|rule| rows.row(rule))?;
        rows.finish()?;
        return Ok(Exit::Done);
    }
    // The exit code is of all reports, whoever reads what is found in them.
    context.output.goes_on_unread();
    let sources = sources(&args.files, &args.foreign, context)?;
    let mut rows = context.output.rows(COLUMNS)?;
    let (mut reports, mut refused, mut shown) = (0_usize, 0_usize, 0_usize);
    let mut unread: Option<Failure> = None;
    for source in &sources {
        for (at, report) in reports_of(source, args, context).into_iter().enumerate() {
            let findings = match report {
                Ok(findings) => findings,
                Err(failure) => {
                    // Told at once; the last of them is the failure of the command.
                    if let Some(before) = unread.replace(failure) {
                        context.output.remark(&before.message);
                    }
                    continue;
                }
            };
            reports += 1;
            let is_refused = |finding: &Finding| finding.severity() == Severity::Reject;
            refused += usize::from(findings.iter().any(is_refused));
            for finding in findings {
                if finding.severity() <= args.severity.severity() {
                    shown += 1;
                    rows.row(&Row {
                        file: source.name.clone(),
                        number: at + 1,
                        finding,
                    })?;
                }
            }
        }
    }
    rows.finish()?;
    if refused > 0 {
        if let Some(unread) = unread {
            context.output.remark(&unread.message);
        }
        let text = format!("the server would refuse {refused} of {reports} reports");
        return Err(Failure::new(Exit::Refused, text));
    }
    if let Some(unread) = unread {
        return Err(unread);
    }
    context.output.remark(&match (reports, shown) {
        (1, 0) => "1 report, nothing found".to_owned(),
        (reports, 0) => format!("{reports} reports, nothing found"),
        (reports, shown) => {
            format!("{shown} findings in {reports} reports; the server would refuse none")
        }
    });
    Ok(Exit::Done)
}

/// What is found in each report of a source, or why one cannot be read.
fn reports_of(source: &Source, args: &Args, context: &Context) -> Vec<Outcome<Vec<Finding>>> {
    let of_text = |text: &ReportText| {
        let (findings, left_out) = source.findings(text)?;
        if let Some(left_out) = left_out {
            context.output.remark(&left_out);
        }
        Ok(findings)
    };
    match source.contents(&args.foreign, context) {
        Ok(Contents::Texts(texts)) => texts.iter().map(of_text).collect(),
        Ok(Contents::Models(reports)) => reports.iter().map(|report| Ok(lint(report))).collect(),
        Err(failure) => vec![Err(failure)],
    }
}
