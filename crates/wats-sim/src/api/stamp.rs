//! What a change is signed with: who made it, and when.

use jiff::Timestamp;
use serde_json::Value;

/// Whoever has the token.
pub(super) const USER: &str = "api";

/// The time, as it is answered.
pub(super) fn now() -> Value {
    time(Timestamp::now())
}

/// A time, as it is answered.
pub(super) fn time(time: Timestamp) -> Value {
    Value::String(time.to_string())
}
