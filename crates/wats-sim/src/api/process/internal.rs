//! Processes and repair operations as the server's own pages read them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::PROCESSES;
use crate::answer::{Answer, Handled};
use crate::call::{Call, not_found};
use crate::shape::document;
use crate::store::State;

/// All processes, also those out of use.
pub(super) fn list(call: &Call<'_>) -> Handled {
    let list = call.store.read(|state| {
        state
            .rows(PROCESSES)
            .map(|(_, process)| view(process))
            .collect()
    });
    Ok(Answer::json(&list))
}

pub(super) fn get(call: &Call<'_>) -> Handled {
    let id = call.guid_param(0)?;
    call.store
        .read(|state| Ok(Answer::json(&view(by_id(state, &id)?))))
}

/// What each repair operation asks for, by its code as a text.
pub(super) fn repair_operations(call: &Call<'_>) -> Handled {
    let all = call.store.read(|state| {
        let processes = state.rows(PROCESSES).map(|(_, process)| process);
        let repairs =
            processes.filter_map(|process| Some((code(process).to_string(), repair(process)?)));
        document(repairs)
    });
    Ok(Answer::json(&Value::Object(all)))
}

pub(super) fn repair_operation(call: &Call<'_>) -> Handled {
    let id = call.guid_param(0)?;
    let wanted = call.number("processCode")?;
    call.store.read(|state| {
        let process = by_id(state, &id)?;
        let of = repair(process).filter(|_| wanted.is_none_or(|wanted| wanted == code(process)));
        of.map(|repair| Answer::json(&repair))
            .ok_or_else(|| not_found(format_args!("repair operation {id}")))
    })
}

fn by_id<'a>(state: &'a State, id: &str) -> Result<&'a Value, Answer> {
    let processes = state.rows(PROCESSES).map(|(_, process)| process);
    let mut fitting = processes.filter(|process| id_of(process) == id);
    fitting
        .next()
        .ok_or_else(|| not_found(format_args!("process {id}")))
}

fn code(process: &Value) -> i64 {
    process
        .get("code")
        .and_then(Value::as_i64)
        .unwrap_or_default()
}

/// The id of a process follows from its code, so that two servers agree.
fn id_of(process: &Value) -> String {
    let code = u128::from(code(process).unsigned_abs());
    Uuid::from_u128(0x5f3b_0c1e_7d52_4e7a_9f01_0000_0000_0000 + code).to_string()
}

fn view(process: &Value) -> Value {
    json!({
        "Code": process.get("code"),
        "ProcessID": id_of(process),
        "Name": process.get("name"),
        "Description": process.get("description"),
        "ProcessIndex": process.get("processIndex"),
        "State": process.get("state"),
        "Properties": null,
        "IsTestOperation": process.get("isTestOperation"),
        "IsWIPOperation": process.get("isWipOperation"),
        "IsRepairOperation": process.get("isRepairOperation"),
    })
}

/// What a repair operation asks for; `None` for a process that is none.
fn repair(process: &Value) -> Option<Value> {
    let of = process.get("repairOperation").filter(|of| of.is_object())?;
    let misc_info = |misc_info: &Value| {
        json!({
            "Description": misc_info.get("description"),
            "InputMask": misc_info.get("inputMask"),
            "Required": misc_info.get("required"),
        })
    };
    let code = |code: &Value| failure(code, &json!([]));
    let category = |category: &Value| failure(category, &each(category, "failCodes", code));
    Some(json!({
        "Description": of.get("description"),
        "UUTRequired": of.get("uutBinding"),
        "CompRefMask": of.get("componentReferenceMask"),
        "CompRefMaskDescription": of.get("componentReferenceMaskDescription"),
        "BomConstraint": null,
        "BOMRequired": of.get("bomBinding"),
        "VendorRequired": of.get("vendorBinding"),
        "Categories": each(of, "failCodes", category),
        "MiscInfos": each(of, "miscInfos", misc_info),
    }))
}

/// A category of failures, or a code in one.
fn failure(of: &Value, codes: &Value) -> Value {
    json!({
        "GUID": of.get("id"),
        "Description": of.get("description"),
        "Selectable": of.get("selectable"),
        "SortOrder": of.get("sortOrder"),
        "FailureType": of.get("repairType"),
        "ImageConstraint": of.get("imageConstraint").filter(|of| !of.is_null()).map(Value::to_string),
        "Status": 1,
        "Failcodes": codes,
    })
}

fn each(of: &Value, name: &str, view: impl Fn(&Value) -> Value) -> Value {
    let items = of.get(name).and_then(Value::as_array);
    items.into_iter().flatten().map(view).collect()
}
