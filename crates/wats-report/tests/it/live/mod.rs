//! Reports in progress: handles, times, how they end, and their journals.

#![allow(
    clippy::drop_non_drop,
    clippy::float_cmp,
    clippy::items_after_statements,
    clippy::needless_pass_by_value,
    reason = "closures of one line, values that are exact, helpers beside their use, reports that are dropped"
)]

mod cost;
mod ends;
mod handles;
mod journal;
mod kill;
mod random;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wats_report::live::RunningReport;
use wats_report::{Report, Severity, Station, Status, Step, Unit, UutReport, lint};

pub(crate) const UNIT: Unit<'_> = Unit {
    part_number: "PCBA-001",
    serial_number: "SN-42",
    revision: "A",
};
pub(crate) const STATION: Station<'_> = Station {
    name: "ICT-3",
    location: "Drammen",
    purpose: "Production",
};

/// A clock that is set by hand, in milliseconds.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(crate) fn forward(&self, milliseconds: u64) {
        self.0.fetch_add(milliseconds, Ordering::Relaxed);
    }
}

/// A report that began at a known time, and its clock.
pub(crate) fn begun() -> (RunningReport, Clock) {
    let clock = Clock::default();
    let time = clock.clone();
    let report = UutReport::builder(UNIT, 100)
        .start("2026-01-30T22:01:41+01:00[Europe/Oslo]".parse().unwrap())
        .station(STATION)
        .operator("Kari")
        .begin_with_clock(move || Duration::from_millis(time.0.load(Ordering::Relaxed)));
    (report, clock)
}

pub(crate) fn named<'a>(report: &'a Report, name: &str) -> &'a Step {
    report.steps().find(|step| step.name() == name).unwrap()
}

pub(crate) fn letter(status: Option<&Status>) -> &str {
    status.unwrap().as_str()
}

/// The linter has nothing but advice.
pub(crate) fn is_accepted(report: &UutReport) {
    let mut findings = lint(report.report());
    findings.retain(|finding| finding.severity() != Severity::Advice);
    assert!(findings.is_empty(), "{findings:?}");
}

/// It is accepted, and ended in this way.
pub(crate) fn accepted(report: &UutReport, outcome: &str) {
    is_accepted(report);
    assert_eq!(letter(report.report().result.as_ref()), outcome);
    let root = report.report().root.as_ref().unwrap();
    assert_eq!(letter(root.status.as_ref()), outcome);
}
