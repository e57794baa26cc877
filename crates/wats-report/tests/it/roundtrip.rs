//! What is read and written again is unchanged: every real export, generated reports of every part, and arbitrary trees
//! with odd values at every level.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a panic here is the failing test"
)]

use std::path::PathBuf;

use crate::alike::{assert_same, keeps_digits, plain, read_alike, trees, written_alike};
use crate::reports::{repair, test};
use proptest::prelude::*;
use serde_json::{Value, json};
use wats_codec::{Format, Serializer};
use wats_report::Report;

/// Reads and writes by way of the model, as the client does.
fn again(text: &[u8]) -> Vec<u8> {
    let json = Serializer::new(Format::Json);
    let report: Report = json.from_slice(text).unwrap();
    json.to_vec(&report).unwrap()
}

fn survives(report: &Value) {
    let text = serde_json::to_vec(report).unwrap();
    read_alike::<Report>(&text);
    read_alike::<Report>(format!("{report:#}").as_bytes());
    let back: Value = serde_json::from_slice(&again(&text)).unwrap();
    assert_same(report, &back);
    let packed = Serializer::new(Format::MessagePack);
    let model: Report = serde_json::from_slice(&text).unwrap();
    written_alike(&model);
    let unpacked: Report = packed.from_slice(&packed.to_vec(&model).unwrap()).unwrap();
    assert_same(report, &serde_json::to_value(&unpacked).unwrap());
    let mut sent = Vec::new();
    let body = model.body().unwrap();
    assert_eq!(body.write_to(&mut sent).unwrap(), sent.len() as u64);
    assert_eq!(sent.len() as u64, body.len());
    assert_same(report, &serde_json::from_slice(&sent).unwrap());
}

/// The codec's fast path reads it to the end, in every format.
fn needs_no_serde(report: Value) {
    let model: Report = serde_json::from_value(report).unwrap();
    wats_codec::fast::verify(&model).unwrap();
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
            let export = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            survives(&export);
            needs_no_serde(export);
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn every_part_is_unchanged() {
    for report in [test(), repair(), json!({})] {
        survives(&report);
        needs_no_serde(report);
    }
}

#[test]
fn an_object_of_nulls_needs_no_serde() {
    let nulls = (0..20).map(|n| (format!("unknown{n}"), Value::Null));
    let mut step: serde_json::Map<_, _> = nulls.collect();
    for name in ["id", "group", "loop", "start", "totTime", "steps", "chart"] {
        step.insert(name.to_owned(), Value::Null);
    }
    needs_no_serde(json!({"type": "T", "pn": null, "root": step}));
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
