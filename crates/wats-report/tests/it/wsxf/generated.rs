//! Generated and altered reports: equal in both dialects, or their losses are told.

use crate::alike::trees;
use crate::reports::{repair, test};
use jiff::ZonedDateTime as Zoned;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;
use wats_report::builder::{FailureCode, PopupAnswer, ProcessCodes};
use wats_report::model::Axis;
use wats_report::{
    AdditionalData, Attachment, Chart, ChartType, Failure, LoopRule, MeasurementLimits, MiscInfo,
    Report, Station, StringLimit, SubUnit, Unit, UurReport, UutReport, wsxf,
};

use super::{again, model, value};

/// What a generated report is made of, in order; numbers choose among the variants.
fn parts() -> impl Strategy<Value = Vec<(u8, f64, String, bool)>> {
    let text = "[a-zA-Z <>&\"'æ€\t]{1,12}|[ -~]{1,20}";
    let value = prop_oneof![any::<f64>(), -1e3..1e3, Just(0.0), Just(-0.0), Just(5.0)];
    prop::collection::vec((any::<u8>(), value, text, any::<bool>()), 0..12)
}

/// A test with steps of all kinds, as a program builds it.
fn built(parts: &[(u8, f64, String, bool)]) -> Report {
    let unit = Unit {
        part_number: "PCBA-001",
        serial_number: "SN-42",
        revision: "A",
    };
    let start: Zoned = "2026-01-30T22:01:41.1234567+01:00[Europe/Oslo]"
        .parse()
        .unwrap();
    let mut test = UutReport::builder(unit, 100)
        .station(Station {
            name: "ICT-3",
            location: "Drammen",
            purpose: "Production",
        })
        .operator("Kari")
        .start(start);
    for (at, (kind, value, text, flag)) in parts.iter().enumerate() {
        let name = format!("{at} {}", text.trim().replace('\t', " "));
        let free = || {
            AdditionalData::new(&name)
                .text("t", text)
                .number("n", *value)
                .flag("f", *flag)
        };
        let finite = if value.is_finite() { *value } else { 1.0 };
        test = match kind % 12 {
            0 => test.misc_info(MiscInfo::new(&name).text(text)),
            1 => test.misc_info(MiscInfo::new(&name).number(i32::from(*kind))),
            2 => test.sub_unit(SubUnit::new(
                "Module",
                Unit {
                    part_number: &name,
                    serial_number: &name,
                    revision: "B",
                },
            )),
            3 => test.additional(free()),
            4 => test.numeric(&name, *value, "V", MeasurementLimits::between(-1.0..=1.0)),
            5 => test.numeric(&name, *value, text, MeasurementLimits::at_least(finite)),
            6 => test.boolean(&name, *flag),
            7 => test.string(&name, text, StringLimit::log()),
            8 => test.steps(|root| {
                root.numeric_loop(
                    &name,
                    MeasurementLimits::at_most(1.0),
                    "V",
                    LoopRule::Last,
                    |turn| {
                        turn.add(*value);
                        turn.add(0.5);
                    },
                );
                root.action(format!("{name} done")).comment(text);
                root.skipped(format!("{name} skipped"));
                root.exe_call(format!("{name} call"), i32::from(*kind));
                root.message_popup(format!("{name} popup"), PopupAnswer { text, button: 1 });
                root.multi_numeric(format!("{name} several"), |all| {
                    all.add("a", *value, "V", MeasurementLimits::log());
                    all.add("b", finite, text, MeasurementLimits::equals(finite));
                });
            }),
            9 => test.steps(|root| {
                let chart = Chart::new(ChartType::LineLogX, "c")
                    .x(Axis {
                        label: "t",
                        unit: "s",
                    })
                    .y(Axis {
                        label: "U",
                        unit: "V",
                    })
                    .line("l", [(*value, 1.0), (2.0, finite)]);
                root.chart(&name, chart);
                let file =
                    Attachment::new(&name, text.as_bytes().to_vec()).content_type("text/plain");
                root.attachment(format!("{name} file"), file);
            }),
            10 => test.steps(|root| {
                root.sequence(&name, |inner| {
                    inner.boolean("b", *flag);
                    inner.string("s", text, StringLimit::equals("x"));
                });
            }),
            _ => test.comment(text),
        };
    }
    test.build().unwrap().into_report()
}

