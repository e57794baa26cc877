//! The linter: why the server would refuse a report, or lose a part of it, told before it is sent.
//!
//! `rules` is the table of what is looked for, and `docs/report-rules.md` is made from it. `collect` holds the findings
//! and the checks that every member undergoes, `place` the way to where one is. Then one module per part of a report:
//! `header`, `time`, `units`, `step`, `loops`, `measurement`, `chart`, `attachment`, `additional`.
//! `json` reads texts, `pieces` those that are too large for memory, `fix` mends.

mod additional;
mod attachment;
mod chart;
mod collect;
mod finding;
mod fix;
mod header;
mod json;
mod loops;
mod measurement;
mod pieces;
mod place;
pub mod rules;
mod step;
mod time;
mod units;

pub use finding::Finding;
pub use fix::{FixPolicy, Mend, OutcomeConflict, fix};
pub use json::lint_json;
pub use pieces::{InPieces, lint_json_in};
pub use rules::{RULES, Rule, Severity, page};

use super::Report;
pub use collect::MAX_FINDINGS;
pub(crate) use collect::is_illegal;
pub(super) use collect::misread;
pub(crate) use step::MAX_DEPTH;

use collect::Collector;

/// Everything that is wrong or unwise in a report, in the order of its parts; at most 1000 findings.
///
/// The findings that are [`Severity::Reject`] are what the server answers with 400; a report without them is taken, if
/// the server knows its process.
///
/// ```
/// use wats_report::{Severity, lint};
/// use wats_report::{MeasurementLimits, Station, Unit, UutReport};
///
/// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
/// let mut report = UutReport::builder(unit, 100)
///     .station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" })
///     .operator("Kari")
///     .numeric("Measure +5V", 5.02, "V", MeasurementLimits::between(4.75..=5.25))
///     .build()?
///     .into_report();
/// assert!(lint(&report).is_empty());
///
/// report.serial_number = None;
/// let findings = lint(&report);
/// assert_eq!((findings[0].code(), findings[0].severity()), ("R103", Severity::Reject));
/// assert_eq!(findings[0].to_string(), "report: the serial number is missing [R103]");
/// # Ok::<(), wats_report::Error>(())
/// ```
pub fn lint(report: &Report) -> Vec<Finding> {
    check(report, Severity::Advice)
}

/// What the server would reject, or take and then lose.
pub(super) fn blocking(report: &Report) -> Vec<Finding> {
    check(report, Severity::SilentLoss)
}

fn check(report: &Report, least: Severity) -> Vec<Finding> {
    let mut out = Collector::new(least);
    parts(&mut out, report);
    out.findings
}

/// All parts of a report.
fn parts(out: &mut Collector, report: &Report) {
    header::check(out, report);
    units::check(out, report);
    if let Some(root) = &report.root {
        step::tree(out, root);
    }
}

#[cfg(test)]
mod tests;
