//! The linter rule by rule, and beside the simulator, which has the rules from the server's descriptions and shares no
//! line with the linter: what one refuses the other refuses.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use crate::reports::{repair, test};
use crate::strict_server::StrictServer;
use serde_json::{Value, json};
use wats_domains::report::{Severity, lint::RULES, lint_json};

fn codes(report: &Value) -> Vec<&'static str> {
    let text = serde_json::to_vec(report).unwrap();
    lint_json(&text)
        .unwrap()
        .iter()
        .map(wats_domains::Finding::code)
        .collect()
}

type Change = fn(&mut Value);

/// For each rule ways to break just it.
#[rustfmt::skip]
const BREAKS: &[(&str, Change)] = &[
    ("R001", |r| r["processCode"] = json!("100")),
    ("R001", |r| r["root"]["steps"][0]["causedUUTFailure"] = json!("yes")),
    ("R002", |r| r["root"]["steps"][0]["steps"][3]["booleanMeas"][0]["value"] = json!(true)),
    ("R003", |r| r["root"]["steps"][0]["steps"][0] = nest(51)),
    ("R101", |r| r["id"] = Value::Null),
    ("R101", |r| r["id"] = json!("00000000-0000-0000-0000-000000000000")),
    ("R102", |r| r["type"] = json!("U")),
    ("R103", |r| r["sn"] = Value::Null),
    ("R103", |r| r["purpose"] = Value::Null),
    ("R104", |r| r["pn"] = json!("")),
    ("R104", |r| r["rev"] = json!("ø".repeat(101))),
    ("R105", |r| r["location"] = json!("x".repeat(101))),
    ("R106", |r| r["processCode"] = Value::Null),
    ("R106", |r| r["processCode"] = json!(32_768)),
    ("R108", |r| r["result"] = Value::Null),
    ("R109", |r| r["uut"] = Value::Null),
    ("R111", |r| r["start"] = Value::Null),
    ("R112", |r| r["start"] = json!("yesterday")),
    ("R112", |r| r["startUTC"] = json!("30.01.2026 10:00")),
    ("R113", |r| r["start"] = json!("2026-01-30T10:00:00")),
    ("R114", |r| r["startUTC"] = json!("2026-01-30T22:01:41Z")),
    ("R115", |r| r["startUTC"] = Value::Null),
    ("R116", |r| { r["start"] = json!("2126-01-30T10:00:00Z"); r["startUTC"] = r["start"].clone(); }),
    ("R117", |r| { r["start"] = json!("1969-01-30T10:00:00Z"); r["startUTC"] = r["start"].clone(); }),
    ("R118", |r| r["origin"] = json!("me")),
    ("R119", |r| r["productName"] = json!("Board")),
    ("R119", |r| r["uut"]["stepIdCausedUUTFailure"] = json!(3)),
    ("R119", |r| r["uut"]["refUURs"] = json!([{}])),
    ("R120", |r| r["uut"]["user"] = Value::Null),
    ("R120", |r| r["uut"]["user"] = json!("")),
    ("R121", |r| r["uut"]["comment"] = json!("x".repeat(5_001))),
    ("R122", |r| r["uut"]["testSocketIndex"] = json!(-2)),
    ("R123", |r| r["uut"]["fixtureId"] = json!("x".repeat(101))),
    ("R124", |r| r["miscInfos"][0]["description"] = Value::Null),
    ("R124", |r| r["miscInfos"][0]["description"] = json!("x".repeat(101))),
    ("R125", |r| r["miscInfos"][0]["text"] = json!("x".repeat(101))),
    ("R126", |r| r["miscInfos"][0]["text"] = Value::Null),
    ("R127", |r| r["sn"] = json!("A/B")),
    ("R128", |r| r["uut"]["errorMessage"] = json!("x".repeat(201))),
    ("R129", |r| r["sn"] = json!("SN42\r")),
    ("R129", |r| r["pn"] = json!("PCBA\u{200b}-001")),
    ("R129", |r| r["rev"] = json!("\u{feff}A")),
    ("R129", |r| r["machineName"] = json!("ICT-3\n")),
    ("R129", |r| r["uut"]["user"] = json!("Kari\u{202e}")),
    ("R129", |r| r["uut"]["batchSN"] = json!("B\t1")),
    ("R129", |r| r["subUnits"][0]["sn"] = json!("S-1\u{ad}")),
    ("R129", |r| r["assets"][0]["assetSN"] = json!("FIX\u{fe0f}-1")),
    ("R130", |r| r["sn"] = json!("SN42 ")),
    ("R130", |r| r["location"] = json!(" Drammen")),
    ("R130", |r| r["pn"] = json!("PCBA\u{2013}001")),
    ("R130", |r| r["uut"]["fixtureId"] = json!("Ｆ1")),
    ("R130", |r| r["rev"] = json!("A\u{30a}")),
    ("R201", |r| { r["root"]["seqCall"] = Value::Null; r["root"]["steps"] = Value::Null; r["root"]["booleanMeas"] = json!([{"status": "P"}]); }),
    ("R202", |r| r["result"] = json!("F")),
    ("R203", |r| step(r)["group"] = json!("X")),
    ("R204", |r| step(r)["name"] = Value::Null),
    ("R204", |r| step(r)["name"] = json!("")),
    ("R205", |r| step(r)["name"] = json!("x".repeat(101))),
    ("R206", |r| r["root"]["steps"][0]["steps"][3]["name"] = json!("Number")),
    ("R207", |r| step(r)["status"] = json!("D")),
    ("R207", |r| step(r)["status"] = Value::Null),
    ("R208", |r| step(r)["numericMeas"] = json!([])),
    ("R209", |r| step(r)["booleanMeas"] = json!([{"status": "P"}])),
    ("R210", |r| { let file = r["root"]["steps"][0]["steps"][5]["attachment"].clone(); r["root"]["steps"][0]["steps"][4]["attachment"] = file; }),
    ("R211", |r| { let inner = r["root"]["steps"][0]["steps"][3].clone(); step(r)["steps"] = json!([inner]); step(r)["steps"][0]["id"] = json!(900); }),
    ("R212", |r| step(r)["id"] = Value::Null),
    ("R213", |r| step(r)["id"] = json!(1)),
    ("R214", |r| step(r)["tsGuid"] = json!("x".repeat(31))),
    ("R215", |r| step(r)["errorMessage"] = json!("x".repeat(201))),
    ("R216", |r| r["root"]["seqCall"]["path"] = json!("")),
    ("R217", |r| r["root"]["seqCall"]["name"] = json!("x".repeat(201))),
    ("R218", |r| r["root"]["seqCall"]["version"] = Value::Null),
    ("R219", |r| { step(r)["status"] = json!("S"); step(r)["numericMeas"][0]["status"] = json!("S"); }),
    ("R220", |r| step(r)["messagePopup"] = json!({"response": "yes", "button": 32_768})),
    ("R221", |r| { r["root"]["steps"][0]["steps"][3]["status"] = json!("F"); r["root"]["steps"][0]["steps"][3]["booleanMeas"][0]["status"] = json!("F"); }),
    ("R222", |r| step(r)["start"] = json!("now")),
    ("R301", |r| number(r)["compOp"] = json!("CASESENSIT")),
    ("R301", |r| number(r)["compOp"] = Value::Null),
    ("R302", |r| text(r)["compOp"] = json!("GELE")),
    ("R303", |r| number(r)["unit"] = json!("")),
    ("R303", |r| number(r)["unit"] = json!("x".repeat(21))),
    ("R304", |r| number(r)["value"] = Value::Null),
    ("R305", |r| number(r)["lowLimit"] = Value::Null),
    ("R306", |r| { number(r)["compOp"] = json!("LE"); number(r)["lowLimit"] = json!(9); }),
    ("R307", |r| { number(r)["compOp"] = json!("LTGT"); number(r)["lowLimit"] = json!(9); }),
    ("R308", |r| { step(r)["status"] = json!("S"); step(r)["status"] = json!("F"); r["root"]["steps"][0]["status"] = json!("F"); r["root"]["status"] = json!("F"); r["result"] = json!("F"); }),
    ("R309", |r| many(r)[0]["name"] = Value::Null),
    ("R309", |r| many(r)[0]["name"] = json!("x".repeat(101))),
    ("R310", |r| many(r)[0]["name"] = json!("b")),
    ("R311", |r| { r["root"]["steps"][0]["steps"][1]["status"] = json!("F"); fail(r); }),
    ("R312", |r| { many(r)[0]["status"] = json!("F"); many(r)[0]["value"] = json!(100); }),
    ("R313", |r| many(r)[0]["status"] = json!("E")),
    ("R314", |r| { step(r)["status"] = json!("E"); fail(r); }),
    ("R315", |r| number(r)["value"] = json!(100)),
    ("R316", |r| { text(r)["compOp"] = json!("LOG"); text(r)["value"] = json!("x".repeat(101)); }),
    ("R317", |r| text(r)["limit"] = Value::Null),
    ("R401", |r| series(r)["dataType"] = json!("XY")),
    ("R402", |r| { let one = series(r).clone(); r["root"]["steps"][0]["steps"][4]["chart"]["series"] = json!(vec![one; 11]); }),
    ("R403", |r| { let data = vec!["1"; 10_001].join(";"); series(r)["xdata"] = json!(data); series(r)["ydata"] = json!(data); }),
    ("R404", |r| series(r)["xdata"] = json!("1;2;3")),
    ("R404", |r| series(r)["xdata"] = Value::Null),
    ("R405", |r| series(r)["xdata"] = json!("1,5;2,5")),
    ("R406", |r| r["root"]["steps"][0]["steps"][4]["chart"]["xLabel"] = json!("x".repeat(51))),
    ("R406", |r| series(r)["name"] = json!("x".repeat(51))),
    ("R407", |r| r["root"]["steps"][0]["steps"][4]["chart"]["yUnit"] = json!("x".repeat(21))),
    ("R501", |r| iteration(r, 0)["num"] = Value::Null),
    ("R502", |r| iteration(r, 0)["endingIndex"] = json!(2)),
    ("R503", |r| iteration(r, 1)["idx"] = json!(5)),
    ("R503", |r| { iteration(r, 0)["num"] = json!(3); iteration(r, 0)["endingIndex"] = json!(2); }),
    ("R504", |r| r["root"]["steps"][1]["steps"][1]["numericMeas"][0]["lowLimit"] = json!(0.5)),
    ("R505", |r| iteration(r, 0)["failed"] = json!(1)),
    ("R505", |r| iteration(r, 0)["passed"] = Value::Null),
    ("R506", |r| { r["root"]["steps"][1]["steps"].as_array_mut().unwrap().remove(0); }),
    ("R601", |r| r["root"]["steps"][0]["steps"][5]["attachment"]["name"] = Value::Null),
    ("R602", |r| r["root"]["steps"][0]["steps"][5]["attachment"]["contentType"] = json!("")),
    ("R603", |r| r["root"]["steps"][0]["steps"][5]["attachment"]["data"] = json!("AAA")),
    ("R603", |r| r["root"]["steps"][0]["steps"][5]["attachment"]["data"] = Value::Null),
    ("R604", |r| r["root"]["steps"][0]["steps"][5]["attachment"]["data"] = json!("AAAA".repeat(3_600_000))),
    ("R605", |r| file(r)["data"] = json!("")),
    ("R606", |r| file(r)["name"] = json!("log.txt\r\nX: y")),
    ("R606", |r| file(r)["name"] = json!("photo\u{202e}gpj.exe")),
    ("R606", |r| file(r)["contentType"] = json!("text/plain\r\nX: y")),
    ("R607", |r| file(r)["name"] = json!("../log.txt")),
    ("R607", |r| file(r)["name"] = json!("C:\\log.txt")),
    ("R607", |r| file(r)["name"] = json!("nul.txt")),
    ("R607", |r| file(r)["name"] = json!("..")),
    ("R607", |r| file(r)["name"] = json!("log?.txt")),
    ("R607", |r| file(r)["name"] = json!("log.txt ")),
    ("R608", |r| file(r)["contentType"] = json!("image")),
    ("R608", |r| file(r)["contentType"] = json!("image/")),
    ("R608", |r| file(r)["contentType"] = json!("ima ge/png")),
    ("R609", |r| file(r)["data"] = json!("iVBORw0KGgoAAAANSUhEUg==")),
    ("R703", |r| r["subUnits"][0]["partType"] = json!("x".repeat(51))),
    ("R704", |r| r["subUnits"][0]["sn"] = json!("x".repeat(101))),
    ("R707", |r| r["binaryData"] = json!([{"name": "n", "contentType": "a/b", "data": "AAAA"}])),
    ("R801", |r| step(r)["reportText"] = json!("a\u{1}b")),
    ("R801", |r| r["uut"]["comment"] = json!("a\u{ffff}")),
    ("R802", |r| step(r)["totTime"] = json!("NaN")),
    ("R802", |r| r["uut"]["execTime"] = json!("-Infinity")),
];

