//! The clients of a server (its test stations), their logs, and the levels of the factory that they belong to.
//!
//! `model` holds the wire model, `service` the operations.

#[cfg(test)]
pub(crate) mod calls;
mod model;
pub(crate) mod route;
mod service;

pub use model::SystemClient;
pub use service::{ClientKey, SaveClient, SystemService};
