//! A call of each row, for the tests of the table.

use crate::Wats;
use crate::route::tests::{ID, NUMBER};

pub(crate) async fn call_all(api: &Wats) {
    let process = api.process();
    let list = process.list().test_operations(true).repair_operations(true);
    drop(list.wip_operations(false).inactive(true).await);
    let internal = process.internal();
    drop(internal.list().await);
    drop(internal.get(ID).await);
    drop(internal.repair_operations().await);
    drop(internal.repair_operation(ID).process_code(NUMBER).await);
}
