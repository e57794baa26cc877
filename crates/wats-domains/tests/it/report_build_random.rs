//! Any program of building steps: what comes out passes the linter and a server with all rules.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use std::io::Read as _;

use crate::build_common::{builder, server_says};
use proptest::prelude::*;
use wats_domains::MeasurementLimits;
use wats_domains::report::Error;
use wats_domains::report::{
    Attachment, Chart, ChartType, Failure, LoopRule, Outcome, Report, Severity, Station, StepType,
    StringLimit, SubUnit, Unit, UurReport,
    builder::FailureCode,
    builder::PopupAnswer,
    builder::ProcessCodes,
    builder::{DuplicateNames, NonFinitePolicy, Sequence},
    lint,
};

/// A building step, drawn at random.
#[derive(Debug, Clone)]
enum Op {
    Numeric(String, f64, String, MeasurementLimits, Option<bool>),
    Text(String, String, StringLimit),
    Boolean(String, bool, Option<bool>),
    Numbers(String, Vec<(String, f64, MeasurementLimits)>),
    Texts(String, Vec<(String, String)>),
    Booleans(String, Vec<(String, bool, Option<bool>)>),
    Plain(u8, String, Outcome),
    Chart(String, Vec<(f64, f64)>),
    File(String, Vec<u8>),
    NumericLoop(String, MeasurementLimits, LoopRule, Vec<f64>),
    SequenceLoop(String, LoopRule, Vec<Vec<Op>>),
    Sequence(String, Vec<Op>, Option<Outcome>),
}

