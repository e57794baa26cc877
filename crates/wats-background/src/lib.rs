//! Time and background work for caches and batchers, on threads that belong to no runtime.
//!
//! - [`clock`]: milliseconds for the price of one load, from a thread that does nothing but store them.
//! - [`Job`]: work that is done at a [`Moment`]. One thread keeps the schedule and runs no code of its users. It hands
//!   what is due to worker threads, which are started when there is work and end when there is none.
//!
//! ```
//! use std::sync::{Arc, mpsc};
//! use std::time::Duration;
//! use wats_background::{Job, Moment, Work};
//!
//! struct Notify(mpsc::Sender<&'static str>);
//!
//! impl Work for Notify {
//!     fn run(&self) -> Option<Moment> {
//!         let _ = self.0.send("due");
//!         None // Not again, unless it is scheduled again.
//!     }
//! }
//!
//! let (sender, receiver) = mpsc::channel();
//! let work = Arc::new(Notify(sender));
//! let job = Job::new(&work);
//! job.at(Moment::now().after(Duration::from_millis(5)));
//! assert_eq!(receiver.recv().unwrap(), "due");
//! ```
//!
//! # Guarantees
//! - A job that blocks, is slow or panics delays only itself: neither the clock nor other jobs. While a
//!   worker is stuck, further ones are started, up to 512.
//! - A job never runs twice at the same time. Asked for while it runs, it runs once more afterwards.
//! - What is idle costs nothing: no thread, no wake-up. Threads end some seconds after the last work.
//! - The work is held weakly: when its owner is dropped, it is removed from the schedule.
//! - After a `fork` clock and jobs work in the child, too; what was asked for before is asked for anew by the next
//!   [`Job::at`].

pub mod clock;
mod forks;
mod guard;
mod job;
mod moment;
mod now;
mod process;
mod schedule;
mod ticker;

pub use forks::forks;
pub use guard::{discard, guarded};
pub use job::Job;
pub use moment::Moment;
pub use schedule::Work;

/// The program of the README compiles as it is printed.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
