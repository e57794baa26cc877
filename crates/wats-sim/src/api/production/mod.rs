//! `api/Production`: units and batches.
//!
//! What the real server answers to lists of them is not described. Units are answered with counters, of which the refused ones
//! are not saved; batches are all saved and answered, or none.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Handled};
use crate::call::{Call, invalid, member};
use crate::routes::routes;
use crate::store::{Change, State};

routes! {
    PUT "/api/Production/Units" => put_units;
    PUT "/api/Production/Batches" => put_batches;
}

/// Units by serial number and part number, see [`unit_key`].
const UNITS: &str = "unit";
/// Batches by batch number.
const BATCHES: &str = "batch";

const MAX_NUMBER: usize = 100;

/// The unit with this serial number; of several, the first by part number.
pub(crate) fn unit<'a>(state: &'a State, serial_number: &str) -> Option<&'a Value> {
    state.find(UNITS, |unit| {
        unit.get("serialNumber").and_then(Value::as_str) == Some(serial_number)
    })
}

/// The batch with this number.
pub(crate) fn batch<'a>(state: &'a State, batch_number: &str) -> Option<&'a Value> {
    state.get(BATCHES, batch_number)
}

/// A report makes its unit known.
pub(super) fn reported(change: &mut Change<'_>, header: &Map<String, Value>) -> Result<(), Answer> {
    let text = |name: &str| header.get(name).and_then(Value::as_str).unwrap_or_default();
    let key = unit_key(text("serialNumber"), text("partNumber"));
    if change.get(UNITS, &key).is_some() {
        return Ok(());
    }
    let unit = json!({
        "serialNumber": text("serialNumber"),
        "partNumber": text("partNumber"),
        "revision": text("revision"),
        "batchNumber": header.get("batchNumber"),
    });
    change.put(UNITS, &key, unit)
}

/// A unit is known by both of its numbers.
fn unit_key(serial_number: &str, part_number: &str) -> String {
    format!("{serial_number}\n{part_number}")
}

fn put_units(call: &Call<'_>) -> Handled {
    let units = call.array()?;
    let (mut inserted, mut updated, mut refused) = (0, 0, 0);
    call.store.change(|change| {
        for unit in units {
            let (Some(serial), Some(part)) =
                (number(&unit, "serialNumber"), number(&unit, "partNumber"))
            else {
                refused += 1;
                continue;
            };
            if put(change, UNITS, &unit_key(&serial, &part), unit)? {
                inserted += 1;
            } else {
                updated += 1;
            }
        }
        Ok(())
    })?;
    let counters = json!({
        "insertCount": inserted, "updateCount": updated, "errorCount": refused,
    });
    Ok(Answer::json(&counters))
}

fn put_batches(call: &Call<'_>) -> Handled {
    let batches = call.array()?;
    call.store.change(|change| {
        for (place, batch) in batches.iter().enumerate() {
            let size = batch
                .as_object()
                .and_then(|batch| member(batch, "batchSize"));
            let size = size.and_then(Value::as_i64).filter(|size| *size >= 0);
            let Some(known) = number(batch, "batchNumber").filter(|_| size.is_some()) else {
                return Err(invalid(format!(
                    "[{place}]: batchNumber and batchSize are required"
                )));
            };
            put(change, BATCHES, &known, batch.clone())?;
        }
        Ok(())
    })?;
    Ok(Answer::json(&Value::Array(batches)))
}

/// Puts an item over that of its key, member by member; whether it is new.
fn put(change: &mut Change<'_>, table: &str, key: &str, item: Value) -> Result<bool, Answer> {
    let known = change.get(table, key).and_then(Value::as_object);
    let is_new = known.is_none();
    let mut whole = known.cloned().unwrap_or_default();
    if let Value::Object(members) = item {
        whole.extend(members.into_iter().filter(|(_, value)| !value.is_null()));
    }
    change.put(table, key, Value::Object(whole))?;
    Ok(is_new)
}

fn number(item: &Value, name: &str) -> Option<String> {
    let item: &Map<String, Value> = item.as_object()?;
    let text = member(item, name)?.as_str()?;
    (1..=MAX_NUMBER)
        .contains(&text.chars().count())
        .then(|| text.to_owned())
}
