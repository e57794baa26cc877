//! The published rules for measurements.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Findings, given, objects, one_of, real, text, text_of};

const ONE_LIMIT: [&str; 6] = ["EQ", "NE", "GT", "GE", "LT", "LE"];
const TWO_LIMITS: [&str; 8] = [
    "GTLT", "GTLE", "GELT", "GELE", "LTGT", "LTGE", "LEGT", "LEGE",
];
/// The interface description misspells two of them; both spellings are taken.
const TEXT_COMPARISONS: [&str; 11] = [
    "LOG",
    "EQ",
    "NE",
    "GT",
    "LT",
    "GE",
    "LE",
    "CASESENSIT",
    "IGNORECASE",
    "IGNORECAS",
    "CASESENIT",
];
const SHORT: usize = 100;

pub(super) fn check(step: &Map<String, Value>, path: &str, findings: &mut Findings) {
    for kind in ["numericMeas", "stringMeas", "booleanMeas"] {
        list(step, kind, path, findings);
    }
}

fn list(step: &Map<String, Value>, kind: &str, path: &str, findings: &mut Findings) {
    let list: Vec<_> = objects(step, kind).collect();
    let mut names = HashSet::new();
    for measurement in &list {
        one_of(measurement, "status", &["P", "F", "S"], path, findings);
        match kind {
            "numericMeas" => number(measurement, path, findings),
            "stringMeas" => string(measurement, path, findings),
            _ => {}
        }
        let name = text_of(measurement, "name").filter(|name| !name.is_empty());
        if name.is_some_and(|name| name.chars().count() > SHORT) {
            findings.add(
                path,
                format!("name of a measurement must have at most {SHORT} characters"),
            );
        }
        match name {
            _ if list.len() < 2 => {}
            None => findings.add(path, format!("each of several {kind} needs a name")),
            Some(name) if names.insert(name) => {}
            Some(_) => findings.add(
                path,
                format!("each of several {kind} needs a name of its own"),
            ),
        }
    }
    outcomes(step, &list, kind, path, findings);
}

fn outcomes(
    step: &Map<String, Value>,
    list: &[&Map<String, Value>],
    kind: &str,
    path: &str,
    findings: &mut Findings,
) {
    let status = |object| text_of(object, "status").unwrap_or_default();
    let step_status = status(step);
    let failed = list.iter().any(|measurement| status(measurement) == "F");
    match list {
        [_, ..] if matches!(step_status, "E" | "T") => {
            findings.add(
                path,
                format!("a step with status {step_status} has no {kind}"),
            );
        }
        [only] if status(only) != step_status => {
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

fn number(measurement: &Map<String, Value>, path: &str, findings: &mut Findings) {
    text(measurement, "unit", 20, path, findings);
    let op = text_of(measurement, "compOp").unwrap_or_default();
    let (low, high) = if op == "LOG" {
        (false, false)
    } else if ONE_LIMIT.contains(&op) {
        (true, false)
    } else if TWO_LIMITS.contains(&op) {
        (true, true)
    } else {
        let known = [&["LOG"], &ONE_LIMIT[..], &TWO_LIMITS[..]].concat();
        return one_of(measurement, "compOp", &known, path, findings);
    };
    for (name, wanted) in [("lowLimit", low), ("highLimit", high)] {
        match (given(measurement, name), wanted) {
            (None, true) => findings.add(path, format!("{name} is required with compOp {op}")),
            (Some(_), false) => {
                findings.add(path, format!("{name} must be absent with compOp {op}"));
            }
            _ => {}
        }
    }
    let limit = |name: &str| given(measurement, name).and_then(real);
    if high && limit("lowLimit") > limit("highLimit") && limit("highLimit").is_some() {
        findings.add(path, "lowLimit must not be above highLimit");
    }
}

fn string(measurement: &Map<String, Value>, path: &str, findings: &mut Findings) {
    one_of(measurement, "compOp", &TEXT_COMPARISONS, path, findings);
    for name in ["value", "limit"] {
        if text_of(measurement, name).is_some_and(|text| text.chars().count() > SHORT) {
            findings.add(
                path,
                format!("{name} of a text must have at most {SHORT} characters"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn findings(step: &Value) -> Vec<String> {
        let mut findings = Findings::default();
        check(step.as_object().unwrap(), "root", &mut findings);
        findings.list.iter().map(ToString::to_string).collect()
    }

    fn numeric(op: &str, low: Option<f64>, high: Option<f64>) -> Vec<String> {
        findings(
            &json!({ "status": "P", "numericMeas": [{ "compOp": op, "unit": "V",
            "status": "P", "value": 1.0, "lowLimit": low, "highLimit": high }] }),
        )
    }

    #[test]
    fn each_operator_has_its_limits() {
        let (one, none) = (Some(1.0), None);
        for (op, low, high) in [
            ("LOG", none, none),
            ("LE", one, none),
            ("GELE", one, Some(2.0)),
        ] {
            assert_eq!(numeric(op, low, high), Vec::<String>::new());
        }
        for (op, low, high, words) in [
            ("LOG", one, none, "lowLimit must be absent"),
            ("LE", none, none, "lowLimit is required"),
            ("LE", one, one, "highLimit must be absent"),
            ("GELE", one, none, "highLimit is required"),
            ("GELE", Some(3.0), one, "not be above"),
            ("IGNORECASE", none, none, "compOp must be one of"),
        ] {
            let found = numeric(op, low, high);
            assert!(found.len() == 1 && found[0].contains(words), "{found:?}");
        }
    }

    #[test]
    fn texts_and_broken_off_steps() {
        let text = |op: &str, value: &str| {
            findings(&json!({ "status": "P", "stringMeas": [
                { "compOp": op, "status": "P", "value": value, "limit": "x" }] }))
        };
        assert_eq!(text("CASESENSIT", "a"), Vec::<String>::new());
        assert!(text("GELE", "a").concat().contains("compOp must be one of"));
        assert!(
            text("EQ", &"a".repeat(101))
                .concat()
                .contains("at most 100")
        );
        let broken = json!({ "status": "E", "booleanMeas": [{ "status": "F" }] });
        assert_eq!(
            findings(&broken),
            ["root: a step with status E has no booleanMeas"]
        );
    }
}
