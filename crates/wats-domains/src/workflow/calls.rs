//! A call of each row, for the tests of the table.

use super::WorkflowStatus;
use crate::Wats;
use crate::production::UnitKey;
use crate::route::tests::{AWKWARD, Lacks};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let workflow = api.workflow();
    let unit = UnitKey {
        serial_number: AWKWARD,
        part_number: AWKWARD,
    };
    let start = workflow.start_test(unit).operator(AWKWARD);
    drop(start.station("S").status(WorkflowStatus::Draft).await);
    let end = workflow.end_test(unit, false).operator(AWKWARD);
    drop(end.station("S").status(WorkflowStatus::Released).await);
}
