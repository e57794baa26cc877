//! Files that the server makes of reports in the background.

#[cfg(test)]
pub(crate) mod calls;
pub(crate) mod route;
mod service;

pub use service::{Certificates, ExportService, QueueCertificates};
