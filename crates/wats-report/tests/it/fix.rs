//! What `fix` mends, that it says so, and that it leaves the rest alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use crate::reports::{repair, test};
use jiff::Timestamp;
use serde_json::{Value, json};
use wats_report::{
    Finding, Report, fix, lint,
    lint::{FixPolicy, FutureStart, RULES},
};

fn read(report: &Value) -> Report {
    serde_json::from_value(report.clone()).unwrap()
}

fn mend(report: &Value, policy: &FixPolicy) -> (Value, Vec<&'static str>, Vec<&'static str>) {
    let mut report = read(report);
    let done = fix(&mut report, policy);
    let codes = |found: &[Finding]| found.iter().map(Finding::code).collect();
    (
        serde_json::to_value(&report).unwrap(),
        codes(&done),
        codes(&lint(&report)),
    )
}

type Change = fn(&mut Value);

/// A fault, and the place (a JSON pointer without its first slash) and value that mending it leaves.
type Mended = (&'static str, Change, &'static str, fn() -> Value);

#[rustfmt::skip]
const MENDED: &[Mended] = &[
    ("R105", |r| r["location"] = json!("ø".repeat(101)), "location", || json!("ø".repeat(100))),
    ("R111", |r| r["start"] = Value::Null, "start", || json!("2026-01-30T21:01:41.4707353+00:00")),
    ("R115", |r| r["startUTC"] = Value::Null, "startUTC", || json!("2026-01-30T21:01:41.4707353Z")),
    ("R118", |r| r["origin"] = json!("me"), "origin", || Value::Null),
    ("R119", |r| r["productName"] = json!("me"), "productName", || Value::Null),
    ("R119", |r| r["uut"]["refUURs"] = json!([{}]), "uut/refUURs", || Value::Null),
    ("R121", |r| r["uut"]["comment"] = json!("x".repeat(6_000)), "uut/comment", || json!("x".repeat(5_000))),
    ("R125", |r| r["miscInfos"][0]["text"] = json!("x".repeat(101)), "miscInfos/0/text", || json!("x".repeat(100))),
    ("R128", |r| r["uut"]["errorMessage"] = json!("x".repeat(201)), "uut/errorMessage", || json!("x".repeat(200))),
    ("R205", |r| step(r)["name"] = json!("x".repeat(101)), "root/steps/0/steps/0/name", || json!("x".repeat(100))),
    ("R212", |r| step(r)["id"] = Value::Null, "root/steps/0/steps/0/id", || json!(0)),
    ("R213", |r| step(r)["id"] = json!(1), "root/steps/0/steps/0/id", || json!(0)),
    ("R215", |r| step(r)["errorMessage"] = json!("x".repeat(201)), "root/steps/0/steps/0/errorMessage", || json!("x".repeat(200))),
    ("R217", |r| r["root"]["seqCall"]["name"] = json!("x".repeat(201)), "root/seqCall/name", || json!("x".repeat(200))),
    ("R301", |r| number(r)["compOp"] = json!("GeLe"), "root/steps/0/steps/0/numericMeas/0/compOp", || json!("GELE")),
    ("R302", |r| text(r)["compOp"] = json!("IgnoreCase"), "root/steps/0/steps/2/stringMeas/0/compOp", || json!("IGNORECASE")),
    ("R305", |r| { number(r)["compOp"] = json!("LE"); number(r)["lowLimit"] = Value::Null; }, "root/steps/0/steps/0/numericMeas/0/lowLimit", || json!(5.5)),
    ("R306", |r| number(r)["compOp"] = json!("LOG"), "root/steps/0/steps/0/numericMeas/0/lowLimit", || Value::Null),
    ("R316", |r| { text(r)["compOp"] = json!("LOG"); text(r)["value"] = json!("x".repeat(101)); }, "root/steps/0/steps/2/stringMeas/0/value", || json!("x".repeat(100))),
    ("R401", |r| series(r)["dataType"] = Value::Null, "root/steps/0/steps/4/chart/series/0/dataType", || json!("XYG")),
    ("R406", |r| series(r)["name"] = json!("x".repeat(51)), "root/steps/0/steps/4/chart/series/0/name", || json!("x".repeat(50))),
    ("R407", |r| r["root"]["steps"][0]["steps"][4]["chart"]["xUnit"] = json!("x".repeat(21)), "root/steps/0/steps/4/chart/xUnit", || json!("x".repeat(20))),
    ("R501", |r| iteration(r, 0)["num"] = Value::Null, "root/steps/1/steps/0/loop/num", || json!(2)),
    ("R502", |r| iteration(r, 0)["endingIndex"] = json!(2), "root/steps/1/steps/0/loop/endingIndex", || json!(1)),
    ("R503", |r| iteration(r, 1)["idx"] = json!(5), "root/steps/1/steps/1/loop/idx", || json!(0)),
    ("R505", |r| iteration(r, 0)["failed"] = Value::Null, "root/steps/1/steps/0/loop/failed", || json!(0)),
    ("R602", |r| r["root"]["steps"][0]["steps"][5]["attachment"]["contentType"] = Value::Null, "root/steps/0/steps/5/attachment/contentType", || json!("application/octet-stream")),
    ("R703", |r| r["subUnits"][0]["partType"] = json!("x".repeat(51)), "subUnits/0/partType", || json!("x".repeat(50))),
    ("R801", |r| step(r)["reportText"] = json!("a\u{1}b"), "root/steps/0/steps/0/reportText", || json!("a\u{fffd}b")),
];

