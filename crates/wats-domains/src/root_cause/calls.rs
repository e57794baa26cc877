//! A call of each row, for the tests of the table.

use crate::Wats;
use crate::route::tests::Lacks;

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let root_cause = api.root_cause();
    drop(root_cause.attachment().await);
}
