//! A call of each row, for the tests of the table.

use super::{ClientKey, SystemClient};
use crate::Wats;
use crate::route::tests::{Lacks, arg, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let system = api.system();
    let client = SystemClient {
        client_id: Some(arg("client_id", 1)),
        ..SystemClient::default()
    };
    said(system.client(ClientKey::Name(text())).await);
    said(system.client(ClientKey::Identifier(text())).await);
    said(system.clients().await);
    said(system.save_client(&client).move_with_history(true).await);
    said(system.client_log(text()).await);
    said(system.level(arg("hierarchy", &[text(), "B"])).await);
    said(system.create_level(arg("hierarchy", &[text(), "B"])).await);
}
