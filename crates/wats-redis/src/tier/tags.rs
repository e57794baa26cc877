//! What tags are called on the server, and how it tells numbers.

use wats_cache::tag_hash;

use crate::link::Value;

/// The tag that all entries of a kind have.
pub(super) fn tag_of_kind(kind: &str) -> u64 {
    // A kind has no colon, so no tag of a program need be called so.
    tag_hash(&format!("kind::{kind}"))
}

/// What a tag is called on the server.
pub(super) fn field(tag: u64) -> String {
    format!("{tag:016x}")
}

pub(super) fn pairs_of(flat: Vec<Value>) -> Vec<(Value, Value)> {
    let mut pairs = Vec::new();
    let mut flat = flat.into_iter();
    while let (Some(one), Some(other)) = (flat.next(), flat.next()) {
        pairs.push((one, other));
    }
    pairs
}

pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

/// A number that the server gives, as text or as it is.
pub(super) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => text(value)?.parse().ok(),
    }
}

pub(super) fn hash_of(field: &Value) -> Option<u64> {
    u64::from_str_radix(text(field)?, 16).ok()
}

/// A tag, from a signal's name.
pub(super) fn tag_in_name(name: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(name.strip_prefix(b"=")?).ok()?;
    u64::from_str_radix(digits, 16).ok()
}
