//! Assets: instruments, fixtures and what else is calibrated, maintained and counted.
//!
//! `model` holds the wire models, `service` the operations.

#[cfg(test)]
pub(crate) mod calls;
pub(crate) mod route;
mod service;

pub use service::AssetService;
