//! The builder says what it was told and makes nothing up.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::time::Duration;

use jiff::{Timestamp, ZonedDateTime as Zoned};
use wats_report::{
    Failure, LoopRule, Report, Station, StringLimit, Unit, UurReport,
    builder::FailureCode,
    builder::ProcessCodes,
    builder::{RepairBuilder, ReportBuilder, Sequence},
};
use wats_report::{MeasurementLimits, UutReport};

fn builder() -> ReportBuilder {
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
}

#[test]
fn what_was_not_told_is_left_out_or_unknown() {
    let report = builder().boolean("Lamp", true).build().unwrap();
    let value = serde_json::to_value(report.report()).unwrap();
    assert_eq!(value["uut"], serde_json::json!({"user": "Kari"}));
    let call = &value["root"]["seqCall"];
    assert_eq!(
        (&call["path"], &call["version"]),
        (&"Unknown".into(), &"Unknown".into())
    );
    let crate_version = env!("CARGO_PKG_VERSION");
    assert!(!value.to_string().contains(crate_version), "{value}");

    let repair = || {
        report
            .report()
            .repair(500)
            .station(Station {
                name: "Repair",
                location: "Lab",
                purpose: "Repair",
            })
            .operator("Ola")
            .failure(Failure::new(FailureCode {
                category: "Component",
                code: "Burned",
            }))
    };
    let untold = repair().build().unwrap();
    assert_eq!(untold.report().uur.as_ref().unwrap().execution_time, None);
    let told = repair().execution_time(Duration::ZERO).build().unwrap();
    assert_eq!(
        told.report().uur.as_ref().unwrap().execution_time,
        Some(0.0.into())
    );
    let told = builder()
        .execution_time(Duration::ZERO)
        .software("main.seq")
        .software_version("2.1")
        .boolean("Lamp", true)
        .build()
        .unwrap();
    let value = serde_json::to_value(told.report()).unwrap();
    assert_eq!(value["uut"]["execTime"], 0.0);
    assert_eq!(value["root"]["seqCall"]["path"], "main.seq");
}

/// A moment as precisely as reports have it.
fn moment(report: &Report) -> Timestamp {
    let start = report.start.as_ref().unwrap().timestamp().unwrap();
    assert_eq!(
        report.start_utc.as_ref().unwrap().timestamp().unwrap(),
        start
    );
    start
}

#[test]
fn a_test_begins_when_its_builder_is_made() {
    let whole = |at: Timestamp| Timestamp::from_nanosecond(at.as_nanosecond() / 100 * 100).unwrap();
    let later = |than: Timestamp| while whole(Timestamp::now()) <= than {};
    let test = builder().boolean("Lamp", true).build().unwrap();

    let before = whole(Timestamp::now());
    let (uut, uur, repair) = (
        builder().execution_time(Duration::from_secs(90)),
        UurReport::builder(
            Unit {
                part_number: "PCBA-001",
                serial_number: "SN-42",
                revision: "A",
            },
            ProcessCodes {
                repair: 500,
                test: 100,
            },
        ),
        test.report().repair(500),
    );
    let after = Timestamp::now();
    // The test takes its time.
    later(after);

    let filled = |repair: RepairBuilder| {
        repair
            .station(Station {
                name: "Repair",
                location: "Lab",
                purpose: "Repair",
            })
            .operator("Ola")
            .build()
            .unwrap()
    };
    let copy = uut.clone().boolean("Lamp", true).build().unwrap();
    let uut = uut.boolean("Lamp", true).build().unwrap();
    let (uur, repair) = (filled(uur), filled(repair));
    for report in [uut.report(), copy.report(), uur.report(), repair.report()] {
        let start = moment(report);
        assert!(
            before <= start && start <= after,
            "{before} {start} {after}"
        );
    }
    assert_eq!(moment(uut.report()), moment(copy.report()));
    let finalized = uur
        .report()
        .uur
        .as_ref()
        .unwrap()
        .finalized
        .as_ref()
        .unwrap();
    assert_eq!(finalized.timestamp().unwrap(), moment(uur.report()));

    let told: Zoned = "2026-01-30T22:01:41+01:00[Europe/Oslo]".parse().unwrap();
    let report = builder()
        .start(told.clone())
        .boolean("Lamp", true)
        .build()
        .unwrap();
    assert_eq!(moment(report.report()), told.timestamp());
}

#[test]
fn an_empty_loop_is_one_finding() {
    let empty: [fn(&mut Sequence); 4] = [
        |root| {
            root.numeric_loop("L", MeasurementLimits::log(), "V", LoopRule::All, |_| {});
        },
        |root| {
            root.string_loop("L", StringLimit::log(), LoopRule::Last, |_| {});
        },
        |root| {
            root.boolean_loop("L", LoopRule::All, |_| {});
        },
        |root| {
            root.sequence_loop("L", LoopRule::Last, |_| {});
        },
    ];
    for fill in empty {
        let error = builder().steps(fill).build().unwrap_err();
        let told: Vec<_> = error.findings().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["root → L: the loop has no iterations; add one or leave the loop out [R208]"]
        );
    }
}
