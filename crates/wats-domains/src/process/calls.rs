//! A call of each row, for the tests of the table.

use crate::Wats;

pub(crate) async fn call_all(api: &Wats) {
    drop(api.process().list().await);
}
