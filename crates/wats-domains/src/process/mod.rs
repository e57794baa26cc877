//! Processes, also called operation types: what kinds of test, repair and work the factory knows, by code.
//!
//! They change rarely and every station needs them, so the list is cached: one entry, filled by one call however many
//! ask at once. A process that a list from memory does not have is asked for once before it is believed to be missing.

#[cfg(test)]
pub(crate) mod calls;
mod model;
pub(crate) mod route;
mod service;

pub use model::Process;
pub use service::ProcessService;
