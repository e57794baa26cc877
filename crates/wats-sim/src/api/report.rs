//! `api/Report`: take reports in, give them back, list their headers.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{ListOptions, parse_json};
use crate::answer::{Answer, Handled};
use crate::odata::{Column, Kind, column, parse_time};
use crate::query::{Query, bad};
use crate::report_rules::{self, ReportRules};
use crate::store::{NewReport, Store, StoredReport};

/// Properties of a header that a filter may use.
const HEADER: &[Column] = &[
    column("uuid", Kind::Guid),
    column("serialNumber", Kind::Text),
    column("partNumber", Kind::Text),
    column("reportType", Kind::Text),
    column("start", Kind::Time),
    column("revision", Kind::Text),
    column("result", Kind::Text),
    column("batchNumber", Kind::Text),
    column("userName", Kind::Text),
    column("stationName", Kind::Text),
    column("location", Kind::Text),
    column("purpose", Kind::Text),
    column("measuresDeleted", Kind::Bool),
    column("timeStamp", Kind::Number),
    column("processCode", Kind::Number),
    column("processName", Kind::Text),
    column("comment", Kind::Text),
    column("executionTime", Kind::Number),
    column("swFilename", Kind::Text),
    column("swVersion", Kind::Text),
    column("testSocketIndex", Kind::Number),
    column("fixtureId", Kind::Text),
    column("errorCode", Kind::Number),
    column("errorMessage", Kind::Text),
    column("run", Kind::Number),
    column("receiveCount", Kind::Number),
    column("reportSize", Kind::Number),
    column("causedUutFailure", Kind::Text),
    column("causedUutFailurePath", Kind::Text),
    column("passedInRun", Kind::Number),
    column("referencedUut", Kind::Guid),
];
const ORDERABLE: &[Column] = &[
    column("start", Kind::Time),
    column("uuid", Kind::Guid),
    column("serialNumber", Kind::Text),
    column("timeStamp", Kind::Number),
];
const EXPANDABLE: [&str; 7] = [
    "subUnits",
    "miscInfo",
    "assets",
    "attachments",
    "uurSubUnits",
    "uurMiscInfo",
    "uurAttachments",
];
const DEFAULT_TOP: usize = 10;
const MAX_TOP: usize = 10_000;

/// Takes a report in. The bytes are kept as they came; a known id is overwritten.
pub(crate) fn post(store: &Store, rules: ReportRules, body: Bytes) -> Handled {
    let report = parse_json(&body)?;
    let violations = report_rules::check(&report, rules, |code| store.process(code));
    if !violations.is_empty() {
        let lines: Vec<_> = violations.iter().map(ToString::to_string).collect();
        return Err(Answer::message(StatusCode::BAD_REQUEST, lines.join("\n")));
    }
    // The rules have made sure of the object and its id.
    let (Some(members), Some(id)) = (report.as_object(), id_of(&report)) else {
        return Err(Answer::message(
            StatusCode::BAD_REQUEST,
            "report: id must be a guid",
        ));
    };

    let text = |name: &str| text_of(members, name).unwrap_or_default().to_owned();
    let process_code = members
        .get("processCode")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let stored = store
        .put_report(NewReport {
            id,
            bytes: body,
            header: header(members, store.process(process_code).as_ref()),
            run_key: (text("sn"), text("pn"), process_code),
            passed: text_of(members, "result") == Some("P"),
        })
        .map_err(|full| Answer::message(StatusCode::INSUFFICIENT_STORAGE, full))?;
    Ok(Answer::json(&json!({
        "ID": id.to_string(),
        "uuid": id.to_string(),
        "Report_ID": stored.number,
    })))
}

