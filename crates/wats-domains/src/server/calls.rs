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
    let mut settings = ClientSettings::default();
    settings.location = Some(AWKWARD.to_owned());
    drop(server.internal().update_client(&settings).await);
}
