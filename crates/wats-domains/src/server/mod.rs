//! The server itself: its state, its clock, and the settings of its users.
//!
//! `model` holds the wire models, `service` the operations, `internal` those that the server does not publish, `ping` and
//! `capabilities` what is found out by several of them.

#[cfg(test)]
pub(crate) mod calls;
mod capabilities;
mod internal;
mod model;
mod ping;
pub(crate) mod route;
mod service;

pub use capabilities::{Access, Capabilities, ServerVersion};
pub use internal::InternalServer;
pub use model::{ClientSettings, Ping, RegisteredClient, UserSettings};
pub use ping::{ClockSkew, PingReply};
pub use service::ServerService;
