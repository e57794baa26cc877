//! `api/App`: version and processes.

use serde_json::{Value, json};

use crate::answer::{Answer, Handled};
use crate::query::Query;
use crate::store::Store;

/// What `GET api/App/Version` answers.
const VERSION: &str = "2025.3.1.0";

pub(crate) fn version() -> Answer {
    Answer::json(&json!(VERSION))
}

/// Without switches: active test, repair and WIP processes. With switches: those whose switch is
/// true. `includeInactiveProcesses` adds the inactive ones to either.
pub(crate) fn processes(store: &Store, query: &Query) -> Handled {
    let test = query.switch("includeTestOperations")?;
    let repair = query.switch("includeRepairOperations")?;
    let wip = query.switch("includeWipOperations")?;
    let inactive = query.switch("includeInactiveProcesses")?.unwrap_or(false);
    let filtered = test.is_some() || repair.is_some() || wip.is_some();
    let wanted = |switch: Option<bool>| switch.unwrap_or(!filtered);

    let is =
        |process: &Value, flag: &str| process.get(flag).and_then(Value::as_bool).unwrap_or(false);
    let list: Vec<Value> = store
        .processes()
        .into_iter()
        .filter(|process| inactive || process.get("state").and_then(Value::as_i64) == Some(1))
        .filter(|process| {
            wanted(test) && is(process, "isTestOperation")
                || wanted(repair) && is(process, "isRepairOperation")
                || wanted(wip) && is(process, "isWipOperation")
        })
        .collect();
    Ok(Answer::json(&Value::Array(list)))
}
