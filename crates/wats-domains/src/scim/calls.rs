//! A call of each row, for the tests of the table.

use super::{User, UserChange};
use crate::Wats;
use crate::route::tests::{AWKWARD, Lacks};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let scim = api.scim();
    drop(scim.token(Some(30)).await);
    let users = scim.users().filter(AWKWARD).start_index(2_u32);
    drop(users.count(5_u32).await);
    drop(scim.get(AWKWARD).await);
    drop(scim.by_name(AWKWARD).await);
    drop(scim.create(&User::new("ada")).await);
    drop(scim.update(AWKWARD, &[UserChange::Active(false)]).await);
    drop(scim.delete(AWKWARD).await);
}
