//! Operations that clients use and no description has. What they do is what a client says of them: whether the server has
//! them is not known.

use serde_json::{Map, Value, json};

use super::{batches, calls, relations, units, view};
use crate::answer::{Answer, Handled};
use crate::api::list::List;
use crate::api::product;
use crate::call::{Call, conflict, invalid, member, not_found};
use crate::odata::{Collection, Column, Schema, columns};

const UNIT: &[Column] = columns! {
    Text: "serialNumber" "partNumber" "revision" "batchNumber" "currentLocation" "processCode";
    Time: "serialDate";
    Number: "unitPhaseId";
};
const LIST: List = List {
    schema: Schema {
        columns: UNIT,
        collections: &[Collection {
            name: "subUnits",
            columns: UNIT,
        }],
    },
    orderable: UNIT,
    default_top: 100,
    max_top: 1000,
};

/// `GET api/Production/Unit/Query`: units with those that are part of them, one level deep.
pub(super) fn query(call: &Call<'_>) -> Handled {
    call.store.read(|state| {
        let units = state.rows(units::UNITS);
        let units = units.filter_map(|(_, unit)| unit.as_object());
        LIST.answer(&call.query, units.map(|unit| view::listed(state, unit)))
    })
}

/// `POST api/Production/Unit`: as with `PUT Units`, but the unit must be new, have a revision, and be part of nothing.
pub(super) fn create(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    call.store.change(|change| {
        let (unit, is_new, _) = calls::merged(change, &json!(body))?;
        if !is_new {
            return Err(conflict("There is such a unit already."));
        }
        if member(&body, "parentSerialNumber").is_some()
            || units::member(&unit, "revision").is_empty()
        {
            return Err(invalid("a new unit needs a revision, and has no parent"));
        }
        calls::save(change, unit)?;
        Ok(Answer::json(&Value::Bool(true)))
    })
}

/// `PUT api/Production/Unit`: the unit must be there, and so must be its batch.
pub(super) fn update(call: &Call<'_>) -> Handled {
    let mut body = call.object()?;
    let apart = ["parentSerialNumber", "unitPhaseId", "processCode"];
    body.retain(|name, _| !apart.iter().any(|other| name.eq_ignore_ascii_case(other)));
    call.store.change(|change| {
        let (unit, is_new, _) = calls::merged(change, &json!(body))?;
        if is_new {
            return Err(not_found("such unit"));
        }
        let batch = member(&body, "batchNumber").and_then(Value::as_str);
        if let Some(batch) = batch.filter(|batch| batches::by_number(change, batch).is_none()) {
            return Err(invalid(format!("there is no batch '{batch}'")));
        }
        calls::save(change, unit)?;
        Ok(Answer::json(&Value::Bool(true)))
    })
}

/// `DELETE api/Production/Unit`: not of a unit that others are part of.
pub(super) fn delete(call: &Call<'_>) -> Handled {
    call.store.change(|change| {
        let unit = calls::named(change, call)?.clone();
        if units::children_of(&unit).next().is_some() {
            return Err(conflict(
                "Units are part of this one: they are removed first.",
            ));
        }
        relations::leave(change, &unit)?;
        units::forget(change, &unit)?;
        Ok(Answer::json(&Value::Bool(true)))
    })
}

/// `PUT api/Production/ChangeUnit`: another part number and revision.
pub(super) fn change_numbers(call: &Call<'_>) -> Handled {
    let (part, revision) = (
        call.required("newPartNumber")?,
        call.required("newRevision")?,
    );
    call.store.change(|change| {
        let old = calls::named(change, call)?.clone();
        let mut unit = old.clone();
        for (name, value) in [
            ("partNumber", json!(part)),
            ("revision", json!(revision)),
            ("children", json!([])),
        ] {
            unit.insert(name.to_owned(), value);
        }
        let key = units::key_of(&unit);
        let is_renamed = key != units::key_of(&old);
        if is_renamed && units::get(change, &key).is_some() {
            return Err(conflict("There is such a unit already."));
        }
        product::reported(change, &unit)?;
        relations::leave(change, &old)?;
        units::replace(change, Some(&old), unit)?;
        let children = units::children_of(&old).map(str::to_owned);
        relations::adopt(change, &key, children)?;
        if let Some(parent) = units::parent_of(&old) {
            relations::adopt(change, &parent, [key])?;
        }
        Ok(Answer::json(&Value::Bool(true)))
    })
}

/// `PUT api/Production/UnitTag`.
pub(super) fn set_tag(call: &Call<'_>) -> Handled {
    let (key, value) = (
        call.required("key")?,
        call.query.get("value").unwrap_or_default(),
    );
    call.store.change(|change| {
        let unit = calls::named(change, call)?;
        let tag = json!({ "key": key, "value": value, "change": 1 });
        let body = json!({
            "serialNumber": unit.get("serialNumber"), "partNumber": unit.get("partNumber"), "tags": [tag],
        });
        let (unit, ..) = calls::merged(change, &body)?;
        units::store(change, unit)?;
        Ok(Answer::json(&Value::Bool(true)))
    })
}

/// `GET api/Production/Batches`, all or one.
pub(super) fn list_batches(call: &Call<'_>) -> Handled {
    let all = call.store.all(batches::BATCHES);
    let wanted = call.optional("batchId");
    let is_wanted = |batch: &Map<String, Value>| {
        wanted.is_none_or(|wanted| units::member(batch, "batchNumber") == wanted)
    };
    let batches = all.iter().filter_map(|batch| batch.as_object());
    let batches = batches.filter(|batch| is_wanted(batch));
    Ok(Answer::json(&batches.map(|batch| json!(batch)).collect()))
}

/// `PUT api/Production/Batch`: one, which is answered.
pub(super) fn put_batch(call: &Call<'_>) -> Handled {
    let saved = batches::save(call, &[call.json()?])?;
    Ok(Answer::json(saved.first().unwrap_or(&Value::Null)))
}