fn step(report: &mut Value) -> &mut Value {
    &mut report["root"]["steps"][0]["steps"][0]
}

fn number(report: &mut Value) -> &mut Value {
    &mut step(report)["numericMeas"][0]
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

#[test]
fn each_fault_is_mended_told_and_gone() {
    let mut wrong = Vec::new();
    for (code, change, place, expected) in MENDED {
        let mut report = test();
        change(&mut report);
        let (after, done, left) = mend(&report, &FixPolicy::default());
        let value = after
            .pointer(&format!("/{place}"))
            .cloned()
            .unwrap_or_default();
        if done != [*code] || !left.is_empty() || value != expected() {
            wrong.push(format!("{code}: done {done:?}, left {left:?}, {value}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Writers differ in which of the two is the limit of LE and LT, so neither is dropped.
#[test]
fn of_two_limits_of_a_one_limit_operator_none_is_chosen() {
    for (low, high, done) in [(0.0, 5.5, vec![]), (5.5, 5.5, vec!["R306"])] {
        let mut report = test();
        number(&mut report)["compOp"] = json!("LE");
        number(&mut report)["lowLimit"] = json!(low);
        number(&mut report)["highLimit"] = json!(high);
        let (mut after, told, left) = mend(&report, &FixPolicy::default());
        assert_eq!(told, done);
        assert_eq!(left.contains(&"R306"), done.is_empty(), "{left:?}");
        if done.is_empty() {
            assert_eq!(number(&mut after), number(&mut report));
        }
    }
}

#[test]
fn what_the_table_calls_fixable_is_mended_and_nothing_else() {
    let by_policy = ["R114", "R116", "R206"];
    for rule in RULES {
        let mended =
            by_policy.contains(&rule.code) || MENDED.iter().any(|(code, ..)| *code == rule.code);
        assert_eq!(mended, rule.fixable, "{}", rule.code);
    }
}

#[test]
fn good_reports_are_left_alone() {
    for report in [test(), repair()] {
        let (after, done, _) = mend(&report, &FixPolicy::default());
        assert_eq!((after, done), (report, Vec::new()));
    }
}

#[test]
fn what_tells_units_apart_is_never_changed() {
    let mut report = test();
    report["sn"] = json!("S\u{1}");
    report["pn"] = json!("x".repeat(101));
    report["subUnits"][0]["sn"] = json!("S\u{1}");
    let (after, done, left) = mend(&report, &FixPolicy::default());
    assert_eq!((after, done), (report, Vec::new()));
    assert_eq!(left.len(), 3);
}

#[test]
fn policies_allow_more() {
    let mut report = test();
    report["startUTC"] = json!("2026-01-30T22:01:41Z");
    assert_eq!(mend(&report, &FixPolicy::default()).2, ["R114"]);
    let (after, done, left) = mend(&report, &FixPolicy::default().start_wins(true));
    assert_eq!((done, left), (vec!["R114"], vec![]));
    assert_eq!(after["startUTC"], "2026-01-30T21:01:41.4707353Z");

    let mut report = test();
    report["start"] = json!("2126-01-30T12:00:00+05:30");
    report["startUTC"] = json!("2126-01-30T06:30:00Z");
    assert_eq!(mend(&report, &FixPolicy::default()).2, ["R116"]);
    let before = Timestamp::now();
    let policy = FixPolicy::default().future_start(FutureStart::Now);
    let (after, done, left) = mend(&report, &policy);
    assert_eq!((done, left), (vec!["R116"], vec![]));
    let start = after["start"].as_str().unwrap();
    assert!(start.ends_with("+05:30"), "{start}");
    let at: Timestamp = start.parse().unwrap();
    let seconds = (at.as_second(), before.as_second());
    assert!((seconds.1..seconds.1 + 600).contains(&seconds.0), "{start}");

    let mut report = test();
    for n in [1, 2] {
        report["root"]["steps"][0]["steps"][n]["name"] = json!("Number");
    }
    report["root"]["steps"][0]["steps"][3]["name"] = json!("Number (2)");
    let (after, done, left) = mend(&report, &FixPolicy::default().rename_duplicates(true));
    assert_eq!((done, left), (vec!["R206", "R206"], vec![]));
    let names: Vec<_> = (0..4)
        .map(|n| after["root"]["steps"][0]["steps"][n]["name"].clone())
        .collect();
    assert_eq!(names, ["Number", "Number (3)", "Number (4)", "Number (2)"]);

    let mut report = test();
    report["location"] = json!("x".repeat(101));
    let (after, done, left) = mend(&report, &FixPolicy::default().cut_texts(false));
    assert_eq!((after, done, left), (report, vec![], vec!["R105"]));
}

#[test]
fn many_equal_names_are_told_apart_in_one_pass() {
    let mut report = test();
    let step =
        json!({"name": "Same", "group": "M", "status": "P", "booleanMeas": [{"status": "P"}]});
    report["root"]["steps"] = json!(vec![step; 20_000]);
    report["root"]["id"] = Value::Null;
    let (after, done, left) = mend(&report, &FixPolicy::default().rename_duplicates(true));
    assert_eq!(
        (done.len(), left.len()),
        (1_000, 0),
        "all are mended, the first are told"
    );
    assert_eq!(after["root"]["steps"][19_999]["name"], "Same (20000)");
}
