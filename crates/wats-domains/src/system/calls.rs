//! A call of each row, for the tests of the table.

use super::{ClientKey, SystemClient};
use crate::Wats;
use crate::route::tests::{AWKWARD, Lacks};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let system = api.system();
    let client = SystemClient {
        client_id: Some(1),
        ..SystemClient::default()
    };
    drop(system.client(ClientKey::Name(AWKWARD)).await);
    drop(system.client(ClientKey::Identifier(AWKWARD)).await);
    drop(system.clients().await);
    drop(system.save_client(&client).move_with_history(true).await);
    drop(system.client_log(AWKWARD).await);
    drop(system.level(&[AWKWARD, "B"]).await);
    drop(system.create_level(&[AWKWARD, "B"]).await);
}
