//! The fast path in MessagePack.

mod de;
mod read;
mod write;

pub(crate) use de::PackError;
pub(crate) use read::{PackSource, StandIn};
pub(crate) use write::PackSink;
