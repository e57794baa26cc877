//! The integration tests of `wats-batch`, in one binary.

mod features;
mod lifetimes;
mod lists;
mod recovery;
mod reentrance;
mod request_batcher;
mod stress;
mod threads;
