//! Internal routes of the server: how far a report has come, and what stands in quarantine.

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{guid, not_found};
use crate::answer::{Answer, Handled};
use crate::api::parse_json;
use crate::odata::parse_time;
use crate::store::Store;

/// Most rows of the list.
const MAX_ROWS: usize = 1000;

pub(crate) fn state(store: &Store, id: &str) -> Handled {
    let id = guid(id)?;
    let state = store.with_reports(|reports| reports.state(&id));
    state
        .map(|state| Answer::json(&state))
        .ok_or_else(|| not_found(&id))
}

pub(crate) fn list(store: &Store) -> Answer {
    let mut rows = store.with_reports(|reports| reports.quarantined());
    rows.truncate(MAX_ROWS);
    Answer::json(&Value::Array(rows))
}

/// Tries again those in the list, or all if it is empty.
pub(crate) fn retry(store: &Store, body: &Bytes) -> Handled {
    let ids = ids(body)?;
    let tried = store.with_reports(|reports| reports.retry(&ids, Timestamp::now()));
    Ok(Answer::json(&json!({ "retried": tried })))
}

/// Tries again with another start: an object of ids and times.
pub(crate) fn retry_future(store: &Store, body: &Bytes) -> Handled {
    let wrong = || {
        let message = "The request is invalid: an object of report ids and times is expected.";
        Answer::message(StatusCode::BAD_REQUEST, message)
    };
    let body = parse_json(body)?;
    let mut pairs = Vec::new();
    for (id, start) in body.as_object().ok_or_else(wrong)? {
        let id = Uuid::try_parse(id).map_err(|_| wrong())?;
        let start = start.as_str().and_then(parse_time).ok_or_else(wrong)?;
        pairs.push((id, start));
    }
    let now = Timestamp::now();
    let tried = store.with_reports(|reports| {
        pairs
            .into_iter()
            .filter(|(id, start)| reports.retry_at(*id, *start, now))
            .count()
    });
    Ok(Answer::json(&json!({ "retried": tried })))
}

pub(crate) fn delete(store: &Store, body: &Bytes) -> Handled {
    let ids = ids(body)?;
    let deleted = store.with_reports(|reports| reports.delete_quarantined(&ids));
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
