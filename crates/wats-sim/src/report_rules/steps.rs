//! The published rules for steps and measurements, checked on request.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Findings, given, loops, measurements, objects, one_of, text, text_of};

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

const MAX_DEPTH: usize = 50;
const SHORT: usize = 100;

pub(super) fn check(report: &Map<String, Value>, findings: &mut Findings) {
    let Some(root) = given(report, "root").and_then(Value::as_object) else {
        return;
    };
    let mut ids = Ids::default();
    check_step(root, "root", 0, &mut ids, findings);
    if ids.missing && !ids.seen.is_empty() {
        findings.add("root", "either all steps have an id or none");
    }
    if ids.twice {
        findings.add("root", "id of a step must be unique in the report");
    }
}

/// Ids of steps: all or none, each once.
#[derive(Default)]
struct Ids {
    seen: HashSet<i64>,
    missing: bool,
    twice: bool,
}

fn check_step(
    step: &Map<String, Value>,
    path: &str,
    depth: usize,
    ids: &mut Ids,
    findings: &mut Findings,
) {
    match given(step, "id").and_then(Value::as_i64) {
        Some(id) => ids.twice |= !ids.seen.insert(id),
        None => ids.missing = true,
    }
    one_of(step, "group", &["S", "M", "C"], path, findings);
    one_of(step, "status", &["P", "F", "E", "T", "S"], path, findings);
    if text_of(step, "name").is_none_or(str::is_empty) {
        findings.add(path, "name is required");
    } else {
        text(step, "name", SHORT, path, findings);
    }
    if text_of(step, "tsGuid").is_some_and(|text| text.chars().count() > 30) {
        findings.add(path, "tsGuid must have at most 30 characters");
    }
    parts(step, path, findings);
    measurements::check(step, path, findings);
    if let Some(sequence) = given(step, "seqCall").and_then(Value::as_object) {
        for (name, max) in [("path", 500), ("name", 200), ("version", 30)] {
            text(sequence, name, max, path, findings);
        }
    }
    let button = given(step, "messagePopup").and_then(|popup| popup.get("button"));
    if button
        .and_then(Value::as_i64)
        .is_some_and(|button| i16::try_from(button).is_err())
    {
        findings.add(path, "button must be a whole number of 16 bits");
    }
    if let Some(chart_) = given(step, "chart").and_then(Value::as_object) {
        chart(chart_, path, findings);
    }
    if let Some(attachment_) = given(step, "attachment").and_then(Value::as_object) {
        attachment(attachment_, path, findings);
    }
    children(step, path, depth, ids, findings);
}

fn parts(step: &Map<String, Value>, path: &str, findings: &mut Findings) {
    let has = |name: &&str| match given(step, name) {
        Some(Value::Array(list)) => !list.is_empty(),
        part => part.is_some(),
    };
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
    if has(&"steps") && !has(&"seqCall") {
        findings.add(path, "only a step with seqCall has steps");
    }
}

fn chart(chart: &Map<String, Value>, path: &str, findings: &mut Findings) {
    for (names, max) in [
        (["label", "xLabel", "yLabel"].as_slice(), 50),
        (&["xUnit", "yUnit"], 20),
    ] {
        for name in names {
            if text_of(chart, name).is_some_and(|text| text.chars().count() > max) {
                findings.add(
                    path,
                    format!("{name} of a chart must have at most {max} characters"),
                );
            }
        }
    }
    if objects(chart, "series").count() > MAX_SERIES {
        findings.add(path, format!("a chart has at most {MAX_SERIES} series"));
    }
    for series in objects(chart, "series") {
        one_of(series, "dataType", &["XYG"], path, findings);
        if text_of(series, "name").is_some_and(|text| text.chars().count() > 50) {
            findings.add(path, "name of a series must have at most 50 characters");
        }
        let points = |name: &str| match text_of(series, name) {
            None | Some("") => 0,
            Some(data) => data.split(';').count(),
        };
        let (x, y) = (points("xdata"), points("ydata"));
        if x != y {
            findings.add(path, "a series has as many x values as y values");
        }
        if x.max(y) > MAX_POINTS {
            findings.add(path, format!("a series has at most {MAX_POINTS} points"));
        }
    }
}

/// A file within the report, of a step or of a failure.
pub(super) fn attachment(file: &Map<String, Value>, path: &str, findings: &mut Findings) {
    if !text_of(file, "name").is_some_and(|name| (1..=SHORT).contains(&name.chars().count())) {
        findings.add(
            path,
            format!("name of an attachment must have 1 to {SHORT} characters"),
        );
    }
    if text_of(file, "contentType").is_none_or(str::is_empty) {
        findings.add(path, "contentType of an attachment is required");
    }
    if !text_of(file, "data").is_some_and(is_base64) {
        findings.add(path, "data of an attachment must be base64");
    }
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - digits.len() <= 2
        && digits
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
}

/// Names are unique among siblings; the iterations of a loop share theirs.
fn children(
    parent: &Map<String, Value>,
    path: &str,
    depth: usize,
    ids: &mut Ids,
    findings: &mut Findings,
) {
    if depth == MAX_DEPTH && objects(parent, "steps").next().is_some() {
        return findings.add(path, format!("steps nest at most {MAX_DEPTH} deep"));
    }
    loops::check(parent, path, findings);
    let mut names = HashSet::new();
    for child in objects(parent, "steps") {
        let name = text_of(child, "name").unwrap_or_default();
        let path = format!("{path} -> {name}");
        let is_loop = given(child, "loop").is_some();
        if !is_loop && !names.insert(name) {
            findings.add(&path, "the name must be unique among its siblings");
        }
        check_step(child, &path, depth + 1, ids, findings);
    }
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
            { "name": "a", "compOp": "GELE", "unit": "V", "status": "P", "lowLimit": 1, "highLimit": 2 },
            { "name": "b", "compOp": "LT", "unit": "V", "status": "F", "lowLimit": 1 } ] });
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
        assert!(only(|s| s["numericMeas"] = json!([])).contains("needs one of"));
        assert!(only(|s| s["booleanMeas"] = json!([{ "status": "P" }])).contains("at most one of"));
        assert!(only(|s| s["steps"] = json!([leaf("X")])).contains("only a step with seqCall"));
        let both = only(|s| {
            s["chart"] = series(1, "1", "2");
            s["attachment"] = json!({ "name": "a", "contentType": "t", "data": "AAAA" });
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
