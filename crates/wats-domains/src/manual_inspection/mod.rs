//! Manual inspections: sequences that an operator goes through. All of it is internal.
//!
//! `model` holds the wire models, `service` the operations.

#[cfg(test)]
pub(crate) mod calls;
pub(crate) mod route;
mod service;

pub use service::ManualInspectionService;
