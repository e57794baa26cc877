//! What is read and written again is unchanged: every real export, generated reports of every part, and arbitrary trees
//! with odd values at every level.

#![recursion_limit = "512"]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a panic here is the failing test"
)]

mod digits;
mod lint_common;

use std::fmt::Debug;
use std::path::PathBuf;

use lint_common::{repair, test};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use wats_codec::{Format, Serializer};
use wats_domains::ReportHeader;
use wats_domains::report::Report;

/// Reads and writes by way of the model, as the client does.
fn again(text: &[u8]) -> Vec<u8> {
    let json = Serializer::new(Format::Json);
    let report: Report = json.from_slice(text).unwrap();
    json.to_vec(&report).unwrap()
}

/// Whether this build keeps numbers by their digits, as some crate of it has asked for.
pub(crate) fn keeps_digits() -> bool {
    let written = serde_json::from_str::<Value>("1.10").unwrap().to_string();
    written == "1.10"
}

/// The value with plain floats: where digits are kept, one number may have many texts.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) if keeps_digits() && !number.is_i64() && !number.is_u64() => {
            json!(number.as_f64())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => {
            let plain = members
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)));
            Value::Object(plain.collect())
        }
        other => other.clone(),
    }
}

/// The same members with the same values, numbers compared as what they are.
fn assert_same(a: &Value, b: &Value) {
    let (a, b) = (&plain(a), &plain(b));
    assert_eq!(a, b);
    // Equal numbers may differ in the sign of zero; those that are written do not.
    assert_eq!(a.to_string().len(), b.to_string().len());
}

/// The client's reader and `serde_json` make the same of a text; compared as texts, in which NaN equals itself.
fn read_alike<T: DeserializeOwned + Serialize + Debug>(text: &[u8]) {
    let ours = Serializer::new(Format::Json).from_slice::<T>(text);
    let theirs = serde_json::from_slice::<T>(text);
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) if keeps_digits() => {
            let value = |model: &T| serde_json::to_value(model).unwrap();
            assert_same(&value(&ours), &value(&theirs));
        }
        (Ok(ours), Ok(theirs)) => assert_eq!(format!("{ours:?}"), format!("{theirs:?}")),
        (ours, theirs) => assert_eq!(ours.is_ok(), theirs.is_ok()),
    }
}

fn survives(report: &Value) {
    let text = serde_json::to_vec(report).unwrap();
    read_alike::<Report>(&text);
    read_alike::<Report>(format!("{report:#}").as_bytes());
    read_alike::<ReportHeader>(&text);
    let back: Value = serde_json::from_slice(&again(&text)).unwrap();
    assert_same(report, &back);
    let packed = Serializer::new(Format::MessagePack);
    let model: Report = serde_json::from_slice(&text).unwrap();
    let unpacked: Report = packed.from_slice(&packed.to_vec(&model).unwrap()).unwrap();
    assert_same(report, &serde_json::to_value(&unpacked).unwrap());
    let mut sent = Vec::new();
    let body = model.body().unwrap();
    assert_eq!(body.write_to(&mut sent).unwrap(), sent.len() as u64);
    assert_eq!(sent.len() as u64, body.len());
    assert_same(report, &serde_json::from_slice(&sent).unwrap());
}

