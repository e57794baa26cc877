//! The rules every report must keep: header members, process, root.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Findings, given};
use crate::odata::parse_time;

/// Header members that are texts of 1 to 100 characters.
const TEXTS: [&str; 6] = ["pn", "sn", "rev", "machineName", "location", "purpose"];
const MAX_TEXT: usize = 100;
const RESULTS: [&str; 4] = ["P", "F", "E", "T"];

pub(super) fn check(
    report: &Map<String, Value>,
    process: &impl Fn(i64) -> Option<Value>,
    findings: &mut Findings,
) {
    id(report, findings);
    for name in TEXTS {
        required_text(report, name, findings);
    }
    time(report, findings);
    known_process(report, process, findings);
    let result = result(report, findings);
    match given(report, "type").and_then(Value::as_str) {
        Some("T") => test_report(report, result, findings),
        Some("R") => repair_report(report, findings),
        Some(other) => findings.add("report", format!("type must be T or R, not '{other}'")),
        None => findings.add("report", "type is required: T or R"),
    }
}

fn id(report: &Map<String, Value>, findings: &mut Findings) {
    match given(report, "id") {
        None => findings.add("report", "id is required"),
        Some(Value::String(text)) if Uuid::try_parse(text).is_ok() => {}
        Some(_) => findings.add("report", "id must be a guid"),
    }
}

fn required_text(report: &Map<String, Value>, name: &str, findings: &mut Findings) {
    match given(report, name) {
        None => findings.add("report", format!("{name} is required")),
        Some(Value::String(text)) if (1..=MAX_TEXT).contains(&text.chars().count()) => {}
        Some(Value::String(_)) => {
            findings.add(
                "report",
                format!("{name} must have 1 to {MAX_TEXT} characters"),
            );
        }
        Some(_) => findings.add("report", format!("{name} must be a text")),
    }
}

/// `start` is required; `startUTC`, if sent, must be a time too.
fn time(report: &Map<String, Value>, findings: &mut Findings) {
    if given(report, "start").is_none() {
        findings.add("report", "start is required");
    }
    for name in ["start", "startUTC"] {
        let Some(value) = given(report, name) else {
            continue;
        };
        if value.as_str().and_then(parse_time).is_none() {
            findings.add("report", format!("{name} must be a date and time"));
        }
    }
}

fn known_process(
    report: &Map<String, Value>,
    process: &impl Fn(i64) -> Option<Value>,
    findings: &mut Findings,
) {
    match given(report, "processCode").map(Value::as_i64) {
        None => findings.add("report", "processCode is required"),
        Some(Some(code)) if (0..=32_767).contains(&code) => {
            if process(code).is_none() {
                let rule = format!("processCode {code} does not exist on the server");
                findings.add("report", rule);
            }
        }
        Some(_) => findings.add(
            "report",
            "processCode must be a whole number from 0 to 32767",
        ),
    }
}

/// The process is one for this type of report, and `processName`, if sent, is its name, case included.
pub(super) fn process_fits(
    report: &Map<String, Value>,
    process: &impl Fn(i64) -> Option<Value>,
    findings: &mut Findings,
) {
    let code = given(report, "processCode").and_then(Value::as_i64);
    let Some((code, process)) = code.and_then(|code| Some((code, process(code)?))) else {
        return;
    };
    if let Some(sent) = given(report, "processName").and_then(Value::as_str) {
        let name = process
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if sent != name {
            let rule = format!("processName '{sent}' is not the name of process {code}, '{name}'");
            findings.add("report", rule);
        }
    }
    let (flag, kind) = match given(report, "type").and_then(Value::as_str) {
        Some("T") => ("isTestOperation", "test"),
        Some("R") => ("isRepairOperation", "repair"),
        _ => return,
    };
    if process.get(flag).and_then(Value::as_bool) != Some(true) {
        let rule = format!("processCode {code} must be that of a {kind} operation");
        findings.add("report", rule);
    }
}

fn result<'a>(report: &'a Map<String, Value>, findings: &mut Findings) -> Option<&'a str> {
    let result = given(report, "result").and_then(Value::as_str);
    match result {
        None => findings.add("report", "result is required: P, F, E or T"),
        Some(result) if RESULTS.contains(&result) => {}
        Some(other) => {
            findings.add(
                "report",
                format!("result must be P, F, E or T, not '{other}'"),
            );
        }
    }
    result
}

fn test_report(report: &Map<String, Value>, result: Option<&str>, findings: &mut Findings) {
    if given(report, "uut").and_then(Value::as_object).is_none() {
        findings.add("report", "uut is required for type T");
    }
    let Some(root) = given(report, "root").and_then(Value::as_object) else {
        findings.add("report", "root is required for type T");
        return;
    };
    if given(root, "seqCall").and_then(Value::as_object).is_none() {
        findings.add("root", "seqCall is required in the root step");
    }
    let status = given(root, "status").and_then(Value::as_str);
    if let (Some(result), status) = (result, status)
        && status != Some(result)
    {
        let status = status.unwrap_or("none");
        let rule = format!("status ({status}) must be equal to the report's result ({result})");
        findings.add("root", rule);
    }
}

