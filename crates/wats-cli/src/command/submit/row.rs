//! What is printed of a report, and the exit code of all.

use serde_json::Value;
use wats::report::{Finding, Severity};
use wats::uuid::Uuid;

use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, finding, in_our_words};
use crate::output::{Cell, Column, Rows, Tone};

/// What became of a report.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) file: String,
    /// Which of the file it is, from 1.
    pub(super) number: usize,
    pub(super) id: Option<Uuid>,
    pub(super) outcome: &'static str,
    pub(super) exit: Exit,
    pub(super) message: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) findings: Vec<Finding>,
}

impl Row {
    /// A file that is not looked at any more.
    pub(super) fn unsent(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            number: 1,
            id: None,
            outcome: "unsent",
            exit: Exit::Interrupted,
            message: None,
            status: None,
            findings: Vec::new(),
        }
    }

    /// A report of which something went wrong.
    pub(super) fn failed(file: &str, number: usize, id: Option<Uuid>, failure: Failure) -> Self {
        let outcome = match failure.exit {
            Exit::Refused => "refused",
            Exit::Interrupted => "unsent",
            _ => "failed",
        };
        // The file has a column of its own.
        let start = format!("{file}: ");
        let message = match failure.message.strip_prefix(&start) {
            Some(rest) => rest.to_owned(),
            None => failure.message,
        };
        Self {
            file: file.to_owned(),
            number,
            id,
            outcome,
            exit: failure.exit,
            message: Some(message),
            status: failure.status,
            findings: failure.findings,
        }
    }
}

const COLUMNS: &[Column<Row>] = &[
    Column::new("file", |row| Cell::from(row.file.clone())),
    Column::further("report", |row| Cell::from(row.number as u64)),
    Column::whole("id", |row| Cell::text(row.id)),
    Column::new("outcome", |row| {
        Cell::from(row.outcome).tone(match row.exit {
            Exit::Done => Tone::Good,
            Exit::Queued | Exit::Later | Exit::Interrupted => Tone::Warning,
            _ => Tone::Bad,
        })
    }),
    Column::new("message", |row| Cell::text(row.message.as_ref())),
    Column::further("status", |row| Cell::of(row.status)),
    Column::further("findings", |row| {
        let findings = row.findings.iter().map(finding).collect();
        Cell::from(Value::Array(findings))
    }),
];

/// All that was printed.
pub(super) struct Told<'a> {
    context: &'a Context,
    rows: Rows<'a, Row>,
    all: usize,
    done: usize,
    worst: Option<Failure>,
}

/// So many findings of a report are told one by one.
const SHOWN: usize = 10;

/// Which exit code counts when reports have several.
const ORDER: [Exit; 9] = [
    Exit::Interrupted,
    Exit::Access,
    Exit::Refused,
    Exit::Failed,
    Exit::NotFound,
    Exit::Usage,
    Exit::Later,
    Exit::Queued,
    Exit::Done,
];

impl<'a> Told<'a> {
    pub(super) fn new(context: &'a Context) -> Outcome<Self> {
        Ok(Self {
            context,
            rows: context.output.rows(COLUMNS)?,
            all: 0,
            done: 0,
            worst: None,
        })
    }

    pub(super) fn all(&mut self, rows: &[Row]) -> Outcome<()> {
        rows.iter().try_for_each(|row| self.row(row))
    }

    pub(super) fn row(&mut self, row: &Row) -> Outcome<()> {
        self.rows.row(row)?;
        self.all += 1;
        self.findings(row);
        if row.exit == Exit::Done {
            self.done += 1;
            return Ok(());
        }
        let rank = |exit: Exit| ORDER.iter().position(|one| *one == exit);
        let is_worse = self
            .worst
            .as_ref()
            .is_none_or(|worst| rank(row.exit) < rank(worst.exit));
        if is_worse {
            let why = match (row.message.as_deref(), row.exit) {
                (Some(why), _) => why,
                (None, Exit::Queued) => {
                    "it is in the queue and not sent yet; `wats queue health` tells why"
                }
                (None, _) => row.outcome,
            };
            self.worst = Some(Failure {
                status: row.status,
                findings: row.findings.clone(),
                ..Failure::new(row.exit, format!("{}: {why}", row.file))
            });
        }
        Ok(())
    }

    /// The first findings of a report, for people; programs have all of them in its row.
    fn findings(&self, row: &Row) {
        let output = &self.context.output;
        if output.is_json() {
            return;
        }
        let heavy = |found: &&Finding| found.severity() != Severity::Advice;
        let mut findings = row.findings.iter().filter(heavy);
        for found in findings.by_ref().take(SHOWN) {
            output.remark(&in_our_words(&format!("{}: {found:#}", row.file)));
        }
        let more = findings.count();
        if more > 0 {
            output.remark(&format!(
                "{}: and {more} more; `wats lint` tells all of them, and `wats fix --policy resubmit` mends what an export of a \
                 server has",
                row.file
            ));
        }
    }

    /// Prints what is left. What went wrong worst is the failure of the command.
    pub(super) fn finish(self) -> Outcome {
        self.rows.finish()?;
        let Some(mut worst) = self.worst else {
            return Ok(Exit::Done);
        };
        if self.all > 1 {
            let rest = self.all - self.done;
            worst.message = format!(
                "{rest} of {} reports are not sent; {}",
                self.all, worst.message
            );
        }
        Err(worst)
    }
}
