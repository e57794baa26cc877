//! Repairs: how many by dimensions, and which failures of a product were repaired.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::dimension::{Dimensions, Rows, row, values};
use super::filter::{WatsFilter, objects};
use super::history::{History, Test};
use super::period::Grouping;
use super::steps::steps;
use crate::answer::{Answer, Handled};
use crate::api::process;
use crate::call::Call;
use crate::shape::{document, names};
use crate::store::State;

/// Dimensions of the repair report itself.
const OF_REPAIR: &[&str] = names! {
    "partNumber" "revision" "productName" "productGroup" "repairOperation" "period" "level" "stationName" "location" "purpose"
    "operator" "miscInfoDescription" "miscInfoString"
};
/// Dimensions of a failure, and the members of a report that they are.
const OF_FAILURE: &[(&str, &str)] = &[
    ("repairCode", "code"),
    ("repairCategory", "category"),
    ("componentRef", "comRef"),
    ("componentNumber", "artNumber"),
    ("componentRevision", "artRev"),
    ("componentVendor", "artVendor"),
    ("componentDescription", "artDescription"),
    ("functionBlock", "funcBlock"),
    ("referencedStep", "refStepName"),
];
/// Dimensions of the test that the repair followed, and the members of its header that they are.
const OF_TEST: &[(&str, &str)] = &[
    ("testOperation", "processName"),
    ("testStationName", "stationName"),
    ("testLocation", "location"),
    ("testPurpose", "purpose"),
    ("testOperator", "userName"),
    ("batchNumber", "batchNumber"),
    ("swFilename", "swFilename"),
    ("swVersion", "swVersion"),
];
const OTHERS: &[&str] = &[
    "unitType",
    "repairType",
    "referencedStepPath",
    "testPeriod",
    "testLevel",
];
const FIGURES: &[&str] = &["repairReportCount", "repairCount"];
const DAYS: i64 = 30;
const TOP: usize = 10;
/// The names of the types of repair codes, by number.
const REPAIR_TYPES: [&str; 8] = [
    "Default",
    "AutomaticProcess",
    "Scrapped",
    "NoFailureFound",
    "Component",
    "Design",
    "ManualProcess",
    "Replaced",
];

/// What is counted for a row.
#[derive(Debug, Default)]
struct Counts {
    repairs: u64,
    /// Places of reports.
    reports: HashSet<usize>,
}

/// Repairs by dimensions of the caller's choice.
pub(super) fn dynamic(call: &Call<'_>) -> Handled {
    let filter = WatsFilter::of_body(call, None)?.or_last_days(DAYS);
    let named = call.optional("dimensions").or(filter.text("dimensions"));
    let pairs = OF_FAILURE.iter().chain(OF_TEST).map(|(name, _)| *name);
    let known: Vec<_> = OF_REPAIR
        .iter()
        .chain(OTHERS)
        .copied()
        .chain(pairs)
        .collect();
    let mut top = filter.count("topCount");
    let dimensions = if let Some(text) = named {
        Dimensions::parse(text, &known, FIGURES)?
    } else {
        top.get_or_insert(TOP);
        let text = "repairCount desc;repairReportCount desc;partNumber;repairOperation";
        Dimensions::parse(text, &known, FIGURES)?
    };
    let history = History::of(call);
    let types = call.store.read(repair_types);
    let tests = by_id(&history);
    let names: Vec<&'static str> = dimensions.names().collect();
    let of_repair: Vec<_> = names
        .iter()
        .copied()
        .filter(|name| OF_REPAIR.contains(name))
        .collect();

    let mut rows: Rows<Counts> = Rows::new();
    for (place, repair) in history.repairs_of(&filter).into_iter().enumerate() {
        let report = repair.wsjf();
        let test = repair.header().get("referencedUut").and_then(Value::as_str);
        let test = test.and_then(|id| tests.get(id)).copied();
        let of_test = of_test(test, &history, &filter);
        let mut failures: Vec<_> = failures(&report)
            .map(|(unit, failure)| (Some(unit), Some(failure)))
            .collect();
        if failures.is_empty() {
            failures.push((None, None));
        }
        let paths = if dimensions.has("referencedStepPath") {
            paths(test)
        } else {
            HashMap::new()
        };
        for values in values(repair, &of_repair, &history, &filter) {
            for (unit, failure) in &failures {
                let mut members = of_test.clone();
                for (name, member) in OF_FAILURE {
                    let value = failure.and_then(|failure| failure.get(*member));
                    members.insert((*name).to_owned(), value.cloned().unwrap_or_default());
                }
                let text = |name: &str| failure.and_then(|failure| failure.get(name));
                let code = text("code")
                    .and_then(Value::as_str)
                    .and_then(|code| types.get(code));
                let path = text("refStepId")
                    .and_then(Value::as_i64)
                    .and_then(|id| paths.get(&id));
                let unit_type = unit.and_then(|unit| unit.get("partType"));
                members.insert(
                    "unitType".to_owned(),
                    unit_type.cloned().unwrap_or_default(),
                );
                members.insert("repairType".to_owned(), json!(code));
                members.insert("referencedStepPath".to_owned(), json!(path));
                members.retain(|name, _| names.contains(&name.as_str()));
                members.extend(values.clone());
                let counts = row(&mut rows, members);
                counts.repairs += u64::from(failure.is_some());
                counts.reports.insert(place);
            }
        }
    }
    let mut rows: Vec<Map<String, Value>> = rows
        .into_values()
        .map(|(mut row, counts)| {
            row.insert("repairCount".to_owned(), counts.repairs.into());
            row.insert("repairReportCount".to_owned(), counts.reports.len().into());
            row.retain(|name, _| !FIGURES.contains(&name.as_str()) || dimensions.wants(name));
            row
        })
        .collect();
    dimensions.arrange(&mut rows, top);
    Ok(Answer::json(&rows.into_iter().map(Value::Object).collect()))
}

