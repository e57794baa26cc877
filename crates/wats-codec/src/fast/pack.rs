//! The fast path in MessagePack.

mod read;
mod write;

pub(crate) use read::PackSource;
pub(crate) use write::PackSink;
