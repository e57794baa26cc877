//! Tokens that the server makes for whoever asks.

#[cfg(test)]
pub(crate) mod calls;
pub(crate) mod route;
mod service;
mod token;

pub use service::AuthService;
pub use token::ApiToken;