/// As above, for a repair report.
#[rustfmt::skip]
const BREAKS_OF_REPAIRS: &[(&str, Change)] = &[
    ("R110", |r| r["uur"] = Value::Null),
    ("R110", |r| r["subUnits"] = Value::Null),
    ("R121", |r| r["uur"]["comment"] = json!("x".repeat(5_001))),
    ("R601", |r| r["subUnits"][0]["failures"][0]["attachments"][0]["name"] = json!("")),
    ("R603", |r| r["binaryData"][0]["data"] = json!("?")),
    ("R701", |r| r["uur"]["user"] = Value::Null),
    ("R702", |r| r["uur"]["processCode"] = json!(-1)),
    ("R705", |r| r["subUnits"][0]["failures"][0]["code"] = Value::Null),
    ("R706", |r| r["subUnits"][1]["idx"] = json!(0)),
    ("R706", |r| r["subUnits"][1]["parentIdx"] = json!(7)),
    ("R119", |r| r["assetStats"] = json!([{"assetSN": "x"}])),
];

fn nest(depth: usize) -> Value {
    (0..depth).fold(
        json!({"id": 500, "name": "Number", "group": "M", "status": "P", "booleanMeas": [{"status": "P"}]}),
        |inner, n| json!({"id": 500 + n + 1, "name": "Number", "group": "M", "status": "P", "steps": [inner],
            "seqCall": {"path": "p", "name": "n", "version": "1"}}),
    )
}

