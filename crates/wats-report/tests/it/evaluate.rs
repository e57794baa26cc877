//! Outcomes from limits: what the builder has built agrees with its limits already, and loops keep what they say.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use wats_report::{
    LoopRule, Outcome, Report, Station, Status, StringLimit, Unit,
    builder::{DuplicateNames, Sequence},
    evaluate,
};
use wats_report::{MeasurementLimits, UutReport};

/// A step as a program may add it.
#[derive(Debug, Clone)]
enum Added {
    Number(f64),
    Numbers(Vec<f64>),
    Text(String),
    Boolean(bool),
    Call(Option<Outcome>),
    Skipped,
    Sequence(Vec<Added>),
    NumberLoop(Vec<f64>, LoopRule),
    TextLoop(Vec<String>, LoopRule),
    BooleanLoop(Vec<bool>, LoopRule),
    SequenceLoop(Vec<Vec<Added>>, LoopRule),
}

fn add_all(sequence: &mut Sequence, steps: &[Added]) {
    for step in steps {
        add(sequence, step);
    }
}

fn add(sequence: &mut Sequence, step: &Added) {
    let limits = || MeasurementLimits::between(-1.0..=1.0);
    let text_limit = || StringLimit::equals("good");
    match step {
        Added::Number(value) => {
            sequence.numeric("Number", *value, "V", limits());
        }
        Added::Numbers(values) => {
            sequence.multi_numeric("Numbers", |several| {
                for (n, value) in values.iter().enumerate() {
                    several.add(format!("CH{n}"), *value, "V", limits());
                }
            });
        }
        Added::Text(text) => {
            sequence.string("Text", text, text_limit());
        }
        Added::Boolean(passed) => {
            sequence.boolean("Boolean", *passed);
        }
        Added::Call(outcome) => {
            let call = sequence.exe_call("Call", 0);
            if let Some(outcome) = outcome {
                call.outcome(*outcome);
            }
        }
        Added::Skipped => {
            sequence.skipped("Skipped");
        }
        Added::Sequence(steps) => {
            sequence.sequence("Sequence", |inner| add_all(inner, steps));
        }
        Added::NumberLoop(values, rule) => {
            sequence.numeric_loop("Numbers in turn", limits(), "V", *rule, |turns| {
                for value in values {
                    turns.add(*value);
                }
            });
        }
        Added::TextLoop(texts, rule) => {
            sequence.string_loop("Texts in turn", text_limit(), *rule, |turns| {
                for text in texts {
                    turns.add(text);
                }
            });
        }
        Added::BooleanLoop(outcomes, rule) => {
            sequence.boolean_loop("Booleans in turn", *rule, |turns| {
                for passed in outcomes {
                    turns.add(*passed);
                }
            });
        }
        Added::SequenceLoop(sequences, rule) => {
            sequence.sequence_loop("Sequences in turn", *rule, |turns| {
                for steps in sequences {
                    turns.add(|inner| add_all(inner, steps));
                }
            });
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Added>> {
    let number = || -2.0..2.0_f64;
    let text = || prop::sample::select(vec!["good".to_owned(), "bad".to_owned()]);
    let rule = || prop::sample::select(vec![LoopRule::All, LoopRule::Last]);
    let outcome = prop::sample::select(vec![Outcome::Failed, Outcome::Error, Outcome::Terminated]);
    let turns = || 1..4_usize;
    let leaf = prop_oneof![
        number().prop_map(Added::Number),
        prop::collection::vec(number(), turns()).prop_map(Added::Numbers),
        text().prop_map(Added::Text),
        any::<bool>().prop_map(Added::Boolean),
        prop::option::of(outcome).prop_map(Added::Call),
        Just(Added::Skipped),
        (prop::collection::vec(number(), turns()), rule())
            .prop_map(|(values, rule)| Added::NumberLoop(values, rule)),
        (prop::collection::vec(text(), turns()), rule())
            .prop_map(|(texts, rule)| Added::TextLoop(texts, rule)),
        (prop::collection::vec(any::<bool>(), turns()), rule())
            .prop_map(|(outcomes, rule)| Added::BooleanLoop(outcomes, rule)),
    ];
    let step = leaf.prop_recursive(3, 24, 4, move |inner| {
        let some = prop::collection::vec(inner, 1..4);
        prop_oneof![
            some.clone().prop_map(Added::Sequence),
            (prop::collection::vec(some, 1..3), rule())
                .prop_map(|(sequences, rule)| Added::SequenceLoop(sequences, rule)),
        ]
    });
    prop::collection::vec(step, 1..5)
}

fn build(steps: &[Added]) -> UutReport {
    UutReport::builder(
        Unit {
            part_number: "PCBA-001",
            serial_number: "SN-42",
            revision: "A",
        },
        100,
    )
    .station(Station {
        name: "ICT-3",
        location: "Drammen",
        purpose: "Production",
    })
    .operator("Kari")
    .duplicate_names(DuplicateNames::Number)
    .steps(|root| add_all(root, steps))
    .build()
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_was_built_is_left_alone(steps in steps()) {
        let built = build(&steps).into_report();
        let mut evaluated = built.clone();
        prop_assert_eq!(evaluate(&mut evaluated), 0, "{:?}", built);
        prop_assert_eq!(evaluated, built);
    }
}

#[test]
fn a_loop_that_passed_in_the_end_has_passed() {
    let steps = [Added::NumberLoop(vec![2.0, 1.5, 0.5], LoopRule::Last)];
    let mut report = build(&steps).into_report();
    assert_eq!(report.result, Some(Status::Passed));
    assert_eq!(evaluate(&mut report), 0);
}

/// A loop of two iterations whose measurements say `P`, as another program wrote it.
fn foreign(values: [f64; 2]) -> Value {
    let measured = |value: f64| json!([{"compOp": "LE", "unit": "V", "value": value, "lowLimit": 1, "status": "P"}]);
    let turn = |n: usize| {
        json!({"name": "Settle", "group": "M", "status": "P", "loop": {"idx": n},
            "numericMeas": measured(values[n])})
    };
    json!({"type": "T", "result": "P", "root": {"name": "Main", "group": "M", "status": "P",
        "steps": [{"name": "Settle", "group": "M", "status": "P", "loop": {"num": 2, "endingIndex": 1},
            "numericMeas": measured(0.5)}, turn(0), turn(1)]}})
}

#[test]
fn a_failure_that_was_not_told_is_carried_to_the_summary() {
    let mut report: Report = serde_json::from_value(foreign([0.5, 1.5])).unwrap();
    // Measurement, iteration, summary, root, report.
    assert_eq!(evaluate(&mut report), 5);
    assert_eq!(report.result, Some(Status::Failed));

    let mut skipped = foreign([0.5, 1.5]);
    skipped["root"]["steps"][0]["status"] = json!("S");
    let mut report: Report = serde_json::from_value(skipped).unwrap();
    evaluate(&mut report);
    assert_eq!(
        report.result,
        Some(Status::Passed),
        "skipped steps stay skipped"
    );
}

#[test]
fn an_iteration_without_a_summary_speaks_for_itself() {
    let mut report = foreign([0.5, 0.5]);
    report["root"]["steps"].as_array_mut().unwrap().remove(0);
    report["root"]["steps"][0]["status"] = json!("F");
    let mut report: Report = serde_json::from_value(report).unwrap();
    evaluate(&mut report);
    assert_eq!(report.result, Some(Status::Failed));
}

#[test]
fn a_step_whose_status_nobody_can_read_does_not_pass() {
    let status = [
        json!("Failed"),
        json!("Error"),
        json!("Terminated"),
        json!("f"),
        json!(""),
        json!(5),
        json!(null),
        json!(["P"]),
    ];
    let measured = [
        json!({}),
        json!({"booleanMeas": [{"status": "P"}]}),
        json!({"numericMeas": [{"compOp": "LOG", "unit": "V", "value": 1, "status": "P"}]}),
    ];
    for status in &status {
        for measured in &measured {
            let mut step = json!({"name": "Rail", "group": "M", "status": status});
            for (name, value) in measured.as_object().unwrap() {
                step[name] = value.clone();
            }
            let report = json!({"type": "T", "result": "P", "root": {
                "name": "Main", "group": "M", "status": "P", "steps": [step] }});
            let mut model: Report = serde_json::from_value(report).unwrap();
            evaluate(&mut model);
            // One that is null is none, and its measurements tell.
            let expected = if status.is_null() {
                Status::Passed
            } else {
                Status::Failed
            };
            assert_eq!(model.result, Some(expected), "{status} {measured}");
        }
    }
}
