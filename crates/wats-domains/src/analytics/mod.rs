//! Statistics of the factory: yields, volumes, failures, measurements, levels and product groups.
//!
//! `model` holds the wire models, `service` the operations.

#[cfg(test)]
pub(crate) mod calls;
pub(crate) mod route;
mod service;

pub use service::AnalyticsService;
