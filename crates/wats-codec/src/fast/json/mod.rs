//! The fast path in compact JSON.

mod de;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use read::{JsonSource, Plain, is_json, plain_number};
pub(crate) use write::JsonSink;
