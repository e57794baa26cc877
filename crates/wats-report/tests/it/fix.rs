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
    Finding, Report, Station, fix, lint,
    lint::{FixPolicy, Mend, OutcomeConflict, RULES},
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
    ("R214", |r| step(r)["tsGuid"] = json!("x".repeat(31)), "root/steps/0/steps/0/tsGuid", || Value::Null),
    ("R216", |r| r["root"]["seqCall"]["path"] = json!(format!("{}.seq", "x".repeat(500))), "root/seqCall/path", || json!(format!("{}.seq", "x".repeat(496)))),
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

/// The same for what only a policy allows.
type Allowed = (&'static str, Mend, Change, &'static str, fn() -> Value);

#[rustfmt::skip]
const ALLOWED: &[Allowed] = &[
    ("R001", Mend::Kinds, |r| r["processCode"] = json!("100"), "processCode", || json!(100)),
    ("R001", Mend::Kinds, |r| r["uut"]["testSocketIndex"] = json!(3.0), "uut/testSocketIndex", || json!(3)),
    ("R001", Mend::Kinds, |r| r["uut"]["errorCode"] = json!(2_148_734_208_u32), "uut/errorCode", || json!(-2_146_233_088)),
    ("R001", Mend::Kinds, |r| number(r)["unit"] = json!(5), "root/steps/0/steps/0/numericMeas/0/unit", || json!("5")),
    ("R001", Mend::Kinds, |r| step(r)["causedUUTFailure"] = json!("True"), "root/steps/0/steps/0/causedUUTFailure", || json!(true)),
    ("R001", Mend::Kinds, |r| r["miscInfos"][1]["numeric"] = json!(1.5), "miscInfos/1/text", || json!("1.5")),
    ("R001", Mend::Kinds, |r| step(r)["id"] = json!("3"), "root/steps/0/steps/0/id", || json!(3)),
    ("R001", Mend::Unreadable, |r| r["uut"]["testSocketIndex"] = json!("left"), "additionalData/1/props/0", || json!({"name": "report → uut: testSocketIndex", "type": "String", "value": "left"})),
    ("R001", Mend::Unreadable, |r| number(r)["value"] = json!("n/a"), "root/steps/0/steps/0/numericMeas/0/value", || json!(null)),
    ("R001", Mend::Unreadable, |r| r["miscInfos"][0]["numeric"] = json!("four"), "miscInfos/0/numeric", || json!(null)),
    ("R001", Mend::Kinds, |r| r["miscInfos"][1]["numeric"] = json!("four"), "miscInfos/1/text", || json!("four")),
    ("R001", Mend::Kinds, |r| number(r)["value"] = json!("5,25"), "root/steps/0/steps/0/numericMeas/0/value", || json!(5.25)),
    ("R001", Mend::Kinds, |r| { let only = number(r).clone(); step(r)["numericMeas"] = only; }, "root/steps/0/steps/0/numericMeas/0/value", || json!(5.0)),
    ("R001", Mend::Kinds, |r| { let info = r["miscInfos"][0].clone(); r["miscInfos"] = json!([null, info]); }, "miscInfos/0/description", || json!("Hall")),
    ("R001", Mend::Kinds, |r| r["uut"] = json!([r["uut"]]), "uut/user", || json!("Kari")),
    ("R001", Mend::Kinds, |r| step(r)["messagePopup"] = json!([]), "root/steps/0/steps/0/messagePopup", || json!(null)),
    ("R001", Mend::Kinds, |r| series(r)["xdata"] = json!([1, 2.5]), "root/steps/0/steps/4/chart/series/0/xdata", || json!("1;2.5")),
    ("R001", Mend::Kinds, |r| step(r)["reportText"] = json!(true), "root/steps/0/steps/0/reportText", || json!("true")),
    ("R001", Mend::Unreadable, |r| step(r)["messagePopup"] = json!("yes"), "root/steps/0/steps/0/messagePopup", || json!(null)),
    ("R001", Mend::Unreadable, |r| number(r)["value"] = json!("1,234"), "root/steps/0/steps/0/numericMeas/0/value", || json!(null)),
    ("R102", Mend::RepairUnits, |r| r["type"] = json!(null), "type", || json!("T")),
    ("R103", Mend::UnknownNames, |r| r["machineName"] = json!(null), "machineName", || json!("Unknown")),
    ("R103", Mend::UnknownNames, |r| r["location"] = json!(null), "location", || json!("Unknown")),
    ("R103", Mend::UnknownNames, |r| r["purpose"] = json!(null), "purpose", || json!("Unknown")),
    ("R103", Mend::UnknownRevision, |r| r["rev"] = json!(null), "rev", || json!("Unknown")),
    ("R120", Mend::UnknownNames, |r| r["uut"]["user"] = json!(null), "uut/user", || json!("Unknown")),
    ("R107", Mend::ProcessNames, |r| r["processName"] = json!("Test"), "processName", || json!(null)),
    ("R108", Mend::Outcomes, |r| r["result"] = json!("Passed"), "result", || json!("P")),
    ("R108", Mend::Outcomes, |r| r["result"] = json!(null), "result", || json!("P")),
    ("R112", Mend::NaiveStart, |r| r["start"] = json!("2026-01-30 22:01:41.4707353 +01:00"), "start", || json!("2026-01-30T22:01:41.4707353+01:00")),
    ("R112", Mend::NaiveStart, |r| r["start"] = json!("/Date(1769806901470+0100)/"), "start", || json!("2026-01-30T22:01:41.4700000+01:00")),
    ("R112", Mend::NaiveStart, |r| r["start"] = json!("/Date(-1470)/"), "start", || json!("1969-12-31T23:59:58.5300000+00:00")),
    ("R112", Mend::NaiveStart, |r| r["start"] = json!("Fri, 30 Jan 2026 22:01:41 -0330"), "start", || json!("2026-01-30T22:01:41.0000000-03:30")),
    ("R112", Mend::Unreadable, |r| r["start"] = json!("30.01.2026 22:01:41"), "start", || json!("2026-01-30T21:01:41.4707353+00:00")),
    ("R113", Mend::NaiveStart, |r| r["start"] = json!("2026-01-30T16:31:41.4707353"), "start", || json!("2026-01-30T16:31:41.4707353-04:30")),
    ("R113", Mend::NaiveStart, |r| r["startUTC"] = json!("2026-01-30T21:01:41.4707353"), "startUTC", || json!("2026-01-30T21:01:41.4707353Z")),
    ("R114", Mend::StartWins, |r| r["startUTC"] = json!("2026-01-30T22:01:41Z"), "startUTC", || json!("2026-01-30T21:01:41.4707353Z")),
    ("R122", Mend::Ranges, |r| r["uut"]["testSocketIndex"] = json!(40_000), "miscInfos/2/numeric", || json!(40_000)),
    ("R124", Mend::MissingNames, |r| r["miscInfos"][0]["description"] = json!(""), "miscInfos/0/description", || json!("Misc info 1")),
    ("R126", Mend::EmptyMiscInfos, |r| r["miscInfos"][0]["text"] = json!(null), "miscInfos/0/description", || json!("Slot")),
    ("R201", Mend::SequenceCalls, |r| { r["root"]["seqCall"] = json!(null); }, "root/seqCall/path", || json!("unknown")),
    ("R203", Mend::Groups, |r| step(r)["group"] = json!("Cleanup"), "root/steps/0/steps/0/group", || json!("C")),
    ("R203", Mend::Groups, |r| step(r)["group"] = json!(null), "root/steps/0/steps/0/group", || json!("M")),
    ("R204", Mend::MissingNames, |r| step(r)["name"] = json!(""), "root/steps/0/steps/0/name", || json!("ET_NLT")),
    ("R206", Mend::DuplicateNames, |r| step(r)["name"] = json!("Text"), "root/steps/0/steps/2/name", || json!("Text (2)")),
    ("R207", Mend::Outcomes, |r| step(r)["status"] = json!("D"), "root/steps/0/steps/0/status", || json!("P")),
    ("R207", Mend::Outcomes, |r| step(r)["status"] = json!("ok"), "root/steps/0/steps/0/status", || json!("P")),
    ("R208", Mend::EmptySteps, |r| step(r)["numericMeas"] = json!([]), "root/steps/0/steps/0/additionalResults", || json!([{"name": "ET_NLT"}])),
    ("R209", Mend::MixedSteps, |r| step(r)["booleanMeas"] = json!([{"status": "P"}]), "root/steps/0/steps/0/steps/1/name", || json!("Number (pass/fail)")),
    ("R210", Mend::MixedSteps, |r| { let file = r["root"]["steps"][0]["steps"][5]["attachment"].clone(); r["root"]["steps"][0]["steps"][4]["attachment"] = file; }, "root/steps/0/steps/4/steps/1/name", || json!("Curve (file)")),
    ("R211", Mend::SequenceCalls, |r| r["root"]["steps"][0]["seqCall"] = json!(null), "root/steps/0/seqCall", || json!({"path": "main.seq", "name": "All kinds", "version": "1.0"})),
    ("R216", Mend::SequenceCalls, |r| r["root"]["steps"][0]["seqCall"]["path"] = json!(""), "root/steps/0/seqCall/path", || json!("main.seq")),
    ("R218", Mend::SequenceCalls, |r| r["root"]["steps"][0]["seqCall"]["version"] = json!(null), "root/steps/0/seqCall/version", || json!("1.0")),
    ("R220", Mend::Ranges, |r| r["root"]["steps"][0]["steps"][3]["messagePopup"]["button"] = json!(40_000), "root/steps/0/steps/3/messagePopup/button", || json!(null)),
    ("R303", Mend::MissingUnits, |r| number(r)["unit"] = json!(null), "root/steps/0/steps/0/numericMeas/0/unit", || json!("1")),
    ("R301", Mend::Comparisons, |r| number(r)["compOp"] = json!("EQT"), "root/steps/0/steps/0/additionalResults/0/props/0", || json!({"name": "compOp", "type": "String", "value": "EQT"})),
    ("R302", Mend::Comparisons, |r| text(r)["compOp"] = json!("GELE"), "root/steps/0/steps/2/stringMeas/0/compOp", || json!("LOG")),
    ("R305", Mend::Comparisons, |r| number(r)["highLimit"] = json!(null), "root/steps/0/steps/0/numericMeas/0/compOp", || json!("GE")),
    ("R305", Mend::Comparisons, |r| number(r)["lowLimit"] = json!(null), "root/steps/0/steps/0/numericMeas/0/compOp", || json!("LE")),
    ("R306", Mend::Comparisons, |r| { number(r)["compOp"] = json!("LE"); number(r)["value"] = json!(5.0); }, "root/steps/0/steps/0/numericMeas/0/lowLimit", || json!(5.5)),
    ("R307", Mend::Comparisons, |r| number(r)["lowLimit"] = json!(6), "root/steps/0/steps/0/numericMeas/0/compOp", || json!("LOG")),
    ("R309", Mend::MissingNames, |r| r["root"]["steps"][0]["steps"][1]["numericMeas"][0]["name"] = json!(null), "root/steps/0/steps/1/numericMeas/0/name", || json!("Measurement 1")),
    ("R310", Mend::DuplicateNames, |r| r["root"]["steps"][0]["steps"][1]["numericMeas"][0]["name"] = json!("b"), "root/steps/0/steps/1/numericMeas/1/name", || json!("b (2)")),
    ("R313", Mend::Outcomes, |r| number(r)["status"] = json!("D"), "root/steps/0/steps/0/numericMeas/0/status", || json!("P")),
    ("R314", Mend::BrokenOff, |r| step(r)["status"] = json!("E"), "root/steps/0/steps/0/steps/0/numericMeas/0/value", || json!(5.0)),
    ("R316", Mend::Comparisons, |r| text(r)["limit"] = json!("x".repeat(101)), "root/steps/0/steps/2/stringMeas/0/compOp", || json!("LOG")),
    ("R401", Mend::ChartPoints, |r| series(r)["dataType"] = json!("XY"), "root/steps/0/steps/4/chart/series/0/dataType", || json!("XYG")),
    ("R402", Mend::MixedSteps, |r| { let one = series(r).clone(); r["root"]["steps"][0]["steps"][4]["chart"]["series"] = json!(vec![one; 11]); }, "root/steps/0/steps/4/steps/1/chart/series/0/xdata", || json!("1;2.5")),
    ("R403", Mend::MixedSteps, |r| { series(r)["xdata"] = json!(vec!["1"; 10_002].join(";")); series(r)["ydata"] = json!(vec!["2"; 10_002].join(";")); }, "root/steps/0/steps/4/steps/0/chart/series/1/xdata", || json!("1;1")),
    ("R404", Mend::ChartPoints, |r| series(r)["xdata"] = json!("1;2;3"), "root/steps/0/steps/4/chart/series/0/xdata", || json!("1;2")),
    ("R404", Mend::ChartPoints, |r| series(r)["xdata"] = json!(null), "root/steps/0/steps/4/chart/series/0/xdata", || json!("0;1")),
    ("R504", Mend::LoopLimits, |r| r["root"]["steps"][1]["steps"][0]["numericMeas"][0]["lowLimit"] = json!(0.5), "root/steps/1/steps/0/numericMeas/0/lowLimit", || json!(1.0)),
    ("R504", Mend::LoopLimits, |r| r["root"]["steps"][1]["steps"][1]["numericMeas"][0]["lowLimit"] = json!(0.5), "root/steps/1/steps/0/numericMeas", || json!(null)),
    ("R601", Mend::MissingNames, |r| r["root"]["steps"][0]["steps"][5]["attachment"]["name"] = json!(""), "root/steps/0/steps/5/attachment/name", || json!("attachment")),
    ("R603", Mend::Base64, |r| r["root"]["steps"][0]["steps"][5]["attachment"]["data"] = json!("_-8\n"), "root/steps/0/steps/5/attachment/data", || json!("/+8=")),
    ("R603", Mend::Base64, |r| r["root"]["steps"][0]["steps"][5]["attachment"]["data"] = json!("data:text/plain;base64,QQ=="), "root/steps/0/steps/5/attachment/data", || json!("QQ==")),
    ("R603", Mend::Base64, |r| r["root"]["steps"][0]["steps"][5]["attachment"]["data"] = json!("all is well!"), "root/steps/0/steps/5/attachment/data", || json!("YWxsIGlzIHdlbGwh")),
    ("R603", Mend::MissingFiles, |r| r["root"]["steps"][0]["steps"][5]["attachment"]["data"] = json!(null), "root/steps/0/steps/5/attachment", || json!(null)),
    ("R603", Mend::MissingFiles, |r| r["root"]["steps"][0]["steps"][5]["attachment"]["data"] = json!(null), "root/steps/0/steps/5/additionalResults/0/props/0/value", || json!("log.txt")),
    ("R802", Mend::NonFinite, |r| { number(r)["value"] = json!("NaN"); }, "root/steps/0/steps/0/numericMeas/0/value", || json!(null)),
    ("R802", Mend::NonFinite, |r| step(r)["totTime"] = json!("-Infinity"), "root/steps/0/steps/0/totTime", || json!(null)),
];

