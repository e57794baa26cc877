//! A call of each row, for the tests of the table.

use crate::Wats;
use crate::route::tests::{AWKWARD, Lacks};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let auth = api.auth();
    drop(auth.new_token().await);
    drop(auth.reset_token().await);
    drop(auth.new_token_for(AWKWARD).await);
    drop(auth.reset_token_for(AWKWARD).await);
}