fn step(report: &mut Value) -> &mut Value {
    &mut report["root"]["steps"][0]["steps"][0]
}

fn number(report: &mut Value) -> &mut Value {
    &mut step(report)["numericMeas"][0]
}

fn many(report: &mut Value) -> &mut Value {
    &mut report["root"]["steps"][0]["steps"][1]["numericMeas"]
}

fn text(report: &mut Value) -> &mut Value {
    &mut report["root"]["steps"][0]["steps"][2]["stringMeas"][0]
}

fn series(report: &mut Value) -> &mut Value {
    &mut report["root"]["steps"][0]["steps"][4]["chart"]["series"][0]
}

fn iteration(report: &mut Value, n: usize) -> &mut Value {
    &mut report["root"]["steps"][1]["steps"][n]["loop"]
}

fn file(report: &mut Value) -> &mut Value {
    &mut report["root"]["steps"][0]["steps"][5]["attachment"]
}

/// A failure that goes up to the report.
fn fail(report: &mut Value) {
    report["root"]["steps"][0]["status"] = json!("F");
    report["root"]["status"] = json!("F");
    report["result"] = json!("F");
}

#[test]
fn good_reports_have_no_findings() {
    assert_eq!(codes(&test()), Vec::<&str>::new());
    assert_eq!(codes(&repair()), Vec::<&str>::new());
}

