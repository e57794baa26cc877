//! Reports damaged at random places: the linter and the simulator, which share no line, say the same of each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use std::cell::RefCell;

use crate::reports::{repair, test};
use crate::strict_server::StrictServer;
use proptest::prelude::*;
use serde_json::{Value, json};
use wats_domains::MeasurementLimits;
use wats_domains::report::Error;
use wats_domains::report::{
    Finding, Report, Severity, Station, Unit, UutReport, fix, lint,
    lint::{FixPolicy, Mend},
    lint_json,
};

/// What may stand where something else should.
fn values() -> impl Strategy<Value = Value> {
    let texts = prop::sample::select(vec![
        "",
        "P",
        "F",
        "E",
        "T",
        "S",
        "D",
        "M",
        "LOG",
        "EQ",
        "GELE",
        "LT",
        "CASESENSIT",
        "IGNORECAS",
        "V",
        "a\u{1}",
        "NaN",
        "1.5",
        "XYG",
        "AAAA",
        "AAA",
        "1;2",
        "Number",
        "b",
        "2026-01-30T10:00:00Z",
        "2026-01-30",
        "ø",
    ])
    .prop_map(|text| json!(text));
    prop_oneof![
        4 => texts,
        2 => Just(Value::Null),
        2 => prop::sample::select(vec![-2_i64, -1, 0, 1, 2, 7, 100, 32_768, 1 << 40]).prop_map(|n| json!(n)),
        1 => prop::sample::select(vec![20_usize, 21, 30, 31, 50, 51, 100, 101, 200, 201, 5_001])
            .prop_map(|n| json!("x".repeat(n))),
        1 => any::<f64>().prop_map(|x| json!(x)),
        1 => any::<bool>().prop_map(|b| json!(b)),
        1 => Just(json!([])),
        1 => Just(json!({})),
        1 => Just(json!([{}])),
        1 => Just(json!([5])),
    ]
}

/// A member of a report: how to find it is drawn before the report is known.
#[derive(Debug, Clone)]
enum Damage {
    Set(usize, Value),
    Remove(usize),
    /// Puts a copy of one place over another.
    Copy(usize, usize),
    /// Doubles an item of a list.
    Double(usize),
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let one = prop_oneof![
        4 => (any::<usize>(), values()).prop_map(|(at, value)| Damage::Set(at, value)),
        1 => any::<usize>().prop_map(Damage::Remove),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(from, to)| Damage::Copy(from, to)),
        1 => any::<usize>().prop_map(Damage::Double),
    ];
    prop::collection::vec(one, 0..3)
}

/// Pointers to every place below the whole.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    let mut visit = |key: &str, inner: &Value| {
        let path = format!("{here}/{key}");
        places(inner, &path, found);
        found.push(path);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, inner)| visit(key, inner)),
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                visit(&index.to_string(), inner);
            }
        }
        _ => {}
    }
}

fn damage(report: &mut Value, damage: &Damage) {
    let mut all = Vec::new();
    places(report, "", &mut all);
    let Some(pick) = (!all.is_empty()).then_some(|n: usize| all[n % all.len()].clone()) else {
        return;
    };
    match damage {
        Damage::Set(at, value) => *report.pointer_mut(&pick(*at)).unwrap() = value.clone(),
        Damage::Remove(at) => {
            let path = pick(*at);
            let (outer, key) = path.rsplit_once('/').unwrap();
            match report.pointer_mut(outer).unwrap() {
                Value::Object(members) => {
                    members.remove(key);
                }
                Value::Array(items) => {
                    items.remove(key.parse().unwrap());
                }
                _ => {}
            }
        }
        Damage::Copy(from, to) => {
            let copy = report.pointer(&pick(*from)).unwrap().clone();
            *report.pointer_mut(&pick(*to)).unwrap() = copy;
        }
        Damage::Double(at) => {
            let path = pick(*at);
            let (outer, key) = path.rsplit_once('/').unwrap();
            if let Some(Value::Array(items)) = report.pointer_mut(outer) {
                let copy = items[key.parse::<usize>().unwrap()].clone();
                items.push(copy);
            }
        }
    }
}

thread_local! {
    static SERVER: RefCell<Option<StrictServer>> = const { RefCell::new(None) };
}

fn refused(report: &Value) -> Option<String> {
    SERVER.with_borrow_mut(|server| {
        let found = server
            .get_or_insert_with(StrictServer::start)
            .findings(report);
        found.map(|found| format!("{found:?}"))
    })
}

