//! What must hold of any report, list and answer: one function per fuzz target, each with the corpus of its name.
//!
//! The fuzz targets call these functions; so does `tests/hostile_bytes.rs`, which replays the corpora and makes up bytes of
//! its own, because cargo-fuzz is not everywhere. A function panics when what it is about does not hold.

mod calls;
mod models;

pub use self::calls::{answers, texts};
pub use self::models::{lists, report};