/// A repair, as a program builds it.
fn repaired(parts: &[(u8, f64, String, bool)]) -> Report {
    let unit = Unit {
        part_number: "PCBA-001",
        serial_number: "SN-42",
        revision: "A",
    };
    let codes = ProcessCodes {
        repair: 500,
        test: 100,
    };
    let station = Station {
        name: "Repair",
        location: "Lab",
        purpose: "Repair",
    };
    let failure = |text: &str| {
        let code = FailureCode {
            category: "Component",
            code: "Burned",
        };
        Failure::new(code).comment(text)
    };
    let file = |text: &str| Attachment::new("f.txt", text.as_bytes().to_vec());
    let mut repair = UurReport::builder(unit, codes)
        .station(station)
        .operator("Ola")
        .failure(failure("first"));
    for (at, (kind, value, text, flag)) in parts.iter().enumerate() {
        let name = format!("{at}");
        repair = match kind % 4 {
            0 => repair.failure(failure(text).component(&name).attachment(file(text))),
            1 => {
                let inner = Unit {
                    serial_number: &name,
                    ..unit
                };
                let inner = SubUnit::new("Module", inner);
                let inner = if *flag {
                    inner
                        .failure(failure(text))
                        .failure(failure(&name).attachment(file("x")))
                } else {
                    inner
                };
                repair.sub_unit(inner)
            }
            2 => repair.attachment(file(text)),
            _ => repair.misc_info(MiscInfo::new(name).text(format!("{value:e}"))),
        };
    }
    repair.build().unwrap().into_report()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 1_000 } else { 10_000 }))]

    #[test]
    fn built_reports_are_equal_in_both_dialects(parts in parts()) {
        let text = serde_json::to_vec(&built(&parts)).unwrap();
        let report: Report = serde_json::from_slice(&text).unwrap();
        let (back, told) = again(&report);
        prop_assert_eq!(&told, &Vec::<String>::new());
        prop_assert_eq!(back, report);
    }

    #[test]
    fn built_repairs_are_equal_in_both_dialects(parts in parts()) {
        let text = serde_json::to_vec(&repaired(&parts)).unwrap();
        let report: Report = serde_json::from_slice(&text).unwrap();
        let (back, told) = again(&report);
        prop_assert_eq!(told, Vec::<String>::new());
        prop_assert_eq!(back, report);
    }

    /// Of any members with any values: equal, or told.
    #[test]
    fn any_report_is_equal_or_its_losses_are_told(tree in trees(), wrapped: bool) {
        let tree = if wrapped || !tree.is_object() { json!({"root": tree}) } else { tree };
        let mut report = model(&tree);
        if report.id.is_none() {
            report.id = Some(uuid());
            report.extra.remove("id");
        }
        let report = model(&value(&report));
        let (back, told) = again(&report);
        if told.is_empty() {
            prop_assert_eq!(&back, &report);
        }
        // What has been there once has a place.
        let (twice, told) = again(&back);
        prop_assert_eq!(&twice, &back);
        prop_assert_eq!(told, Vec::<String>::new());
    }

    #[test]
    fn no_altered_text_panics(
        of_repair: bool,
        at: Index,
        end: Index,
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..6),
            "<Step>|</Step>|<Step/>|&#13;|&lt;|x='|'|\"|<!--|]]>|<Loop>|#|\\{a\\}|xmlns=''|ID=''".prop_map(String::into_bytes),
        ],
    ) {
        let report = model(&if of_repair { repair() } else { test() });
        let mut text = wsxf::write(&report).unwrap().xml.into_bytes();
        let at = at.index(text.len());
        let end = at + end.index(text.len() - at).min(40);
        text.splice(at..end, bytes);
        match wsxf::read(&text) {
            Ok(read) => {
                for report in read {
                    let (back, told) = again(&report);
                    // XML has no way to write some characters, which were read nevertheless.
                    if told.is_empty() {
                        prop_assert_eq!(back, report);
                    } else {
                        let told = told.concat();
                        prop_assert!(told.contains(char::REPLACEMENT_CHARACTER), "{}", told);
                    }
                }
            }
            Err(error) => prop_assert!(error.to_string().contains("the text is not a WSXF report: ")),
        }
    }
}

fn uuid() -> wats_report::uuid::Uuid {
    "83ac0b8e-b575-4004-94de-f905774c3ed8".parse().unwrap()
}
