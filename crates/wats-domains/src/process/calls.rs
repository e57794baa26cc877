//! A call of each row, for the tests of the table.

use crate::Wats;
use crate::route::tests::{ID, NUMBER, arg, said};

pub(crate) async fn call_all(api: &Wats) {
    let process = api.process();
    let list = process.list().test_operations(true).repair_operations(true);
    said(list.wip_operations(false).inactive(true).await);
    let internal = process.internal();
    said(internal.list().await);
    said(internal.get(arg("id", ID)).await);
    said(internal.repair_configs().await);
    let config = internal.repair_config(arg("id", ID));
    said(config.process_code(arg("process_code", NUMBER)).await);
}
