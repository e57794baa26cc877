//! Units as they are kept, with their history and the changes that nobody has handled yet.
//!
//! A unit is known by serial number and part number. Where only the serial number is given, it must be that of one unit.
//! Whoever changes a unit stores it whole ([`store`]); what that means for history and changes is found by comparison.

use serde_json::{Map, Value, json};

use super::phase;
use crate::answer::Answer;
use crate::api::{process, stamp};
use crate::call::{conflict, new_guid, not_found, text};
use crate::shape::{self, Shape, shape};
use crate::store::{Change, State};

/// Units by their key.
pub(super) const UNITS: &str = "unit";
/// Lists of part numbers by serial number.
const NUMBERS: &str = "unit.number";
/// Lists of states by the key of the unit, the newest last.
pub(super) const HISTORY: &str = "unit.history";
/// Changes by number.
pub(super) const CHANGES: &str = "unit.change";

/// The states that are kept of a unit.
const MAX_HISTORY: usize = 200;

/// What a body may say of a unit.
pub(super) const SAVED: Shape = shape! {
    Text: "serialNumber" "partNumber" "revision" "batchNumber" "currentLocation" "xmlData";
    Time: "serialDate";
    Integer: "unitPhaseId";
    Any: "processCode";
};

pub(super) fn key(serial_number: &str, part_number: &str) -> String {
    format!("{serial_number}\n{part_number}")
}

/// A text member, empty where there is none.
pub(super) fn member<'a>(unit: &'a Map<String, Value>, name: &str) -> &'a str {
    unit.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn key_of(unit: &Map<String, Value>) -> String {
    key(member(unit, "serialNumber"), member(unit, "partNumber"))
}

/// The key of the unit that this one is part of.
pub(super) fn parent_of(unit: &Map<String, Value>) -> Option<String> {
    let serial = unit.get("parentSerialNumber")?.as_str()?;
    Some(key(serial, member(unit, "parentPartNumber")))
}

/// The keys of the units that are part of this one.
pub(super) fn children_of(unit: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let list = unit.get("children").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

pub(super) fn get<'a>(state: &'a State, key: &str) -> Option<&'a Map<String, Value>> {
    state.get(UNITS, key)?.as_object()
}

/// The first unit of a serial number, by part number.
pub(crate) fn by_serial<'a>(state: &'a State, serial_number: &str) -> Option<&'a Value> {
    let part = state.get(NUMBERS, serial_number)?.get(0)?.as_str()?;
    state.get(UNITS, &key(serial_number, part))
}

/// The unit of these numbers, or 404; 409 where the part number is empty and there are several.
pub(super) fn find<'a>(
    state: &'a State,
    serial_number: &str,
    part_number: &str,
) -> Result<&'a Map<String, Value>, Answer> {
    let none = || {
        not_found(format!(
            "unit with serial number '{serial_number}' and part number '{part_number}'"
        ))
    };
    if !part_number.is_empty() {
        return get(state, &key(serial_number, part_number)).ok_or_else(none);
    }
    let parts = state.get(NUMBERS, serial_number).and_then(Value::as_array);
    if parts.is_some_and(|parts| parts.len() > 1) {
        return Err(conflict(format!(
            "Several units have the serial number '{serial_number}': say the part number."
        )));
    }
    let found = by_serial(state, serial_number).and_then(Value::as_object);
    found.ok_or_else(none)
}

/// The key of the unit of these numbers, or 404.
pub(crate) fn key_of_numbers(
    state: &State,
    serial_number: &str,
    part_number: &str,
) -> Result<String, Answer> {
    find(state, serial_number, part_number).map(key_of)
}

/// A unit of which nothing else is known. Its phase is unknown, as the server has it.
pub(super) fn blank(state: &State, serial_number: &str, part_number: &str) -> Map<String, Value> {
    let mut unit = shape::blank(SAVED);
    for (name, value) in [
        ("serialNumber", json!(serial_number)),
        ("partNumber", json!(part_number)),
        ("unitId", json!(new_guid())),
        ("unitPhaseId", json!(phase::UNKNOWN)),
        ("serialDate", stamp::now(state)),
        ("tags", json!([])),
        ("children", json!([])),
    ] {
        unit.insert(name.to_owned(), value);
    }
    unit
}

