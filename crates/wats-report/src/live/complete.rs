//! Makes the report of a test that has ended: of what it was in memory, or of its journal.

use std::time::Duration;

use jiff::ZonedDateTime;

use super::Abort;
use super::tree::Tree;
use crate::Report;
use crate::builder::{DuplicateNames, NonFinitePolicy, ReportBuilder, Sequence, UutReport};

/// The report of a test that ended in one way or the other.
pub(super) fn complete(
    mut header: ReportBuilder,
    tree: Tree,
    start: &ZonedDateTime,
    now: Duration,
    abort: Option<&Abort>,
) -> Report {
    let took = &mut header.uut.execution_time;
    took.get_or_insert_with(|| now.as_secs_f64().into());
    header.root = Sequence {
        steps: tree.assemble(now, abort),
    };
    header.assemble(start)
}

/// The report of a test that did not come to its end. What would be refused of its steps is mended, because nobody is there
/// to do it.
pub(super) fn broken_off(
    header: ReportBuilder,
    tree: Tree,
    start: &ZonedDateTime,
    now: Duration,
    abort: &Abort,
) -> UutReport {
    let mut header = header
        .outcome(abort.outcome())
        .duplicate_names(DuplicateNames::Number)
        .non_finite(NonFinitePolicy::LeaveOut);
    if header.uut.error_message.is_none() {
        header.uut.error_message = Some(abort.cause().to_owned());
        header.uut.error_code = header.uut.error_code.or(abort.error_code());
    }
    UutReport::unchecked(complete(header, tree, start, now, Some(abort)))
}
