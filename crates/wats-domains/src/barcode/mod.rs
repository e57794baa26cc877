//! Barcode identifiers: regular expressions that take serial number, part number and so on out of a scanned code.
//!
//! `model` holds the wire model, `service` the operations.

#[cfg(test)]
pub(crate) mod calls;
mod model;
pub(crate) mod route;
mod service;

pub use model::BarcodeIdentifier;
pub use service::BarcodeService;
