//! Products: what is built and tested, by part number.
//!
//! `model` holds the wire models, `service` the operations on products, `revisions` those on revisions, `bom` bills of
//! materials, `lists` saves many in lists, `vendors` are the operations on vendors and groups, `internal` and `box_build` those
//! that the server does not publish.

mod bom;
mod box_build;
#[cfg(test)]
pub(crate) mod calls;
mod internal;
mod lists;
mod model;
mod revisions;
pub(crate) mod route;
mod service;
mod vendors;

pub use bom::{Bom, BomComponent};
pub use box_build::BoxBuildPart;
pub use internal::InternalProducts;
pub use model::{
    BomItem, PartOf, Product, ProductCategory, ProductRevision, ProductSummary, RevisionRelation,
    Vendor,
};
pub use revisions::RevisionKey;
pub use service::{ProductQuery, ProductService};
pub use vendors::{AddToGroup, GroupMember, Groups};