/// Gives a report back: without options the very bytes that were posted.
pub(crate) fn get(store: &Store, id: &str, query: &Query) -> Handled {
    let id = Uuid::try_parse(id).map_err(|_| {
        Answer::message(
            StatusCode::BAD_REQUEST,
            format!("The value '{id}' is not a report id."),
        )
    })?;
    let stored = store.report(&id).ok_or_else(|| {
        Answer::message(
            StatusCode::NOT_FOUND,
            format!("There is no report with id '{id}'."),
        )
    })?;
    let level = query.count("detailLevel")?.unwrap_or(7);
    if level > 7 {
        return Err(bad(format!(
            "The value '{level}' of detailLevel is not from 0 to 7."
        )));
    }
    let charts = query.switch("includeChartdata")?.unwrap_or(true);
    let attachments = query.switch("includeAttachments")?.unwrap_or(true);
    if level == 7 && charts && attachments {
        return Ok(Answer::bytes(
            StatusCode::OK,
            "application/json; charset=utf-8",
            stored.bytes.clone(),
        ));
    }
    let mut report = parse_json(&stored.bytes)?;
    reduce(&mut report, level, charts, attachments);
    Ok(Answer::json(&report))
}

/// What the levels between 0 and 7 leave out is not published: 0 leaves the identifying members,
/// the others everything.
fn reduce(report: &mut Value, level: usize, charts: bool, attachments: bool) {
    if level == 0
        && let Some(members) = report.as_object_mut()
    {
        members.retain(|_, value| !value.is_object() && !value.is_array());
    }
    if let Some(root) = report.get_mut("root") {
        reduce_step(root, charts, attachments);
    }
    if !attachments {
        for unit in array_mut(report, "subUnits") {
            for failure in array_mut(unit, "failures") {
                for attachment in array_mut(failure, "attachments") {
                    remove(attachment, "data");
                }
            }
        }
        for binary in array_mut(report, "binaryData") {
            remove(binary, "data");
        }
    }
}

/// Steps nest no deeper than the JSON parser allows, so the recursion is bounded.
fn reduce_step(step: &mut Value, charts: bool, attachments: bool) {
    if !charts && let Some(chart) = step.get_mut("chart") {
        for series in array_mut(chart, "series") {
            remove(series, "xdata");
            remove(series, "ydata");
        }
    }
    if !attachments && let Some(attachment) = step.get_mut("attachment") {
        remove(attachment, "data");
    }
    for child in array_mut(step, "steps") {
        reduce_step(child, charts, attachments);
    }
}

fn array_mut<'a>(value: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    value
        .get_mut(name)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
}

fn remove(value: &mut Value, name: &str) {
    if let Some(object) = value.as_object_mut() {
        object.remove(name);
    }
}

