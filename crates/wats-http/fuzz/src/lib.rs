//! What must hold of any bytes from outside: one function per fuzz target, each with the corpus of its name.
//!
//! The fuzz targets call these functions; so does `tests/hostile_bytes.rs`, which replays the corpora and makes up bytes of
//! its own, because cargo-fuzz is not everywhere. A function panics when what it is about does not hold.

mod answers;
mod config;
mod connections;
mod host;

pub use self::answers::{encoding, error_body, redirect, retry_after};
pub use self::config::{address, capture, no_proxy, settings};
pub use self::connections::{proxy, wire};
