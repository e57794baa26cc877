//! How good a unit is, from the reports about it.
//!
//! Known are the members, and that a unit is through its processes if its status is `OK` or `Warning`. Assumed is the rest.
//! Rules cannot be set: that of a product has all test operations in which units of its part number were tested, in the
//! order of their index. Status: `OK` if the unit passed each the last time and in order, `Warning` if out of order,
//! `Failed` if a last run did not pass, `Incomplete` if a process lacks, `Unknown` without a report. Grade: `A` passed each
//! the first time, in order and without repair; `B` each the last time, in order and without repair; `C` each the last
//! time; `D` each at some time; `E` all else; none without a report.
//! In order is a unit that was tested in each, and never after one of a higher index.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::units;
use crate::answer::{Answer, Handled};
use crate::api::process;
use crate::call::{Call, guid, parse_json, text};
use crate::odata::parse_time;
use crate::store::{State, StoredReport};

/// How a unit went in one process.
struct Row {
    index: i64,
    code: i64,
    name: Value,
    /// By their start.
    runs: Vec<Arc<StoredReport>>,
    repairs: usize,
}

pub(super) fn verify(call: &Call<'_>) -> Handled {
    let serial = call.required("serialNumber")?;
    let part = call.optional("partNumber").unwrap_or_default();
    let (unit, reports) = call.store.read(|state| {
        let unit = units::find(state, serial, part)?.clone();
        Ok::<_, Answer>((unit, state.reports.all()))
    })?;
    let of = |name: &str| units::member(&unit, name);
    let is_same =
        |report: &StoredReport, name: &str| units::member(&report.header, name) == of(name);
    let (mut codes, mut own) = (Vec::new(), Vec::new());
    for report in reports {
        if !is_same(&report, "partNumber") {
            continue;
        }
        if is_test(&report) {
            codes.extend(code(&report.header));
        }
        if is_same(&report, "serialNumber") {
            own.push(report);
        }
    }
    codes.sort_unstable();
    codes.dedup();
    own.sort_by_key(|report| {
        let start = parse_time(units::member(&report.header, "start"));
        (start, report.time_stamp)
    });
    let mut rows = call.store.read(|state| rows(state, &codes));
    let codes_of_tests: HashMap<&str, i64> = (own.iter())
        .filter(|report| is_test(report))
        .filter_map(|report| Some((text_of(&report.header, "uuid")?, code(&report.header)?)))
        .collect();
    let (mut order, mut repairs) = (Vec::new(), 0);
    for report in &own {
        if is_test(report) {
            if let Some(row) = code(&report.header).and_then(|code| rows.get_mut(&code)) {
                row.runs.push(Arc::clone(report));
                order.push(row.index);
            }
        } else {
            repairs += 1;
            let code = repaired_process(report, &codes_of_tests);
            if let Some(row) = code.and_then(|code| rows.get_mut(&code)) {
                row.repairs += 1;
            }
        }
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    rows.sort_by_key(|row| (row.index, row.code));
    Ok(Answer::json(&grade(&rows, &order, repairs)))
}

fn is_test(report: &StoredReport) -> bool {
    text_of(&report.header, "reportType") == Some("T")
}

fn text_of<'a>(header: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    header.get(name).and_then(Value::as_str)
}

fn code(header: &Map<String, Value>) -> Option<i64> {
    header.get("processCode").and_then(Value::as_i64)
}

/// A row for each process, by code.
fn rows(state: &State, codes: &[i64]) -> BTreeMap<i64, Row> {
    let row = |code: &i64| {
        let process = process::by_code(state, *code);
        let index = process.and_then(|process| process.get("processIndex")?.as_i64());
        let row = Row {
            index: index.unwrap_or(i64::MAX),
            code: *code,
            name: json!(process.and_then(|process| text(process, "name"))),
            runs: Vec::new(),
            repairs: 0,
        };
        (*code, row)
    };
    let mut rows = BTreeMap::new();
    rows.extend(codes.iter().map(row));
    rows
}

/// The test operation after which a unit was repaired: that of the report it refers to, or as it says itself.
fn repaired_process(repair: &StoredReport, tests: &HashMap<&str, i64>) -> Option<i64> {
    let referenced = text_of(&repair.header, "referencedUut").and_then(guid);
    let known = referenced.and_then(|id| tests.get(id.as_str()).copied());
    known.or_else(|| {
        let report = parse_json(&repair.wsjf).ok()?;
        report.get("uur")?.get("processCode")?.as_i64()
    })
}

fn grade(rows: &[Row], order: &[i64], repairs: usize) -> Value {
    let passed = |report: &Arc<StoredReport>| text_of(&report.header, "result") == Some("Passed");
    let each = |is: &dyn Fn(&Row) -> bool| !rows.is_empty() && rows.iter().all(is);
    let first = each(&|row| row.runs.first().is_some_and(passed));
    let any = each(&|row| row.runs.iter().any(passed));
    let last = each(&|row| row.runs.last().is_some_and(passed));
    let in_order = each(&|row| !row.runs.is_empty()) && order.is_sorted();
    let status = match (order.is_empty(), last, in_order) {
        (true, ..) => "Unknown",
        (_, true, true) => "OK",
        (_, true, false) => "Warning",
        _ if rows
            .iter()
            .any(|row| row.runs.last().is_some_and(|run| !passed(run))) =>
        {
            "Failed"
        }
        _ => "Incomplete",
    };
    let grade = match (order.is_empty(), first, last, any) {
        (true, ..) => None,
        (_, true, true, _) if in_order && repairs == 0 => Some("A"),
        (_, _, true, _) if in_order && repairs == 0 => Some("B"),
        (_, _, true, _) => Some("C"),
        (_, _, _, true) => Some("D"),
        _ => Some("E"),
    };
    let result = |row: &Row| {
        let last = row.runs.last().map(|run| &run.header);
        let of = |name: &str| json!(last.and_then(|header| header.get(name)));
        json!({
            "processCode": row.code, "processName": row.name,
            "processIndex": if row.index == i64::MAX { Value::Null } else { json!(row.index) },
            "status": last.and_then(|header| text_of(header, "result")).unwrap_or("Unknown"),
            "startUtc": of("start"), "stationName": of("stationName"),
            "totalCount": row.runs.len(),
            "nonPassedCount": row.runs.iter().filter(|run| !passed(run)).count(),
            "repairCount": row.repairs,
        })
    };
    json!({
        "status": status, "grade": grade,
        "allProcessesExecutedInCorrectOrder": in_order,
        "allProcessesPassedFirstRun": first,
        "allProcessesPassedAnyRun": any,
        "allProcessesPassedLastRun": last,
        "noRepairs": repairs == 0,
        "results": rows.iter().map(result).collect::<Vec<_>>(),
    })
}
