//! Inspections: which a unit may go through, and what was done of them.
//!
//! A step names its definition and no unit, so an inspection is that of its definition which is not submitted yet.

use std::collections::BTreeMap;

use regex_lite::RegexBuilder;
use serde_json::{Map, Value, json};

use super::{DEFINITIONS, DRAFT, RELEASED, REVOKED, RUNS, definition, relations, status};
use crate::answer::{Answer, Handled};
use crate::api::stamp;
use crate::call::{Call, guid, invalid, new_guid, text};
use crate::query::bad;
use crate::shape::{Shape, bind, shape};
use crate::store::State;

const STEP: Shape = shape! {
    Guid: "definitionId";
    Integer: "id" "parentId" "result" "addAttachments";
    Text: "name" "type" "desc" "operator" "url" "comment";
    Number: "execTime";
    Bool: "passAllAffected" "allowSkip";
};
const MISC_INFO: Shape = shape! {
    Guid: "guid";
    Text: "name" "regex" "value";
    Bool: "isValid";
    Integer: "type";
};
/// Most steps of an inspection.
const MAX_STEPS: usize = 10_000;
/// Most bytes of a regular expression, and of what it becomes.
const MAX_PATTERN: usize = 10_000;
const MAX_PROGRAM: usize = 1 << 20;

/// Definitions of a status, released where none is asked for, that are for the unit.
pub(super) fn sequences(call: &Call<'_>) -> Handled {
    let (serial, part) = (call.required("serialNumber")?, call.required("partNumber")?);
    let given = |name: &str| {
        let given = call.query.get(name);
        given.ok_or_else(|| bad(format!("{name} is required.")))
    };
    let (revision, batch) = (given("revision")?, given("batchNumber")?);
    let wanted = call.number("status")?.unwrap_or(RELEASED);
    let unit = [
        ("serialNumber", serial),
        ("partNumber", part),
        ("revision", revision),
        ("batchNumber", batch),
        (
            "stationName",
            call.optional("stationName").unwrap_or_default(),
        ),
    ];
    let is_for = |relation: &&Value| {
        let key = text(relation, "EntityKey").unwrap_or_default();
        let mut unit = unit.iter();
        let found = unit.find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.is_some_and(|(_, value)| text(relation, "EntityValue") == Some(value))
    };
    call.store.read(|state| {
        let definitions = state.rows(DEFINITIONS);
        let found = definitions
            .filter(|(_, definition)| status(definition) == wanted)
            .filter(|(id, _)| relations::of(state, id).iter().any(is_for))
            .map(|(id, definition)| {
                json!({
                    "TestSequenceDefinitionId": id, "Name": definition["Name"], "Version": definition["Version"],
                    "Status": definition["Status"],
                })
            });
        Ok(Answer::json(&found.collect()))
    })
}

/// The inspection of an id, or null: no operation says of which unit one is.
pub(super) fn details(call: &Call<'_>) -> Handled {
    let end = format!("/{}", call.guid_param(0)?);
    call.store.read(|state| {
        let run = state.rows(RUNS).find(|(key, _)| key.ends_with(&end));
        let run = run.map(|(_, run)| {
            let mut run = run.as_object().cloned().unwrap_or_default();
            run.remove("Steps");
            Value::Object(run)
        });
        Ok(Answer::json(&run.unwrap_or_default()))
    })
}

/// Stores steps of an inspection; with `submit`, it is done. The answer is the steps, or all of the inspection's.
pub(super) fn save_steps(call: &Call<'_>) -> Handled {
    let submit = call.query.switch("submit")?.unwrap_or(false);
    let all = call.query.switch("returnRootSequence")?.unwrap_or(false);
    let given = call
        .array()?
        .iter()
        .map(step)
        .collect::<Result<Vec<_>, _>>()?;
    let steps = save(call, &given, submit)?;
    Ok(Answer::json(&if all { steps } else { Value::Array(given) }))
}

