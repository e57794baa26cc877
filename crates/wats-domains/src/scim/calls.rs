//! A call of each row, for the tests of the table.

use super::{User, UserChange};
use crate::Wats;
use crate::route::tests::{Lacks, arg, said, text};

pub(crate) const UNDESCRIBED: &[(&str, Lacks, &str)] = &[];

pub(crate) async fn call_all(api: &Wats) {
    let scim = api.scim();
    said(scim.token(Some(arg("days", 30))).await);
    let users = scim
        .users()
        .filter(text())
        .start_index(arg("start_index", 2_u32));
    said(users.count(arg("count", 5_u32)).await);
    said(scim.get(text()).await);
    said(scim.by_name(text()).await);
    said(scim.create(&User::new("ada")).await);
    let changes = [UserChange::Active(false)];
    said(scim.update(text(), arg("change", &changes)).await);
    said(scim.delete(text()).await);
}
