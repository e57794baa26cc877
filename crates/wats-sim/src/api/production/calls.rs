//! Operations on units, public and internal.

use serde_json::{Map, Value, json};

use super::{phase, relations, units, view};
use crate::answer::{Answer, Handled};
use crate::api::{process, product};
use crate::call::{Call, conflict, invalid, member, not_found, text};
use crate::query::bad;
use crate::shape;
use crate::store::{Change, State};
use crate::xml_data;

const MAX_NUMBER: usize = 100;

type Unit = Map<String, Value>;

/// The unit that a call names in its query.
pub(super) fn named<'a>(state: &'a State, call: &Call<'_>) -> Result<&'a Unit, Answer> {
    let part = call.query.get("partNumber");
    let part = part.ok_or_else(|| bad("partNumber is required."))?;
    units::find(state, call.required("serialNumber")?, part)
}

fn read(call: &Call<'_>, form: impl FnOnce(&State, &Unit) -> Value) -> Handled {
    call.store
        .read(|state| Ok(Answer::json(&form(state, named(state, call)?))))
}

pub(super) fn get(call: &Call<'_>) -> Handled {
    call.store.read(|state| {
        let unit = units::find(state, call.param(0), call.param(1))?;
        Ok(Answer::json(&view::public(state, unit)))
    })
}

pub(super) fn get_internal(call: &Call<'_>) -> Handled {
    let part = call.optional("partNumber").unwrap_or_default();
    call.store.read(|state| {
        let unit = units::find(state, call.required("serialNumber")?, part)?;
        Ok(Answer::json(&view::internal(state, unit)))
    })
}

pub(super) fn info(call: &Call<'_>) -> Handled {
    read(call, view::info)
}

/// The unit that the unit is part of, and so on, with all that is part of it.
pub(super) fn hierarchy(call: &Call<'_>) -> Handled {
    read(call, |state, unit| {
        view::internal(state, view::top(state, unit))
    })
}

/// The id of the phase alone, as the server's own client reads it.
pub(super) fn phase_of(call: &Call<'_>) -> Handled {
    read(call, |_, unit| json!(unit.get("unitPhaseId")))
}

/// The name of the process alone, as the server's own client reads it.
pub(super) fn process_of(call: &Call<'_>) -> Handled {
    read(call, |state, unit| {
        let process = units::process_of(state, unit);
        json!(process.and_then(|process| text(process, "name")))
    })
}

/// Three lists of the same length, the newest state first, as the server's own client reads them.
pub(super) fn history(call: &Call<'_>) -> Handled {
    read(call, |state, unit| {
        let rows = state.get(units::HISTORY, &units::key_of(unit));
        let rows = rows
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let column = |name: &str| rows.iter().rev().map(|row| json!(row.get(name))).collect();
        let (processes, phases, times): (Value, Value, Value) =
            (column("process"), column("phase"), column("dateTime"));
        json!({ "processes": processes, "phases": phases, "dateTimes": times })
    })
}

/// What a unit of this revision is made of; assumed to be the unit with its sub units.
pub(super) fn contents(call: &Call<'_>) -> Handled {
    let revision = call.required("revision")?;
    call.store.read(|state| {
        let unit = named(state, call)?;
        if units::member(unit, "revision") != revision {
            return Err(not_found(format!("such unit of revision '{revision}'")));
        }
        Ok(Answer::json(&view::internal(state, unit)))
    })
}

/// Assumed: a server has one site.
pub(super) fn sites(_: &Call<'_>) -> Handled {
    let site = json!({ "SiteId": 1, "Name": "Main site", "Description": null });
    Ok(Answer::json(&json!([site])))
}

pub(super) fn is_connected(_: &Call<'_>) -> Handled {
    Ok(Answer::json(&json!(true)))
}

/// `PUT api/Production/Units`: each unit is saved, or counted as an error.
pub(super) fn put_units(call: &Call<'_>) -> Handled {
    let items = call.array()?;
    let (mut inserted, mut updated, mut refused) = (0, 0, 0);
    call.store.change(|change| {
        for item in items {
            let Ok((unit, is_new, parent)) = merged(change, &item) else {
                refused += 1;
                continue;
            };
            *if is_new { &mut inserted } else { &mut updated } += 1;
            let key = units::key_of(&unit);
            save(change, unit)?;
            if let Some(parent) = parent {
                relations::attach(change, &parent, [key])?;
            }
        }
        Ok(())
    })?;
    Ok(Answer::json(&json!({
        "insertCount": inserted, "updateCount": updated, "errorCount": refused,
    })))
}

