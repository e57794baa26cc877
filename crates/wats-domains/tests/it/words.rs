//! The words of a finding fit its case: what is missing is not too long, what is empty is not missing, and a value of
//! another kind is neither.

use serde_json::{Value, json};
use wats_domains::report::{Finding, Severity, lint_json};

use crate::reports::{repair, test};
use crate::strict_server::StrictServer;

/// A text that must be there, and the most characters it may have.
#[rustfmt::skip]
const TEXTS: &[(&str, usize)] = &[
    ("pn", 100), ("sn", 100), ("rev", 100), ("machineName", 100), ("location", 100), ("purpose", 100), ("uut/user", 100),
    ("miscInfos/0/description", 100), ("root/seqCall/path", 500), ("root/seqCall/name", 200),
    ("root/seqCall/version", 30), ("root/steps/0/steps/0/name", 100),
    ("root/steps/0/steps/0/numericMeas/0/unit", 20), ("root/steps/0/steps/1/numericMeas/0/name", 100),
    ("root/steps/0/steps/5/attachment/name", 100),
];

/// A text that may be missing or empty.
#[rustfmt::skip]
const FREE: &[(&str, usize)] = &[
    ("uut/comment", 5_000), ("uut/batchSN", 100), ("uut/fixtureId", 100), ("miscInfos/0/text", 100),
    ("subUnits/0/partType", 50), ("subUnits/0/sn", 100), ("root/steps/0/steps/0/tsGuid", 30),
    ("root/steps/0/steps/0/errorMessage", 200), ("root/steps/0/steps/4/chart/label", 50),
    ("root/steps/0/steps/4/chart/xUnit", 20),
];

/// A number, one that it must not be, and whether it must be there.
#[rustfmt::skip]
const NUMBERS: &[(&str, i64, bool)] = &[
    ("processCode", 40_000, true), ("processCode", -1, true), ("processCode", 1 << 40, true),
    ("uut/testSocketIndex", -2, false), ("root/steps/0/steps/3/messagePopup/button", 40_000, false),
];

/// What is found about this member, with its text and the way to mend it.
fn told(report: &Value) -> Vec<Finding> {
    lint_json(&serde_json::to_vec(report).unwrap()).unwrap()
}

fn with(pointer: &str, value: Option<Value>) -> Value {
    let mut report = test();
    let pointer = format!("/{pointer}");
    let (outer, name) = pointer.rsplit_once('/').unwrap();
    let outer = report.pointer_mut(outer).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => outer.insert(name.to_owned(), value),
        None => outer.remove(name),
    };
    report
}

/// The only finding about the member; all others follow from it.
fn one(pointer: &str, value: Option<Value>) -> (String, String) {
    let case = format!("{pointer} {value:?}");
    let found = told(&with(pointer, value));
    assert_eq!(found.len(), 1, "{case}: {found:?}");
    (found[0].text.clone(), found[0].fix().to_owned())
}

/// Fails unless text and remedy have these words and not those.
fn fits(case: &str, (text, fix): &(String, String), words: &[&str], not: &[&str]) {
    let whole = format!("{text}. {fix}").to_lowercase();
    assert!(
        words.iter().any(|word| whole.contains(word)),
        "{case}: {whole}"
    );
    assert!(
        !not.iter().any(|word| whole.contains(word)),
        "{case}: {whole}"
    );
}

#[test]
fn the_words_of_texts_fit_the_case() {
    for &(pointer, most) in TEXTS {
        for value in [None, Some(Value::Null)] {
            let case = format!("{pointer} {value:?}");
            fits(
                &case,
                &one(pointer, value),
                &["missing", "no name"],
                &["shorten", "empty", "characters", "must be"],
            );
        }
        let empty = one(pointer, Some(json!("")));
        fits(
            pointer,
            &empty,
            &["empty", "no name"],
            &["shorten", "missing", "has 0", "must be"],
        );
        let long = one(pointer, Some(json!("x".repeat(most + 1))));
        fits(
            pointer,
            &long,
            &[&format!("{} characters", most + 1)],
            &["missing", "empty", "fill", "name the"],
        );
        fits(pointer, &long, &["shorten"], &[]);
    }
    for &(pointer, most) in FREE {
        let long = one(pointer, Some(json!("x".repeat(most + 1))));
        fits(
            pointer,
            &long,
            &["shorten"],
            &["missing", "empty", "fill", "name the"],
        );
    }
    for &(pointer, _) in TEXTS.iter().chain(FREE) {
        for value in [json!(5), json!(true), json!([]), json!({"a": 1})] {
            let wrong = one(pointer, Some(value));
            fits(
                pointer,
                &wrong,
                &["must be a text, not"],
                &["shorten", "missing", "empty", "fill", "such a"],
            );
        }
    }
}

