//! Operations on vendors and groups of products.

use std::sync::Arc;

use serde_json::Value;

use super::{ProductService, Vendor, route};
use crate::argument;
use crate::ask::Ask;
use crate::ask::request::request;
use crate::scanned::{self, Kind};

request! {
    /// From [`ProductService::groups`].
    pub struct Groups -> Arc<Value>, by ask_kept {
        /// Only groups with this revision.
        "revision" => revision: String as Number,
    }

    /// From [`ProductService::add_to_group`].
    pub struct AddToGroup -> (), by tell {
        /// Only this revision.
        "revision" => revision: String as Number,
        /// Whether it is kept out of the group instead.
        "exclude" => exclude: bool,
    }
}

impl ProductService {
    /// The groups of a product (`GET /api/Product/ProductGroupsByProduct`), from memory if they were read lately
    /// ([`CacheOptions::product_groups`](crate::CacheOptions::product_groups)). The form of the answer is not
    /// described.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for a part number that is empty or holds what nobody sees; or the call
    /// fails.
    pub fn groups(&self, part_number: &str) -> Groups {
        let call = scanned::check_some("part number", part_number, Kind::Number)
            .map(|()| route::groups.call().query("partNumber", part_number));
        Groups::new(&self.core, &route::groups, call)
    }

    /// Adds a product to a group that there is (`POST /api/Product/ProductGroupFilter`). It is not repeated.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty group or part number; or the call fails.
    pub fn add_to_group(&self, membership: GroupMember<'_>) -> AddToGroup {
        let call = scanned::check_some("product group", membership.group, Kind::Name)
            .and_then(|()| scanned::check_some("part number", membership.part_number, Kind::Number))
            .map(|()| {
                let call = route::add_to_group
                    .call()
                    .query("productGroup", membership.group);
                call.query("partNumber", membership.part_number)
            });
        AddToGroup::new(&self.core, &route::add_to_group, call)
    }

    /// All vendors (`GET /api/Product/Vendors`), from memory if they were read lately
    /// ([`CacheOptions::vendors`](crate::CacheOptions::vendors)).
    pub fn vendors(&self) -> Ask<Arc<[Vendor]>> {
        self.core
            .ask_list(&route::vendors, Ok(route::vendors.call()))
    }

    /// Adds vendors that there are not yet (`PUT /api/Product/Vendors`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for no names and an empty one; or the call fails.
    pub fn add_vendors(&self, names: &[&str]) -> Ask<()> {
        let call = vendors(names).map(|vendors| route::add_vendors.call().json(&vendors));
        self.core.tell(&route::add_vendors, call)
    }

    /// Deletes vendors (`DELETE /api/Product/Vendors`).
    ///
    /// # Errors
    /// As [`add_vendors`](Self::add_vendors).
    pub fn delete_vendors(&self, names: &[&str]) -> Ask<()> {
        let call = vendors(names).map(|vendors| route::delete_vendors.call().json(&vendors));
        self.core.tell(&route::delete_vendors, call)
    }
}

/// A product in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupMember<'a> {
    /// Name of the group.
    pub group: &'a str,
    /// Part number.
    pub part_number: &'a str,
}

fn vendors(names: &[&str]) -> crate::Result<Vec<Vendor>> {
    let vendor = |name: &&str| {
        scanned::check_some("name of a vendor", name, Kind::Name)?;
        Ok(Vendor::new(*name))
    };
    argument::some("names", names)?.iter().map(vendor).collect()
}
