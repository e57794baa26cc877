//! The published rules for steps and measurements, checked on request.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Findings, given};

const COMPARISONS: [&str; 15] = [
    "LOG", "EQ", "NE", "GT", "GE", "LT", "LE", "GTLT", "GTLE", "GELT", "GELE", "LTGT", "LTGE",
    "LEGT", "LEGE",
];
/// At most one of these in a step, and the parts of which it needs one at least.
const KINDS: [&str; 4] = ["seqCall", "numericMeas", "stringMeas", "booleanMeas"];
const PARTS: [&str; 7] = [
    "seqCall",
    "numericMeas",
    "stringMeas",
    "booleanMeas",
    "chart",
    "attachment",
    "additionalResults",
];
const MAX_SERIES: usize = 10;
const MAX_POINTS: usize = 10_000;

pub(super) fn check(report: &Map<String, Value>, findings: &mut Findings) {
    if given(report, "origin").is_some() {
        findings.add("report", "origin is made by the server and must be absent");
    }
    if let Some(root) = given(report, "root").and_then(Value::as_object) {
        check_step(root, "root", findings);
    }
}

/// Steps nest no deeper than the JSON parser allows, so the recursion is bounded.
fn check_step(step: &Map<String, Value>, path: &str, findings: &mut Findings) {
    one_of(step, "group", &["S", "M", "C"], path, findings);
    one_of(step, "status", &["P", "F", "E", "T", "S"], path, findings);
    text(step, "name", 100, path, findings);
    parts(step, path, findings);
    for kind in ["numericMeas", "stringMeas", "booleanMeas"] {
        measurements(step, kind, path, findings);
    }
    if let Some(sequence) = given(step, "seqCall").and_then(Value::as_object) {
        for (name, max) in [("path", 500), ("name", 200), ("version", 30)] {
            text(sequence, name, max, path, findings);
        }
    }
    if let Some(chart_) = given(step, "chart").and_then(Value::as_object) {
        chart(chart_, path, findings);
    }
    if let Some(loop_) = given(step, "loop").and_then(Value::as_object) {
        summary(loop_, path, findings);
    }
    children(step, path, findings);
}

fn parts(step: &Map<String, Value>, path: &str, findings: &mut Findings) {
    let has = |name: &&str| given(step, name).is_some();
    if !PARTS.iter().any(has) {
        findings.add(path, format!("a step needs one of {}", PARTS.join(", ")));
    }
    if KINDS.iter().filter(|name| has(name)).count() > 1 {
        findings.add(
            path,
            format!("a step has at most one of {}", KINDS.join(", ")),
        );
    }
    if has(&"chart") && has(&"attachment") {
        findings.add(path, "a step has a chart or an attachment, not both");
    }
    let nested = given(step, "steps")
        .and_then(Value::as_array)
        .is_some_and(|s| !s.is_empty());
    if nested && !has(&"seqCall") {
        findings.add(path, "only a step with seqCall has steps");
    }
}

fn measurements(step: &Map<String, Value>, kind: &str, path: &str, findings: &mut Findings) {
    let Some(list) = given(step, kind).and_then(Value::as_array) else {
        return;
    };
    let step_status = status_of(step);
    let list: Vec<_> = list.iter().filter_map(Value::as_object).collect();
    let mut names = HashSet::new();
    for measurement in &list {
        one_of(measurement, "status", &["P", "F", "S"], path, findings);
        if kind == "numericMeas" {
            one_of(measurement, "compOp", &COMPARISONS, path, findings);
            text(measurement, "unit", 20, path, findings);
        }
        if list.len() > 1 && !text_of(measurement, "name").is_some_and(|name| names.insert(name)) {
            findings.add(
                path,
                format!("each of several {kind} needs a name of its own"),
            );
        }
    }
    let failed = list.iter().any(|measurement| status_of(measurement) == "F");
    match list.as_slice() {
        [only] if status_of(only) != step_status => {
            findings.add(
                path,
                format!("the status of a single {kind} must be the step's"),
            );
        }
        [_, _, ..] if step_status == "F" && !failed => {
            findings.add(path, format!("a failed step needs a failed {kind}"));
        }
        [_, _, ..] if step_status == "P" && failed => {
            findings.add(path, format!("a passed step has no failed {kind}"));
        }
        _ => {}
    }
}

