//! Processes: what units are tested, repaired and worked on by.
//!
//! - here: the public list and the table,
//! - `internal`: processes and repair operations as the server's own pages read them.

mod internal;

use serde_json::Value;

use crate::answer::{Answer, Handled};
use crate::call::{Call, text};
use crate::routes::routes;
use crate::seed;
use crate::store::{Change, State};

/// Processes by code.
const PROCESSES: &str = "process";

routes! {
    GET "/api/App/Processes" => list;
    GET "/api/internal/Process/GetProcesses" => internal::list;
    GET "/api/internal/Process/GetProcess/{id}" => internal::get;
    GET "/api/internal/Process/GetRepairOperations" => internal::repair_operations;
    GET "/api/internal/Process/GetRepairOperation/{id}" => internal::repair_operation;
}

/// The process with this code.
pub(crate) fn by_code(state: &State, code: i64) -> Option<&Value> {
    state.get(PROCESSES, &key(code))
}

/// The process with this name, whatever its case.
pub(crate) fn by_name<'a>(state: &'a State, name: &str) -> Option<&'a Value> {
    state.find(PROCESSES, |process| {
        text(process, "name").is_some_and(|known| known.eq_ignore_ascii_case(name))
    })
}

/// All processes, by code.
pub(crate) fn all(state: &State) -> impl Iterator<Item = &Value> {
    state.rows(PROCESSES).map(|(_, process)| process)
}

/// Whether there is no process at all, as on a server that was never started.
pub(crate) fn none(state: &State) -> bool {
    state.rows(PROCESSES).next().is_none()
}

/// Adds a process, or replaces the one with the same code. Members that are missing get the values of a test operation
/// in use, so that it is listed.
pub(crate) fn put(change: &mut Change<'_>, process: Value) -> Result<(), Answer> {
    let process = seed::complete_process(process);
    let code = process
        .get("code")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    change.put(PROCESSES, &key(code), process)
}

/// Codes as keys, so that they are in order.
fn key(code: i64) -> String {
    format!("{code:05}")
}

/// Without switches: active test, repair and WIP processes. With switches: those whose switch is
/// true. `includeInactiveProcesses` adds the inactive ones to either.
fn list(call: &Call<'_>) -> Handled {
    let test = call.query.switch("includeTestOperations")?;
    let repair = call.query.switch("includeRepairOperations")?;
    let wip = call.query.switch("includeWipOperations")?;
    let inactive = call
        .query
        .switch("includeInactiveProcesses")?
        .unwrap_or(false);
    let filtered = test.is_some() || repair.is_some() || wip.is_some();
    let wanted = |switch: Option<bool>| switch.unwrap_or(!filtered);

    let is =
        |process: &Value, flag: &str| process.get(flag).and_then(Value::as_bool).unwrap_or(false);
    let list = call.store.read(|state| {
        state
            .rows(PROCESSES)
            .map(|(_, process)| process)
            .filter(|process| inactive || process.get("state").and_then(Value::as_i64) == Some(1))
            .filter(|process| {
                wanted(test) && is(process, "isTestOperation")
                    || wanted(repair) && is(process, "isRepairOperation")
                    || wanted(wip) && is(process, "isWipOperation")
            })
            .cloned()
            .collect()
    });
    Ok(Answer::json(&list))
}
