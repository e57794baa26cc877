//! The header that the server derives from a report, with its lists.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::odata::parse_time;

/// The header the server derives from a report, without what only the store knows.
pub(super) fn header(report: &Map<String, Value>, process: Option<&Value>) -> Map<String, Value> {
    let empty = Map::new();
    let part = |name: &str| {
        report
            .get(name)
            .and_then(Value::as_object)
            .unwrap_or(&empty)
    };
    let is_repair = text_of(report, "type") == Some("R");
    let unit = if is_repair { part("uur") } else { part("uut") };
    let root = part("root");
    let sequence = root
        .get("seqCall")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let result = match text_of(report, "result") {
        Some("P") => Some("Passed"),
        Some("F") => Some("Failed"),
        Some("E") => Some("Error"),
        Some("T") => Some("Terminated"),
        other => other,
    };
    let start = start_of(report).map(|time| time.to_string());
    let cause = caused_failure(report.get("root"));
    let process_name = process.and_then(|process| process.get("name"));

    let header = json!({
        "uuid": text_of(report, "id").and_then(|id| Uuid::try_parse(id).ok()).map(|id| id.to_string()),
        "serialNumber": report.get("sn"),
        "partNumber": report.get("pn"),
        "reportType": report.get("type"),
        "start": start,
        "revision": report.get("rev"),
        "result": result,
        "batchNumber": unit.get("batchSN"),
        "userName": unit.get("user"),
        "stationName": report.get("machineName"),
        "location": report.get("location"),
        "purpose": report.get("purpose"),
        "measuresDeleted": false,
        "processCode": report.get("processCode"),
        "processName": process_name.or(report.get("processName")),
        "comment": unit.get("comment"),
        "executionTime": unit.get("execTime"),
        "swFilename": sequence.get("name"),
        "swVersion": sequence.get("version"),
        "testSocketIndex": unit.get("testSocketIndex"),
        "fixtureId": unit.get("fixtureId"),
        "errorCode": unit.get("errorCode"),
        "errorMessage": unit.get("errorMessage"),
        "causedUutFailure": cause.as_ref().and_then(|path| path.last()),
        "causedUutFailurePath": cause.as_ref().map(|path| path.join("/")),
        "referencedUut": unit.get("refUUT"),
    });
    let Value::Object(mut header) = header else {
        return Map::new();
    };
    for (name, list) in lists(report) {
        header.insert(name.to_owned(), Value::Array(list));
    }
    header
}

/// Names from the root down to the first step marked as the cause of the failure.
fn caused_failure(step: Option<&Value>) -> Option<Vec<&str>> {
    let step = step?;
    let name = step.get("name").and_then(Value::as_str).unwrap_or_default();
    let children = step
        .get("steps")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    for child in children {
        if let Some(mut path) = caused_failure(Some(child)) {
            path.insert(0, name);
            return Some(path);
        }
    }
    let is_cause = step.get("causedUUTFailure").and_then(Value::as_bool) == Some(true);
    is_cause.then(|| vec![name])
}

/// The lists of a header; those of test reports are empty for repairs and the other way round.
fn lists(report: &Map<String, Value>) -> Vec<(&'static str, Vec<Value>)> {
    let is_repair = text_of(report, "type") == Some("R");
    let only = |wanted: bool, list: Vec<Value>| if wanted { list } else { Vec::new() };
    vec![
        ("subUnits", only(!is_repair, sub_units(report, true))),
        ("miscInfo", only(!is_repair, misc_info(report))),
        ("assets", assets(report)),
        ("attachments", only(!is_repair, step_attachments(report))),
        ("uurSubUnits", only(is_repair, sub_units(report, false))),
        ("uurMiscInfo", only(is_repair, misc_info(report))),
        (
            "uurAttachments",
            only(is_repair, repair_attachments(report)),
        ),
    ]
}

fn sub_units(report: &Map<String, Value>, part_type: bool) -> Vec<Value> {
    objects(report, "subUnits")
        .map(|unit| {
            let mut row = json!({
                "serialNumber": unit.get("sn"),
                "partNumber": unit.get("pn"),
                "revision": unit.get("rev"),
            });
            if part_type {
                row["partType"] = unit.get("partType").cloned().unwrap_or_default();
            }
            row
        })
        .collect()
}

fn misc_info(report: &Map<String, Value>) -> Vec<Value> {
    objects(report, "miscInfos")
        .map(|info| {
            let number = || {
                info.get("numeric")
                    .and_then(Value::as_i64)
                    .map(|n| n.to_string())
            };
            let value = text_of(info, "text").map(str::to_owned);
            json!({ "description": info.get("description"), "value": value.or_else(number) })
        })
        .collect()
}

fn assets(report: &Map<String, Value>) -> Vec<Value> {
    objects(report, "assets")
        .map(|asset| {
            // How the asset stood is known once the report is processed.
            json!({
                "serialNumber": asset.get("assetSN"),
                "runningCount": null, "runningCountExceeded": null,
                "totalCount": null, "totalCountExceeded": null,
                "daysSinceMaintenance": null, "maintenanceDaysOverdue": null,
                "daysSinceCalibration": null, "calibrationDaysOverdue": null,
            })
        })
        .collect()
}

fn step_attachments(report: &Map<String, Value>) -> Vec<Value> {
    let mut found = Vec::new();
    for_each_step(report, &mut |step| {
        if let Some(attachment) = step.get("attachment").and_then(Value::as_object) {
            found.push(json!({ "stepId": step.get("id"), "filename": attachment.get("name") }));
        }
    });
    found
}

fn repair_attachments(report: &Map<String, Value>) -> Vec<Value> {
    repair_files(report)
        .map(|file| json!({ "id": file.get("id"), "filename": file.get("name") }))
        .collect()
}

/// The files of a repair: its own, and those of its failures.
pub(super) fn repair_files(
    report: &Map<String, Value>,
) -> impl Iterator<Item = &Map<String, Value>> {
    let of_failures = objects(report, "subUnits")
        .flat_map(|unit| objects(unit, "failures"))
        .flat_map(|failure| objects(failure, "attachments"));
    objects(report, "binaryData").chain(of_failures)
}

/// Visits all steps, the root first. They nest no deeper than the JSON parser allows, so the recursion is bounded.
pub(super) fn for_each_step<'a>(
    report: &'a Map<String, Value>,
    visit: &mut impl FnMut(&'a Map<String, Value>),
) {
    if let Some(root) = report.get("root").and_then(Value::as_object) {
        visit_step(root, visit);
    }
}

fn visit_step<'a>(step: &'a Map<String, Value>, visit: &mut impl FnMut(&'a Map<String, Value>)) {
    visit(step);
    for child in objects(step, "steps") {
        visit_step(child, visit);
    }
}

/// The objects of a list, none if there is none.
pub(super) fn objects<'a>(
    object: &'a Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a Map<String, Value>> + use<'a> {
    let list = object.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

pub(crate) fn id_of(report: &Value) -> Option<Uuid> {
    report
        .get("id")
        .and_then(Value::as_str)
        .and_then(|id| Uuid::try_parse(id).ok())
}

pub(super) fn text_of<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// When the report started: `startUTC`, or `start` where there is none.
pub(super) fn start_of(report: &Map<String, Value>) -> Option<jiff::Timestamp> {
    ["startUTC", "start"]
        .into_iter()
        .find_map(|name| text_of(report, name).and_then(parse_time))
}
