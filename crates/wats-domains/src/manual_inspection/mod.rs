//! Manual inspections: sequences that an operator goes through. All of it is internal.
//!
//! `service` holds the operations.

#[cfg(test)]
pub(crate) mod calls;
pub(crate) mod route;
mod service;

pub use service::{ManualInspectionService, SequencesOf};
