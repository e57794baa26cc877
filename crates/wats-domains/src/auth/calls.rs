//! A call of each row, for the tests of the table.

use crate::Wats;
use crate::route::tests::{Lacks, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let auth = api.auth();
    said(auth.new_token().await);
    said(auth.reset_token().await);
    said(auth.new_token_for(text()).await);
    said(auth.reset_token_for(text()).await);
}
