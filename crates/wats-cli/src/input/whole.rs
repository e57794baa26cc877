//! The reports of a file that must be there to its end, as a queue takes them.

use wats::report::{Finding, ReportText};
use wats::uuid::Uuid;

use crate::Outcome;
use crate::failure::Failure;

/// A report as text, with the id that is in it, and what the rules say of it.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) id: Uuid,
    pub(crate) text: ReportText,
    pub(crate) findings: Vec<Finding>,
}

/// All reports of a file; a failure unless each of them can be read.
pub(crate) fn whole(bytes: Vec<u8>) -> Outcome<Vec<Whole>> {
    let texts = ReportText::all_of(bytes)?;
    if texts.is_empty() {
        return Err(Failure::failed("there is no report in it"));
    }
    let read = |text: ReportText| {
        // What is looked at is what is sent: a report without an id has one then.
        let (id, text) = text.with_id()?;
        let findings = text.lint()?;
        Ok(Whole { id, text, findings })
    };
    texts.into_iter().map(read).collect()
}
