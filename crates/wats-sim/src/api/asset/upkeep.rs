//! What is done with an asset: counts, calibration, maintenance, its state, and the log of it all.

use serde_json::{Map, Value, json};

use super::{ASSETS, LOG, STATES, below, due, integer, meant, view};
use crate::answer::{Answer, Handled};
use crate::api::list::List;
use crate::api::stamp;
use crate::call::{Call, invalid, member, text};
use crate::odata::{Column, columns};
use crate::query::bad;
use crate::store::{Change, State};

const MESSAGE: u8 = 0;
pub(super) const REGISTERED: u8 = 1;
pub(super) const UPDATED: u8 = 2;
const COUNT_RESET: u8 = 3;
const CALIBRATED: u8 = 4;
const MAINTAINED: u8 = 5;
const STATE_CHANGED: u8 = 6;

const ENTRY: &[Column] = columns! {
    Number: "logId" "type";
    Text: "assetId" "serialNumber" "user" "property" "value" "comment";
    Time: "date";
};
const LIST: List = List::of(ENTRY);

/// Writes into the log of an asset what became of a property.
pub(super) fn note(
    change: &mut Change<'_>,
    id: &str,
    kind: u8,
    (property, value): (&str, Value),
    comment: Option<&str>,
) -> Result<(), Answer> {
    let number = change.next("asset.log")?;
    let asset = change.get(ASSETS, id);
    let value = match value {
        Value::Null | Value::String(_) => value,
        other => Value::String(other.to_string()),
    };
    let entry = json!({
        "logId": number, "assetId": id, "serialNumber": asset.and_then(|asset| asset.get("serialNumber")),
        "date": stamp::now(change), "user": stamp::USER, "type": kind,
        "property": Some(property).filter(|name| !name.is_empty()), "value": value, "comment": comment,
    });
    change.put(LOG, &format!("{id}/{number:012}"), entry)
}

/// The last entry first.
pub(super) fn log(call: &Call<'_>) -> Handled {
    let mut entries: Vec<Map<String, Value>> = call.store.read(|state| {
        let entries = state.rows(LOG).map(|(_, entry)| entry.as_object());
        entries.flatten().cloned().collect()
    });
    entries.sort_by_key(|entry| -integer(entry, "logId"));
    LIST.answer(&call.query, entries.into_iter())
}

/// Changes the asset that is meant, member by member, notes it, and answers the asset.
fn set(call: &Call<'_>, kind: u8, told: (&str, Value), members: &[(&str, Value)]) -> Handled {
    call.store.change(|change| {
        let mut asset = meant(call, change)?;
        for (name, value) in members {
            asset.insert((*name).to_owned(), value.clone());
        }
        let asset = Value::Object(asset);
        let id = text(&asset, "assetId").unwrap_or_default();
        change.put(ASSETS, id, asset.clone())?;
        note(change, id, kind, told, call.optional("comment"))?;
        Ok(Answer::json(&view::whole(change, &asset, false)))
    })
}

pub(super) fn set_state(call: &Call<'_>) -> Handled {
    let state = call.required_number("state")?;
    if !STATES.contains(&state) {
        return Err(bad("state goes from 0 to 6."));
    }
    let value = json!(state);
    set(
        call,
        STATE_CHANGED,
        ("state", value.clone()),
        &[("state", value)],
    )
}

pub(super) fn reset_running_count(call: &Call<'_>) -> Handled {
    let zero = [("runningCount", json!(0))];
    set(call, COUNT_RESET, ("runningCount", json!(0)), &zero)
}

/// Uses are counted anew from a calibration on.
pub(super) fn calibrated(call: &Call<'_>) -> Handled {
    let date = date(call)?;
    let members = [
        ("lastCalibrationDate", date.clone()),
        ("nextCalibrationDate", Value::Null),
        ("runningCount", json!(0)),
    ];
    set(call, CALIBRATED, ("lastCalibrationDate", date), &members)
}

pub(super) fn maintained(call: &Call<'_>) -> Handled {
    let date = date(call)?;
    let members = [
        ("lastMaintenanceDate", date.clone()),
        ("nextMaintenanceDate", Value::Null),
    ];
    set(call, MAINTAINED, ("lastMaintenanceDate", date), &members)
}

/// A calibration by others, who say when the next one is due.
pub(super) fn calibrated_outside(call: &Call<'_>) -> Handled {
    let (from, to) = span(call)?;
    let members = [
        ("lastCalibrationDate", from.clone()),
        ("nextCalibrationDate", to),
        ("runningCount", json!(0)),
    ];
    set(call, CALIBRATED, ("lastCalibrationDate", from), &members)
}

/// A maintenance by others, who say when the next one is due.
pub(super) fn maintained_outside(call: &Call<'_>) -> Handled {
    let (from, to) = span(call)?;
    let members = [
        ("lastMaintenanceDate", from.clone()),
        ("nextMaintenanceDate", to),
    ];
    set(call, MAINTAINED, ("lastMaintenanceDate", from), &members)
}

