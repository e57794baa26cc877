//! `api/Production`: units and batches, saved in lists.
//!
//! What the real server answers here is not described. Units are answered with counters, of which the refused ones are not
//! saved; batches are all saved and answered, or none.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{member, parse_json};
use crate::answer::{Answer, Handled};
use crate::store::{ByKey, Store};

const MAX_NUMBER: usize = 100;

pub(crate) fn put_units(store: &Store, body: &Bytes) -> Handled {
    let units = array_of(body)?;
    let (mut inserted, mut updated, mut refused) = (0, 0, 0);
    store.with_units(|stored| {
        for unit in units {
            let known =
                number(&unit, "serialNumber").filter(|_| number(&unit, "partNumber").is_some());
            match known.map(|serial_number| put(stored, serial_number, unit)) {
                Some(Ok(true)) => inserted += 1,
                Some(Ok(false)) => updated += 1,
                Some(Err(_)) | None => refused += 1,
            }
        }
    });
    let counters = json!({
        "insertCount": inserted, "updateCount": updated, "errorCount": refused,
    });
    Ok(Answer::json(&counters))
}

pub(crate) fn put_batches(store: &Store, body: &Bytes) -> Handled {
    let batches = array_of(body)?;
    store.with_batches(|stored| {
        let mut draft = stored.clone();
        for (place, batch) in batches.iter().enumerate() {
            let size = batch
                .as_object()
                .and_then(|batch| member(batch, "batchSize"));
            let size = size.and_then(Value::as_i64).filter(|size| *size >= 0);
            let Some(known) = number(batch, "batchNumber").filter(|_| size.is_some()) else {
                return Err(invalid(&format!(
                    "[{place}]: batchNumber and batchSize are required"
                )));
            };
            put(&mut draft, known, batch.clone())
                .map_err(|full| Answer::message(StatusCode::INSUFFICIENT_STORAGE, full))?;
        }
        *stored = draft;
        Ok(Answer::json(&Value::Array(batches)))
    })
}

/// Puts an item over that of its key, member by member; whether it is new.
fn put(stored: &mut ByKey, key: String, item: Value) -> Result<bool, String> {
    let mut whole = stored
        .get(&key)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let is_new = whole.is_empty();
    if let Value::Object(members) = item {
        whole.extend(members.into_iter().filter(|(_, value)| !value.is_null()));
    }
    stored.put(key, Value::Object(whole))?;
    Ok(is_new)
}

fn number(item: &Value, name: &str) -> Option<String> {
    let item: &Map<String, Value> = item.as_object()?;
    let text = member(item, name)?.as_str()?;
    (1..=MAX_NUMBER)
        .contains(&text.chars().count())
        .then(|| text.to_owned())
}

fn array_of(body: &Bytes) -> Result<Vec<Value>, Answer> {
    match parse_json(body)? {
        Value::Array(items) => Ok(items),
        _ => Err(invalid("the body must be an array")),
    }
}

fn invalid(problem: &str) -> Answer {
    Answer::message(
        StatusCode::BAD_REQUEST,
        format!("The request is invalid: {problem}"),
    )
}
