//! A call of each row, for the tests of the table.

use super::ClientSettings;
use crate::Wats;
use crate::route::tests::{Lacks, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let server = api.server();
    said(server.status().await);
    said(server.user_settings(text()).await);
    said(server.internal().ping().await);
    said(server.internal().info().await);
    let settings = ClientSettings {
        location: Some(text().to_owned()),
        ..ClientSettings::default()
    };
    said(server.internal().update_client(&settings).await);
}