fn repair_report(report: &Map<String, Value>, findings: &mut Findings) {
    if given(report, "uur").and_then(Value::as_object).is_none() {
        findings.add("report", "uur is required for type R");
    }
    if given(report, "subUnits")
        .and_then(Value::as_array)
        .is_none()
    {
        findings.add("report", "subUnits is required for type R");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{ReportRules, check};
    use super::*;
    use crate::seed;

    fn report() -> Value {
        json!({
            "id": "33a2d408-3fc8-480b-b554-6866c77fd91c", "type": "T", "pn": "P", "sn": "S",
            "rev": "A", "processCode": 100, "result": "P", "machineName": "M", "location": "L",
            "purpose": "U", "start": "2026-01-30T22:01:41.4707353+01:00",
            "uut": { "user": "me" },
            "root": { "name": "Main", "group": "M", "status": "P", "seqCall": {
                "path": "p", "name": "n", "version": "1" } },
        })
    }

    fn findings(report: &Value) -> Vec<String> {
        findings_by(report, ReportRules::Basic)
    }

    fn findings_by(report: &Value, rules: ReportRules) -> Vec<String> {
        let known = |code| {
            seed::processes()
                .into_iter()
                .find(|process| process["code"] == code)
        };
        check(report, rules, known)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    fn only(change: impl FnOnce(&mut Value)) -> String {
        let mut report = report();
        change(&mut report);
        let found = findings(&report);
        assert_eq!(found.len(), 1, "{found:?}");
        found.concat()
    }

    #[test]
    fn a_good_report_passes() {
        assert_eq!(findings(&report()), Vec::<String>::new());
    }

    #[test]
    fn every_required_member_is_missed_by_name() {
        for name in [
            "id",
            "type",
            "pn",
            "sn",
            "rev",
            "processCode",
            "result",
            "machineName",
            "location",
            "purpose",
            "start",
            "uut",
            "root",
        ] {
            let line = only(|report| report[name] = Value::Null);
            assert!(
                line.starts_with(&format!("report: {name} is required")),
                "{line}"
            );
            only(|report| {
                report.as_object_mut().unwrap().remove(name);
            });
        }
    }

    #[test]
    fn members_of_a_wrong_kind_are_named() {
        assert_eq!(only(|r| r["id"] = json!("x")), "report: id must be a guid");
        assert_eq!(only(|r| r["pn"] = json!(5)), "report: pn must be a text");
        assert_eq!(
            only(|r| r["sn"] = json!("")),
            "report: sn must have 1 to 100 characters"
        );
        only(|r| r["sn"] = json!("ø".repeat(101)));
        only(|r| r["start"] = json!("yesterday"));
        only(|r| r["startUTC"] = json!(7));
        only(|r| r["type"] = json!("U"));
        only(|r| r["processCode"] = json!(32_768));
    }

    #[test]
    fn the_process_must_be_of_its_name_and_kind() {
        for (kind, code, name, broken) in [
            ("T", 100, Value::Null, None),
            ("T", 100, json!("End of line test"), None),
            ("T", 100, json!("end of line test"), Some("processName")),
            ("T", 100, json!("ICT test"), Some("processName")),
            ("T", 500, Value::Null, Some("a test operation")),
            ("T", 700, Value::Null, Some("a test operation")),
            ("R", 500, json!("Repair"), None),
            ("R", 500, json!("Repair "), Some("processName")),
            ("R", 100, Value::Null, Some("a repair operation")),
            ("R", 710, Value::Null, Some("a repair operation")),
        ] {
            let mut report = report();
            report["type"] = json!(kind);
            report["processCode"] = json!(code);
            report["processName"] = name.clone();
            let found = findings_by(&report, ReportRules::Strict);
            let about: Vec<_> = found
                .iter()
                .filter(|line| line.contains("process"))
                .collect();
            assert_eq!(
                about.len(),
                usize::from(broken.is_some()),
                "{kind} {code} {name}: {about:?}"
            );
            if let Some(words) = broken {
                assert!(about[0].contains(words), "{about:?}");
            }
        }
    }

    #[test]
    fn the_process_must_exist() {
        let line = only(|report| report["processCode"] = json!(4711));
        assert_eq!(
            line,
            "report: processCode 4711 does not exist on the server"
        );
    }

    #[test]
    fn the_root_carries_a_sequence_and_the_result() {
        let line = only(|report| report["root"]["seqCall"] = Value::Null);
        assert_eq!(line, "root: seqCall is required in the root step");
        let line = only(|report| report["root"]["status"] = json!("F"));
        assert_eq!(
            line,
            "root: status (F) must be equal to the report's result (P)"
        );
        only(|report| report["root"]["status"] = Value::Null);
        let found = findings(&json!([]));
        assert_eq!(found, ["report: must be one JSON object"]);
    }

    #[test]
    fn a_result_letter_outside_the_four_is_refused() {
        let mut report = report();
        report["result"] = json!("D");
        report["root"]["status"] = json!("D");
        assert_eq!(
            findings(&report),
            ["report: result must be P, F, E or T, not 'D'"]
        );
    }

    #[test]
    fn a_repair_report_needs_its_parts() {
        let mut report = report();
        report["type"] = json!("R");
        let found = findings(&report);
        assert_eq!(
            found,
            [
                "report: uur is required for type R",
                "report: subUnits is required for type R"
            ]
        );
    }
}