#[test]
fn the_words_of_numbers_fit_the_case() {
    for &(pointer, beyond, needed) in NUMBERS {
        let wrong = one(pointer, Some(json!(beyond)));
        fits(
            pointer,
            &wrong,
            &[&beyond.to_string()],
            &["missing", "empty", "text", "such a"],
        );
        if needed {
            for value in [None, Some(Value::Null)] {
                fits(
                    pointer,
                    &one(pointer, value),
                    &["missing"],
                    &["must be", "not the"],
                );
            }
        }
        fits(
            pointer,
            &one(pointer, Some(json!("100"))),
            &["not the text `100`"],
            &["missing", "such a", "leave it out"],
        );
        fits(
            pointer,
            &one(pointer, Some(json!("100"))),
            &["without quotes"],
            &[],
        );
        for value in [
            json!("hundred"),
            json!(""),
            json!(1.5),
            json!(false),
            json!([100]),
        ] {
            let case = format!("{pointer} {value}");
            fits(
                &case,
                &one(pointer, Some(value)),
                &["must be a whole number"],
                &["missing", "such a", "quotes"],
            );
        }
    }
    // Letters, times and ids.
    for (pointer, odd) in [
        ("type", "X"),
        ("start", "yesterday"),
        ("root/steps/0/steps/0/group", "main"),
        ("root/steps/0/steps/0/numericMeas/0/compOp", "WITHIN"),
    ] {
        fits(
            pointer,
            &one(pointer, Some(json!(odd))),
            &[&odd.to_lowercase()],
            &["missing", "empty", "shorten"],
        );
        fits(
            pointer,
            &one(pointer, None),
            &["missing"],
            &["empty", "shorten"],
        );
        fits(
            pointer,
            &one(pointer, Some(json!(5))),
            &["must be"],
            &["missing", "empty", "shorten"],
        );
    }
    let no_id = one("id", Some(json!("x")));
    fits(
        "id",
        &no_id,
        &["must be a uuid, not the text `x`"],
        &["missing"],
    );
}

/// The server has one sentence for what is empty and what is too long, so ours must fit both.
#[test]
fn the_words_to_a_refusal_fit_the_case() {
    let server = StrictServer::start();
    for (pointer, value) in [
        ("location", json!("")),
        ("rev", json!("")),
        ("uut/user", json!("")),
        ("root/seqCall/path", json!("")),
        ("root/steps/0/steps/5/attachment/name", json!("")),
        ("processCode", json!("100")),
        ("processCode", json!(40_000)),
        ("sn", json!(5)),
    ] {
        let found = server
            .findings(&with(pointer, Some(value.clone())))
            .unwrap();
        for finding in &found {
            let fix = finding.fix().to_lowercase();
            if value == json!("") && fix.contains("shorten") {
                assert!(
                    fix.contains("fill it in if it is empty"),
                    "{pointer}: {finding:#}"
                );
            }
            if pointer == "processCode" {
                assert!(finding.text.contains("number"), "{finding:#}");
                assert!(
                    fix.contains("number") || finding.code() == "R001",
                    "{finding:#}"
                );
            }
            assert!(
                !(value == json!(5) && fix.contains("shorten")),
                "{finding:#}"
            );
        }
    }
}

#[test]
fn members_given_twice_are_told_with_their_place() {
    let text = serde_json::to_string(&test()).unwrap();
    let twice = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        let found = lint_json(text.as_bytes()).unwrap();
        let told: Vec<_> = found
            .iter()
            .filter(|finding| finding.code() == "R004")
            .collect();
        assert!(
            told.iter()
                .all(|finding| finding.severity() == Severity::SilentLoss)
        );
        told.iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    for (from, to, expected) in [
        (
            "\"sn\":\"SN-42\"",
            "\"sn\":\"SN-41\",\"sn\":\"SN-42\"",
            "report: `sn` is given more than once [R004]",
        ),
        (
            "\"sn\":\"SN-42\"",
            "\"sn\":null,\"sn\":\"SN-42\"",
            "report: `sn` is given more than once [R004]",
        ),
        (
            "\"sn\":\"SN-42\"",
            "\"sn\":\"SN-42\",\"sn\":5",
            "report: `sn` is given more than once [R004]",
        ),
        (
            "\"sn\":\"SN-42\"",
            "\"sn\":5,\"sn\":6,\"sn\":\"SN-42\"",
            "report: `sn` is given more than once [R004]",
        ),
        (
            "\"user\":\"Kari\"",
            "\"user\":\"Kari\",\"user\":\"Kari\"",
            "report → uut: `user` is given more than once [R004]",
        ),
        (
            "\"value\":5.0",
            "\"value\":9.0,\"value\":5.0",
            "root → All kinds → Number → measurement 1: `value` is given more than once [R004]",
        ),
        (
            "\"xdata\":",
            "\"xdata\":\"7\",\"xdata\":",
            "root → All kinds → Curve → chart → series 1 (u): `xdata` is given more than once [R004]",
        ),
        (
            "\"sn\":\"SN-42\"",
            "\"sn\":\"SN-42\",\"new\":1,\"new\":2",
            "report: `new` is given more than once [R004]",
        ),
        (
            "\"sn\":\"SN-42\"",
            "\"sn\":\"SN-42\",\"new\":{\"a\":[0,{\"b\":1,\"b\":2}]}",
            "report: `new.a.2.b` is given more than once [R004]",
        ),
        (
            "\"sn\":\"SN-42\"",
            "\"sn\":{\"a\":1,\"a\":2}",
            "report: `sn.a` is given more than once [R004]",
        ),
        ("\"sn\":\"SN-42\"", "\"sn\":\"SN-42\"", ""),
    ] {
        assert_eq!(twice(from, to), expected, "{to}");
    }
    // However it is read.
    let read = |text: &str| serde_json::from_str::<wats_domains::Report>(text).unwrap();
    let report =
        read(r#"{"pn": "A", "pn": "B", "root": {"steps": [{"name": "s"}, {"id": 1, "id": 2}]}}"#);
    assert_eq!(report.extra.duplicates(), ["pn"]);
    assert_eq!(
        report.root.as_ref().unwrap().steps()[1].extra.duplicates(),
        ["id"]
    );
    assert_eq!(
        report,
        read(r#"{"pn": "B", "root": {"steps": [{"name": "s"}, {"id": 2}]}}"#)
    );
    // A hostile text has no more told than a reader can take.
    let many = format!("{{\"new\": {{{}}}}}", vec!["\"a\": 1"; 100_000].join(","));
    assert!(read(&many).extra.duplicates().len() <= 100);
    assert!(
        lint_json(&serde_json::to_vec(&repair()).unwrap())
            .unwrap()
            .is_empty()
    );
}
