//! The time zone of the machine: one that cannot be read is never taken for UTC.
//!
//! The zone is read once by a process, so each case is a run of this test by itself in a process of its own.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a panic here is the failing test, and the child tells by printing"
)]

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use std::process::Command;
use wats_report::UutReport;
use wats_report::{Station, Unit, UurReport, builder::ProcessCodes};

const ASKED: &str = "WATS_TEST_ZONE_CHILD";

/// What a station with this `TZ` sees: the offset of a report's start, or the error of `build`.
fn station(zone: &str) -> String {
    let child = module_path!()
        .split_once("::")
        .map_or_else(|| "child".to_owned(), |(_, path)| format!("{path}::child"));
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &child, "--nocapture"])
        .env("TZ", zone)
        .env(ASKED, "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{zone:?}: {text}");
    let seen = text.lines().find_map(|line| line.split_once("seen: "));
    seen.unwrap().1.to_owned()
}

#[test]
fn child() {
    if std::env::var_os(ASKED).is_none() {
        return;
    }
    let test = || {
        UutReport::builder(
            Unit {
                part_number: "P",
                serial_number: "S",
                revision: "A",
            },
            100,
        )
        .station(Station {
            name: "M",
            location: "L",
            purpose: "U",
        })
        .operator("O")
    };
    let offset = match test().build() {
        Ok(report) => report.report().start.as_ref().unwrap().as_str()[27..].to_owned(),
        Err(error) => {
            // Nobody else takes the zone for UTC either, and who gives the time needs none.
            let moment = Timestamp::UNIX_EPOCH.to_zoned_datetime(TimeZone::UTC);
            assert!(test().start(moment).build().is_ok());
            assert!(test().start(ZonedDateTime::now()).build().is_err());
            let repair = UurReport::builder(
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
                name: "M",
                location: "L",
                purpose: "U",
            });
            assert!(repair.build().is_err());
            error.to_string()
        }
    };
    println!("seen: {offset}");
}

#[test]
fn a_zone_that_can_be_read_is_the_stations() {
    for (zone, offsets) in [
        ("UTC", ["+00:00", "+00:00"]),
        ("", ["+00:00", "+00:00"]),
        ("Asia/Kolkata", ["+05:30", "+05:30"]),
        (":Asia/Kolkata", ["+05:30", "+05:30"]),
        ("Europe/Oslo", ["+01:00", "+02:00"]),
        ("CET-1CEST,M3.5.0,M10.5.0/3", ["+01:00", "+02:00"]),
        ("<-03>3", ["-03:00", "-03:00"]),
    ] {
        let seen = station(zone);
        assert!(offsets.contains(&seen.as_str()), "{zone:?}: {seen}");
    }
}

#[test]
fn a_zone_that_cannot_be_read_is_an_error_that_names_it() {
    for zone in [
        "Europe/Osloo",
        "Europe/Oslo ",
        "CET-1CEST",
        ":/no/such/file",
        "GMT+25",
        "W. Europe Standard Time",
        "+01:00",
        " ",
    ] {
        let seen = station(zone);
        assert!(
            seen.contains(&format!("TZ is {zone:?}")) && seen.contains("Europe/Oslo"),
            "{zone:?}: {seen}"
        );
    }
}
