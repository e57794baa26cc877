//! Measured values by their paths, one by one or in sum.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::failed_steps::most_failed;
use super::filter::WatsFilter;
use super::history::{History, Test};
use super::steps::{Numeric, Step, steps, word};
use super::summary::{Limits, Summary};
use crate::answer::{Answer, Handled};
use crate::call::Call;

/// Most measurements that are answered or summed up.
const MOST: usize = 10_000;
/// Where no path is named: the days that count, and how many of the most failed steps.
const DAYS: i64 = 7;
const STEPS: usize = 10;

/// Which measurements are asked for.
#[derive(Debug)]
struct Paths {
    named: HashSet<String>,
    /// Whether a path is that of a step, with all that it measured.
    whole_steps: bool,
}

impl Paths {
    /// A step that measured one value is named by its path alone, whether the value has a name or not.
    fn has(&self, step: &Step<'_>, measurement: Numeric<'_>, alone: bool) -> bool {
        (alone || self.whole_steps) && self.named.contains(&step.path)
            || measurement.name.is_some() && self.named.contains(&measurement.path(&step.path))
    }
}

/// Visits the measurements that a request asks for, newest report first.
fn visit(
    call: &Call<'_>,
    mut visitor: impl FnMut(&Test, &Step<'_>, Numeric<'_>),
) -> Result<(), Answer> {
    let filter = WatsFilter::of_body(call, None)?;
    let given: HashSet<String> = call
        .optional("measurementPaths")
        .into_iter()
        .flat_map(|paths| paths.split(';'))
        .map(|path| path.trim().to_owned())
        .filter(|path| !path.is_empty())
        .collect();
    if !given.is_empty() || !filter.is_empty() {
        filter.of_one_test()?;
    }
    let whole_steps = given.is_empty();
    let filter = if whole_steps {
        filter.or_last_days(DAYS)
    } else {
        filter
    };
    let history = History::of(call);
    let named = if whole_steps {
        let failed = most_failed(&history, &filter, STEPS).into_iter();
        failed.map(|failed| failed.path).collect()
    } else {
        given
    };
    let paths = Paths { named, whole_steps };
    let mut left = MOST;
    for test in history.tests_of(&filter).into_iter().rev() {
        let report = test.wsjf();
        for step in steps(&report).iter().filter(|step| !step.is_summary()) {
            let alone = step.numerics().take(2).count() == 1;
            for measurement in step.numerics().filter(|one| paths.has(step, *one, alone)) {
                if left == 0 {
                    return Ok(());
                }
                left -= 1;
                visitor(test, step, measurement);
            }
        }
    }
    Ok(())
}

/// Each value, newest first.
pub(super) fn list(call: &Call<'_>) -> Handled {
    let mut rows = Vec::new();
    visit(call, |test, step, measurement| {
        let header = test.header();
        rows.push(json!({
            "serialNumber": header.get("serialNumber"),
            "partNumber": header.get("partNumber"),
            "revision": header.get("revision"),
            "reportId": header.get("uuid"),
            "stepName": step.text("name"),
            "stepPath": measurement.path(&step.path),
            "value": measurement.value,
            "limitLow": measurement.low,
            "limitHigh": measurement.high,
            "unit": measurement.unit,
            "status": word(measurement.status),
            "startUtc": test.start.to_string(),
        }));
    })?;
    Ok(Answer::json(&Value::Array(rows)))
}

/// A measurement in all reports.
#[derive(Debug, Default)]
struct Aggregate {
    values: Summary,
    /// As it was in the newest report.
    row: Map<String, Value>,
    limits: Limits,
}

/// The statistics of each path.
pub(super) fn aggregated(call: &Call<'_>) -> Handled {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut all: Vec<Aggregate> = Vec::new();
    visit(call, |test, step, measurement| {
        let path = measurement.path(&step.path);
        let place = *places.entry(path.clone()).or_insert(all.len());
        if place == all.len() {
            let known = json!({
                "stepName": step.text("name"),
                "stepPath": path,
                "partNumber": test.text("partNumber"),
                "revision": test.text("revision"),
                "limitLow": measurement.low,
                "limitHigh": measurement.high,
                "unit": measurement.unit,
            });
            all.push(Aggregate {
                row: known.as_object().cloned().unwrap_or_default(),
                limits: Limits::of(measurement),
                values: Summary::default(),
            });
        }
        if let Some(aggregate) = all.get_mut(place) {
            aggregate.values.add(measurement.value);
            let revision = aggregate.row.get_mut("revision");
            // Values of several revisions are of none.
            if let Some(revision) = revision.filter(|known| **known != test.text("revision")) {
                *revision = Value::Null;
            }
        }
    })?;
    let row = |mut aggregate: Aggregate| {
        let count = aggregate.values.count;
        aggregate.row.insert("count".to_owned(), count.into());
        aggregate
            .values
            .write(&mut aggregate.row, "", aggregate.limits);
        Value::Object(aggregate.row)
    };
    Ok(Answer::json(&all.into_iter().map(row).collect()))
}
