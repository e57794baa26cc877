//! The log of alarms. This server has one trigger: a test report that did not pass.

use serde_json::{Map, Value, json};

use super::filter::{OF_LOGS, WatsFilter};
use super::history::History;
use crate::answer::{Answer, Handled};
use crate::call::Call;
use crate::query::bad;
use crate::shape::names;

/// Rows where a filter does not say how many.
const TOP: usize = 1000;
/// The type of alarms that are about a report, of the five that there are.
const REPORT: u8 = 1;
/// Members of the other types of alarms.
const OTHERS: &[&str] = names! {
    "groupingSet" "clientGroupIds" "productSelectionIds" "fpy" "spy" "tpy" "lpy" "testYield" "fpyTrend" "spyTrend" "tpyTrend"
    "lpyTrend" "testYieldTrend" "uutCount" "unitCount" "fpCount" "lpCount" "retestCount" "sequenceCount" "sequentialMatch"
    "free" "reserved" "serialNumberType" "cp" "cpk" "min" "max" "avg" "stdev" "measurementPath" "assetname" "serialnumber"
    "typeid" "assetstate" "bubbledstatus" "tags" "isDaysSinceCalibrationUnknown" "isDaysSinceMaintenanceUnknown"
};

pub(super) fn logs(call: &Call<'_>) -> Handled {
    let filter = WatsFilter::of_body(call, OF_LOGS)?;
    let with_calculation = call
        .query
        .switch("includeCalculationString")?
        .unwrap_or(false);
    let types = call.optional("includeTypes").map(|types| {
        let types = types.split(';').map(|kind| kind.trim().parse::<u8>());
        types.collect::<Result<Vec<_>, _>>()
    });
    let types = types
        .transpose()
        .map_err(|_| bad("includeTypes must be ids of types, separated by ;."))?;
    if types.is_some_and(|types| !types.contains(&REPORT)) {
        return Ok(Answer::json(&json!([])));
    }
    let history = History::of(call);
    let failed = history
        .tests_of(&filter)
        .into_iter()
        .rev()
        .filter(|test| !test.passed());
    let row = |test: &super::history::Test| {
        let of = |name: &str| test.header().get(name).cloned().unwrap_or_default();
        let calculation = format!("result = {}", test.text("result"));
        let row = json!({
            "logId": test.report.time_stamp, "name": "Test that did not pass", "logDate": test.start.to_string(),
            "triggerId": 1, "type": REPORT, "state": "Alarm",
            "calculationsString": with_calculation.then_some(calculation),
            "partNumber": of("partNumber"), "productName": history.catalog.product_name(test.header()),
            "revision": of("revision"), "serialNumber": of("serialNumber"),
            "processCode": of("processCode").to_string(), "processName": of("processName"),
            "stationName": of("stationName"), "reportGuid": of("uuid"), "operator": of("userName"),
            "result": of("result"), "startUtc": test.start.to_string(),
        });
        let mut row: Map<String, Value> = row.as_object().cloned().unwrap_or_default();
        row.extend(OTHERS.iter().map(|name| ((*name).to_owned(), Value::Null)));
        Value::Object(row)
    };
    let top = filter.count("topCount").unwrap_or(TOP);
    Ok(Answer::json(&failed.take(top).map(row).collect()))
}
