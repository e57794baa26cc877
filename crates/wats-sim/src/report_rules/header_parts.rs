//! The published rules for the header: who tested, further values, sub units, repairs.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Findings, given, objects, text_of};

const SHORT: usize = 100;
const COMMENT: usize = 5_000;
const PART_TYPE: usize = 50;

pub(super) fn check(report: &Map<String, Value>, findings: &mut Findings) {
    if given(report, "origin").is_some() {
        findings.add("report", "origin is made by the server and must be absent");
    }
    if text_of(report, "id").and_then(|id| Uuid::try_parse(id).ok()) == Some(Uuid::nil()) {
        findings.add("report", "id is required and must not be the empty guid");
    }
    let kind = text_of(report, "type");
    if let Some(uut) = given(report, "uut").and_then(Value::as_object) {
        person(uut, "report -> uut", kind == Some("T"), findings);
        for name in ["batchSN", "fixtureId"] {
            at_most(uut, name, SHORT, "report -> uut", findings);
        }
        in_range(
            uut,
            "testSocketIndex",
            -1..=32_767,
            "report -> uut",
            findings,
        );
    }
    if let Some(uur) = given(report, "uur").and_then(Value::as_object) {
        person(uur, "report -> uur", kind == Some("R"), findings);
        in_range(uur, "processCode", 0..=32_767, "report -> uur", findings);
    }
    for info in objects(report, "miscInfos") {
        misc_info(info, findings);
    }
    for unit in objects(report, "subUnits") {
        sub_unit(unit, findings);
    }
    for binary in objects(report, "binaryData") {
        super::steps::attachment(binary, "report -> binaryData", findings);
    }
}

/// Who worked, and what they had to say.
fn person(part: &Map<String, Value>, path: &str, required: bool, findings: &mut Findings) {
    match text_of(part, "user") {
        None if !required => {}
        Some(user) if (1..=SHORT).contains(&user.chars().count()) => {}
        _ => findings.add(
            path,
            format!("user is required, with 1 to {SHORT} characters"),
        ),
    }
    at_most(part, "comment", COMMENT, path, findings);
}

fn misc_info(info: &Map<String, Value>, findings: &mut Findings) {
    let path = "report -> miscInfos";
    let described = text_of(info, "description")
        .is_some_and(|text| (1..=SHORT).contains(&text.chars().count()));
    if !described {
        findings.add(
            path,
            format!("description must have 1 to {SHORT} characters"),
        );
    }
    at_most(info, "text", SHORT, path, findings);
    if given(info, "text").is_none() && given(info, "numeric").is_none() {
        findings.add(path, "text or numeric is required");
    }
}

fn sub_unit(unit: &Map<String, Value>, findings: &mut Findings) {
    let path = "report -> subUnits";
    at_most(unit, "partType", PART_TYPE, path, findings);
    for name in ["pn", "sn", "rev"] {
        at_most(unit, name, SHORT, path, findings);
    }
    for failure in objects(unit, "failures") {
        for attachment in objects(failure, "attachments") {
            super::steps::attachment(attachment, "report -> subUnits -> failures", findings);
        }
    }
}

fn at_most(part: &Map<String, Value>, name: &str, max: usize, path: &str, findings: &mut Findings) {
    if text_of(part, name).is_some_and(|text| text.chars().count() > max) {
        findings.add(path, format!("{name} must have at most {max} characters"));
    }
}

fn in_range(
    part: &Map<String, Value>,
    name: &str,
    range: std::ops::RangeInclusive<i64>,
    path: &str,
    findings: &mut Findings,
) {
    if let Some(number) = given(part, name).and_then(Value::as_i64)
        && !range.contains(&number)
    {
        let (least, most) = range.into_inner();
        findings.add(path, format!("{name} must be from {least} to {most}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn only(report: &Value) -> String {
        let mut findings = Findings::default();
        check(report.as_object().unwrap(), &mut findings);
        assert_eq!(findings.list.len(), 1, "{:?}", findings.list);
        findings.list[0].to_string()
    }

    #[test]
    fn each_part_has_its_rules() {
        let long = "x".repeat(101);
        for (report, words) in [
            (json!({"origin": "me"}), "origin"),
            (json!({"id": Uuid::nil().to_string()}), "id is required"),
            (
                json!({"type": "T", "uut": {}}),
                "report -> uut: user is required",
            ),
            (json!({"uut": {"user": long}}), "user is required"),
            (
                json!({"uut": {"comment": "x".repeat(5_001)}}),
                "comment must have at most 5000",
            ),
            (json!({"uut": {"testSocketIndex": -2}}), "from -1 to 32767"),
            (
                json!({"uut": {"batchSN": long}}),
                "batchSN must have at most 100",
            ),
            (
                json!({"type": "R", "uur": {}}),
                "report -> uur: user is required",
            ),
            (json!({"uur": {"processCode": 40_000}}), "from 0 to 32767"),
            (json!({"miscInfos": [{"text": "x"}]}), "description"),
            (
                json!({"miscInfos": [{"description": "d"}]}),
                "text or numeric",
            ),
            (
                json!({"miscInfos": [{"description": "d", "text": long}]}),
                "text must have",
            ),
            (
                json!({"subUnits": [{"partType": "x".repeat(51)}]}),
                "partType",
            ),
            (json!({"subUnits": [{"sn": long}]}), "sn must have"),
            (
                json!({"binaryData": [{"name": "n", "contentType": "c"}]}),
                "data",
            ),
        ] {
            let line = only(&report);
            assert!(line.contains(words), "{line}");
        }
    }
}
