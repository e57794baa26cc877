//! Tokens that the server makes for whoever asks.

#[cfg(test)]
pub(crate) mod calls;
pub(crate) mod route;
mod service;

pub use service::{ApiToken, AuthService};
