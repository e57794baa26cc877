//! Tokens that the server makes for whoever asks.
//!
//! `token` holds a token and reads answers that have one, `service` the operations.

#[cfg(test)]
pub(crate) mod calls;
pub(crate) mod route;
mod service;
mod token;

pub use service::AuthService;
pub use token::ApiToken;
pub(crate) use token::{ask, no_token};
