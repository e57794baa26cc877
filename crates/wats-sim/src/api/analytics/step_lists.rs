//! The internal lists of what steps measured and what became of them. The steps are named by the XML that comes with the
//! steps that fail most often; what the server writes there is not published, so it is this server's own.

use std::collections::{BTreeMap, HashSet};

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use serde_json::{Value, json};

use super::filter::{OF_STEP_LISTS, WatsFilter};
use super::history::{History, Test};
use super::steps::{Step, steps, word};
use crate::answer::{Answer, Handled};
use crate::call::Call;
use crate::query::bad;

const DAYS: i64 = 30;
/// Most rows of a list.
const MOST: usize = 10_000;

pub(super) fn measurements(call: &Call<'_>) -> Handled {
    list(
        call,
        WatsFilter::of_body(call, OF_STEP_LISTS)?,
        add_measurements,
    )
}

pub(super) fn measurements_of(call: &Call<'_>) -> Handled {
    list(call, WatsFilter::of_scope(call)?, add_measurements)
}

pub(super) fn statuses(call: &Call<'_>) -> Handled {
    list(
        call,
        WatsFilter::of_body(call, OF_STEP_LISTS)?,
        add_statuses,
    )
}

pub(super) fn statuses_of(call: &Call<'_>) -> Handled {
    list(call, WatsFilter::of_scope(call)?, add_statuses)
}

/// The rows of the steps that are named, newest report first.
fn list(
    call: &Call<'_>,
    filter: WatsFilter,
    add: fn(&Test, &[Step<'_>], &mut Vec<Value>),
) -> Handled {
    let filter = filter.or_last_days(DAYS);
    let paths = attributes(call.required("stepFilters")?, "path")?;
    let sequences = attributes(call.required("sequenceFilters")?, "name")?;
    let history = History::of(call);
    let run = filter.number("yield").unwrap_or(0);
    let mut rows = Vec::new();
    for test in history.tests_of(&filter).into_iter().rev() {
        let wanted = sequences.is_empty() || sequences.contains(test.text("swFilename"));
        if !wanted || !history.is_run(test, run) {
            continue;
        }
        let report = test.wsjf();
        let mut steps = steps(&report);
        steps.retain(|step| !step.is_summary() && (paths.is_empty() || paths.contains(&step.path)));
        add(test, &steps, &mut rows);
        if rows.len() >= MOST {
            break;
        }
    }
    rows.truncate(MOST);
    Ok(Answer::json(&Value::Array(rows)))
}

/// All values of an attribute in a filter; none stand for no filter.
fn attributes(xml: &str, name: &str) -> Result<HashSet<String>, Answer> {
    let broken = |problem: String| bad(format!("The filter is not XML: {problem}."));
    let mut reader = Reader::from_str(xml);
    let mut found = HashSet::new();
    loop {
        match reader
            .read_event()
            .map_err(|error| broken(error.to_string()))?
        {
            Event::Start(element) | Event::Empty(element) => {
                for attribute in element.attributes() {
                    let attribute = attribute.map_err(|error| broken(error.to_string()))?;
                    if attribute.key.as_ref() == name {
                        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                        found.insert(
                            value
                                .map_err(|error| broken(error.to_string()))?
                                .into_owned(),
                        );
                    }
                }
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

fn add_measurements(test: &Test, steps: &[Step<'_>], rows: &mut Vec<Value>) {
    let header = test.header();
    for step in steps {
        let row = |path: String, value: Value, text: Value, unit: Option<&str>, status: &str| {
            json!({
                "serialNumber": header.get("serialNumber"),
                "partNumber": header.get("partNumber"),
                "revision": header.get("revision"),
                "id": header.get("uuid"),
                "stepName": step.text("name"),
                "stepPath": path,
                "value": value,
                "stringValue": text,
                "limit1": null,
                "limit2": null,
                "unit": unit,
                "status": word(status),
                "startUtc": test.start.to_string(),
                "stationName": header.get("stationName"),
            })
        };
        for one in step.numerics() {
            let path = one.path(&step.path);
            let mut row = row(path, one.value.into(), Value::Null, one.unit, one.status);
            row["limit1"] = one.low.into();
            row["limit2"] = one.high.into();
            rows.push(row);
        }
        for (_, text, status) in step.texts() {
            rows.push(row(
                step.path.clone(),
                Value::Null,
                text.into(),
                None,
                status,
            ));
        }
    }
}

/// One row for each path: a step in a loop ran several times.
fn add_statuses(test: &Test, steps: &[Step<'_>], rows: &mut Vec<Value>) {
    let header = test.header();
    let mut by_path: BTreeMap<&str, Vec<&Step<'_>>> = BTreeMap::new();
    for step in steps {
        by_path.entry(&step.path).or_default().push(step);
    }
    for (path, runs) in by_path {
        let count = |status: &str| runs.iter().filter(|step| step.status() == status).count();
        let last = runs.last();
        let text = |name: &str| last.and_then(|step| step.text(name));
        rows.push(json!({
            "stepName": text("name"),
            "stepPath": path,
            "stepType": text("stepType"),
            "stepGroup": text("group"),
            "serialNumber": header.get("serialNumber"),
            "partNumber": header.get("partNumber"),
            "revision": header.get("revision"),
            "id": header.get("uuid"),
            "passCount": count("P"),
            "failCount": count("F"),
            "totalCount": runs.len(),
            "status": last.map(|step| word(step.status())),
            "startUtc": test.start.to_string(),
        }));
    }
}