fn span(call: &Call<'_>) -> Result<(Value, Value), Answer> {
    let from = call.time("fromDate")?.unwrap_or_else(|| call.now());
    let to = call.time("toDate")?;
    if to.is_some_and(|to| to <= from) {
        return Err(bad("toDate must be after fromDate."));
    }
    Ok((stamp::time(from), to.map_or(Value::Null, stamp::time)))
}

pub(super) fn set_running_count(call: &Call<'_>) -> Handled {
    set_count(call, "runningCount")
}

pub(super) fn set_total_count(call: &Call<'_>) -> Handled {
    set_count(call, "totalCount")
}

/// Sets one count to what it is to be, be it more or less.
fn set_count(call: &Call<'_>, name: &str) -> Handled {
    let count = call.required_number(name)?;
    if !(0..=i64::from(i32::MAX)).contains(&count) {
        return Err(bad(format!("{name} goes from 0 to {}.", i32::MAX)));
    }
    set(call, UPDATED, (name, json!(count)), &[(name, json!(count))])
}

fn date(call: &Call<'_>) -> Result<Value, Answer> {
    let time = call.time("dateTime")?.unwrap_or_else(|| call.now());
    Ok(stamp::time(time))
}

pub(super) fn post_message(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let content = member(&body, "content").and_then(Value::as_str);
    let content = content.filter(|content| !content.is_empty());
    let content = content.ok_or_else(|| invalid("content is required"))?;
    call.store.change(|change| {
        let asset = Value::Object(meant(call, change)?);
        let id = text(&asset, "assetId").unwrap_or_default();
        note(change, id, MESSAGE, ("", Value::Null), Some(content))?;
        Ok(Answer::json(&view::whole(change, &asset, false)))
    })
}

/// Counts uses: by how many, or to what. Counts never go down.
pub(super) fn count(call: &Call<'_>) -> Handled {
    let (total, by) = (call.number("totalCount")?, call.number("incrementBy")?);
    if total.is_some() == by.is_some() {
        return Err(bad("Either totalCount or incrementBy is required."));
    }
    let with_children = call.query.switch("incrementChildren")?.unwrap_or(false);
    call.store.change(|change| {
        let asset = meant(call, change)?;
        let by = by.or_else(|| total?.checked_sub(integer(&asset, "totalCount")));
        let by = by.filter(|by| *by >= 0);
        let by = by.ok_or_else(|| bad("The count must not go down."))?;
        let asset = Value::Object(asset);
        let id = text(&asset, "assetId").unwrap_or_default();
        let levels = if with_children { usize::MAX } else { 0 };
        let others = below(change, id, levels).into_iter().map(|(_, id)| id);
        for id in std::iter::once(id.to_owned()).chain(others) {
            let asset = add(change, &id, by)?;
            let total = asset.get("totalCount").cloned().unwrap_or_default();
            note(change, &id, UPDATED, ("totalCount", total), None)?;
        }
        let asset = change.get(ASSETS, id).cloned().unwrap_or_default();
        Ok(Answer::json(&status_of(change, &asset)))
    })
}

/// Adds uses to both counts of an asset, and answers it.
pub(super) fn add(change: &mut Change<'_>, id: &str, by: i64) -> Result<Value, Answer> {
    let asset = change.get(ASSETS, id).and_then(Value::as_object).cloned();
    let mut asset = asset.unwrap_or_default();
    for name in ["totalCount", "runningCount"] {
        let count = integer(&asset, name).checked_add(by);
        let count = count.filter(|count| *count <= i64::from(i32::MAX));
        let count = count.ok_or_else(|| bad(format!("{name} goes up to {}.", i32::MAX)))?;
        asset.insert(name.to_owned(), json!(count));
    }
    let asset = Value::Object(asset);
    change.put(ASSETS, id, asset.clone())?;
    Ok(asset)
}

pub(super) fn status(call: &Call<'_>) -> Handled {
    call.query.switch("translate")?;
    call.store.read(|state| {
        let asset = Value::Object(meant(call, state)?);
        Ok(Answer::json(&status_of(state, &asset)))
    })
}

fn status_of(state: &State, asset: &Value) -> Value {
    let due = due::of(state, asset, state.now());
    let mut status = due.members;
    for name in ["Calibration", "Maintenance"] {
        let is_unknown = asset
            .get(format!("last{name}Date"))
            .is_none_or(Value::is_null);
        status.insert(format!("isDaysSince{name}Unknown"), is_unknown.into());
    }
    for name in ["assetId", "serialNumber", "state"] {
        let value = asset.get(name).cloned().unwrap_or_default();
        status.insert(name.to_owned(), value);
    }
    status.insert("alarmState".to_owned(), due.alarm_state.into());
    status.insert("message".to_owned(), due.message.into());
    Value::Object(status)
}
