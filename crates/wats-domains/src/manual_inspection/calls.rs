//! A call of each row, for the tests of the table.

use crate::Wats;
use crate::route::tests::{AWKWARD, Lacks};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let of = super::SequencesOf {
        unit: crate::production::UnitKey {
            serial_number: AWKWARD,
            part_number: AWKWARD,
        },
        revision: "A",
        batch_number: "B",
    };
    let manual_inspection = api.manual_inspection();
    drop(manual_inspection.sequences(of).await);
}
