//! A call of each row, for the tests of the table.

use super::WorkflowStatus;
use crate::Wats;
use crate::production::UnitKey;
use crate::route::tests::{Lacks, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let workflow = api.workflow();
    let unit = UnitKey {
        serial_number: text(),
        part_number: text(),
    };
    let start = workflow.start_test(unit).operator(text());
    said(start.station("S").status(WorkflowStatus::Draft).await);
    let end = workflow.end_test(unit, false).operator(text());
    said(end.station("S").status(WorkflowStatus::Released).await);
}
