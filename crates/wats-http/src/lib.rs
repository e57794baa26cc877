#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]
//!
//! # Layout
//! [`client`](Client) fills in a [`Call`] of an [`Operation`], the pipeline repeats and bounds it, the pool sends it:
//!
//! | module | holds |
//! |---|---|
//! | `client`, `config`, `token`, `token_refresh`, `identity`, `address`, `uri`, `tls`, `proxy` | what a user configures |
//! | `operation`, `call`, `ad_hoc`, `context`, `response`, `error` | what goes in and what comes out |
//! | `pipeline`, `retry`, `budget`, `redirect`, `status_error` | one call: deadlines, repeats, the server's words |
//! | `body`, `encoding`, `json` | bodies: streams, caps, pace, compression, JSON |
//! | `rate_limit`, `breaker` | what may keep an attempt from being made |
//! | `intercept`, `server_time`, `observe`, `capture`, `probe` | who may look on |
//! | `request`, `transport`, `any_transport`, `pool`, `connect`, `socket_state` | one attempt: connections over HTTP/1.1 and HTTP/2, and the way to the server |
//! | `service`, `test_util` | behind features: a `tower` service, the test kit |

mod ad_hoc;
mod address;
mod any_transport;
mod body;
mod breaker;
mod budget;
mod call;
mod capture;
mod client;
mod config;
mod connect;
mod context;
mod encoding;
mod error;
mod header;
mod identity;
mod intercept;
mod json;
mod observe;
mod operation;
mod pipeline;
mod pool;
mod probe;
mod proxy;
mod rate_limit;
mod redirect;
mod request;
mod response;
mod retry;
mod server_time;
#[cfg(feature = "tower")]
mod service;
mod socket_state;
mod status_error;
#[cfg(feature = "test-util")]
pub mod test_util;
mod tls;
mod token;
mod token_refresh;
mod transport;
mod uri;

pub use ad_hoc::RequestBuilder;
pub use address::{check_base_url, encoded, encoded_len};
pub use body::{BodySource, Multipart, Part, TransferProgress};
pub use breaker::BreakerConfig;
pub use call::Call;
pub use capture::{Capture, CapturedAnswer, CapturedBody, Exchange, Trace};
pub use client::{Client, ClientBuilder};
pub use config::{PoolConfig, RetryConfig, SizeLimits, Timeouts};
pub use encoding::RequestCompression;
pub use error::{Deadline, Error, ErrorKind, Result};
pub use intercept::{Attempt, Intercept, Outcome, Refusal};
pub use operation::{Idempotency, Operation};
pub use pool::PoolStats;
pub use probe::{Probe, TlsFacts};
pub use proxy::{NoProxy, ProxyConfig, ProxyCredentials};
pub use rate_limit::{Acquire, MakeRateLimiter, RateLimit, RateLimited, RateLimiter};
pub use response::{Download, Response};
pub use server_time::ServerTime;
pub use tls::TlsConfig;
#[doc(hidden)]
pub use tls::TlsConnector;
pub use token::{Token, TokenFingerprint, TokenProvider};

/// The HTTP vocabulary of this crate's signatures.
pub use http;
