//! Products: what is built and tested, by part number.
//!
//! `model` holds the wire models, `service` the operations on products, `revisions` those on revisions, `bom` bills of
//! materials, `vendors` the operations on vendors and groups.

mod bom;
#[cfg(test)]
pub(crate) mod calls;
mod model;
mod revisions;
pub(crate) mod route;
mod service;
mod vendors;

pub use bom::{Bom, BomComponent};
pub use model::{Product, ProductRevision, ProductSummary, Vendor};
pub use revisions::RevisionKey;
pub use service::{ProductQuery, ProductService};
pub use vendors::{AddToGroup, GroupMember, Groups};
