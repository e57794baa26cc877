//! Identifiers of barcodes: which part of a code is what.
//!
//! `model` holds the wire models, `service` the operations.

#[cfg(test)]
pub(crate) mod calls;
pub(crate) mod route;
mod service;

pub use service::BarcodeService;
