//! Reports from other formats: what the file says is in the report, the linter takes it, and no bytes do harm.

mod producers;
mod reported;
mod stdf;

use crate::convert_samples::{JUNIT, defaults, record, stdf as stdf_file};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use wats_report::convert;
use wats_report::{Report, lint};

/// The report as WSJF; the linter has nothing to say of it that would hinder it.
pub(super) fn accepted(report: &Report) -> Value {
    let found: Vec<_> = lint(report)
        .into_iter()
        .filter(|finding| finding.severity() != wats_report::Severity::Advice)
        .collect();
    assert!(found.is_empty(), "{found:?}");
    serde_json::to_value(report).unwrap()
}

/// Names and statuses of the steps, with those within them behind.
pub(super) fn outline(step: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for inner in step["steps"].as_array().into_iter().flatten() {
        let said = |name: &str| inner[name].as_str().unwrap_or_default().to_owned();
        lines.push(format!("{} {}", said("name"), said("status")));
        lines.extend(outline(inner).into_iter().map(|line| format!("  {line}")));
    }
    lines
}

#[test]
fn openhtf_records() {
    let text = serde_json::to_vec(&record()).unwrap();
    let read = convert::openhtf(&text, &defaults()).unwrap();
    assert_eq!(read.id, convert::openhtf(&text, &defaults()).unwrap().id);
    let report = accepted(&read);
    for (name, value) in [
        ("pn", json!("PCBA-7")),
        ("sn", json!("SN-42")),
        ("rev", json!("A")),
        ("machineName", json!("bench-7")),
        ("result", json!("F")),
        ("startUTC", json!("2026-01-01T00:00:00.0000000Z")),
        ("processCode", json!(100)),
    ] {
        assert_eq!(report[name], value, "{name}");
    }
    assert_eq!(report["uut"]["user"], "Ola");
    assert_eq!(report["uut"]["execTime"], 12.5);
    assert_eq!(report["uut"]["errorMessage"], "LOW: too low");
    assert_eq!(
        report["miscInfos"],
        json!([{"description": "hall", "text": "3"}])
    );
    assert_eq!(report["root"]["seqCall"]["path"], "power.py");
    assert_eq!(
        outline(&report["root"]),
        [
            "power F",
            "  a_low F",
            "  b_free P",
            "  c_flag P",
            "  d_text P",
            "  e_none F",
            "  f_curve P",
            "  g_nan F",
            "  gone.bin P",
            "  log.txt P",
            "power (2) P",
            "  Outcome P",
            "later S",
            "broken E",
            "  Outcome F",
        ]
    );
    let steps = &report["root"]["steps"][0]["steps"];
    assert_eq!(
        steps[0]["numericMeas"][0],
        json!({"compOp": "GELE", "status": "F", "unit": "V", "value": 3.2, "lowLimit": 4.75, "highLimit": 5.25})
    );
    assert_eq!(steps[1]["numericMeas"][0]["unit"], "1");
    assert_eq!(steps[1]["reportText"], "odd\nsmall");
    assert_eq!(steps[3]["stringMeas"][0]["limit"], "abc");
    assert_eq!(steps[4]["reportText"], "x <= 3\nnot measured");
    assert_eq!(steps[5]["chart"]["series"][0]["ydata"], "1.5;2.5");
    assert_eq!(steps[8]["attachment"]["data"], "QUJD");
    for (text, problem) in [
        ("[]", "it is no object"),
        ("{}", "it has no `phases`"),
        ("{", "EOF"),
    ] {
        let told = convert::openhtf(text.as_bytes(), &defaults())
            .unwrap_err()
            .to_string();
        assert!(told.contains(problem), "{told}");
    }
    // What tells units apart is not made up.
    let mut unnamed = defaults();
    unnamed.serial_number.clear();
    let mut record = record();
    record["dut_id"] = Value::Null;
    let told = convert::openhtf(&serde_json::to_vec(&record).unwrap(), &unnamed).unwrap_err();
    assert_eq!(told.findings()[0].code(), "R104");
}

#[test]
fn junit_suites() {
    let read = convert::junit(JUNIT.as_bytes(), &defaults()).unwrap();
    let report = accepted(&read);
    assert_eq!(report["sn"], "SN-42");
    assert_eq!(report["pn"], "PCBA-001");
    assert_eq!(report["machineName"], "bench-7");
    assert_eq!(report["startUTC"], "2026-01-01T10:00:00.0000000Z");
    assert_eq!(report["result"], "E");
    assert_eq!(report["uut"]["execTime"], 1002.5);
    assert_eq!(
        report["miscInfos"],
        json!([{"description": "os", "text": "linux"}])
    );
    assert_eq!(
        outline(&report["root"]),
        [
            "power E",
            "  rail P",
            "  rail (2) F",
            "  later S",
            "  broken E",
            "empty P"
        ]
    );
    let cases = &report["root"]["steps"][0]["steps"];
    assert_eq!(cases[0]["totTime"], 0.25);
    assert_eq!(
        cases[1]["reportText"],
        "tests.Power\nfailure: 3.2 < 4.75\nline 12"
    );
    assert_eq!(cases[3]["errorMessage"], "timeout");
    // A suite by itself, with an offset.
    let one = r#"<testsuite name="s" timestamp="2026-01-01T10:00:00+02:00"><testcase name="a"/></testsuite>"#;
    let report = accepted(&convert::junit(one.as_bytes(), &defaults()).unwrap());
    assert_eq!(report["startUTC"], "2026-01-01T08:00:00.0000000Z");
    assert_eq!(outline(&report["root"]), ["a P"]);
    for (text, problem) in [
        ("<a/>", "it begins with `a`"),
        ("<testsuite>", "ends too early, at line 1"),
        ("<!DOCTYPE x><testsuite/>", "document type"),
        ("", "it is empty"),
    ] {
        let told = convert::junit(text.as_bytes(), &defaults())
            .unwrap_err()
            .to_string();
        assert!(told.contains(problem), "{told}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 500 } else { 10_000 }))]

    #[test]
    fn no_altered_bytes_panic(
        of in 0..4_usize,
        at: Index,
        end: Index,
        bytes in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let mut text = match of {
            0 => serde_json::to_vec(&record()).unwrap(),
            1 => JUNIT.as_bytes().to_vec(),
            2 => stdf_file(true),
            _ => stdf_file(false),
        };
        let at = at.index(text.len());
        let end = at + end.index(text.len() - at).min(20);
        text.splice(at..end, bytes);
        let read = match of {
            0 => convert::openhtf(&text, &defaults()).map(|report| vec![report]),
            1 => convert::junit(&text, &defaults()).map(|report| vec![report]),
            _ => convert::stdf_parts(&text, &defaults()).map(|file| file.reports),
        };
        for report in read.into_iter().flatten() {
            accepted(&report);
        }
    }
}
