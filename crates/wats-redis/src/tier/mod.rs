//! The cache that processes share: a level in the memory of each (`wats-cache`), and one on the server.
//!
//! ```text
//! hit   trusted, and fresh in memory ────────────────────────────────────────► serve
//! load  one for each key and process
//!       no session ─► origin, as without a server
//!       HGET, if the last load found its entry ─► fresh ─► as below
//!       read.lua ─► fresh ─► keep in memory for the time that is left ────────► serve
//!                ─► lead ─► origin ─► put.lua, if the lease is still ours ─────► serve
//!                ─► another leads ─► wait for the push, read again
//! ```
//! What was read before a change is not kept after it: changes by others come as pushes, on the connection that answers are
//! read from and in their order, and a load that one names does not keep what it brings.
//!
//! | file | holds |
//! |---|---|
//! | `cache`, `builder`, `options`, `codec`, `stats` | what a program sees |
//! | `fill`, `lease`, `entry`, `loads` | a load: reading, leading, writing, and others of its key |
//! | `hub`, `tags`, `unsent` | what all tiers of a namespace have in common: pushes, tags, invalidations that wait for a session |
//! | `scripts` | what the server does in one step |
//! | `alarm`, `wait_limit` | a point in time, without a runtime; how long a call may wait |

mod alarm;
mod builder;
mod cache;
mod codec;
mod entry;
mod fill;
mod hub;
mod lease;
mod loads;
mod options;
mod scripts;
mod stats;
mod tags;
#[cfg(test)]
mod tests;
mod unsent;
mod wait_limit;

pub use builder::SharedCacheBuilder;
pub use cache::SharedCache;
pub use codec::{CacheKey, ValueCodec};
pub(crate) use hub::Hub;
pub use stats::SharedCacheStats;