pub(super) fn save_string_test(call: &Call<'_>) -> Handled {
    let step = step(&call.json()?)?;
    save(call, std::slice::from_ref(&step), false)?;
    Ok(Answer::json(&step))
}

fn step(given: &Value) -> Result<Value, Answer> {
    let given = given
        .as_object()
        .ok_or_else(|| invalid("a step must be an object"))?;
    let step = bind(STEP, given)?;
    let number = |name: &str| step.get(name).and_then(Value::as_i64);
    if number("id").is_none() {
        return Err(invalid("a step needs an id"));
    }
    for (name, most) in [("result", 6), ("addAttachments", 2)] {
        if number(name).is_some_and(|number| !(0..=most).contains(&number)) {
            return Err(invalid(format!("{name} goes from 0 to {most}")));
        }
    }
    Ok(Value::Object(step))
}

/// Puts steps into the inspection of their definition that is not submitted, which begins if there is none.
fn save(call: &Call<'_>, steps: &[Value], submit: bool) -> Result<Value, Answer> {
    let id = steps.first().and_then(|step| text(step, "definitionId"));
    let id = id.ok_or_else(|| invalid("definitionId is required"))?;
    if steps
        .iter()
        .any(|step| text(step, "definitionId") != Some(id))
    {
        return Err(invalid("all steps must be of one definition"));
    }
    call.store.change(|change| {
        if matches!(status(definition(change, id)?), DRAFT | REVOKED) {
            return Err(invalid("the definition is not in use"));
        }
        let start = format!("{}/", guid(id).unwrap_or_default());
        let mut runs = change.under(RUNS, &start);
        let run = runs.find(|(_, run)| run["Submitted"] == json!(null));
        let run = run.and_then(|(_, run)| run.as_object().cloned());
        drop(runs);
        let mut run = run.unwrap_or_else(|| begin(change, id));
        let known = run.remove("Steps");
        let known = known
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let number = |step: &Value| super::integer(step, "id");
        let mut merged = BTreeMap::new();
        let all = known.chain(steps);
        merged.extend(all.map(|step| (number(step), step.clone())));
        if merged.len() > MAX_STEPS {
            return Err(invalid(format!(
                "an inspection has at most {MAX_STEPS} steps"
            )));
        }
        let merged: Value = merged.into_values().collect();
        run.insert("Steps".to_owned(), merged.clone());
        run.insert("LastEventTime".to_owned(), stamp::now(change));
        if submit {
            run.insert("Submitted".to_owned(), stamp::now(change));
        }
        let run = Value::Object(run);
        let key = text(&run, "TestSequenceInstanceId").unwrap_or_default();
        change.put(RUNS, &format!("{start}{key}"), run)?;
        Ok(merged)
    })
}

fn begin(state: &State, definition: &str) -> Map<String, Value> {
    let run = json!({
        "TestSequenceInstanceId": new_guid(), "TestSequenceDefinitionId": definition, "UnitId": null,
        "SerialNumber": null, "PartNumber": null, "Revision": null, "Created": stamp::now(state),
        "LastEventTime": stamp::now(state), "Submitted": null,
    });
    run.as_object().cloned().unwrap_or_default()
}

/// Says whether the value fits the regular expression.
pub(super) fn check_misc_info(call: &Call<'_>) -> Handled {
    let mut info = bind(MISC_INFO, &call.object()?)?;
    let of = |name: &str| info.get(name).and_then(Value::as_str).unwrap_or_default();
    let pattern = Some(of("regex")).filter(|pattern| pattern.len() <= MAX_PATTERN);
    let pattern = pattern.and_then(|pattern| {
        let regex = RegexBuilder::new(pattern).size_limit(MAX_PROGRAM).build();
        regex.ok()
    });
    let pattern = pattern.ok_or_else(|| invalid("regex is not understood"))?;
    let fits = pattern.is_match(of("value"));
    info.insert("isValid".to_owned(), fits.into());
    Ok(Answer::json(&Value::Object(info)))
}
