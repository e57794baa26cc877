#![doc = include_str!("../README.md")]
//!
//! # Layout
//! [`client`](Client) fills in a [`Call`] of an [`Operation`], the pipeline repeats and bounds it, the pool sends it:
//!
//! | module | holds |
//! |---|---|
//! | `client`, `config`, `token`, `address`, `tls`, `proxy` | what a user configures |
//! | `operation`, `call`, `response`, `error` | what goes in and what comes out |
//! | `pipeline`, `retry`, `budget`, `refusal` | one call: deadlines, repeats, the server's words |
//! | `body`, `encoding` | bodies: caps, pace, compression |
//! | `rate_limit`, `breaker` | what may keep a try from being made |
//! | `transport`, `pool` | one try: connections over HTTP/1.1 and HTTP/2 |

mod address;
mod body;
mod breaker;
mod budget;
mod call;
mod client;
mod config;
mod encoding;
mod error;
mod operation;
mod pipeline;
mod pool;
mod proxy;
mod rate_limit;
mod refusal;
mod response;
mod retry;
mod tls;
mod token;
mod transport;

pub use address::encoded_len;
pub use breaker::BreakerConfig;
pub use call::Call;
pub use client::{Client, ClientBuilder};
pub use config::{PoolConfig, RetryConfig, SizeLimits, Timeouts};
pub use encoding::RequestCompression;
pub use error::{Deadline, Error, ErrorKind, Result};
pub use operation::{Operation, Repeat};
pub use pool::PoolStats;
pub use proxy::{NoProxy, ProxyConfig};
pub use rate_limit::RateLimit;
pub use response::Response;
pub use tls::TlsConfig;
pub use token::Token;

/// The HTTP vocabulary of this crate's signatures.
pub use http;