fn at(report: &Value, place: &str) -> Value {
    report
        .pointer(&format!("/{place}"))
        .cloned()
        .unwrap_or_default()
}

#[test]
fn what_a_policy_allows_is_mended_by_it_alone() {
    let mut wrong = Vec::new();
    for (code, allowed, change, place, expected) in ALLOWED {
        let mut report = test();
        change(&mut report);
        // Steps that come new have no id, which the default policy gives them.
        let (after, done, left) = mend(&report, &FixPolicy::default().with(*allowed));
        let gone = !left.contains(code) && done.contains(code);
        if !gone || at(&after, place) != expected() {
            wrong.push(format!(
                "{code}: done {done:?}, left {left:?}, {}",
                at(&after, place)
            ));
        }
        for other in Mend::ALL.iter().filter(|other| *other != allowed) {
            let (after, done, _) = mend(&report, &FixPolicy::none().with(*other));
            // Capitals are the other way to mend an operator, and say nothing of one that is unknown.
            if done.contains(code) || (done.is_empty() && after != report) {
                wrong.push(format!("{code}: {other:?} did {done:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Neither time tells an offset: only the policy does.
#[test]
fn a_zone_is_named() {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::Offset::from_seconds(3_600).unwrap());
    let mut report = test();
    (report["start"], report["startUTC"]) = (json!("2026-01-30T22:01:41"), json!(null));
    let policy = FixPolicy::resubmit();
    let (_, _, left) = mend(&report, &policy);
    assert!(left.contains(&"R113"), "{left:?}");
    let (after, _, left) = mend(&report, &policy.clone().zone(zone.clone()));
    assert_eq!(left, [""; 0]);
    assert_eq!(after["start"], "2026-01-30T22:01:41.0000000+01:00");
    assert_eq!(after["startUTC"], "2026-01-30T21:01:41.0000000Z");
    // What the report says prevails.
    report["startUTC"] = json!("2026-01-30T20:01:41Z");
    let (after, ..) = mend(&report, &policy.zone(zone));
    assert_eq!(after["start"], "2026-01-30T22:01:41.0000000+02:00");
}

#[test]
fn nothing_is_changed_without_its_policy() {
    let changes = MENDED.iter().map(|(code, change, ..)| (code, change));
    let all = changes.chain(ALLOWED.iter().map(|(code, _, change, ..)| (code, change)));
    for (code, change) in all {
        let mut report = test();
        change(&mut report);
        let (after, done, _) = mend(&report, &FixPolicy::none());
        assert_eq!((after, done), (report.clone(), vec![]), "{code}");
        let done = |mend: &&Mend| {
            !self::mend(&report, &FixPolicy::none().with(**mend))
                .1
                .is_empty()
        };
        let by: Vec<&Mend> = Mend::ALL.iter().filter(done).collect();
        assert!((1..=2).contains(&by.len()), "{code}: {by:?}");
    }
}

/// What only somebody can know is filled in as the policy names it, and nothing else is.
#[test]
fn members_of_the_header_are_filled_in_by_name_only() {
    let station = Station {
        name: "ICT",
        location: "Oslo",
        purpose: "Repeat",
    };
    let id = uuid::Uuid::from_u128(7);
    let policy = FixPolicy::none()
        .operator("Ola")
        .revision("B")
        .station(station)
        .process_code(10)
        .id(id);
    let mut report = test();
    assert_eq!(mend(&report, &policy), (report.clone(), vec![], vec![]));
    for (place, value) in [
        ("id", json!(id)),
        ("rev", json!("B")),
        ("machineName", json!("ICT")),
        ("location", json!("Oslo")),
        ("purpose", json!("Repeat")),
        ("processCode", json!(10)),
    ] {
        report[place] = if value.is_number() || place == "id" {
            json!(null)
        } else {
            json!("")
        };
        let others = FixPolicy::resubmit()
            .without(Mend::UnknownNames)
            .without(Mend::UnknownRevision);
        assert_eq!(
            at(&mend(&report, &others).0, place),
            report[place],
            "{place}"
        );
        assert_eq!(at(&mend(&report, &policy).0, place), value);
        // What is named is better than what is unknown.
        let both = policy
            .clone()
            .with(Mend::UnknownNames)
            .with(Mend::UnknownRevision);
        assert_eq!(at(&mend(&report, &both).0, place), value);
    }
    report["uut"] = json!(null);
    let (after, done, left) = mend(&report, &policy);
    assert_eq!(after["uut"]["user"], "Ola");
    assert_eq!(
        (done, left),
        (
            vec![
                "R101", "R106", "R103", "R103", "R103", "R103", "R109", "R120"
            ],
            vec![]
        )
    );
    let mut report = repair();
    report["uur"] = json!(null);
    let (after, done, _) = mend(&report, &policy);
    assert_eq!(
        (after["uur"]["user"].as_str(), done),
        (Some("Ola"), vec!["R110", "R701"])
    );
    let mut report = repair();
    report["uur"]["processCode"] = json!(-1);
    report["subUnits"] = json!(null);
    let policy = FixPolicy::none().with(Mend::Ranges).with(Mend::RepairUnits);
    let (after, done, _) = mend(&report, &policy);
    assert_eq!(
        (after["subUnits"][0]["sn"].as_str(), done),
        (Some("SN-42"), vec!["R702", "R110"])
    );
}

/// The outcome of step and measurements that each policy leaves, for each contradiction.
#[test]
fn of_two_outcomes_the_policy_says_which_counts() {
    use OutcomeConflict::{Graver, Keep, Measurements, Step};
    for (step_says, measured, expected) in [
        (
            "P",
            vec!["F"],
            [
                (Keep, "P", vec!["F"]),
                (Step, "P", vec!["P"]),
                (Measurements, "F", vec!["F"]),
                (Graver, "F", vec!["F"]),
            ],
        ),
        (
            "F",
            vec!["P"],
            [
                (Keep, "F", vec!["P"]),
                (Step, "F", vec!["F"]),
                (Measurements, "P", vec!["P"]),
                (Graver, "F", vec!["F"]),
            ],
        ),
        (
            "P",
            vec!["F", "P"],
            [
                (Keep, "P", vec!["F", "P"]),
                (Step, "P", vec!["P", "P"]),
                (Measurements, "F", vec!["F", "P"]),
                (Graver, "F", vec!["F", "P"]),
            ],
        ),
        (
            "F",
            vec!["P", "P"],
            [
                (Keep, "F", vec!["P", "P"]),
                (Step, "F", vec![]),
                (Measurements, "P", vec!["P", "P"]),
                (Graver, "F", vec![]),
            ],
        ),
    ] {
        for (which, step_is, measured_is) in expected {
            let mut report = test();
            let list: Vec<Value> = measured
                .iter()
                .zip(["a", "b"])
                .map(|(s, name)| json!({"name": name, "status": s}))
                .collect();
            let step = &mut report["root"]["steps"][0]["steps"][3];
            (step["status"], step["booleanMeas"]) = (json!(step_says), json!(list));
            let (mut after, done, _) = mend(&report, &FixPolicy::none().conflict(which));
            let step = after["root"]["steps"][0]["steps"][3].take();
            let left: Vec<&str> = step["booleanMeas"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|m| m["status"].as_str())
                .collect();
            assert_eq!(
                (step["status"].as_str(), left),
                (Some(step_is), measured_is.clone()),
                "{which:?} {step_says} {measured:?}"
            );
            assert_eq!(done.is_empty(), which == Keep);
            if measured_is.is_empty() {
                // A sequence that failed, with a step that holds what passed.
                assert_eq!(
                    (
                        step["steps"][0]["status"].as_str(),
                        step["steps"][0]["booleanMeas"].as_array().map(Vec::len)
                    ),
                    (Some("P"), Some(2))
                );
            }
        }
    }
    for (which, expected) in [(Keep, ("P", "F")), (Step, ("F", "F")), (Graver, ("F", "F"))] {
        let mut report = test();
        report["root"]["status"] = json!("F");
        let (after, ..) = mend(&report, &FixPolicy::none().conflict(which));
        assert_eq!(
            (after["result"].as_str(), after["root"]["status"].as_str()),
            (Some(expected.0), Some(expected.1))
        );
    }
}

/// Outcomes that only exports have, on a step with what it measured.
#[test]
fn outcomes_of_exports_become_those_of_the_server() {
    for (step_says, measured, step_is, measured_is) in [
        ("D", None, "P", None),
        ("U", None, "S", None),
        ("Running", None, "E", None),
        ("Passed", None, "P", None),
        ("D", Some("P"), "P", Some("P")),
        ("D", Some("F"), "F", Some("F")),
        ("U", Some("F"), "F", Some("F")),
        ("U", Some("U"), "S", Some("S")),
        ("D", Some("D"), "P", Some("P")),
        ("F", Some("D"), "F", Some("F")),
        ("E", Some("D"), "E", Some("F")),
        ("P", Some("E"), "P", Some("F")),
        ("P", Some("what"), "P", Some("P")),
        ("D", Some("what"), "F", Some("F")),
    ] {
        let mut report = test();
        let step = &mut report["root"]["steps"][0]["steps"][3];
        step["status"] = json!(step_says);
        step["booleanMeas"] = measured.map_or(json!(null), |status| json!([{"status": status}]));
        let (after, ..) = mend(&report, &FixPolicy::none().with(Mend::Outcomes));
        let step = &after["root"]["steps"][0]["steps"][3];
        let left = (
            step["status"].as_str(),
            step["booleanMeas"][0]["status"].as_str(),
        );
        assert_eq!(
            left,
            (Some(step_is), measured_is),
            "{step_says} {measured:?}"
        );
    }
}

/// What limits that are not finite mean, and what is kept of values that are none.
#[test]
fn limits_that_are_not_finite_keep_their_meaning() {
    for (op, low, high, expected) in [
        ("GELE", json!(1), json!("Infinity"), json!(["GE", 1, null])),
        ("GTLT", json!("-Infinity"), json!(9), json!(["LT", 9, null])),
        (
            "GELE",
            json!("-Infinity"),
            json!("Infinity"),
            json!(["LOG", null, null]),
        ),
        ("LTGT", json!("-Infinity"), json!(9), json!(["GT", 9, null])),
        ("GELE", json!("NaN"), json!(9), json!(["LOG", null, null])),
        (
            "GELE",
            json!("Infinity"),
            json!(9),
            json!(["LOG", null, null]),
        ),
        (
            "GE",
            json!("-Infinity"),
            json!(null),
            json!(["LOG", null, null]),
        ),
    ] {
        let mut report = test();
        for (name, value) in [
            ("compOp", json!(op)),
            ("lowLimit", low.clone()),
            ("highLimit", high.clone()),
        ] {
            number(&mut report)[name] = value;
        }
        let (mut after, ..) = mend(&report, &FixPolicy::resubmit());
        let m = number(&mut after);
        assert_eq!(
            json!([m["compOp"], m["lowLimit"], m["highLimit"]]),
            expected,
            "{op} {low} {high}"
        );
        let kept = step(&mut after)["additionalResults"][0].clone();
        assert_eq!(kept["name"], "Before fix");
        let text = kept["props"].to_string();
        let odd = [&low, &high].into_iter().filter_map(Value::as_str);
        assert!(
            odd.clone().count() > 0 && odd.into_iter().all(|odd| text.contains(odd)),
            "{text}"
        );
    }
}

/// What a file was called is kept where there is no step to keep it.
#[test]
fn files_of_repairs_without_data_are_kept_by_name() {
    let mut report = repair();
    let unit = &mut report["subUnits"][0];
    unit["failures"] = json!([{"category": "Component", "code": "Burned", "attachments": [
        {"name": "u1.jpg", "contentType": "image/jpeg", "data": null},
        {"name": "u2.jpg", "contentType": "image/jpeg", "data": "AAAA"}]}]);
    report["binaryData"] = json!([{"name": "bench.txt"}]);
    let (after, done, left) = mend(&report, &FixPolicy::none().with(Mend::MissingFiles));
    assert_eq!(done, ["R603", "R603"]);
    assert!(!left.contains(&"R603"), "{left:?}");
    let files = &after["subUnits"][0]["failures"][0]["attachments"];
    assert_eq!(
        (files[0]["name"].as_str(), files[1].is_null()),
        (Some("u2.jpg"), true)
    );
    let data = after["additionalData"].as_array().unwrap();
    let kept = data.last().unwrap();
    assert_eq!(kept["name"], "Before fix");
    let values: Vec<_> = kept["props"].as_array().unwrap().iter().collect();
    let values: Vec<_> = values.iter().map(|one| one["value"].clone()).collect();
    assert_eq!(values, ["bench.txt", "u1.jpg", "image/jpeg"]);
}

#[test]
fn what_the_table_calls_fixable_is_mended_and_nothing_else() {
    // By other tests of this file, or along with others.
    let others = [
        "R101", "R103", "R106", "R109", "R110", "R116", "R120", "R202", "R308", "R311", "R312",
        "R701", "R702",
    ];
    for rule in RULES {
        let mended = others.contains(&rule.code)
            || MENDED.iter().any(|(code, ..)| *code == rule.code)
            || ALLOWED.iter().any(|(code, ..)| *code == rule.code);
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
    let (after, done, left) = mend(&report, &FixPolicy::default().with(Mend::StartWins));
    assert_eq!((done, left), (vec!["R114"], vec![]));
    assert_eq!(after["startUTC"], "2026-01-30T21:01:41.4707353Z");

    let mut report = test();
    report["start"] = json!("2126-01-30T12:00:00+05:30");
    report["startUTC"] = json!("2126-01-30T06:30:00Z");
    assert_eq!(mend(&report, &FixPolicy::default()).2, ["R116"]);
    let before = Timestamp::now();
    let policy = FixPolicy::default().with(Mend::FutureStart);
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
    let (after, done, left) = mend(&report, &FixPolicy::default().with(Mend::DuplicateNames));
    assert_eq!((done, left), (vec!["R206", "R206"], vec![]));
    let names: Vec<_> = (0..4)
        .map(|n| after["root"]["steps"][0]["steps"][n]["name"].clone())
        .collect();
    assert_eq!(names, ["Number", "Number (3)", "Number (4)", "Number (2)"]);

    let mut report = test();
    report["location"] = json!("x".repeat(101));
    let (after, done, left) = mend(&report, &FixPolicy::default().without(Mend::LongTexts));
    assert_eq!((after, done, left), (report, vec![], vec!["R105"]));
}

#[test]
fn many_equal_names_are_told_apart_in_one_pass() {
    let mut report = test();
    let step =
        json!({"name": "Same", "group": "M", "status": "P", "booleanMeas": [{"status": "P"}]});
    report["root"]["steps"] = json!(vec![step; 20_000]);
    report["root"]["id"] = Value::Null;
    let (after, done, left) = mend(&report, &FixPolicy::default().with(Mend::DuplicateNames));
    assert_eq!(
        (done.len(), left.len()),
        (1_000, 0),
        "all are mended, the first are told"
    );
    assert_eq!(after["root"]["steps"][19_999]["name"], "Same (20000)");
}

#[test]
fn each_change_has_a_name_and_words_for_people() {
    let names: std::collections::BTreeSet<&str> =
        Mend::ALL.iter().map(|mend| mend.name()).collect();
    assert_eq!(names.len(), Mend::ALL.len());
    for mend in Mend::ALL {
        let (name, about) = (mend.name(), mend.about());
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(!name.is_empty() && name.chars().all(is_word), "{name}");
        let is_sentence = about.ends_with('.') && !about.starts_with(' ');
        assert!(is_sentence && !about.contains("[`"), "{name}: {about}");
    }
}
