//! Statistics of the steps of a product in a process, and of what they measured.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::filter::WatsFilter;
use super::history::{History, Test};
use super::steps::{Numeric, Step, steps};
use super::summary::{Limits, Summary};
use crate::answer::{Answer, Handled};
use crate::call::Call;

/// The days that count where a filter has no dates.
const DAYS: i64 = 30;
/// Most reports that are looked at.
const REPORTS: usize = 10_000;
/// The letters of a status by the figures that count them; the last one counts all others.
const STATUSES: [(&str, &str); 7] = [
    ("P", "stepPassedCount"),
    ("D", "stepDoneCount"),
    ("S", "stepSkippedCount"),
    ("F", "stepFailedCount"),
    ("E", "stepErrorCount"),
    ("T", "stepTerminatedCount"),
    ("", "stepOtherCount"),
];
const CAUSES: [(&str, &str); 3] = [
    ("Failed", "stepCausedUutFailed"),
    ("Error", "stepCausedUutError"),
    ("Terminated", "stepCausedUutTerminated"),
];

/// A step in all reports.
#[derive(Debug, Default)]
struct OfStep {
    /// What it was when it was last seen.
    known: Map<String, Value>,
    statuses: [u64; 7],
    causes: [u64; 3],
    time: Summary,
    places: HashMap<String, usize>,
    measured: Vec<Measured>,
}

/// A measurement in all reports: with all values, and without those that failed.
#[derive(Debug, Default)]
struct Measured {
    name: Option<String>,
    operator: Option<String>,
    sides: [Side; 2],
}

#[derive(Debug, Default)]
struct Side {
    values: Summary,
    limits: Limits,
    given: [Option<f64>; 2],
}

pub(super) fn analysis(call: &Call<'_>) -> Handled {
    let filter = WatsFilter::of_body(call, None)?.or_last_days(DAYS);
    filter.of_one_test()?;
    let history = History::of(call);
    let run = filter.number("run").unwrap_or(1);
    let mut tests = history.tests_of(&filter);
    tests.retain(|test| history.is_run(test, run));
    tests.drain(..tests.len().saturating_sub(REPORTS));

    let mut places: HashMap<String, usize> = HashMap::new();
    let mut all: Vec<OfStep> = Vec::new();
    for test in tests {
        let report = test.wsjf();
        for step in steps(&report).iter().filter(|step| !step.is_summary()) {
            let place = *places.entry(step.path.clone()).or_insert(all.len());
            if place == all.len() {
                all.push(OfStep::default());
            }
            if let Some(of_step) = all.get_mut(place) {
                of_step.count(step, test);
            }
        }
    }
    Ok(Answer::json(&all.iter().flat_map(OfStep::rows).collect()))
}

impl OfStep {
    fn count(&mut self, step: &Step<'_>, test: &Test) {
        let known = json!({
            "stepName": step.text("name"), "stepPath": step.path,
            "stepType": step.text("stepType"), "stepGroup": step.text("group"),
        });
        self.known = known.as_object().cloned().unwrap_or_default();
        for ((letter, _), count) in STATUSES.iter().zip(&mut self.statuses) {
            if *letter == step.status() || letter.is_empty() {
                *count += 1;
                break;
            }
        }
        for ((result, _), count) in CAUSES.iter().zip(&mut self.causes) {
            *count += u64::from(step.caused_failure() && test.text("result") == *result);
        }
        if let Some(time) = step.time() {
            self.time.add(time);
        }
        for measurement in step.numerics() {
            let name = measurement.name.unwrap_or_default().to_owned();
            let place = *self.places.entry(name).or_insert(self.measured.len());
            if place == self.measured.len() {
                self.measured.push(Measured::default());
            }
            if let Some(measured) = self.measured.get_mut(place) {
                measured.add(measurement);
            }
        }
    }

    fn rows(&self) -> Vec<Value> {
        let mut row = self.known.clone();
        row.insert(
            "stepCount".to_owned(),
            self.statuses.iter().sum::<u64>().into(),
        );
        for ((_, name), count) in STATUSES
            .iter()
            .zip(self.statuses)
            .chain(CAUSES.iter().zip(self.causes))
        {
            row.insert((*name).to_owned(), count.into());
        }
        let bad: u64 = self.statuses.iter().skip(3).take(3).sum();
        for (name, value) in [
            ("stepFailedErrorTerminatedCount", json!(bad)),
            (
                "stepCausedUutFailedErrorTerminated",
                json!(self.causes.iter().sum::<u64>()),
            ),
            ("stepTimeAvg", json!(self.time.mean())),
            ("stepTimeMax", json!(self.time.max())),
            ("stepTimeMin", json!(self.time.min())),
        ] {
            row.insert(name.to_owned(), value);
        }
        let none = [Measured::default()];
        let measured = if self.measured.is_empty() {
            &none[..]
        } else {
            &self.measured
        };
        measured
            .iter()
            .map(|measured| measured.row(row.clone()))
            .collect()
    }
}

impl Measured {
    fn add(&mut self, measurement: Numeric<'_>) {
        self.name = measurement.name.map(str::to_owned);
        self.operator = measurement.operator.map(str::to_owned);
        let sides = if measurement.failed() { 1 } else { 2 };
        for side in self.sides.iter_mut().take(sides) {
            side.values.add(measurement.value);
            side.limits = Limits::of(measurement);
            side.given = [measurement.low, measurement.high];
        }
    }

    fn row(&self, mut row: Map<String, Value>) -> Value {
        row.insert("measureName".to_owned(), json!(self.name));
        row.insert("compOperator".to_owned(), json!(self.operator));
        for (side, end) in self.sides.iter().zip(["", "Wof"]) {
            let count = self.operator.as_ref().map(|_| side.values.count);
            row.insert(format!("measureCount{end}"), count.into());
            for (name, limit) in ["limit1", "limit2"].iter().zip(side.given) {
                row.insert(format!("{name}{end}"), limit.into());
            }
            side.values.write(&mut row, end, side.limits);
        }
        Value::Object(row)
    }
}
