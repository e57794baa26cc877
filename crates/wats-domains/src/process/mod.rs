//! Processes: the operation types that reports name, cached.
//!
//! Processes change rarely and every station needs them, so the list is cached: one entry, filled by one call however many
//! ask at once. A process that a list from memory does not have is asked for once before it is believed to be missing.
//!
//! `key` says which process, `model` holds the wire models, `service` the operations, `internal` those that the server does
//! not publish, with `repair`, what repair operations are made of.

#[cfg(test)]
pub(crate) mod calls;
mod internal;
mod key;
mod model;
mod repair;
pub(crate) mod route;
mod service;

pub use internal::{GetRepairConfig, InternalProcesses};
pub use key::ProcessKey;
pub use model::{DetailedProcess, Process};
pub use repair::{Binding, FailCode, RepairCategory, RepairConfig, RepairConfigs, RepairType};
pub use service::{ListProcesses, ProcessService};
