//! Packages of software for test stations, their folders and files.
//!
//! `model` holds the wire models, `service` the operations.

#[cfg(test)]
pub(crate) mod calls;
mod model;
pub(crate) mod route;
mod service;

pub use model::{FileAttribute, Package, PackageFile, PackageStatus, VirtualFolder};
pub use service::{PackageByName, PackageVersion, SoftwareService, Tag, UploadZip};