#[test]
fn real_exports_are_unchanged() {
    let shared = std::env::var("WATS_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let Ok(samples) = std::fs::read_dir(PathBuf::from(shared).join("samples")) else {
        return eprintln!("skipped: there are no samples");
    };
    let mut seen = 0;
    for entry in samples {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "json") {
            survives(&serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap());
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn every_part_is_unchanged() {
    for report in [test(), repair(), json!({})] {
        survives(&report);
    }
}

#[test]
fn no_part_needs_to_be_kept_whole() {
    // Every member of the schema is typed: nothing of these two reports is left in `extra`.
    for report in [test(), repair()] {
        let model: Report = serde_json::from_value(report).unwrap();
        let told = format!("{model:?}");
        assert!(!told.contains("members: [("), "{told}");
    }
}

#[test]
fn long_reports_are_unchanged() {
    let step = |n: usize| {
        json!({"id": n, "name": format!("Schritt {n} «ø»"), "group": "M", "stepType": "ET_NLT", "status": "P",
            "numericMeas": [{"compOp": "Gele", "name": null, "status": "P", "unit": "Ω", "value": "NaN",
                "lowLimit": 0.1 + 0.2, "highLimit": "Infinity"}]})
    };
    let mut report = test();
    report["root"]["steps"] = (0..10_000).map(step).collect();
    report["root"]["steps"][7]["attachment"] = json!({"name": "æ.bin", "contentType": "x/y", "data": "QUJD".repeat(100_000), "description": "d"});
    survives(&report);
}

#[test]
fn of_two_members_of_one_name_the_last_counts() {
    let text = br#"{"pn": "a", "new": 1, "sn": null, "pn": "b", "new": 2, "sn": "c", "rev": "d", "rev": null}"#;
    let back: Value = serde_json::from_slice(&again(text)).unwrap();
    assert_eq!(back, json!({"pn": "b", "new": 2, "sn": "c", "rev": null}));
    // Nothing is left of the others, which a linter would find fault with.
    let read: Report = serde_json::from_str(r#"{"pn": ["x"], "pn": "b"}"#).unwrap();
    let once: Report = serde_json::from_str(r#"{"pn": "b"}"#).unwrap();
    assert_eq!(read, once);
    read_alike::<Report>(text);
}

/// What the guide says of numbers: those of JSON have no bounds, ours have.
#[test]
fn numbers_have_64_bits() {
    for text in [
        "18446744073709551615",
        "-9223372036854775808",
        "1.7976931348623157e308",
    ] {
        let value = format!("{{\"root\":{{\"totTime\":{text},\"new\":{text}}}}}");
        survives(&serde_json::from_str(&value).unwrap());
    }
    let text = br#"{"uut": {"execTime": 123456789012345678901234567890}}"#;
    let back: Value = serde_json::from_slice(&again(text)).unwrap();
    assert_eq!(
        plain(&back["uut"]["execTime"]),
        json!(123_456_789_012_345_680_000_000_000_000.0)
    );
    if keeps_digits() {
        return;
    }
    let beyond = "{\"pn\": \"a\",\n\"uut\": {\"execTime\": 1e400}}";
    let error = serde_json::from_str::<Report>(beyond)
        .unwrap_err()
        .to_string();
    assert!(error.contains("number out of range at line 2"), "{error}");
}

/// Names of members of all objects of the schema, and two of none.
const NAMES: &[&str] = &[
    "type",
    "id",
    "pn",
    "processCode",
    "result",
    "start",
    "root",
    "uut",
    "uur",
    "miscInfos",
    "subUnits",
    "assets",
    "assetStats",
    "binaryData",
    "additionalData",
    "user",
    "execTime",
    "refUURs",
    "group",
    "stepType",
    "loop",
    "name",
    "status",
    "totTime",
    "causedUUTFailure",
    "steps",
    "numericMeas",
    "stringMeas",
    "booleanMeas",
    "additionalResults",
    "seqCall",
    "callExe",
    "messagePopup",
    "chart",
    "attachment",
    "idx",
    "exitCode",
    "button",
    "series",
    "xdata",
    "data",
    "compOp",
    "value",
    "lowLimit",
    "limit",
    "props",
    "array",
    "indexes",
    "text",
    "numeric",
    "failures",
    "attachments",
    "children",
    "refUUT",
    "daysSinceCalibration",
    "valueFormat",
    "serialNumber",
    "processName",
    "executionTime",
    "uuid",
    "timeStamp",
    "measuresDeleted",
    "uurMiscInfo",
    "description",
    "fromTheFuture",
];

fn trees() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "P",
            "F",
            "d",
            "LOG",
            "gele",
            "1.50",
            "NaN",
            "-Infinity",
            "1e400",
            "ET_NLT",
            "NI_Wait",
            "AAAA",
            "1;2",
            "2026-01-30T22:01:41.4707353+01:00",
            "83ac0b8e-b575-4004-94de-f905774c3ed8",
            "83AC0B8E-b575-4004-94de-f905774c3ed8",
            "{83ac0b8e-b575-4004-94de-f905774c3ed8}",
            "83ac0b8eb575400494def905774c3ed8",
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        // Longer than what a body writes in line.
        prop::sample::select(vec!["QUJD", "QUJD\r\n", "\"", "\\", "ø"])
            .prop_map(|text| Value::from(text.repeat(4_200 / text.len()))),
    ];
    leaf.prop_recursive(6, 120, 8, |inner| {
        let name = prop_oneof![9 => prop::sample::select(NAMES).prop_map(str::to_owned), 1 => any::<String>()];
        prop_oneof![
            3 => prop::collection::vec((name, inner.clone()), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::Array),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 1_000 } else { 20_000 }))]

    #[test]
    fn any_tree_is_unchanged(tree in trees(), wrapped: bool) {
        let tree = if wrapped { json!({"root": tree}) } else { tree };
        prop_assume!(tree.is_object());
        survives(&tree);
        equal_again(&tree);
    }
}

/// What is written and read again is equal, in whatever order the members come.
fn equal_again(tree: &Value) {
    let read: Report = serde_json::from_value(tree.clone()).unwrap();
    let again: Report = serde_json::from_value(serde_json::to_value(&read).unwrap()).unwrap();
    assert_eq!(read, again);
    let text: Report = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
    assert_eq!(read, text);
}

#[test]
fn equality_does_not_depend_on_the_order_of_members() {
    let read = |text: &str| serde_json::from_str::<Report>(text).unwrap();
    let one = r#"{"z": 1, "pn": null, "a": {"y": 1, "x": 2}, "root": {"name": null, "new": 1, "id": null}, "sn": "S"}"#;
    let other = r#"{"sn": "S", "a": {"x": 2, "y": 1}, "root": {"id": null, "new": 1, "name": null}, "z": 1, "pn": null}"#;
    assert_eq!(read(one), read(other));
    assert_eq!(read(one), read(&serde_json::to_string(&read(one)).unwrap()));
    for different in [
        one.replace("\"z\": 1", "\"z\": 2"),
        one.replace("\"z\": 1, ", ""),
        one.replace("\"new\": 1", "\"new\": null"),
        one.replace("\"pn\": null", "\"rev\": null"),
        one.replace("\"name\": null, ", ""),
    ] {
        assert_ne!(read(one), read(&different), "{different}");
    }
    // A null that a value has replaced tells nothing any more.
    let mut filled = read(one);
    filled.part_number = Some("P".to_owned());
    assert_eq!(filled, read(&serde_json::to_string(&filled).unwrap()));
}

#[test]
fn equality_of_many_members_takes_no_square_of_time() {
    let members = |order: &mut dyn Iterator<Item = usize>| -> Report {
        let members: Vec<String> = order.map(|n| format!("\"m{n}\":{n}")).collect();
        serde_json::from_str(&format!("{{{}}}", members.join(","))).unwrap()
    };
    assert_eq!(members(&mut (0..100_000)), members(&mut (0..100_000).rev()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Where base64 belongs, long enough to be streamed.
    #[test]
    fn any_text_of_an_attachment_is_unchanged(text in "[A-Za-z+/=_-]{1,9}|.{1,9}|[QA\r\n \"\\\\]{1,9}") {
        let file = json!({"name": "a", "data": text.repeat(1 + 4_200 / text.len())});
        survives(&json!({"root": {"attachment": file}, "binaryData": [file, file]}));
    }
}