/// The unit as it will be stored, whether it is new, and the unit that it becomes part of.
pub(super) fn merged(state: &State, item: &Value) -> Result<(Unit, bool, Option<String>), Answer> {
    let body = item
        .as_object()
        .ok_or_else(|| invalid("a unit must be an object"))?;
    let number = |name| number(name, member(body, name).and_then(Value::as_str));
    let (serial, part) = (number("serialNumber")?, number("partNumber")?);
    let key = units::key(serial, part);
    let known = units::get(state, &key);
    let mut unit = known
        .cloned()
        .unwrap_or_else(|| units::blank(state, serial, part));
    shape::merge(units::SAVED, body, &mut unit)?;
    xml_data::apply_tags(body, &mut unit).map_err(invalid)?;
    xml_data::derive_tags(&mut unit);
    let id = unit
        .get("unitPhaseId")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    phase::name(id).ok_or_else(|| invalid(format!("there is no unit phase {id}")))?;
    if let Some(code) = unit.get("processCode").and_then(Value::as_i64) {
        unit.insert("processCode".to_owned(), json!(code.to_string()));
    }
    let parent = member(body, "parentSerialNumber").and_then(Value::as_str);
    let parent = match parent.filter(|serial| !serial.is_empty()) {
        Some(serial) => {
            let parent = units::key_of(units::find(state, serial, "")?);
            if relations::is_above(state, &key, &parent) {
                return Err(conflict("A unit cannot be part of itself."));
            }
            Some(parent)
        }
        None => None,
    };
    Ok((unit, known.is_none(), parent))
}

/// Stores a unit, and makes its product and its revision known.
pub(super) fn save(change: &mut Change<'_>, unit: Unit) -> Result<(), Answer> {
    product::reported(change, &unit)?;
    units::store(change, unit)
}

fn number<'a>(name: &str, given: Option<&'a str>) -> Result<&'a str, Answer> {
    let fits = |text: &&str| {
        (1..=MAX_NUMBER).contains(&text.chars().count()) && !text.contains(char::is_control)
    };
    given
        .filter(fits)
        .ok_or_else(|| invalid(format!("{name} must be a text of 1 to {MAX_NUMBER}")))
}

/// `POST CreateUnit`. That a unit which exists is refused with 409 is assumed.
pub(super) fn create(call: &Call<'_>) -> Handled {
    let given = |name| number(name, Some(call.required(name)?));
    let (serial, part) = (given("serialNumber")?, given("partNumber")?);
    let revision = given("revision")?;
    let phase = call.optional("unitPhase").map(phase::parse).transpose()?;
    call.store.change(|change| {
        if units::get(change, &units::key(serial, part)).is_some() {
            return Err(conflict(format!("There is a unit '{serial}' already.")));
        }
        let mut unit = units::blank(change, serial, part);
        unit.insert("revision".to_owned(), json!(revision));
        unit.insert(
            "batchNumber".to_owned(),
            json!(call.optional("batchNumber")),
        );
        let phase = phase.unwrap_or(phase::UNKNOWN);
        unit.insert("unitPhaseId".to_owned(), json!(phase));
        save(change, unit.clone())?;
        Ok(Answer::json(&view::internal(change, &unit)))
    })
}

pub(super) fn set_phase(call: &Call<'_>) -> Handled {
    let phase = phase::parse(call.required("phase")?)?;
    set(call, "unitPhaseId", |_| Ok(json!(phase)))
}

pub(super) fn set_process(call: &Call<'_>) -> Handled {
    let name = call.required("processName")?;
    set(call, "processCode", |state| {
        let process = process::by_name(state, name);
        let code = process.and_then(|process| process.get("code")?.as_i64());
        let code = code.ok_or_else(|| not_found(format!("process '{name}'")))?;
        Ok(json!(code.to_string()))
    })
}

fn set(
    call: &Call<'_>,
    member: &str,
    value: impl FnOnce(&State) -> Result<Value, Answer>,
) -> Handled {
    call.store.change(|change| {
        let mut unit = named(change, call)?.clone();
        unit.insert(member.to_owned(), value(change)?);
        units::store(change, unit)?;
        Ok(Answer::json(&json!(true)))
    })
}

/// The oldest changes that nobody has handled.
pub(super) fn changes(call: &Call<'_>) -> Handled {
    let most = call.required_number("maxCount")?;
    let most = usize::try_from(most).map_err(|_| bad("maxCount must not be negative."))?;
    let rows = call.store.read(|state| {
        let rows = state.rows(units::CHANGES).take(most);
        rows.map(|(_, row)| row.clone()).collect()
    });
    Ok(Answer::json(&rows))
}

pub(super) fn handled(call: &Call<'_>) -> Handled {
    let id: u64 = (call.param(0).parse()).map_err(|_| {
        bad(format!(
            "The value '{}' of id is not a number.",
            call.param(0)
        ))
    })?;
    call.store.change(|change| {
        if change.remove(units::CHANGES, &units::change_key(id)) {
            Ok(Answer::json(&json!(true)))
        } else {
            Err(not_found(format!("change {id}")))
        }
    })
}
