//! Reports out of files: read as far as they are checked, and named by their ids.

use wats::report::{
    Finding, Report, ReportFormat, ReportText, Severity, StoredReport, evaluate, lint,
};
use wats::uuid::Uuid;

use super::Args;
use super::row::Row;
use crate::Outcome;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::{Contents, LARGE, Source};

/// A report that is ready to be sent.
pub(super) struct Prepared {
    pub(super) file: String,
    pub(super) number: usize,
    pub(super) id: Uuid,
    pub(super) text: ReportText,
    /// What the server would take and then lose, or, when it is forced, refuse.
    pub(super) findings: Vec<Finding>,
}

impl Prepared {
    /// The bytes that it takes in memory.
    pub(super) fn in_memory(&self) -> u64 {
        self.text.bytes().map_or(0, |bytes| bytes.len() as u64)
    }

    /// Without its bytes, once somebody else has them.
    #[cfg(feature = "queue")]
    pub(super) fn without_bytes(mut self) -> Self {
        self.text.text = StoredReport::Bytes(wats::bytes::Bytes::new());
        self
    }

    /// Its row when all went well.
    pub(super) fn row(self, outcome: &'static str) -> Row {
        Row {
            file: self.file,
            number: self.number,
            id: Some(self.id),
            outcome,
            exit: Exit::Done,
            message: None,
            status: None,
            findings: self.findings,
        }
    }

    /// Its row when something went wrong.
    pub(super) fn failed(self, failure: Failure) -> Row {
        Row::failed(&self.file, self.number, Some(self.id), failure)
    }
}

/// How reports are prepared.
pub(super) struct Prepare<'a> {
    pub(super) args: &'a Args,
    pub(super) context: &'a Context,
}

impl Prepare<'_> {
    /// The reports of a source, or why one cannot be sent.
    pub(super) fn all_of(&self, source: &Source) -> Vec<Result<Prepared, Row>> {
        let failed = |failure| vec![Err(Row::failed(&source.name, 1, None, failure))];
        match source.contents(&self.args.foreign, self.context) {
            Err(failure) => failed(failure),
            Ok(Contents::Texts(texts)) if texts.is_empty() => {
                failed(Failure::failed("there is no report in it"))
            }
            Ok(Contents::Models(reports)) if reports.is_empty() => {
                failed(Failure::failed("there is no report in it"))
            }
            Ok(Contents::Texts(texts)) => texts
                .into_iter()
                .enumerate()
                .map(|(at, text)| self.of_text(source, at + 1, text))
                .collect(),
            Ok(Contents::Models(reports)) => reports
                .into_iter()
                .enumerate()
                .map(|(at, report)| self.of_model(source, at + 1, report))
                .collect(),
        }
    }

    fn of_text(&self, source: &Source, number: usize, text: ReportText) -> Result<Prepared, Row> {
        let (id, text) = text
            .with_id()
            .map_err(|error| Row::failed(&source.name, number, None, error.into()))?;
        let failed = |failure| Row::failed(&source.name, number, Some(id), failure);
        let is_unchecked = text.format == ReportFormat::Wsxf && text.len() > LARGE;
        if is_unchecked && !self.args.active {
            self.context.output.remark(&format!(
                "{}: it has {} MiB; WSXF of more than {} MiB is sent without being checked, `wats lint` checks it",
                source.name,
                text.len() >> 20,
                LARGE >> 20
            ));
            return Ok(prepared(source, number, id, text));
        }
        if self.args.active {
            let mut report = source.model(&text).map_err(failed)?;
            // The id of the text, which the model lacks if it is odd.
            report.id = Some(id);
            return self.of_model(source, number, report);
        }
        let findings = match source.findings(&text) {
            Ok((findings, left_out)) => {
                if let Some(left_out) = left_out {
                    self.context.output.remark(&left_out);
                }
                findings
            }
            Err(_) if self.args.force => Vec::new(),
            Err(failure) => return Err(failed(failure)),
        };
        let findings = self.checked(findings).map_err(failed)?;
        Ok(Prepared {
            findings,
            ..prepared(source, number, id, text)
        })
    }

    fn of_model(
        &self,
        source: &Source,
        number: usize,
        mut report: Report,
    ) -> Result<Prepared, Row> {
        let id = report.id;
        let failed = |failure| Row::failed(&source.name, number, id, failure);
        if self.args.active {
            evaluate(&mut report);
        }
        let findings = self.checked(lint(&report)).map_err(failed)?;
        let text = text_of(&report).map_err(failed)?;
        let (id, text) = text.with_id().map_err(|error| failed(error.into()))?;
        Ok(Prepared {
            findings,
            ..prepared(source, number, id, text)
        })
    }

    /// What is told of a report that is sent; a failure when it is not.
    fn checked(&self, findings: Vec<Finding>) -> Outcome<Vec<Finding>> {
        let (refused, lost): (Vec<_>, Vec<_>) = findings
            .into_iter()
            .filter(|finding| finding.severity() != Severity::Advice)
            .partition(|finding| finding.severity() == Severity::Reject);
        if refused.is_empty() {
            return Ok(lost);
        }
        if self.args.force {
            return Ok(refused.into_iter().chain(lost).collect());
        }
        let first = refused.first().map(ToString::to_string).unwrap_or_default();
        let more = match refused.len() - 1 {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        Err(Failure {
            findings: refused,
            ..Failure::new(Exit::Refused, format!("{first}{more}"))
        })
    }
}

fn prepared(source: &Source, number: usize, id: Uuid, text: ReportText) -> Prepared {
    Prepared {
        file: source.name.clone(),
        number,
        id,
        text,
        findings: Vec::new(),
    }
}

/// A report as WSJF.
fn text_of(report: &Report) -> Outcome<ReportText> {
    let mut bytes = Vec::new();
    let body = report.body().map_err(wats::Error::from)?;
    body.write_to(&mut bytes)
        .map_err(|error| Failure::failed(format!("it cannot be written: {error}")))?;
    Ok(ReportText::new(
        ReportFormat::Wsjf,
        StoredReport::Bytes(bytes.into()),
    ))
}