fn run(ops: &[Op], into: &mut Sequence) {
    for op in ops {
        match op.clone() {
            Op::Numeric(name, value, unit, limits, overruled) => {
                let step = into.numeric(name, value, unit, limits).comment("c");
                if let Some(passed) = overruled {
                    step.overrule(passed);
                }
            }
            Op::Text(name, value, limit) => drop(into.string(name, value, limit)),
            Op::Boolean(name, passed, overruled) => {
                let step = into.boolean(name, passed);
                if let Some(passed) = overruled {
                    step.overrule(passed);
                }
            }
            Op::Numbers(name, list) => {
                into.multi_numeric(name, |all| {
                    for (name, value, limits) in list {
                        all.add(name, value, "V", limits);
                    }
                });
            }
            Op::Texts(name, list) => {
                into.multi_string(name, |all| {
                    for (name, value) in list {
                        all.add(name, value, StringLimit::equals_ignore_case("a"));
                    }
                });
            }
            Op::Booleans(name, list) => {
                into.multi_boolean(name, |all| {
                    for (name, passed, overruled) in list {
                        let one = all.add(name, passed);
                        if let Some(passed) = overruled {
                            one.overrule(passed);
                        }
                    }
                });
            }
            Op::Plain(kind, name, outcome) => {
                let step = match kind {
                    0 => into.action(name),
                    1 => into.generic(name, StepType::from("Goto")),
                    2 => into.message_popup(
                        name,
                        PopupAnswer {
                            text: "yes",
                            button: 1,
                        },
                    ),
                    3 => into.exe_call(name, -1),
                    _ => {
                        into.skipped(name);
                        continue;
                    }
                };
                step.outcome(outcome);
            }
            Op::Chart(name, points) => {
                let chart = Chart::new(ChartType::Line, "c").line("s", points);
                into.chart(name, chart).outcome(Outcome::Failed);
            }
            Op::File(name, bytes) => {
                into.attachment(
                    name,
                    Attachment::new("f.bin", bytes).content_type("application/octet-stream"),
                );
            }
            Op::NumericLoop(name, limits, rule, values) => {
                into.numeric_loop(name, limits, "V", rule, |turns| {
                    for value in values {
                        turns.add(value);
                    }
                });
            }
            Op::SequenceLoop(name, rule, bodies) => {
                into.sequence_loop(name, rule, |turns| {
                    for body in bodies {
                        turns.add(|turn| run(&body, turn));
                    }
                });
            }
            Op::Sequence(name, inner, outcome) => {
                let step = into.sequence(name, |inside| run(&inner, inside));
                if let Some(outcome) = outcome {
                    step.outcome(outcome);
                }
            }
        }
    }
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let name = || prop_oneof![9 => "[a-cø]{1,3}", 1 => "\\PC{0,105}"];
    let value = || prop_oneof![19 => prop::num::f64::NORMAL, 1 => any::<f64>()];
    let outcome = || {
        prop::sample::select(vec![
            Outcome::Passed,
            Outcome::Failed,
            Outcome::Error,
            Outcome::Terminated,
        ])
    };
    let limits = || {
        (0..15_u8, value(), value()).prop_map(|(op, a, b)| {
            let (low, high) = (a.min(b), a.max(b));
            match op {
                0 => MeasurementLimits::log(),
                1 => MeasurementLimits::equals(a),
                2 => MeasurementLimits::not_equals(a),
                3 => MeasurementLimits::greater_than(a),
                4 => MeasurementLimits::at_least(a),
                5 => MeasurementLimits::less_than(a),
                6 => MeasurementLimits::at_most(a),
                7 => MeasurementLimits::strictly_between(low..high),
                8 => MeasurementLimits::above_to(low..=high),
                9 => MeasurementLimits::from_below(low..high),
                10 => MeasurementLimits::between(low..=high),
                11 => MeasurementLimits::outside(low..=high),
                12 => MeasurementLimits::below_or_at_or_above(low..high),
                13 => MeasurementLimits::at_or_below_or_above(low..=high),
                _ => MeasurementLimits::outside_or_at(low..high),
            }
        })
    };
    let text_limit = prop::sample::select(vec![
        StringLimit::log(),
        StringLimit::is("a"),
        StringLimit::equals("b"),
        StringLimit::not_equals("a"),
        StringLimit::after("a"),
        StringLimit::at_or_after("b"),
        StringLimit::before("b"),
        StringLimit::at_or_before("a"),
    ]);
    let rule = || prop::sample::select(vec![LoopRule::All, LoopRule::Last]);
    let few = || 1..4_usize;
    let leaf = prop_oneof![
        (
            name(),
            value(),
            "[a-z%°]{1,4}",
            limits(),
            any::<Option<bool>>()
        )
            .prop_map(|(n, v, u, l, o)| Op::Numeric(n, v, u, l, o)),
        (name(), name(), text_limit).prop_map(|(n, v, l)| Op::Text(n, v, l)),
        (name(), any::<bool>(), any::<Option<bool>>()).prop_map(|(n, p, o)| Op::Boolean(n, p, o)),
        (
            name(),
            prop::collection::vec(("[a-z]{4}", value(), limits()), few())
        )
            .prop_map(|(n, l)| Op::Numbers(n, l)),
        (name(), prop::collection::vec(("[a-z]{4}", "[aA]"), few()))
            .prop_map(|(n, l)| Op::Texts(n, l)),
        (
            name(),
            prop::collection::vec(("[a-z]{4}", any::<bool>(), any::<Option<bool>>()), few())
        )
            .prop_map(|(n, l)| Op::Booleans(n, l)),
        (0..5_u8, name(), outcome()).prop_map(|(k, n, o)| Op::Plain(k, n, o)),
        (name(), prop::collection::vec((value(), value()), 0..5))
            .prop_map(|(n, p)| Op::Chart(n, p)),
        (name(), prop::collection::vec(any::<u8>(), 0..5_000)).prop_map(|(n, b)| Op::File(n, b)),
        (
            name(),
            limits(),
            rule(),
            prop::collection::vec(value(), few())
        )
            .prop_map(|(n, l, r, v)| Op::NumericLoop(n, l, r, v)),
    ];
    let tree = leaf.prop_recursive(3, 24, 4, move |inner| {
        let several = || prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            (name(), several(), prop::option::weighted(0.2, outcome()))
                .prop_map(|(n, i, o)| Op::Sequence(n, i, o)),
            (name(), rule(), prop::collection::vec(several(), few()))
                .prop_map(|(n, r, b)| Op::SequenceLoop(n, r, b)),
        ]
    });
    prop::collection::vec(tree, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 600 } else { 10_000 }))]

    #[test]
    fn whatever_is_built_passes_the_linter_and_the_server(
        ops in ops(),
        numbered in prop::bool::weighted(0.9),
        left_out in prop::bool::weighted(0.8),
        comment in any::<Option<String>>(),
    ) {
        let mut builder = builder();
        if numbered {
            builder = builder.duplicate_names(DuplicateNames::Number);
        }
        if left_out {
            builder = builder.non_finite(NonFinitePolicy::LeaveOut);
        }
        if let Some(comment) = comment {
            builder = builder.comment(comment);
        }
        match builder.steps(|root| run(&ops, root)).build() {
            Ok(report) => {
                let harm: Vec<_> = lint(report.report()).into_iter().filter(|f| f.severity() != Severity::Advice).collect();
                prop_assert!(harm.is_empty(), "{:?}", harm);
                prop_assert_eq!(&report.report().result, &report.report().root.as_ref().unwrap().status);
                prop_assert_eq!(server_says(report.report()), None);
                let text = serde_json::to_string(report.report()).unwrap();
                let mut streamed = String::new();
                let body = report.report().body().unwrap();
                body.reader().read_to_string(&mut streamed).unwrap();
                prop_assert_eq!(body.len(), text.len() as u64);
                prop_assert_eq!(&streamed, &text);
                prop_assert_eq!(&serde_json::from_str::<Report>(&text).unwrap(), report.report());
            }
            Err(Error::Report(findings)) => {
                prop_assert!(!findings.is_empty());
                prop_assert!(findings.iter().all(|finding| finding.severity() != Severity::Advice));
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn whatever_repair_is_built_passes_the_linter_and_the_server(
        units in prop::collection::vec((any::<prop::sample::Index>(), "\\PC{0,30}", any::<bool>()), 0..6),
        failures in prop::collection::vec((any::<prop::sample::Index>(), "\\PC{0,10}", any::<Option<String>>()), 0..6),
        codes in (0..40_000_i32,),
    ) {
        let built = UurReport::builder(Unit { part_number: "P", serial_number: "S", revision: "A" }, ProcessCodes { repair: 500, test: codes.0 })
            .station(Station { name: "R", location: "L", purpose: "Repair" })
            .operator("Ola")
            .units(|all| {
                let mut ids = vec![wats_domains::report::builder::Units::MAIN];
                for (at, serial, replaced) in units {
                    let unit = SubUnit::new("Module", Unit { part_number: "P", serial_number: &serial, revision: "A" });
                    let other = ids[at.index(ids.len())];
                    ids.push(if replaced { all.replace(other, unit) } else { all.add_to(other, unit) });
                }
                for (at, code, comment) in failures {
                    let mut failure = Failure::new(FailureCode { category: "Category", code: &code });
                    if let Some(comment) = comment {
                        failure = failure.comment(comment).attachment(Attachment::new("n", vec![0; 3]).content_type("t"));
                    }
                    all.failure(ids[at.index(ids.len())], failure);
                }
            })
            .build();
        match built {
            Ok(report) => {
                let harm: Vec<_> = lint(report.report()).into_iter().filter(|f| f.severity() != Severity::Advice).collect();
                prop_assert!(harm.is_empty(), "{:?}", harm);
                prop_assert!(!lint(report.report()).iter().any(|finding| finding.code() == "R706"));
                prop_assert_eq!(server_says(report.report()), None);
            }
            Err(Error::Report(findings)) => prop_assert!(!findings.is_empty()),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
