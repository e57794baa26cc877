//! A long test: what it holds in memory, and what a step costs.

use std::time::Instant;

use wats_report::MeasurementLimits;

use super::{accepted, begun};

const STEPS: u64 = 100_000;

/// What this thread has had of a processor, in microseconds, where the system tells it; otherwise the time on the clock.
fn spent(begun: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok());
    told.map_or(begun.elapsed().as_secs_f64() * 1e6, |told| told / 1e3)
}

/// An hour of steps in sequences of a hundred.
fn long(journal: Option<&std::path::Path>) -> (wats_report::live::RunningReport, f64) {
    let (report, clock) = begun();
    if let Some(dir) = journal {
        report.journal(dir).unwrap();
    }
    let begun = Instant::now();
    let before = spent(begun);
    for sequence in 0..STEPS / 100 {
        let steps = report.sequence(format!("sequence {sequence}"));
        for step in 0..100 {
            clock.forward(36);
            let limits = MeasurementLimits::between(4.75..=5.25);
            steps
                .numeric(format!("step {step}"), 5.02, "V", limits)
                .unwrap();
        }
        steps.end();
    }
    (report, (spent(begun) - before) / STEPS as f64)
}

#[test]
fn memory_is_bounded_by_the_report() {
    let dir = tempfile::tempdir().unwrap();
    let mut report = None;
    let held = allocation_counter::measure(|| report = Some(long(Some(dir.path())).0));
    let report = report.unwrap();
    let mut finished = None;
    let end = allocation_counter::measure(|| finished = report.finish().ok());
    let finished = finished.unwrap();
    accepted(&finished, "P");
    assert_eq!(
        finished.report().step_count() as u64,
        1 + STEPS + STEPS / 100
    );
    drop(report);
    let mut copy = None;
    let of_report = allocation_counter::measure(|| copy = Some(finished.clone()));
    // A list that grows has up to twice the room, and is copied while it does.
    let of_report = of_report.bytes_current.unsigned_abs();
    let most = of_report * 2;
    assert!(held.bytes_max <= most, "{held:?}, {of_report:?}");
    assert!(end.bytes_max < of_report / 2, "{end:?}");
}

/// `cargo test --release -p wats-report --test it live::cost -- --ignored --nocapture`
#[test]
#[ignore = "prints what it costs and decides nothing: run it by name, in a release build"]
fn ten_steps() {
    let mut all = Vec::new();
    for _ in 0..20_000 {
        let begun = Instant::now();
        let mut builder = wats_report::UutReport::builder(super::UNIT, 100).station(super::STATION);
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
            builder = builder.numeric(name, 5.02, "V", MeasurementLimits::between(4.75..=5.25));
        }
        let report = builder.operator("Kari").build().unwrap();
        assert!(report.report().body().unwrap().len() > 1_000);
        all.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    all.sort_by(f64::total_cmp);
    println!("{:.2} µs to build and write ten steps", all[all.len() / 2]);
}

/// As `ten_steps`, one by one in a report in progress. `LIVE_RUNS` is how many reports.
///
/// `cargo test --release -p wats-report --test it live::cost -- --ignored --nocapture`
#[test]
#[ignore = "prints what it costs and decides nothing: run it by name, in a release build"]
fn ten_live_steps() {
    let runs = std::env::var("LIVE_RUNS").ok();
    let runs = runs.and_then(|runs| runs.parse().ok()).unwrap_or(20_000);
    let mut all = Vec::new();
    for _ in 0..runs {
        let begun = Instant::now();
        let report = wats_report::UutReport::start(super::UNIT, 100);
        report.station(super::STATION).operator("Kari");
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
            let limits = MeasurementLimits::between(4.75..=5.25);
            report.numeric(name, 5.02, "V", limits).unwrap();
        }
        let report = report.finish().unwrap();
        assert!(report.report().body().unwrap().len() > 1_000);
        all.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    all.sort_by(f64::total_cmp);
    println!(
        "{:.2} µs to add and write ten steps of a report in progress",
        all[all.len() / 2]
    );
}

/// `cargo test --release -p wats-report --test it live::cost -- --ignored --nocapture`
#[test]
#[ignore = "prints what it costs and decides nothing: run it by name, in a release build"]
fn a_step() {
    for _ in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        println!("{:.2} µs a step without a journal", long(None).1);
        println!("{:.2} µs a step with a journal", long(Some(dir.path())).1);
        let begun = Instant::now();
        let left = wats_report::live::recover(dir.path()).unwrap();
        println!(
            "{:.2} s to recover {} report",
            begun.elapsed().as_secs_f64(),
            left.len()
        );
    }
}
