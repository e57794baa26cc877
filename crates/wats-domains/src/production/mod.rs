//! Units, their serial numbers, phases, parents and children.
//!
//! `key` says which unit, `model` holds the wire models, `service` the operations.

#[cfg(test)]
pub(crate) mod calls;
mod key;
pub(crate) mod route;
mod service;

pub use key::UnitKey;
pub use service::ProductionService;