/// Stores a unit in place of the one of its numbers.
pub(super) fn store(change: &mut Change<'_>, unit: Map<String, Value>) -> Result<(), Answer> {
    let old = get(change, &key_of(&unit)).cloned();
    replace(change, old.as_ref(), unit)
}

/// Stores a unit in place of another, which may have had another part number. Another phase or process goes into its history;
/// another parent, part number, revision or phase is a change to be handled.
pub(super) fn replace(
    change: &mut Change<'_>,
    old: Option<&Map<String, Value>>,
    unit: Map<String, Value>,
) -> Result<(), Answer> {
    let key = key_of(&unit);
    let other = |names: &[&str]| {
        let is_other =
            |old: &Map<String, Value>| names.iter().any(|name| old.get(*name) != unit.get(*name));
        old.map(is_other)
    };
    let number = unit.get("serialNumber").cloned().unwrap_or_default();
    let is_renamed = other(&["partNumber"]);
    if let (Some(old), Some(true)) = (old, is_renamed) {
        let history = change.get(HISTORY, &key_of(old)).cloned();
        forget(change, old)?;
        change.put(HISTORY, &key, history.unwrap_or_default())?;
    }
    if is_renamed != Some(false) {
        let numbers = number.as_str().unwrap_or_default();
        let part = json!(member(&unit, "partNumber"));
        append(change, NUMBERS, numbers, part, usize::MAX)?;
    }
    if other(&["unitPhaseId", "processCode"]) != Some(false) {
        let process = process_of(change, &unit).and_then(|process| text(process, "name"));
        let state = json!({
            "process": process,
            "phase": unit.get("unitPhaseId").and_then(Value::as_i64).and_then(phase::name),
            "dateTime": stamp::now(change),
        });
        append(change, HISTORY, &key, state, MAX_HISTORY)?;
    }
    if other(&[
        "parentSerialNumber",
        "parentPartNumber",
        "partNumber",
        "revision",
        "unitPhaseId",
    ]) == Some(true)
    {
        let id = change.next(CHANGES)?;
        let row = json!({
            "id": id,
            "unitSerialNumber": number,
            "newParentSerialNumber": unit.get("parentSerialNumber"),
            "newPartNumber": unit.get("partNumber"),
            "newRevision": unit.get("revision"),
            "newUnitPhaseId": unit.get("unitPhaseId"),
        });
        put_change(change, id, row)?;
    }
    change.put(UNITS, &key, Value::Object(unit))
}

/// Removes a unit and its history.
pub(super) fn forget(change: &mut Change<'_>, unit: &Map<String, Value>) -> Result<(), Answer> {
    let (serial, key) = (member(unit, "serialNumber"), key_of(unit));
    let numbers = change.get(NUMBERS, serial).and_then(Value::as_array);
    let mut numbers = numbers.cloned().unwrap_or_default();
    numbers.retain(|part| part.as_str() != Some(member(unit, "partNumber")));
    if numbers.is_empty() {
        change.remove(NUMBERS, serial);
    } else {
        change.put(NUMBERS, serial, Value::Array(numbers))?;
    }
    change.remove(HISTORY, &key);
    change.remove(UNITS, &key);
    Ok(())
}

/// The process that a unit is in.
pub(super) fn process_of<'a>(state: &'a State, unit: &Map<String, Value>) -> Option<&'a Value> {
    process::by_code(state, member(unit, "processCode").parse().ok()?)
}

pub(super) fn change_key(id: u64) -> String {
    format!("{id:020}")
}

/// Where there is no room, the oldest change goes: that nobody handles them must not stop production.
fn put_change(change: &mut Change<'_>, id: u64, row: Value) -> Result<(), Answer> {
    if change.put(CHANGES, &change_key(id), row.clone()).is_ok() {
        return Ok(());
    }
    let oldest = change.rows(CHANGES).next().map(|(key, _)| key.to_owned());
    change.remove(CHANGES, &oldest.unwrap_or_default());
    change.put(CHANGES, &change_key(id), row)
}

/// Appends to a list, of which the last `most` stay.
fn append(
    change: &mut Change<'_>,
    table: &str,
    key: &str,
    item: Value,
    most: usize,
) -> Result<(), Answer> {
    let known = change.get(table, key).and_then(Value::as_array);
    let mut list = known.cloned().unwrap_or_default();
    list.push(item);
    let extra = list.len().saturating_sub(most);
    change.put(table, key, list.into_iter().skip(extra).collect())
}
