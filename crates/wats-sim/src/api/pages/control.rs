//! Faults, tokens, counters and clock, for programs in any language.

use std::time::Duration;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::access::Access;
use crate::answer::{Answer, Handled};
use crate::api::auth;
use crate::call::{Call, invalid, member, not_found};
use crate::duration::{parse_duration, parse_rate};
use crate::fault::Entry;

pub(super) fn counters(call: &Call<'_>) -> Handled {
    json_of(&call.server.meter.snapshot())
}

pub(super) fn reset_counters(call: &Call<'_>) -> Handled {
    call.server.meter.reset();
    call.server.arrivals.reset();
    Ok(Answer::json(&Value::Null))
}

/// The last requests, newest first.
pub(super) fn requests(call: &Call<'_>) -> Handled {
    json_of(&call.server.log.recent())
}

/// Most requests of each token within any time of so many seconds, 60 if none are said. Tokens are told by the names in them.
pub(super) fn peaks(call: &Call<'_>) -> Handled {
    let seconds = u64::try_from(call.number("seconds")?.unwrap_or(60));
    let seconds = seconds.map_err(|_| invalid("seconds must not be negative"))?;
    let all = call
        .server
        .arrivals
        .all_within(Duration::from_secs(seconds));
    let rows = all.iter().map(|(token, requests, most)| {
        json!({ "user": auth::name(token), "requests": requests, "most": most })
    });
    Ok(Answer::json(&rows.collect()))
}

/// A token to be accepted. See [`Access`] for what the members mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Grant {
    token: String,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    only: Vec<String>,
    valid_for: Option<String>,
    rate_limit: Option<String>,
}

pub(super) fn grant(call: &Call<'_>) -> Handled {
    let grant: Grant = serde_json::from_slice(&call.body).map_err(invalid)?;
    let mut access = Access::new(grant.token);
    if grant.read_only {
        access = access.read_only();
    }
    for route in grant.only {
        access = access.only(route);
    }
    if let Some(time) = &grant.valid_for {
        access = access.valid_for(parse_duration(time).map_err(invalid)?);
    }
    if let Some(rate) = &grant.rate_limit {
        let (requests, per) = parse_rate(rate).map_err(invalid)?;
        access = access.rate_limit(requests, per);
    }
    call.server.tokens.grant(access);
    Ok(Answer::json(&Value::Null))
}

pub(super) fn revoke(call: &Call<'_>) -> Handled {
    if call.server.tokens.revoke(call.required("token")?) {
        return Ok(Answer::json(&Value::Null));
    }
    Err(not_found("such token"))
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
