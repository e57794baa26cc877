//! A durable store-and-forward queue: what is accepted is on disk, several processes share it, and nothing is dropped by
//! itself.
//!
//! - [`Queue`]: opened on a folder. [`Queue::enqueue`] is ready when the [`Entry`] is on disk.
//! - [`Queue::drain`]: sends what is there through a [`Deliver`]; what each delivery came to is a [`Verdict`].
//! - [`Queue::events`], [`Queue::health`], [`Queue::list`]: what happens, how it is, what is in it.
//!
//! How it is made, from the bottom: `store` is the folder, SQLite and files, and blocks; `plan` decides what comes next and
//! touches nothing; `thread` is the one thread that uses the store, in groups of what was asked; `queue` and `drain` ask it.
//! The README has an example, the guide `docs/queue.md` the guarantees.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod drain;
mod entry;
mod error;
mod events;
mod health;
mod item;
mod options;
mod plan;
mod queue;
mod reply;
mod store;
mod thread;
mod transfer;

#[cfg(feature = "test-util")]
pub use clock::ManualClock;
pub use clock::{Clock, SystemClock};
pub use drain::{Deliver, Drain, DrainOptions, Worker};
pub use entry::{BodyWriter, Entry, Written};
pub use error::{Error, Result};
pub use events::{Event, Events};
pub use health::{Depth, Health, PauseInfo};
pub use item::{
    Body, Class, Ended, Fault, Item, Key, NotHex, Past, Receipt, Sha256, State, Stored,
};
pub use options::{Bounds, OnDropped, QueueOptions, WhenFull};
pub use plan::{Reason, Verdict};
pub use queue::Queue;
pub use reply::Pending;
pub use store::{Confirmation, Filter, FolderFacts, Salvaged};
pub use thread::Status;
pub use transfer::Transferred;

/// Places at which a test has the program stop or the disk fail.
#[cfg(feature = "test-util")]
pub mod fail {
    pub use crate::store::fail::{names, set};
}

/// The program of the README compiles as it is printed.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
