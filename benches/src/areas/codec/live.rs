//! Reports in progress: what a step costs while the test runs, with and without a journal.
//!
//! By hand is what one would write to lose nothing: each step derived with `serde`, kept in a list, and appended as a line of
//! JSON to a file with one write. It has no times, no checksums and no rules.

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;
use std::time::Instant;

use serde::Serialize;
use wats_codec::{Format, Serializer};
use wats_domains::report::live::RunningReport;
use wats_domains::report::{Station, Unit};
use wats_domains::{MeasurementLimits, UutReport};

use crate::Result;
use crate::spec::{Context, RowSpec};

const UNIT: Unit<'_> = Unit {
    part_number: "PART-0001",
    serial_number: "SN-00042",
    revision: "A",
};
const STATION: Station<'_> = Station {
    name: "Bench",
    location: "Here",
    purpose: "Bench",
};
/// Steps in a sequence.
const EACH: usize = 100;

pub(super) fn rows(ctx: &Context) -> Vec<RowSpec> {
    vec![step(ctx), ten(ctx)]
}

fn begun() -> RunningReport {
    let report = UutReport::start(UNIT, 100);
    report.station(STATION).operator("bench");
    report
}

fn limits() -> MeasurementLimits {
    MeasurementLimits::between(4.5..=1000.5)
}

/// A step of a long test. Making the file is not part of it.
fn step(ctx: &Context) -> RowSpec {
    let sequences = ctx.scale(20, 200);
    let live = move |journal: bool| -> Result<f64> {
        let folder = tempfile::tempdir()?;
        let report = begun();
        if journal {
            report.journal(folder.path())?;
        }
        let start = Instant::now();
        for number in 0..sequences {
            let sequence = report.sequence(format!("Sequence {number}"));
            for step in 0..EACH {
                sequence.numeric(format!("Rail {step}"), 5.02, "V", limits())?;
            }
            sequence.end();
        }
        let took = micros(start, sequences * EACH);
        match report.journal_failure() {
            Some(failure) => Err(failure.into()),
            None => Ok(took),
        }
    };
    RowSpec::new("codec.report.live_step")
        .unit("µs/step")
        .note("a numeric step of a report in progress, with its times, appended to the journal, in sequences of 100")
        .subject("wats-domains", move || live(true))
        .peer("wats, no journal", move || live(false))
        .peer("wats, closure builder", move || {
            let start = Instant::now();
            let report = UutReport::builder(UNIT, 100).steps(|root| {
                for number in 0..sequences {
                    root.sequence(format!("Sequence {number}"), |sequence| {
                        for step in 0..EACH {
                            sequence.numeric(format!("Rail {step}"), 5.02, "V", limits());
                        }
                    });
                }
            });
            drop(black_box(report));
            Ok(micros(start, sequences * EACH))
        })
        .peer("serde_json by hand", move || {
            let folder = tempfile::tempdir()?;
            let mut file = File::create(folder.path().join("journal"))?;
            let mut all = Vec::new();
            let start = Instant::now();
            for _ in 0..sequences {
                for number in 0..EACH {
                    let step = by_hand::Step::new(number);
                    let mut line = serde_json::to_vec(&step)?;
                    line.push(b'\n');
                    file.write_all(&line)?;
                    all.push(step);
                }
            }
            let took = micros(start, sequences * EACH);
            black_box(all);
            Ok(took)
        })
}

/// A whole report of ten steps, as `codec.report.build_10`.
fn ten(ctx: &Context) -> RowSpec {
    let (mut live, mut built) = (ctx.timer(), ctx.timer());
    let (ours, others) = (Serializer::new(Format::Json), Serializer::new(Format::Json));
    RowSpec::new("codec.report.live_10")
        .unit("µs/report")
        .note("begin a report, add 10 steps one by one, finish it with every rule checked, write it as JSON")
        .subject("wats-domains", move || {
            let nanos = live.ns_per_op(|| -> Result<Vec<u8>> {
                let report = begun();
                for step in 0..10 {
                    report.numeric(format!("Rail {step}"), 5.02, "V", limits())?;
                }
                Ok(ours.to_vec(report.finish()?.report())?)
            });
            Ok(nanos / 1000.0)
        })
        .peer("wats, closure builder", move || {
            let nanos = built.ns_per_op(|| -> Result<Vec<u8>> {
                let report = UutReport::builder(UNIT, 100).station(STATION).operator("bench");
                let report = report.steps(|root| {
                    for step in 0..10 {
                        root.numeric(format!("Rail {step}"), 5.02, "V", limits());
                    }
                });
                Ok(others.to_vec(report.build()?.report())?)
            });
            Ok(nanos / 1000.0)
        })
}

fn micros(start: Instant, steps: usize) -> f64 {
    start.elapsed().as_secs_f64() * 1e6 / steps as f64
}

mod by_hand {
    use super::Serialize;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct Step {
        name: String,
        group: &'static str,
        #[serde(rename = "stepType")]
        kind: &'static str,
        status: &'static str,
        tot_time: f64,
        numeric_meas: Vec<Numeric>,
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Numeric {
        comp_op: &'static str,
        status: &'static str,
        unit: String,
        value: f64,
        low_limit: f64,
        high_limit: f64,
    }

    impl Step {
        pub(super) fn new(number: usize) -> Self {
            let (value, low_limit, high_limit) = (5.02, 4.5, 1000.5);
            let passed = (low_limit..=high_limit).contains(&value);
            let status = if passed { "P" } else { "F" };
            Self {
                name: format!("Rail {number}"),
                group: "M",
                kind: "ET_NLT",
                status,
                tot_time: 0.0,
                numeric_meas: vec![Numeric {
                    comp_op: "GELE",
                    status,
                    unit: "V".to_owned(),
                    value,
                    low_limit,
                    high_limit,
                }],
            }
        }
    }
}
