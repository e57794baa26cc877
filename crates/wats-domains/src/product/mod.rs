//! Products: what is built and tested, by part number.
//!
//! `model` holds the wire models, `service` the operations.

#[cfg(test)]
pub(crate) mod calls;
mod model;
pub(crate) mod route;
mod service;

pub use model::{Product, ProductRevision, ProductSummary};
pub use service::{ProductQuery, ProductService};
