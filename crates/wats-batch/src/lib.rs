#![cfg_attr(docsrs, feature(doc_cfg))]
//! Batching that never loses a caller, and costs about as much as the task it saves.
//!
//! | you have | use |
//! |---|---|
//! | many callers, each with one item, and a server with a bulk call | [`RequestBatcher`] |
//! | one list, and a server with a bulk call | [`ChunkedBatcher`] |
//! | one list, and a server that takes one item a call | [`batch_map`], [`batch_map_stream`] |
//!
//! # How the crate is laid out
//! The batcher is read top to bottom: `batcher` (the handle users hold) and `builder` (its making) → `add`
//! (the future of one caller), `dedupe` (callers that share one) → `shared` (the lock, and what is done
//! outside it) → `queue` (the items, their answers and the rules: no lock and no user code; what each
//! runtime has in it is in `queue::site`) → `entry` (what callers and batcher know of one item). `worker`
//! and `timer` are the tasks that drive it, `recover` what a worker does about failures, `watch` asks
//! whether another runtime is driven.
//! `concurrency` is the bounded concurrency under [`ChunkedBatcher`] and [`batch_map`].
//!
//! # Example
//! ```
//! use wats_batch::{BatchConfig, Policy, RequestBatcher};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! // One call of the server answers many part numbers, each with its own result.
//! let batcher = RequestBatcher::new(
//!     BatchConfig::default().max_batch_size(20).policy(Policy::Eager),
//!     |numbers: Vec<u32>| async move {
//!         numbers
//!             .into_iter()
//!             .map(|n| if n == 0 { Err("no such part") } else { Ok(n * 10) })
//!             .collect::<Vec<_>>()
//!     },
//! ).unwrap();
//! let (a, b, c) = tokio::join!(batcher.add(1), batcher.add(0), batcher.add(3));
//! assert_eq!(a.unwrap(), 10);
//! assert_eq!(b.unwrap_err().inner(), Some(&"no such part"));
//! assert_eq!(c.unwrap(), 30);
//! assert_eq!(batcher.stats().batches, 1);
//! # }
//! ```

mod add;
mod batcher;
mod builder;
mod bulk;
mod chunked;
mod concurrency;
mod config;
mod dedupe;
mod entry;
mod error;
mod foreign;
#[cfg(all(test, wats_loom))]
mod loom_tests;
mod map;
mod metrics;
mod partition;
mod policy;
mod progress;
mod queue;
mod ready;
mod recover;
mod recovery;
mod retry;
mod runtime;
mod shared;
mod stats;
mod sync;
mod timer;
mod watch;
mod worker;

pub use add::{Add, Ticket};
pub use batcher::RequestBatcher;
pub use builder::BatcherBuilder;
pub use bulk::{IntoAnswers, IntoKeyed};
pub use chunked::{ChunkConfig, ChunkDone, ChunkedBatcher};
pub use config::{BatchConfig, Policy, Priority};
pub use error::{BatchError, ChunkError, ConfigError, TryAddError};
pub use map::{BatchMap, batch_map, batch_map_stream};
pub use partition::Partition;
pub use progress::BatchProgress;
pub use retry::Retry;
pub use stats::BatchStats;

/// The README's example is compiled and run like the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
