//! The server itself: its state, its clock, and the settings of its users.
//!
//! `model` holds the wire models, `service` the operations, `internal` those that the server does not publish.

#[cfg(test)]
pub(crate) mod calls;
mod internal;
mod model;
pub(crate) mod route;
mod service;

pub use internal::InternalServer;
pub use model::{ClientSettings, Ping, RegisteredClient, UserSettings};
pub use service::ServerService;
