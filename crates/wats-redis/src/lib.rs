#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]
//!
//! # Layout
//! `shared` is what a program configures and holds; for each namespace there is one `link`, on which everything else
//! stands:
//!
//! | module | holds |
//! |---|---|
//! | `config`, `shared`, `error`, `stats` | what a program sees |
//! | `link` | the session: connecting, tracking, heartbeat, trust, scripts |
//! | `budget` | the requests that all stations of a token may make |
//! | `tier` | the cache of two levels: in memory and on the server |
//! | `keys`, `envelope`, `security` | names of keys, the form of values, namespaces that tell nothing of a token |

mod budget;
mod config;
mod envelope;
mod error;
mod keys;
mod link;
mod security;
mod shared;
mod stats;
#[cfg(test)]
mod testing;
mod tier;
mod tracking;

pub use budget::{RateLimitStats, SharedRateLimit, SharedRateLimiter};
pub use config::SharedBuilder;
pub use error::{Error, Result};
pub use shared::Shared;
pub use stats::LinkStats;
pub use tier::{CacheKey, SharedCache, SharedCacheBuilder, SharedCacheStats, ValueCodec};
pub use tracking::Tracking;

/// TLS as the HTTP transport has it: private CAs, client certificates.
pub use wats_http::TlsConfig;

/// For the fuzz targets of this project.
#[doc(hidden)]
pub mod fuzz {
    /// What must hold of any bytes that stand on the server.
    ///
    /// # Errors
    /// What does not hold.
    pub fn envelope(bytes: &[u8]) -> Result<(), &'static str> {
        crate::envelope::check_bytes(bytes)
    }
}
