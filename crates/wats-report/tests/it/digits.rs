//! Numbers that come by their digits.

use serde::Deserialize as _;
use serde_json::{Value, json};
use wats_report::{Report, Status, evaluate, lint};

use crate::imitation::{Imitation, read};

fn measured(value: &str, low: &str, high: &str) -> Report {
    read(
        json!({"type": "T", "result": "P", "uut": {"execTime": "#1.25"}, "root": {"status": "P", "totTime": "#0.5",
        "steps": [{"name": "a", "status": "P", "numericMeas": [
            {"compOp": "GELE", "unit": "V", "status": "P", "value": value, "lowLimit": low, "highLimit": high}]}]}}),
    )
}

#[test]
fn values_limits_and_times_are_numbers_however_they_are_handed_over() {
    for [value, low, high] in [
        ["#25.31", "#23.5", "#24.5"],
        ["#2531e-2", "#2.35E+1", "24.5"],
        ["#25.310000000000000001", "23.5", "#24.500"],
        ["##25", "#23.5", "##24"],
    ] {
        let mut report = measured(value, low, high);
        let read = &report.root.as_ref().unwrap().steps()[0].numeric()[0];
        let number =
            |n: &Option<wats_report::wire::Number>| n.as_ref().unwrap().value().round() as i64;
        assert_eq!(
            (number(&read.value), number(&read.low_limit)),
            (25, 24),
            "{value}"
        );
        let time = &report.uut.as_ref().unwrap().execution_time;
        assert_eq!(time, &Some(1.25.into()));
        assert!(
            lint(&report).iter().all(|finding| finding.code() != "R001"),
            "{value}"
        );
        assert_eq!(evaluate(&mut report), 4, "{value}");
        assert_eq!(report.result, Some(Status::Failed));
    }
}

#[test]
fn numbers_that_are_not_plain_are_kept() {
    for (digits, expected) in [
        ("#25.31", json!(25.31)),
        ("#100", json!(100)),
        ("#-7", json!(-7)),
        ("#18446744073709551615", json!(u64::MAX)),
        ("##5", json!(5)),
        ("##-5", json!(-5)),
    ] {
        let report: Report = read(
            json!({"root": {"totTime": digits}, "new": [digits, {"deep": digits}],
            "processCode": digits, "additionalData": [{"props": [{"array": {"indexes": [{"indexes": [digits]}]}}]}]}),
        );
        let written = serde_json::to_value(&report).unwrap();
        for place in [
            "root/totTime",
            "new/0",
            "new/1/deep",
            "processCode",
            "additionalData/0/props/0/array/indexes/0/indexes/0",
        ] {
            assert_eq!(
                written.pointer(&format!("/{place}")),
                Some(&expected),
                "{digits} at {place}"
            );
        }
    }
    // Whether a build can write them as numbers is not ours to say; their digits are there in any case.
    for digits in ["1e400", "-1e400", "340282366920938463463374607431768211455"] {
        let report: Report =
            read(json!({"root": {"totTime": format!("#{digits}")}, "new": format!("#{digits}")}));
        let written = serde_json::to_string(&report).unwrap();
        let number = digits.parse::<f64>().unwrap();
        let kept = |name: &str| {
            let value = serde_json::from_str::<Value>(&written).unwrap();
            let value = value.pointer(&format!("/{name}")).unwrap().to_string();
            let text = value.trim_matches('"').to_owned();
            let read = text.parse::<f64>().unwrap();
            assert_eq!(
                read.total_cmp(&number),
                std::cmp::Ordering::Equal,
                "{written}"
            );
        };
        kept("root/totTime");
        kept("new");
    }
    let minus: Report = read(json!({"root": {"totTime": "#-0"}}));
    let zero = minus.root.unwrap().total_time.unwrap().value();
    assert!(zero == 0.0 && zero.is_sign_negative());
}

#[test]
fn a_number_where_something_else_belongs_is_no_object() {
    let report: Report =
        read(json!({"root": "#1.5", "pn": "#2.5", "miscInfos": ["#3.5"], "subUnits": "#4.5"}));
    assert!(report.root.is_none() && report.part_number.is_none());
    assert_eq!(
        serde_json::to_value(&report).unwrap(),
        json!({"root": 1.5, "pn": 2.5, "miscInfos": [3.5], "subUnits": 4.5})
    );
    assert_eq!(
        lint(&report)
            .iter()
            .filter(|finding| finding.code() == "R001")
            .count(),
        4
    );
    assert!(Report::deserialize(Imitation(json!("#1.5"))).is_err());
}

#[test]
fn an_object_that_only_looks_like_a_number_stays_an_object() {
    for object in [
        json!({"$serde_json::private::Number": "five"}),
        json!({"$serde_json::private::Number": [5]}),
        json!({"$serde_json::private::Number": "inf"}),
    ] {
        let report: Report = read(json!({"new": object, "root": object}));
        assert_eq!(
            serde_json::to_value(&report).unwrap(),
            json!({"new": object, "root": object})
        );
    }
}

/// In the usual build `serde_json` rounds what it reads; where the feature is on, nothing is.
#[test]
fn digits_come_back_as_they_were() {
    let exact = crate::alike::keeps_digits();
    for number in [
        "25.31",
        "100",
        "-0.0",
        "1.10",
        "1e+3",
        "25.310000000000000001",
        "1e+400",
    ] {
        let text = format!(
            "{{\"root\":{{\"totTime\":{number},\"numericMeas\":[{{\"value\":{number}}}]}},\"new\":[{number}]}}"
        );
        let Ok(report) = serde_json::from_str::<Report>(&text) else {
            assert!(!exact && number == "1e+400", "{number}");
            continue;
        };
        assert!(
            report.root.as_ref().unwrap().numeric()[0].value.is_some(),
            "{number}"
        );
        let written = serde_json::to_string(&report).unwrap();
        if exact {
            assert_eq!(written, text);
            let value: Value = serde_json::from_str(&text).unwrap();
            let by_value: Report = serde_json::from_value(value).unwrap();
            assert_eq!(serde_json::to_string(&by_value).unwrap(), text);
        } else {
            let (a, b): (Value, Value) = (
                serde_json::from_str(&text).unwrap(),
                serde_json::from_str(&written).unwrap(),
            );
            assert_eq!(a, b);
        }
    }
}