fn chart(chart: &Map<String, Value>, path: &str, findings: &mut Findings) {
    let series = given(chart, "series")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if series.len() > MAX_SERIES {
        findings.add(path, format!("a chart has at most {MAX_SERIES} series"));
    }
    for series in series.iter().filter_map(Value::as_object) {
        one_of(series, "dataType", &["XYG"], path, findings);
        let points = |name: &str| text_of(series, name).map(|data| data.split(';').count());
        let (x, y) = (points("xdata"), points("ydata"));
        if x.is_some() && y.is_some() && x != y {
            findings.add(path, "a series has as many x values as y values");
        }
        if x.max(y).is_some_and(|points| points > MAX_POINTS) {
            findings.add(path, format!("a series has at most {MAX_POINTS} points"));
        }
    }
}

/// A summary has no index; its last index is one less than its number.
fn summary(loop_: &Map<String, Value>, path: &str, findings: &mut Findings) {
    if given(loop_, "idx").is_some() {
        return;
    }
    let whole = |name: &str| given(loop_, name).and_then(Value::as_i64);
    match (whole("num"), whole("endingIndex")) {
        (Some(num), Some(ending)) if ending.checked_add(1) == Some(num) => {}
        (Some(_), Some(_)) => findings.add(path, "endingIndex of a loop must be num - 1"),
        _ => findings.add(path, "the summary of a loop needs num and endingIndex"),
    }
}

/// Names are unique among siblings; the iterations of a loop share theirs.
fn children(parent: &Map<String, Value>, path: &str, findings: &mut Findings) {
    let mut names = HashSet::new();
    let list = given(parent, "steps")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    for child in list.filter_map(Value::as_object) {
        let name = text_of(child, "name").unwrap_or_default();
        let path = format!("{path} -> {name}");
        let is_loop = given(child, "loop").is_some();
        if !is_loop && !names.insert(name) {
            findings.add(&path, "the name must be unique among its siblings");
        }
        check_step(child, &path, findings);
    }
}

fn one_of(
    object: &Map<String, Value>,
    name: &str,
    allowed: &[&str],
    path: &str,
    findings: &mut Findings,
) {
    if !text_of(object, name).is_some_and(|value| allowed.contains(&value)) {
        findings.add(
            path,
            format!("{name} must be one of {}", allowed.join(", ")),
        );
    }
}

fn text(object: &Map<String, Value>, name: &str, max: usize, path: &str, findings: &mut Findings) {
    if !text_of(object, name).is_some_and(|text| (1..=max).contains(&text.chars().count())) {
        findings.add(path, format!("{name} must be a text of 1 to {max}"));
    }
}

fn status_of(object: &Map<String, Value>) -> &str {
    text_of(object, "status").unwrap_or_default()
}