/// Whether the linter rejects, told apart from what it cannot read.
fn rejected(report: &Value) -> Vec<String> {
    let findings = lint_json(&serde_json::to_vec(report).unwrap()).unwrap();
    let rejects = findings
        .iter()
        .filter(|finding| finding.severity() == Severity::Reject);
    rejects.map(ToString::to_string).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 2_000 } else { 20_000 }))]

    #[test]
    fn the_linter_rejects_what_the_simulator_refuses(is_repair in prop::bool::weighted(0.2), all in damages()) {
        let mut report = if is_repair { repair() } else { test() };
        for one in &all {
            damage(&mut report, one);
        }
        // Whether the process exists, and for which reports, only the server knows.
        let known: &[i64] = match report["type"].as_str() {
            Some("T") => &[10, 50, 100],
            Some("R") => &[500],
            _ => &[10, 50, 100, 500],
        };
        prop_assume!(report["processCode"].as_i64().is_none_or(|code| !(0..=32_767).contains(&code) || known.contains(&code)));
        let rejected = rejected(&report);
        let refused = refused(&report);
        prop_assert_eq!(!rejected.is_empty(), refused.is_some(), "{:?}\n{:?}\n{}", rejected, refused, report);
    }

    #[test]
    fn what_can_be_built_is_accepted(
        steps in prop::collection::vec((0..4_u8, "\\PC{0,12}", any::<f64>(), any::<f64>(), any::<f64>(), "\\PC{0,22}"), 0..8),
        serial in "\\PC{0,12}",
        comment in any::<Option<String>>(),
    ) {
        let mut builder = UutReport::builder(Unit { part_number: "PCBA-001", serial_number: &serial, revision: "A" }, 100)
            .station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" })
            .operator("Kari");
        if let Some(comment) = comment {
            builder = builder.comment(comment);
        }
        let built = builder
            .steps(|root| {
                for (kind, name, value, low, high, text) in steps {
                    match kind {
                        0 => drop(root.numeric(name, value, text, MeasurementLimits::between(low..=high))),
                        1 => drop(root.boolean(name, value > low)),
                        2 => drop(root.string(name, text, wats_domains::report::StringLimit::log())),
                        _ => drop(root.multi_numeric(name, |many| {
                            many.add(text.clone(), value, "V", MeasurementLimits::at_most(low));
                            many.add("other", value, text, MeasurementLimits::log());
                        })),
                    }
                }
            })
            .build();
        match built {
            Ok(report) => {
                let rejects = |report: &Report| lint(report).iter().any(|f| f.severity() == Severity::Reject);
                prop_assert!(!rejects(report.report()));
                let json = serde_json::to_value(report.report()).unwrap();
                prop_assert_eq!(refused(&json), None);
            }
            Err(Error::Report(findings)) => prop_assert!(!findings.is_empty()),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn mending_is_done_once_and_makes_nothing_worse(is_repair: bool, all in damages()) {
        let mut report = if is_repair { repair() } else { test() };
        for one in &all {
            damage(&mut report, one);
        }
        // Objects of another kind cannot be read into the model.
        let Ok(read) = serde_json::from_value::<Report>(report) else {
            return Ok(());
        };
        let rejects = |found: &[Finding]| found.iter().filter(|f| f.severity() == Severity::Reject).count();
        let before = lint(&read);
        let some = FixPolicy::default().with(Mend::DuplicateNames).with(Mend::StartWins);
        for policy in [some, FixPolicy::resubmit()] {
            let mut report = read.clone();
            let done = fix(&mut report, &policy);
            let left = lint(&report);
            // As text, because NaN is not equal to itself.
            let mended = serde_json::to_string(&report).unwrap();
            let again = fix(&mut report, &policy);
            prop_assert!(again.is_empty(), "{:?}\n{:?}", done, again);
            prop_assert_eq!(serde_json::to_string(&report).unwrap(), mended);
            prop_assert!(rejects(&left) <= rejects(&before), "{:?}\n{:?}\n{:?}", before, done, left);
            if policy != FixPolicy::resubmit() {
                prop_assert!(left.len() <= before.len(), "{:?}\n{:?}\n{:?}", before, done, left);
            }
        }
    }

    #[test]
    fn no_text_panics(text in any::<Vec<u8>>(), all in damages(), cut in any::<prop::sample::Index>()) {
        let _ = lint_json(&text);
        let mut report = test();
        for one in &all {
            damage(&mut report, one);
        }
        let text = serde_json::to_vec(&report).unwrap();
        let _ = lint_json(&text[..cut.index(text.len())]);
    }
}

/// What servers export breaks some of their own rules, but must be read and told without panic.
#[test]
fn real_exports_are_linted() {
    let shared = std::env::var("WATS_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    for (name, expected) in [("uut-wsjf-export.json", true), ("uur_example.json", true)] {
        let Ok(text) = std::fs::read(format!("{shared}/samples/{name}")) else {
            eprintln!("skipped: {name} is not there");
            continue;
        };
        let findings = lint_json(&text).unwrap();
        let mut counts = std::collections::BTreeMap::new();
        for finding in &findings {
            *counts.entry(finding.code()).or_insert(0) += 1;
        }
        println!("{name}: {counts:?}");
        assert_eq!(!findings.is_empty(), expected);
        let typed: Report = serde_json::from_slice(&text).unwrap();
        assert_eq!(lint(&typed), findings, "{name}");
    }
}
