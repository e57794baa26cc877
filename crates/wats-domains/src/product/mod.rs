//! Products: what is built and tested, by part number.
//!
//! `model` holds the wire models, `service` the operations on products, `revisions` those on revisions and bills of materials,
//! `lists` saves many in lists, `vendors` are the operations on vendors and groups.

#[cfg(test)]
pub(crate) mod calls;
mod lists;
mod model;
mod revisions;
pub(crate) mod route;
mod service;
mod vendors;

pub use model::{Product, ProductRevision, ProductSummary, Vendor};
pub use revisions::RevisionKey;
pub use service::{ProductQuery, ProductService};
pub use vendors::{AddToGroup, GroupMember, Groups};