fn text_of<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn leaf(name: &str) -> Value {
        json!({ "name": name, "group": "M", "status": "P",
            "numericMeas": [{ "compOp": "LOG", "unit": "V", "value": 1.0, "status": "P" }] })
    }

    fn report(steps: &Value) -> Value {
        json!({ "root": { "name": "Main", "group": "M", "status": "P", "steps": steps,
            "seqCall": { "path": "p", "name": "n", "version": "1" } } })
    }

    fn findings(report: &Value) -> Vec<String> {
        let mut findings = Findings::default();
        check(report.as_object().unwrap(), &mut findings);
        findings.list.iter().map(ToString::to_string).collect()
    }

    fn only(change: impl FnOnce(&mut Value)) -> String {
        let mut step = leaf("A");
        change(&mut step);
        let found = findings(&report(&json!([step, leaf("B")])));
        assert_eq!(found.len(), 1, "{found:?}");
        found.concat()
    }

    fn series(count: usize, x: &str, y: &str) -> Value {
        let one = json!({ "dataType": "XYG", "name": "s", "xdata": x, "ydata": y });
        json!({ "series": vec![one; count] })
    }

    #[test]
    fn a_good_tree_passes() {
        let several = json!({ "name": "C", "group": "S", "status": "F", "numericMeas": [
            { "name": "a", "compOp": "GELE", "unit": "V", "status": "P" },
            { "name": "b", "compOp": "LT", "unit": "V", "status": "F" } ] });
        let chart =
            json!({ "name": "D", "group": "C", "status": "P", "chart": series(10, "1;2", "3;4") });
        let looped = |idx: Value, num: Value, last: Value| {
            let mut step = leaf("L");
            step["loop"] = json!({ "idx": idx, "num": num, "endingIndex": last });
            step
        };
        let steps = json!([
            leaf("A"),
            several,
            chart,
            looped(Value::Null, json!(2), json!(1)),
            looped(json!(0), Value::Null, Value::Null),
            looped(json!(1), Value::Null, Value::Null),
        ]);
        assert_eq!(findings(&report(&steps)), Vec::<String>::new());
    }

    #[test]
    fn the_path_leads_to_the_step() {
        let inner = json!({ "name": "In", "group": "M", "status": "P", "steps": [leaf("A"), leaf("A")],
            "seqCall": { "path": "p", "name": "n", "version": "1" } });
        assert_eq!(
            findings(&report(&json!([inner]))),
            ["root -> In -> A: the name must be unique among its siblings"]
        );
    }

    #[test]
    fn letters_and_lengths() {
        assert_eq!(
            only(|s| s["group"] = json!("X")),
            "root -> A: group must be one of S, M, C"
        );
        assert!(
            only(|s| s["name"] = json!("n".repeat(101)))
                .ends_with("name must be a text of 1 to 100")
        );
        assert!(only(|s| s["numericMeas"][0]["compOp"] = json!("EQT")).contains("compOp"));
        assert!(only(|s| s["numericMeas"][0]["unit"] = json!("")).contains("unit"));
        let mut with_origin = report(&json!([]));
        with_origin["origin"] = json!("me");
        assert!(findings(&with_origin).concat().contains("origin"));
        let mut empty_version = report(&json!([]));
        empty_version["root"]["seqCall"]["version"] = json!("");
        assert_eq!(
            findings(&empty_version),
            ["root: version must be a text of 1 to 30"]
        );
    }

    #[test]
    fn the_parts_of_a_step() {
        assert!(only(|s| s["numericMeas"] = Value::Null).contains("needs one of"));
        assert!(only(|s| s["booleanMeas"] = json!([])).contains("at most one of"));
        assert!(only(|s| s["steps"] = json!([leaf("X")])).contains("only a step with seqCall"));
        let both = only(|s| {
            s["chart"] = series(1, "1", "2");
            s["attachment"] = json!({ "name": "a" });
        });
        assert!(both.contains("not both"));
    }

    #[test]
    fn statuses_of_measurements() {
        assert!(
            only(|s| s["numericMeas"][0]["status"] = json!("F")).contains("must be the step's")
        );
        let many = |step: &str, first: &str, names: [&str; 2]| {
            only(|s| {
                s["status"] = json!(step);
                s["numericMeas"] = json!([
                    { "name": names[0], "compOp": "LOG", "unit": "V", "status": first },
                    { "name": names[1], "compOp": "LOG", "unit": "V", "status": "P" } ]);
            })
        };
        assert!(many("F", "P", ["a", "b"]).contains("needs a failed"));
        assert!(many("P", "F", ["a", "b"]).contains("no failed"));
        assert!(many("P", "P", ["a", "a"]).contains("name of its own"));
    }

    #[test]
    fn charts_and_loops() {
        assert!(only(|s| s["chart"] = series(11, "1", "2")).contains("at most 10 series"));
        assert!(only(|s| s["chart"] = series(1, "1;2", "2")).contains("as many x values"));
        let many = vec!["1"; 10_001].join(";");
        assert!(only(|s| s["chart"] = series(1, &many, &many)).contains("at most 10000 points"));
        let end = |last: Value| only(|s| s["loop"] = json!({ "num": 3, "endingIndex": last }));
        assert!(end(json!(3)).contains("num - 1"));
        assert!(end(Value::Null).contains("needs num and endingIndex"));
    }
}
