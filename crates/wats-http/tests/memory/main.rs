//! What calls cost in memory. A program of its own, because its allocator counts.
//!
//! Only the thread of a test is counted, so tests may run side by side; servers have threads of their own.

mod allocations;
mod bombs;
#[path = "../common/mod.rs"]
mod common;
