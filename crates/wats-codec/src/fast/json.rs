//! The fast path in compact JSON.

mod de;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use read::JsonSource;
pub(crate) use write::JsonSink;
