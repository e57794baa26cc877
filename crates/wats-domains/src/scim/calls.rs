//! A call of each row, for the tests of the table.

use super::{User, UserChange};
use crate::Wats;
use crate::route::tests::{Lacks, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let scim = api.scim();
    said(scim.token(Some(30)).await);
    let users = scim.users().filter(text()).start_index(2_u32);
    said(users.count(5_u32).await);
    said(scim.get(text()).await);
    said(scim.by_name(text()).await);
    said(scim.create(&User::new("ada")).await);
    said(scim.update(text(), &[UserChange::Active(false)]).await);
    said(scim.delete(text()).await);
}