/// The dimensions of the test that a repair followed.
fn of_test(test: Option<&Test>, history: &History, filter: &WatsFilter) -> Map<String, Value> {
    let member = |member: &str| test.and_then(|test| test.header().get(member)).cloned();
    let mut values = document(OF_TEST.iter().map(|(name, column)| {
        let value = member(column).unwrap_or_default();
        ((*name).to_owned(), value)
    }));
    let grouping = filter.grouping.unwrap_or(Grouping::Day);
    let period = test.map(|test| grouping.name(test.start));
    let level = test.and_then(|test| history.catalog.level_of(test.header()));
    values.insert("testPeriod".to_owned(), json!(period));
    values.insert(
        "testLevel".to_owned(),
        json!(level.map(|level| &level.name)),
    );
    values
}

fn by_id(history: &History) -> HashMap<&str, &Test> {
    history
        .tests
        .iter()
        .map(|test| (test.text("uuid"), test))
        .collect()
}

/// The paths of the steps of a test by their ids.
fn paths(test: Option<&Test>) -> HashMap<i64, String> {
    let report = test.map(Test::wsjf).unwrap_or_default();
    let steps = steps(&report).into_iter();
    steps
        .filter_map(|step| Some((step.id()?, step.path)))
        .collect()
}

/// The failures of a repair, each with the unit that had it.
fn failures(
    report: &Map<String, Value>,
) -> impl Iterator<Item = (&Map<String, Value>, &Map<String, Value>)> {
    objects(report, "subUnits")
        .flat_map(|unit| objects(unit, "failures").map(move |failure| (unit, failure)))
}

/// The types of repair codes, by the codes of all repair processes.
fn repair_types(state: &State) -> HashMap<String, &'static str> {
    let mut types = HashMap::new();
    for process in process::all(state) {
        let details = process.get("repairOperation").and_then(Value::as_object);
        for group in details
            .into_iter()
            .flat_map(|details| objects(details, "failCodes"))
        {
            for code in objects(group, "failCodes") {
                let number = code.get("repairType").and_then(Value::as_u64);
                let name =
                    number.and_then(|number| REPAIR_TYPES.get(usize::try_from(number).ok()?));
                let description = code.get("description").and_then(Value::as_str);
                types.extend(description.map(str::to_owned).zip(name.copied()));
            }
        }
    }
    types
}

/// The failures of a product that were repaired, newest first.
pub(super) fn history(call: &Call<'_>) -> Handled {
    let (part_number, revision) = (call.required("partNumber")?, call.required("revision")?);
    let code = |name: &str| call.number(name);
    let (repair_code, test_code) = (code("repairOperationCode")?, code("testOperationCode")?);
    let history = History::of(call);
    let tests = by_id(&history);
    let is_code = |code: Option<i64>, value: Option<&Value>| {
        code.is_none_or(|code| value.and_then(Value::as_i64) == Some(code))
    };
    let mut rows = Vec::new();
    for repair in history.repairs.iter().rev() {
        let header = repair.header();
        let report = repair.wsjf();
        let of_test = report.get("uur").and_then(|uur| uur.get("processCode"));
        if repair.text("partNumber") != part_number
            || repair.text("revision") != revision
            || !is_code(repair_code, header.get("processCode"))
            || !is_code(test_code, of_test)
        {
            continue;
        }
        let paths = paths(tests.get(repair.text("referencedUut")).copied());
        for (_, failure) in failures(&report) {
            let step = failure.get("refStepId").and_then(Value::as_i64);
            rows.push(json!({
                "serialNumber": header.get("serialNumber"),
                "partNumber": header.get("partNumber"),
                "revision": header.get("revision"),
                "reportId": header.get("uuid"),
                "repairDate": repair.start.to_string(),
                "failStepName": failure.get("refStepName"),
                "failStepPath": step.and_then(|id| paths.get(&id)),
                "failCode": failure.get("category"),
                "repairCode": failure.get("code"),
                "symptom": header.get("comment"),
                "cause": failure.get("code"),
                "action": failure.get("comment"),
            }));
        }
    }
    Ok(Answer::json(&Value::Array(rows)))
}
