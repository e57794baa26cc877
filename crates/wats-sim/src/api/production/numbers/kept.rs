//! The numbers that are kept: of each type those that are free, and those in use, by their place in the order.
//!
//! A number in use is reserved or taken. A number that was taken is never given again.

use serde_json::{Value, json};

use super::kind::Type;
use crate::answer::Answer;
use crate::api::stamp;
use crate::call::{conflict, text};
use crate::store::{Change, State};

/// For whom numbers are taken.
#[derive(Debug, Default)]
pub(super) struct Taker {
    pub(super) serial_number: Option<String>,
    pub(super) part_number: Option<String>,
    pub(super) station: Option<String>,
}

/// Which free numbers are wanted.
pub(super) struct Wanted {
    pub(super) quantity: usize,
    pub(super) only_in_sequence: bool,
    /// None before this place in the order.
    pub(super) from: Option<String>,
}

pub(super) fn free(of: &Type) -> String {
    format!("serialnumber.free.{}", of.name)
}

pub(super) fn used(of: &Type) -> String {
    format!("serialnumber.used.{}", of.name)
}

pub(super) fn number(row: &Value) -> &str {
    text(row, "serialNumber").unwrap_or_default()
}

/// Whether a number is taken, and not only reserved.
pub(super) fn is_taken(row: &Value) -> bool {
    text(row, "taken").is_some()
}

/// All numbers of a type in their order.
pub(super) fn all<'a>(state: &'a State, of: &Type) -> Vec<(&'a str, &'a Value)> {
    let (free, used) = (free(of), used(of));
    let mut rows: Vec<_> = state.rows(&free).chain(state.rows(&used)).collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    rows
}

/// Adds free numbers; answers those that were there already.
pub(super) fn add(
    change: &mut Change<'_>,
    of: &Type,
    numbers: &[String],
) -> Result<Vec<String>, Answer> {
    let (free, used) = (free(of), used(of));
    let now = stamp::now(change);
    let mut known = Vec::new();
    for number in numbers {
        let key = of.key(number)?;
        if change.get(&free, &key).is_some() || change.get(&used, &key).is_some() {
            known.push(number.clone());
            continue;
        }
        let row = json!({
            "serialNumber": number, "generated": now, "reserved": null, "taken": null,
            "refSN": null, "refPN": null, "stationName": null,
        });
        change.put(&free, &key, row)?;
    }
    Ok(known)
}

/// Takes or reserves free numbers, as many as there are; those of a sequence, or 409.
pub(super) fn give(
    change: &mut Change<'_>,
    of: &Type,
    wanted: &Wanted,
    taker: &Taker,
    is_taken: bool,
) -> Result<Vec<Value>, Answer> {
    let keys = choose(change, of, wanted)?;
    let now = stamp::now(change);
    let member = if is_taken { "taken" } else { "reserved" };
    let mut given = Vec::with_capacity(keys.len());
    for key in keys {
        let Some(mut row) = change.get(&free(of), &key).cloned() else {
            continue;
        };
        row[member] = now.clone();
        assign(&mut row, taker);
        change.remove(&free(of), &key);
        change.put(&used(of), &key, row.clone())?;
        given.push(row);
    }
    Ok(given)
}

pub(super) fn assign(row: &mut Value, taker: &Taker) {
    for (name, value) in [
        ("refSN", &taker.serial_number),
        ("refPN", &taker.part_number),
        ("stationName", &taker.station),
    ] {
        if value.is_some() {
            row[name] = json!(value);
        }
    }
}

fn choose(state: &State, of: &Type, wanted: &Wanted) -> Result<Vec<String>, Answer> {
    let free = free(of);
    let rows = state.rows(&free);
    let rows = rows.filter(|(key, _)| wanted.from.as_deref().is_none_or(|from| *key >= from));
    if !wanted.only_in_sequence {
        let keys = rows.take(wanted.quantity).map(|(key, _)| key.to_owned());
        return Ok(keys.collect());
    }
    let mut sequence: Vec<(&str, &Value)> = Vec::new();
    for (key, row) in rows {
        let last = sequence.last().map(|(_, last)| number(last));
        if last.is_some_and(|last| !of.follows(last, number(row))) {
            sequence.clear();
        }
        sequence.push((key, row));
        if sequence.len() >= wanted.quantity {
            return Ok(sequence
                .into_iter()
                .map(|(key, _)| key.to_owned())
                .collect());
        }
    }
    Err(conflict(format!(
        "There are no {} free numbers of the type '{}' in sequence.",
        wanted.quantity, of.name
    )))
}

/// Makes a reserved number free again.
pub(super) fn release(change: &mut Change<'_>, of: &Type, key: &str) -> Result<(), Answer> {
    let Some(mut row) = change.get(&used(of), key).cloned() else {
        return Ok(());
    };
    for name in ["reserved", "refSN", "refPN", "stationName"] {
        row[name] = Value::Null;
    }
    change.remove(&used(of), key);
    change.put(&free(of), key, row)
}
