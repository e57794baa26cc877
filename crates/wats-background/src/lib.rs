//! Time and background work for caches and batchers, on threads that belong to no runtime.
//!
//! - [`clock`]: milliseconds for the price of one load, from a thread that does nothing but store them.
//! - [`Job`]: work that is done at a [`Moment`]. One thread knows when what is due, and runs no code of anybody; it hands
//!   what is due to workers, which come when there is work and go when there is none.
//!
//! ```
//! use std::sync::{Arc, mpsc};
//! use std::time::Duration;
//! use wats_background::{Job, Moment, Work};
//!
//! struct Bell(mpsc::Sender<&'static str>);
//!
//! impl Work for Bell {
//!     fn run(&self) -> Option<Moment> {
//!         let _ = self.0.send("ding");
//!         None // Not again, unless somebody asks.
//!     }
//! }
//!
//! let (sender, bell) = mpsc::channel();
//! let work = Arc::new(Bell(sender));
//! let job = Job::new(&work);
//! job.at(Moment::now().after(Duration::from_millis(5)));
//! assert_eq!(bell.recv().unwrap(), "ding");
//! ```
//!
//! # What holds
//! - A job that blocks, is slow or panics keeps up nobody but itself: not the clock, not when others are due. While a
//!   worker is stuck, further ones are started, up to 512.
//! - A job never runs twice at the same time. Asked for while it runs, it runs once more afterwards.
//! - Who has nothing to do has no cost: no thread, no wake-up. Threads end some seconds after the last work.
//! - The work is held weakly. When its owner is gone, nothing of it is left here.
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
