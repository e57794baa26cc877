//! What a change is signed with: who made it, and when.

use jiff::Timestamp;
use serde_json::Value;

use crate::store::State;

/// Whoever has the token.
pub(super) const USER: &str = "api";

/// The time as the server has it, as it is answered.
pub(super) fn now(state: &State) -> Value {
    time(state.now())
}

/// A time, as it is answered.
pub(super) fn time(time: Timestamp) -> Value {
    Value::String(time.to_string())
}