/// The newest headers that fit.
pub(crate) fn query_headers(store: &Store, query: &Query) -> Handled {
    let options = ListOptions::parse(query, HEADER, ORDERABLE, MAX_TOP)?;
    let report_type = match query.get("reportType") {
        None => None,
        Some(kind) if kind.eq_ignore_ascii_case("U") || kind.eq_ignore_ascii_case("T") => Some("T"),
        Some(kind) if kind.eq_ignore_ascii_case("R") => Some("R"),
        Some(other) => return Err(bad(format!("There is no reportType '{other}'."))),
    };
    let columns: Vec<_> = HEADER.iter().map(|column| column.name).collect();
    let select = names(query.get("$select"), &columns)?;
    let expand = names(query.get("$expand"), &EXPANDABLE)?;

    let mut found: Vec<Arc<StoredReport>> = store
        .reports()
        .into_iter()
        .filter(|report| {
            report_type.is_none_or(|kind| text_of(&report.header, "reportType") == Some(kind))
                && options
                    .filter
                    .as_ref()
                    .is_none_or(|filter| filter.matches(&report.header))
        })
        .collect();
    // Keys are made once; among equals the last processed comes first.
    if let Some(order) = &options.order {
        found.sort_by(|left, right| {
            order
                .compare(&left.header, &right.header)
                .then(right.time_stamp.cmp(&left.time_stamp))
        });
    } else {
        let start = |report: &StoredReport| text_of(&report.header, "start").and_then(parse_time);
        found.sort_by_cached_key(|report| std::cmp::Reverse((start(report), report.time_stamp)));
    }

    let page = found
        .iter()
        .skip(options.skip)
        .take(options.top.unwrap_or(DEFAULT_TOP))
        .map(|report| {
            row(
                report,
                select.as_deref(),
                expand.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    Ok(Answer::json(&Value::Array(page)))
}

/// The names of a comma-separated list in their proper writing.
fn names(
    option: Option<&str>,
    known: &[&'static str],
) -> Result<Option<Vec<&'static str>>, Answer> {
    let Some(option) = option else {
        return Ok(None);
    };
    let find = |name: &str| {
        known
            .iter()
            .copied()
            .find(|known| known.eq_ignore_ascii_case(name.trim()))
            .ok_or_else(|| {
                bad(format!(
                    "Could not find a property named '{}'.",
                    name.trim()
                ))
            })
    };
    option
        .split(',')
        .map(find)
        .collect::<Result<_, _>>()
        .map(Some)
}

fn row(report: &StoredReport, select: Option<&[&'static str]>, expand: &[&'static str]) -> Value {
    let mut row = report.header.clone();
    if let Some(select) = select {
        row.retain(|name, _| select.contains(&name.as_str()));
    }
    if !expand.is_empty() {
        let report: Value = serde_json::from_slice(&report.bytes).unwrap_or_default();
        for name in expand {
            row.insert((*name).to_owned(), expanded(&report, name));
        }
    }
    Value::Object(row)
}

/// One expanded list of a header.
fn expanded(report: &Value, name: &str) -> Value {
    let is_repair = report.get("type").and_then(Value::as_str) == Some("R");
    if is_repair != name.starts_with("uur") && name != "assets" {
        return json!([]);
    }
    let list = |member: &str| {
        report
            .get(member)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let items: Vec<Value> = match name {
        "subUnits" | "uurSubUnits" => list("subUnits")
            .iter()
            .map(|unit| {
                let mut row = json!({
                    "serialNumber": unit.get("sn"),
                    "partNumber": unit.get("pn"),
                    "revision": unit.get("rev"),
                });
                if name == "subUnits" {
                    row["partType"] = unit.get("partType").cloned().unwrap_or_default();
                }
                row
            })
            .collect(),
        "miscInfo" | "uurMiscInfo" => list("miscInfos")
            .iter()
            .map(|info| {
                let number = || {
                    info.get("numeric")
                        .and_then(Value::as_i64)
                        .map(|n| n.to_string())
                };
                let value = info.get("text").and_then(Value::as_str).map(str::to_owned);
                json!({ "description": info.get("description"), "value": value.or_else(number) })
            })
            .collect(),
        "assets" => list("assets")
            .iter()
            .map(|asset| json!({ "serialNumber": asset.get("assetSN") }))
            .collect(),
        "attachments" => {
            let mut found = Vec::new();
            report
                .get("root")
                .into_iter()
                .for_each(|root| attachments(root, &mut found));
            found
        }
        _ => Vec::new(),
    };
    Value::Array(items)
}

fn attachments(step: &Value, found: &mut Vec<Value>) {
    if let Some(attachment) = step
        .get("attachment")
        .filter(|attachment| attachment.is_object())
    {
        found.push(json!({ "stepId": step.get("id"), "filename": attachment.get("name") }));
    }
    for child in step
        .get("steps")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        attachments(child, found);
    }
}

/// The header the server derives from a report, without what only the store knows.
fn header(report: &Map<String, Value>, process: Option<&Value>) -> Map<String, Value> {
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
    let start = ["startUTC", "start"]
        .into_iter()
        .find_map(|name| text_of(report, name).and_then(parse_time))
        .map(|time| time.to_string());
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
    match header {
        Value::Object(header) => header,
        _ => Map::new(),
    }
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

pub(crate) fn id_of(report: &Value) -> Option<Uuid> {
    report
        .get("id")
        .and_then(Value::as_str)
        .and_then(|id| Uuid::try_parse(id).ok())
}

fn text_of<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}
