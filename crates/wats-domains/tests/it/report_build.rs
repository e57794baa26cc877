//! What the builders make: wire forms and outcomes one by one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic here is the failing test"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use crate::build_common::{builder, server_says};
use serde_json::{Value, json};
use wats_domains::MeasurementLimits;
use wats_domains::report::{
    AdditionalData, Attachment, Chart, ChartType, Failure, LoopRule, MiscInfo, Outcome, Report,
    Station, StepGroup, StepType, StringLimit, SubUnit, Unit, UurReport,
    builder::FailureCode,
    builder::PopupAnswer,
    builder::ProcessCodes,
    builder::{DuplicateNames, NonFinitePolicy, ReportBuilder, Sequence},
    lint,
    model::Axis,
};

fn build(fill: impl FnOnce(&mut Sequence)) -> Value {
    serde_json::to_value(builder().steps(fill).build().unwrap().report()).unwrap()
}

/// The findings of a report that cannot be built, as lines.
fn refused(builder: ReportBuilder) -> String {
    let findings = builder.build().expect_err("must be refused").findings();
    let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// All operators for numbers: outcome for 0 (below), 1 (at low), 2 (between), 3 (at high), 4 (above) and NaN, and the
/// limits on the wire.
#[test]
fn every_numeric_operator_has_its_outcomes_and_its_wire_form() {
    let one = json!({"lowLimit": 1.0});
    let two = json!({"lowLimit": 1.0, "highLimit": 3.0});
    let table: [(&str, MeasurementLimits, &str, &Value); 15] = [
        ("LOG", MeasurementLimits::log(), "PPPPPP", &json!({})),
        ("EQ", MeasurementLimits::equals(1.0), "FPFFFF", &one),
        ("NE", MeasurementLimits::not_equals(1.0), "PFPPPF", &one),
        ("GT", MeasurementLimits::greater_than(1.0), "FFPPPF", &one),
        ("GE", MeasurementLimits::at_least(1.0), "FPPPPF", &one),
        ("LT", MeasurementLimits::less_than(1.0), "PFFFFF", &one),
        ("LE", MeasurementLimits::at_most(1.0), "PPFFFF", &one),
        (
            "GTLT",
            MeasurementLimits::strictly_between(1.0..3.0),
            "FFPFFF",
            &two,
        ),
        (
            "GTLE",
            MeasurementLimits::above_to(1.0..=3.0),
            "FFPPFF",
            &two,
        ),
        (
            "GELT",
            MeasurementLimits::from_below(1.0..3.0),
            "FPPFFF",
            &two,
        ),
        (
            "GELE",
            MeasurementLimits::between(1.0..=3.0),
            "FPPPFF",
            &two,
        ),
        (
            "LTGT",
            MeasurementLimits::outside(1.0..=3.0),
            "PFFFPF",
            &two,
        ),
        (
            "LTGE",
            MeasurementLimits::below_or_at_or_above(1.0..3.0),
            "PFFPPF",
            &two,
        ),
        (
            "LEGT",
            MeasurementLimits::at_or_below_or_above(1.0..=3.0),
            "PPFFPF",
            &two,
        ),
        (
            "LEGE",
            MeasurementLimits::outside_or_at(1.0..3.0),
            "PPFPPF",
            &two,
        ),
    ];
    for (op, limits, outcomes, on_the_wire) in table {
        for (value, outcome) in [0.0, 1.0, 2.0, 3.0, 4.0, f64::NAN]
            .into_iter()
            .zip(outcomes.chars())
        {
            let report = builder()
                .non_finite(NonFinitePolicy::LeaveOut)
                .numeric("N", value, "V", limits)
                .build()
                .unwrap();
            let report = serde_json::to_value(report.report()).unwrap();
            let step = &report["root"]["steps"][0];
            let mut expected = json!({"compOp": op, "unit": "V", "status": outcome.to_string()});
            let members = expected.as_object_mut().unwrap();
            members.extend(on_the_wire.as_object().unwrap().clone());
            if value.is_finite() {
                members.insert("value".to_owned(), json!(value));
            }
            assert_eq!(step["numericMeas"], json!([expected]), "{op} {value}");
            for status in [
                &step["status"],
                &report["root"]["status"],
                &report["result"],
            ] {
                assert_eq!(status, &json!(outcome.to_string()), "{op} {value}");
            }
        }
    }
}

/// All operators for texts: outcome for a text before, the same, in other letters, and after.
#[test]
fn every_text_operator_has_its_outcomes_and_its_wire_form() {
    let table: [(&str, StringLimit, &str); 9] = [
        ("LOG", StringLimit::log(), "PPPP"),
        ("EQ", StringLimit::is("mb"), "FPFF"),
        ("CASESENSIT", StringLimit::equals("mb"), "FPFF"),
        ("IGNORECASE", StringLimit::equals_ignore_case("mb"), "FPPF"),
        ("NE", StringLimit::not_equals("mb"), "PFPP"),
        ("GT", StringLimit::after("mb"), "FFFP"),
        ("GE", StringLimit::at_or_after("mb"), "FPFP"),
        ("LT", StringLimit::before("mb"), "PFPF"),
        ("LE", StringLimit::at_or_before("mb"), "PPPF"),
    ];
    for (op, limit, outcomes) in table {
        for (value, outcome) in ["ma", "mb", "MB", "mc"].into_iter().zip(outcomes.chars()) {
            let report = build(|root| {
                root.string("S", value, limit.clone());
            });
            let mut expected = json!({"compOp": op, "status": outcome.to_string(), "value": value});
            if op != "LOG" {
                expected["limit"] = json!("mb");
            }
            let step = &report["root"]["steps"][0];
            assert_eq!(step["stringMeas"], json!([expected]), "{op} {value}");
            assert_eq!(report["result"], json!(outcome.to_string()));
        }
    }
}

#[test]
fn steps_of_every_kind_have_their_wire_form() {
    let report = build(|root| {
        root.multi_string("Texts", |all| {
            all.add("a", "x", StringLimit::equals("x"));
            all.add("b", "y", StringLimit::log());
        });
        root.multi_boolean("Lamps", |all| {
            all.add("red", true);
            all.add("green", false).overrule(true);
        });
        root.action("Switch on")
            .duration(Duration::from_millis(1_500));
        root.generic("Wait", StepType::from("NI_Wait"))
            .group(StepGroup::Setup);
        root.message_popup(
            "Ask",
            PopupAnswer {
                text: "yes",
                button: 1,
            },
        );
        root.exe_call("Flash", 3)
            .outcome(Outcome::Error)
            .error(3, "no target");
        root.skipped("Later");
        root.numeric("Curve", 3.0, "A", MeasurementLimits::log())
            .chart(
                Chart::new(ChartType::LineLogX, "I(t)")
                    .x(Axis {
                        label: "t",
                        unit: "s",
                    })
                    .y(Axis {
                        label: "I",
                        unit: "A",
                    })
                    .line("i", [(0.5, 2.0), (1.0, 1e-9)]),
            );
        root.attachment(
            "Log",
            Attachment::new("a.txt", b"Hello").content_type("text/plain"),
        );
        root.boolean("Believed", false)
            .overrule(true)
            .ts_guid("ID#:x")
            .caused_sequence_failure(false)
            .caused_unit_failure(false);
    });
    let free = |name: &str| json!([{"name": name}]);
    let expected = json!([
        {"id": 2, "group": "M", "stepType": "ET_MSVT", "name": "Texts", "status": "P", "stringMeas": [
            {"compOp": "CASESENSIT", "name": "a", "status": "P", "value": "x", "limit": "x"},
            {"compOp": "LOG", "name": "b", "status": "P", "value": "y"}]},
        {"id": 3, "group": "M", "stepType": "ET_MPFT", "name": "Lamps", "status": "F", "booleanMeas": [
            {"name": "red", "status": "P"}, {"name": "green", "status": "P"}]},
        {"id": 4, "group": "M", "stepType": "Action", "name": "Switch on", "status": "P", "totTime": 1.5,
            "additionalResults": free("Action")},
        {"id": 5, "group": "S", "stepType": "NI_Wait", "name": "Wait", "status": "P",
            "additionalResults": free("NI_Wait")},
        {"id": 6, "group": "M", "stepType": "MessagePopup", "name": "Ask", "status": "P",
            "additionalResults": [{"name": "MessagePopup", "props": [
                {"name": "Response", "type": "String", "value": "yes"},
                {"name": "Button", "type": "Number", "value": "1"}]}],
            "messagePopup": {"response": "yes", "button": 1}},
        {"id": 7, "group": "M", "stepType": "CallExecutable", "name": "Flash", "status": "E", "errorCode": 3,
            "errorMessage": "no target",
            "additionalResults": [{"name": "CallExecutable", "props": [
                {"name": "ExitCode", "type": "Number", "value": "3"}]}],
            "callExe": {"exitCode": 3.0}},
        {"id": 8, "group": "M", "stepType": "Action", "name": "Later", "status": "S",
            "additionalResults": free("Skipped")},
        {"id": 9, "group": "M", "stepType": "ET_NLT", "name": "Curve", "status": "P",
            "numericMeas": [{"compOp": "LOG", "status": "P", "unit": "A", "value": 3.0}],
            "chart": {"chartType": "LineLogX", "label": "I(t)", "xLabel": "t", "xUnit": "s", "yLabel": "I",
                "yUnit": "A", "series": [
                {"dataType": "XYG", "name": "i", "xdata": "0.5;1", "ydata": "2;0.000000001"}]}},
        {"id": 10, "group": "M", "stepType": "Attachment", "name": "Log", "status": "P",
            "attachment": {"name": "a.txt", "contentType": "text/plain", "data": "SGVsbG8="}},
        {"id": 11, "group": "M", "stepType": "ET_PFT", "name": "Believed", "tsGuid": "ID#:x", "status": "P",
            "causedSeqFailure": false, "causedUUTFailure": false, "booleanMeas": [{"status": "P"}]},
    ]);
    let steps = report["root"]["steps"].as_array().unwrap();
    for (step, expected) in steps.iter().zip(expected.as_array().unwrap()) {
        if step["name"] == "Lamps" {
            // An overruled measurement counts for its step.
            assert_eq!(step["status"], "P");
            continue;
        }
        assert_eq!(step, expected);
    }
    assert_eq!(
        report["result"], "E",
        "the gravest outcome is that of the report"
    );
}

#[test]
fn a_header_has_what_was_said_of_it() {
    let start: jiff::ZonedDateTime = "2026-01-30T22:01:41.5+01:00[Europe/Oslo]".parse().unwrap();
    let report = builder()
        .start(start)
        .execution_time(Duration::from_secs(90))
        .comment("fine")
        .batch("B-1")
        .fixture("F-1")
        .socket(-1)
        .error(7, "cold")
        .process_name("ICT")
        .misc_info(MiscInfo::new("Hall").text("22 °C"))
        .misc_info(MiscInfo::new("Slot").number(4))
        .sub_unit(SubUnit::new(
            "Module",
            Unit {
                part_number: "MOD",
                serial_number: "M-1",
                revision: "B",
            },
        ))
        .asset("FIX-1", 1)
        .additional(
            AdditionalData::new("Chamber")
                .number("Humidity", 41.5)
                .flag("Dry", true),
        )
        .software("main.seq")
        .software_version("2.1")
        .outcome(Outcome::Terminated)
        .build()
        .unwrap();
    let mut written = serde_json::to_value(report.report()).unwrap();
    let members = written.as_object_mut().unwrap();
    assert_eq!(members.remove("id").unwrap(), report.id().to_string());
    let expected = json!({
        "type": "T", "pn": "PCBA-001", "sn": "SN-42", "rev": "A", "processCode": 100, "processName": "ICT",
        "result": "T", "machineName": "ICT-3", "location": "Drammen", "purpose": "Production",
        "start": "2026-01-30T22:01:41.5000000+01:00", "startUTC": "2026-01-30T21:01:41.5000000Z",
        "uut": {"execTime": 90.0, "user": "Kari", "comment": "fine", "testSocketIndex": -1, "batchSN": "B-1",
            "fixtureId": "F-1", "errorCode": 7, "errorMessage": "cold"},
        "miscInfos": [{"description": "Hall", "text": "22 °C"}, {"description": "Slot", "numeric": 4}],
        "subUnits": [{"partType": "Module", "pn": "MOD", "rev": "B", "sn": "M-1"}],
        "assets": [{"assetSN": "FIX-1", "usageCount": 1}],
        "additionalData": [{"name": "Chamber", "props": [
            {"name": "Humidity", "type": "Number", "value": "41.5"},
            {"name": "Dry", "type": "Boolean", "value": "True"}]}],
        "root": {"id": 1, "group": "M", "stepType": "SequenceCall", "name": "MainSequence Callback", "status": "T",
            "seqCall": {"path": "main.seq", "name": "MainSequence Callback", "version": "2.1"}},
    });
    assert_eq!(written, expected);
}

#[test]
fn loops_have_a_summary_and_numbered_iterations() {
    let report = build(|root| {
        root.numeric_loop(
            "Settle",
            MeasurementLimits::at_least(4.9),
            "V",
            LoopRule::Last,
            |turns| {
                turns.add(4.2).comment("early");
                turns.add(5.0);
            },
        );
        root.boolean_loop("Retry", LoopRule::All, |turns| {
            turns.add(true);
            turns.add(false);
            turns.add(true);
        });
        root.sequence_loop("Cycle", LoopRule::Last, |turns| {
            turns.add(|turn| {
                turn.boolean("Relay", false);
            });
            turns.add(|turn| {
                turn.boolean("Relay", true);
            });
        });
        root.string_loop(
            "Banner",
            StringLimit::equals("ok"),
            LoopRule::All,
            |turns| {
                turns.add("ok");
            },
        );
    });
    let steps = report["root"]["steps"].as_array().unwrap();
    let told: Vec<String> = steps
        .iter()
        .map(|step| {
            // In the order of names, whichever order this build gives members.
            let info: BTreeMap<_, _> = step["loop"].as_object().unwrap().iter().collect();
            format!(
                "{} {} {}",
                step["name"].as_str().unwrap(),
                step["status"].as_str().unwrap(),
                serde_json::to_string(&info).unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"Settle P {"endingIndex":1,"failed":1,"num":2,"passed":1}"#,
            r#"Settle F {"idx":0}"#,
            r#"Settle P {"idx":1}"#,
            r#"Retry F {"endingIndex":2,"failed":1,"num":3,"passed":2}"#,
            r#"Retry P {"idx":0}"#,
            r#"Retry F {"idx":1}"#,
            r#"Retry P {"idx":2}"#,
            r#"Cycle P {"endingIndex":1,"failed":1,"num":2,"passed":1}"#,
            r#"Cycle F {"idx":0}"#,
            r#"Cycle P {"idx":1}"#,
            r#"Banner P {"endingIndex":0,"failed":0,"num":1,"passed":1}"#,
            r#"Banner P {"idx":0}"#,
        ]
    );
    assert_eq!(
        steps[0]["numericMeas"], steps[2]["numericMeas"],
        "what decided"
    );
    assert_eq!(steps[0]["reportText"], Value::Null);
    let report: Report = serde_json::from_value(report).unwrap();
    assert!(lint(&report).is_empty(), "{:?}", lint(&report));
}

#[test]
fn policies_for_equal_names_and_for_numbers_that_are_none() {
    let twins = |builder: ReportBuilder| {
        builder.sequence("S", |s| {
            s.boolean("x", true);
            s.boolean("x", true);
            s.numeric("n", f64::NAN, "V", MeasurementLimits::log())
                .comment("why");
            s.multi_numeric("m", |all| {
                all.add("a", f64::NEG_INFINITY, "V", MeasurementLimits::at_most(1.0));
                all.add("b", 1.0, "V", MeasurementLimits::log());
            });
        })
    };
    let told = refused(twins(builder()));
    assert!(
        told.contains("root → S: several steps are named `x`; names must differ [R206]"),
        "{told}"
    );
    assert!(
        told.contains("root → S → n → measurement 1: the value is NaN"),
        "{told}"
    );
    assert!(
        told.contains("root → S → m → measurement 1 (a): the value is -inf"),
        "{told}"
    );

    let report = twins(builder())
        .duplicate_names(DuplicateNames::Number)
        .non_finite(NonFinitePolicy::LeaveOut)
        .build()
        .unwrap();
    let names: Vec<_> = report
        .report()
        .steps()
        .map(wats_domains::report::Step::name)
        .collect();
    assert_eq!(
        names,
        ["MainSequence Callback", "S", "x", "x (2)", "n", "m"]
    );
    let text = |name: &str| {
        report
            .report()
            .steps()
            .find(|s| s.name() == name)
            .unwrap()
            .report_text
            .clone()
            .unwrap()
    };
    assert_eq!(
        (text("n"), text("m")),
        ("why\nthe value was NaN".to_owned(), "a was -inf".to_owned())
    );

    for (limits, what) in [
        (
            MeasurementLimits::between(f64::NEG_INFINITY..=1.0),
            "low limit",
        ),
        (MeasurementLimits::at_most(f64::NAN), "lowLimit"),
    ] {
        let told = refused(
            builder()
                .non_finite(NonFinitePolicy::LeaveOut)
                .numeric("n", 1.0, "V", limits),
        );
        assert!(told.contains("R802"), "{what}: {told}");
    }
}

fn chart(points: &[(f64, f64)]) -> Chart {
    Chart::new(ChartType::Line, "c").line("s", points.iter().copied())
}

/// What the server would take and then lose or set aside is refused, too.
#[test]
fn silent_losses_are_refused() {
    let future = jiff::ZonedDateTime::now()
        .checked_add(jiff::Span::new().days(2))
        .unwrap();
    let with = |fill: fn(&mut Sequence)| builder().steps(fill);
    let many = vec![(0.0, 0.0); 10_001];
    let cases = vec![
        ("R116", builder().start(future)),
        (
            "R117",
            builder().start("1969-07-20T20:17:00+00:00[UTC]".parse().unwrap()),
        ),
        ("R128", builder().error(1, "x".repeat(201))),
        (
            "R215",
            with(|root| {
                root.action("a").error(1, "x".repeat(201));
            }),
        ),
        (
            "R404",
            with(|root| {
                let mut odd = chart(&[(1.0, 1.0), (2.0, 1.0)]);
                odd.series.as_mut().unwrap()[0].y_data = Some("1".to_owned());
                root.chart("c", odd);
            }),
        ),
        (
            "R405",
            with(|root| {
                root.chart("c", chart(&[(1.0, f64::NAN)]));
            }),
        ),
        (
            "R403",
            builder().steps(|root| {
                root.chart("c", chart(&many));
            }),
        ),
        (
            "R707",
            builder().sub_unit(
                SubUnit::new(
                    "a",
                    Unit {
                        part_number: "b",
                        serial_number: "c",
                        revision: "d",
                    },
                )
                .failure(Failure::new(FailureCode {
                    category: "x",
                    code: "y",
                })),
            ),
        ),
        (
            "R208",
            with(|root| {
                root.multi_numeric("m", |_| {});
            }),
        ),
        (
            "R208",
            with(|root| {
                root.sequence_loop("l", LoopRule::All, |_| {});
            }),
        ),
    ];
    for (code, builder) in cases {
        let told = refused(builder);
        assert!(told.contains(code), "{code}: {told}");
    }
}

#[test]
fn a_repair_says_what_was_wrong_with_which_unit() {
    let test = builder()
        .sub_unit(SubUnit::new(
            "Module",
            Unit {
                part_number: "MOD",
                serial_number: "M-1",
                revision: "B",
            },
        ))
        .process_name("ICT")
        .numeric("+5V", 5.9, "V", MeasurementLimits::between(4.75..=5.25))
        .build()
        .unwrap();
    let failed = test
        .report()
        .steps()
        .find(|step| step.name() == "+5V")
        .unwrap();
    let start: jiff::ZonedDateTime = "2026-01-30T22:01:41+01:00[Europe/Oslo]".parse().unwrap();
    let repair = test
        .report()
        .repair(500)
        .station(Station {
            name: "Repair-1",
            location: "Drammen",
            purpose: "Repair",
        })
        .operator("Ola")
        .start(start)
        .execution_time(Duration::from_secs(60))
        .comment("resoldered")
        .failure(
            Failure::new(FailureCode {
                category: "Component",
                code: "Burned",
            })
            .component("U1")
            .article_number("A-7")
            .article_vendor("ACME")
            .function_block("Power")
            .comment("hot")
            .found_by(failed)
            .attachment(Attachment::new("p.jpg", vec![1, 2, 3]).content_type("image/jpeg")),
        )
        .units(|units| {
            let module = units.find("M-1").unwrap();
            units.failure(
                module,
                Failure::new(FailureCode {
                    category: "Assembly",
                    code: "Missing",
                }),
            );
            units.replace(
                module,
                SubUnit::new(
                    "Module",
                    Unit {
                        part_number: "MOD",
                        serial_number: "M-2",
                        revision: "B",
                    },
                ),
            );
        })
        .attachment(Attachment::new("q.jpg", vec![4]).content_type("image/jpeg"))
        .build()
        .unwrap();
    let mut written = serde_json::to_value(repair.report()).unwrap();
    assert_eq!(
        written.as_object_mut().unwrap().remove("id").unwrap(),
        repair.id().to_string()
    );
    let expected = json!({
        "type": "R", "pn": "PCBA-001", "sn": "SN-42", "rev": "A", "processCode": 500, "result": "P",
        "machineName": "Repair-1", "location": "Drammen", "purpose": "Repair",
        "start": "2026-01-30T22:01:41.0000000+01:00", "startUTC": "2026-01-30T21:01:41.0000000Z",
        "uur": {"comment": "resoldered", "user": "Ola", "processCode": 100, "processName": "ICT",
            "refUUT": test.id().to_string(), "confirmDate": "2026-01-30T22:01:41.0000000+01:00",
            "finalizeDate": "2026-01-30T22:02:41.0000000+01:00", "execTime": 60.0},
        "subUnits": [
            {"partType": "Main", "pn": "PCBA-001", "rev": "A", "sn": "SN-42", "idx": 0, "failures": [
                {"artNumber": "A-7", "artVendor": "ACME", "category": "Component", "code": "Burned",
                    "comment": "hot", "comRef": "U1", "funcBlock": "Power", "refStepId": 2, "refStepName": "+5V",
                    "attachments": [{"name": "p.jpg", "contentType": "image/jpeg", "data": "AQID"}]}]},
            {"partType": "Module", "pn": "MOD", "rev": "B", "sn": "M-1", "idx": 1, "parentIdx": 0,
                "replacedIdx": 2, "failures": [{"category": "Assembly", "code": "Missing"}]},
            {"partType": "Module", "pn": "MOD", "rev": "B", "sn": "M-2", "idx": 2, "parentIdx": 0}],
        "binaryData": [{"name": "q.jpg", "contentType": "image/jpeg", "data": "BA=="}],
    });
    assert_eq!(written, expected);
    assert!(
        lint(repair.report()).is_empty(),
        "{:?}",
        lint(repair.report())
    );
    assert_eq!(server_says(repair.report()), None);
}

#[test]
fn repairs_with_holes_are_refused() {
    let error = UurReport::builder(
        Unit {
            part_number: "P",
            serial_number: "S",
            revision: "A",
        },
        ProcessCodes {
            repair: 500,
            test: 40_000,
        },
    )
    .build()
    .unwrap_err();
    let codes: Vec<_> = error
        .findings()
        .iter()
        .map(wats_domains::Finding::code)
        .collect();
    assert_eq!(codes, ["R103", "R103", "R103", "R701", "R702"]);
    let mut foreign = None;
    let complete = || {
        UurReport::builder(
            Unit {
                part_number: "P",
                serial_number: "S",
                revision: "A",
            },
            ProcessCodes {
                repair: 500,
                test: 100,
            },
        )
        .station(Station {
            name: "R",
            location: "L",
            purpose: "Repair",
        })
        .operator("Ola")
    };
    let _ = complete().units(|units| {
        units.add(SubUnit::default());
        foreign = Some(units.add(SubUnit::default()));
    });
    let error = complete()
        .units(|units| {
            units.failure(
                foreign.unwrap(),
                Failure::new(FailureCode {
                    category: "a",
                    code: "b",
                }),
            );
        })
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("there is no unit 2"), "{error}");
}
