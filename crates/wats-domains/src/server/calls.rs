//! A call of each row, for the tests of the table.

use super::ClientSettings;
use crate::Wats;
use crate::route::tests::{AWKWARD, Lacks};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let server = api.server();
    drop(server.status().await);
    drop(server.user_settings(AWKWARD).await);
    drop(server.internal().ping().await);
    drop(server.internal().info().await);
    let settings = ClientSettings {
        location: Some(AWKWARD.to_owned()),
        ..ClientSettings::default()
    };
    drop(server.internal().update_client(&settings).await);
}
