//! A call of each row, for the tests of the table.

use crate::Wats;
use crate::route::tests::Lacks;

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let manual_inspection = api.manual_inspection();
    drop(manual_inspection.sequences().await);
}
