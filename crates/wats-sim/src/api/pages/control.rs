//! Faults, counters and clock, for programs in any language.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::answer::{Answer, Handled};
use crate::call::{Call, invalid, member};
use crate::fault::Entry;

pub(super) fn counters(call: &Call<'_>) -> Handled {
    json_of(&call.server.meter.snapshot())
}

pub(super) fn reset_counters(call: &Call<'_>) -> Handled {
    call.server.meter.reset();
    Ok(Answer::json(&Value::Null))
}

/// The last requests, newest first.
pub(super) fn requests(call: &Call<'_>) -> Handled {
    json_of(&call.server.log.recent())
}

/// The faults still to come, in words.
pub(super) fn faults(call: &Call<'_>) -> Handled {
    json_of(&call.server.faults.list())
}

/// Injects one fault or a list of them; if one is wrong, none.
pub(super) fn inject(call: &Call<'_>) -> Handled {
    let entries = match call.json()? {
        Value::Array(entries) => entries,
        one => vec![one],
    };
    let mut faults = Vec::with_capacity(entries.len());
    for (place, entry) in entries.into_iter().enumerate() {
        let wrong = |problem: String| invalid(format!("[{place}]: {problem}"));
        let entry: Entry =
            serde_json::from_value(entry).map_err(|error| wrong(error.to_string()))?;
        faults.push(entry.fault().map_err(wrong)?);
    }
    for fault in faults {
        call.server.faults.push(fault);
    }
    json_of(&call.server.faults.list())
}

pub(super) fn clear_faults(call: &Call<'_>) -> Handled {
    call.server.faults.clear();
    Ok(Answer::json(&Value::Null))
}

/// Sets how many milliseconds the clock is ahead: `{"skewMs": 60000}`.
pub(super) fn set_clock(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let skew = member(&body, "skewMs").and_then(Value::as_i64);
    let skew = skew.ok_or_else(|| invalid("skewMs must be a whole number"))?;
    call.server
        .clock
        .set_skew(SignedDuration::from_millis(skew));
    Ok(Answer::json(&json!({ "now": call.now().to_string() })))
}

fn json_of(value: &impl serde::Serialize) -> Handled {
    serde_json::to_value(value)
        .map(|value| Answer::json(&value))
        .map_err(invalid)
}
