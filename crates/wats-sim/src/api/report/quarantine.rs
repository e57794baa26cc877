//! Internal routes of the server: how far a report has come, and what stands in quarantine.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{guid, not_found};
use crate::answer::{Answer, Handled};
use crate::api::effects;
use crate::call::{Call, parse_json};
use crate::odata::parse_time;

/// Most rows of the list.
const MAX_ROWS: usize = 1000;

pub(super) fn state(call: &Call<'_>) -> Handled {
    let id = guid(call.param(0))?;
    let state = call.store.read(|state| state.reports.state(&id));
    state
        .map(|state| Answer::json(&state))
        .ok_or_else(|| not_found(&id))
}

pub(super) fn list(call: &Call<'_>) -> Handled {
    let mut rows = call.store.read(|state| state.reports.quarantined());
    rows.truncate(MAX_ROWS);
    Ok(Answer::json(&Value::Array(rows)))
}

/// Tries again those in the list, or all if it is empty.
pub(super) fn retry(call: &Call<'_>) -> Handled {
    let ids = ids(&call.body)?;
    let tried = call.store.change(|change| {
        let tried = change.reports_mut().retry(&ids, call.now());
        effects::settle(change);
        Ok(tried)
    })?;
    Ok(Answer::json(&json!({ "retried": tried })))
}

/// Tries again with another start: an object of ids and times.
pub(super) fn retry_future(call: &Call<'_>) -> Handled {
    let wrong = || {
        let message = "The request is invalid: an object of report ids and times is expected.";
        Answer::message(StatusCode::BAD_REQUEST, message)
    };
    let body = call.json()?;
    let mut pairs = Vec::new();
    for (id, start) in body.as_object().ok_or_else(wrong)? {
        let id = Uuid::try_parse(id).map_err(|_| wrong())?;
        let start = start.as_str().and_then(parse_time).ok_or_else(wrong)?;
        pairs.push((id, start));
    }
    let now = call.now();
    let tried = call.store.change(|change| {
        let reports = change.reports_mut();
        let tried = pairs
            .into_iter()
            .filter(|(id, start)| reports.retry_at(*id, *start, now))
            .count();
        effects::settle(change);
        Ok(tried)
    })?;
    Ok(Answer::json(&json!({ "retried": tried })))
}

pub(super) fn delete(call: &Call<'_>) -> Handled {
    let ids = ids(&call.body)?;
    let deleted = call
        .store
        .change(|change| Ok(change.reports_mut().delete_quarantined(&ids)))?;
    Ok(Answer::json(&json!({ "deleted": deleted })))
}

fn ids(body: &Bytes) -> Result<Vec<Uuid>, Answer> {
    let body = parse_json(body)?;
    let list = body.as_array().map(Vec::as_slice).unwrap_or_default();
    let ids: Option<Vec<Uuid>> = list
        .iter()
        .map(|id| id.as_str().and_then(|id| Uuid::try_parse(id).ok()))
        .collect();
    ids.filter(|_| body.is_array()).ok_or_else(|| {
        let message = "The request is invalid: a list of report ids is expected.";
        Answer::message(StatusCode::BAD_REQUEST, message)
    })
}
