#![cfg_attr(docsrs, feature(doc_cfg))]
//! Caches whose entries live for a time, for threads and for tasks.
//!
//! | you want | use |
//! |---|---|
//! | a cache shared by threads | [`TtlCache`] |
//! | a cache shared by tasks | [`AsyncTtlCache`] |
//! | to load each key once, however many ask | `get_or_insert_with` of either; [`SingleFlight`] without a cache |
//! | to hold a cache as an object, whose values may be shared with other processes | [`Tier`] |
//! | to cache what a function returns | [`memoize`], or `#[cached]` (feature `macros`) |
//! | to test what time does | [`ManualClock`] |
//!
//! ```
//! use std::time::Duration;
//! use wats_cache::TtlCache;
//!
//! let cache = TtlCache::builder().max_entries(1000).default_ttl(Duration::from_secs(300)).build();
//! cache.insert("EX-100", 7);
//! assert_eq!(cache.get("EX-100"), Some(7));
//! assert_eq!(cache.stats().to_string(), "CacheStats(hits=1, misses=0, hit_rate=100.00%)");
//! ```
//!
//! # How the crate is laid out
//! From the outside in: the caches (`sync`, `future`) → `core` (hash, lock one shard,
//! tell the listener) → `shard` (entries, order and counts of one shard, for one thread: no lock, no clock) → `table`,
//! `group`, `entry` and `policy` (its parts). Beside it stand `single_flight` (one load per key), `clock` (time) and `sweep` (when
//! it is swept; the threads are those of `wats-background`).
//!
//! Lock order: a lock of a shard and one of a load are never held together, nor two of a kind.
//!
//! # What runs under a lock
//! Loaders, listeners, weighers and predicates run under none. `Eq` of keys and `Clone` of keys and values do run under
//! the lock of a shard, which spins, and `Eq` and `Hash` of keys under one of the map of loads. So
//! - they must be cheap: others of the shard wait meanwhile. Keep what is expensive to clone in an `Arc`;
//! - they must not touch the same cache: it would wait for itself for ever. With debug assertions, `Eq` and `Clone` that do
//!   so under the lock of a shard panic instead.
//!
//! If one panics, the panic is its caller's, and the cache works on.

#[doc(hidden)]
pub mod attribute;
mod builder;
mod clock;
mod config;
mod core;
mod entry;
mod error;
#[cfg(feature = "async")]
mod future;
mod group;
mod handle;
mod hash;
mod iter;
mod load_options;
mod loaded;
mod lock;
mod memo;
#[cfg(feature = "metrics")]
mod observe;
mod policy;
mod removal;
mod shard;
mod single_flight;
mod stats;
mod sweep;
mod sync;
mod table;
#[cfg(feature = "async")]
mod tier;

#[cfg(feature = "async")]
pub use builder::ForAsync;
pub use builder::{CacheBuilder, ForSync};
#[cfg(feature = "async")]
pub use clock::TokioClock;
pub use clock::{Clock, ManualClock, PreciseClock, TimeListener};
pub use config::{CacheConfig, DEFAULT_MAX_ENTRIES, DEFAULT_TTL};
pub use core::LoadHandle;
pub use error::LoadError;
#[cfg(feature = "async")]
pub use future::AsyncTtlCache;
pub use hash::{Hasher, RandomState};
pub use iter::Iter;
pub use load_options::{LoadOptions, Read};
pub use loaded::{Loaded, tag_hash};
pub use memo::memoize;
#[cfg(feature = "async")]
pub use memo::memoize_async;
pub use policy::Policy;
pub use removal::RemovalCause;
pub use single_flight::{Join, Leader, SingleFlight, WaitOutcome, Waiter};
pub use stats::CacheStats;
pub use sync::TtlCache;
#[cfg(feature = "async")]
pub use tier::{Invalidation, Origin, Tier, TierFuture};
#[cfg(feature = "macros")]
pub use wats_cache_macros::cached;

/// The README's example is compiled and run like the others.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../README.md")]
struct Readme;
