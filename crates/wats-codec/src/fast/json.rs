//! The fast path in compact JSON.

mod read;
mod write;

pub(crate) use read::JsonSource;
pub(crate) use write::JsonSink;
