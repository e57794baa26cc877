//! `api/Workflow`: the test of a unit begins and ends.
//!
//! Workflows cannot be defined or begun by any known route. Assumed: each unit has one that is released and begun, whose
//! activity is a test until it is passed. So `StartTest` answers `true` unless a test runs or was passed, `EndTest` if one
//! runs, and either answers `false` for another status. A unit that does not exist is 404.

use serde_json::{Value, json};

use super::production;
use crate::answer::{Answer, Handled};
use crate::call::Call;
use crate::query::bad;
use crate::routes::routes;

routes! {
    GET "/api/Workflow/StartTest" => start;
    GET "/api/Workflow/EndTest" => end;
}

/// Workflows by the key of their unit.
const WORKFLOWS: &str = "workflow";
const RELEASED: i64 = 2;

fn start(call: &Call<'_>) -> Handled {
    go(call, "ready", "running")
}

fn end(call: &Call<'_>) -> Handled {
    let passed = call.query.switch("passed")?.unwrap_or(true);
    let next = if passed { "passed" } else { "ready" };
    go(call, "running", next)
}

/// Brings the workflow of a unit from one state to the next; whether it was there.
fn go(call: &Call<'_>, from: &str, next: &str) -> Handled {
    let (serial, part) = (call.required("serialNumber")?, call.required("partNumber")?);
    let status = call.number("status")?.unwrap_or(RELEASED);
    if !(0..=3).contains(&status) {
        return Err(bad(format!("There is no status {status}.")));
    }
    call.store.change(|change| {
        let key = production::unit_key(change, serial, part)?;
        let at = change.get(WORKFLOWS, &key);
        let at = at.and_then(|workflow| workflow.get("activity")?.as_str());
        let done = status == RELEASED && at.unwrap_or("ready") == from;
        if done {
            let workflow = json!({
                "activity": next,
                "operatorName": call.optional("operatorName"),
                "stationName": call.optional("stationName"),
            });
            change.put(WORKFLOWS, &key, workflow)?;
        }
        Ok(Answer::json(&Value::Bool(done)))
    })
}