#[test]
fn each_rule_is_broken_alone() {
    let tests = BREAKS.iter().map(|entry| (entry, test as fn() -> Value));
    let repairs = BREAKS_OF_REPAIRS
        .iter()
        .map(|entry| (entry, repair as fn() -> Value));
    let mut wrong = Vec::new();
    for (index, ((code, change), good)) in tests.chain(repairs).enumerate() {
        let mut report = good();
        change(&mut report);
        let found = codes(&report);
        if found != [*code] {
            wrong.push(format!("entry {index}: {code} is told as {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_in_the_tables() {
    // Those that only the server can tell, and one that only a text can break.
    let elsewhere = ["R090", "R107", "R004"];
    for rule in RULES {
        let broken = BREAKS
            .iter()
            .chain(BREAKS_OF_REPAIRS)
            .any(|(code, _)| *code == rule.code);
        assert!(broken || elsewhere.contains(&rule.code), "{}", rule.code);
    }
}

#[test]
fn the_server_refuses_what_the_linter_rejects_in_words_that_name_the_rule() {
    let server = StrictServer::start();
    let mut wrong = Vec::new();
    let tests = BREAKS.iter().map(|entry| (entry, test as fn() -> Value));
    let repairs = BREAKS_OF_REPAIRS
        .iter()
        .map(|entry| (entry, repair as fn() -> Value));
    for ((code, change), good) in tests.chain(repairs) {
        let rule = RULES.iter().find(|rule| rule.code == *code).unwrap();
        let mut report = good();
        change(&mut report);
        let found = server.findings(&report);
        let told: Vec<_> = found
            .iter()
            .flatten()
            .map(wats_domains::Finding::code)
            .collect();
        let fits = match &found {
            None => rule.severity != Severity::Reject,
            Some(_) => rule.severity == Severity::Reject && told.contains(code),
        };
        if !fits {
            wrong.push(format!("{code}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for report in [test(), repair()] {
        assert!(server.findings(&report).is_none());
    }
}
