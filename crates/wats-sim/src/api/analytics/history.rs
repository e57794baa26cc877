//! The stored reports as statistics count them: tests by time, the runs of each unit, and repairs.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::catalog::Catalog;
use super::filter::WatsFilter;
use super::period::Window;
use crate::call::Call;
use crate::odata::parse_time;
use crate::store::StoredReport;

/// All reports at the time of a request.
#[derive(Debug)]
pub(super) struct History {
    /// First begun first.
    pub(super) tests: Vec<Test>,
    pub(super) repairs: Vec<Test>,
    /// Of each unit in each process, its tests in their order.
    runs: Vec<Vec<usize>>,
    pub(super) catalog: Catalog,
}

/// A report, and which run of its unit it is.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) report: Arc<StoredReport>,
    pub(super) start: Timestamp,
    /// From 1 on, by the time of the start.
    pub(super) run: usize,
    unit: usize,
}

impl Test {
    pub(super) fn header(&self) -> &Map<String, Value> {
        &self.report.header
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.header()
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    pub(super) fn passed(&self) -> bool {
        self.text("result") == "Passed"
    }

    /// In seconds.
    pub(super) fn execution_time(&self) -> Option<f64> {
        self.header().get("executionTime").and_then(Value::as_f64)
    }

    /// The report itself; empty if it is not an object.
    pub(super) fn wsjf(&self) -> Map<String, Value> {
        serde_json::from_slice(&self.report.wsjf).unwrap_or_default()
    }
}

impl History {
    pub(super) fn of(call: &Call<'_>) -> Self {
        let (reports, catalog) = call.store.read(|state| {
            let reports = state.reports.all();
            let catalog = Catalog::of(state, &reports);
            (reports, catalog)
        });
        let mut all: Vec<Test> = reports
            .into_iter()
            .map(|report| {
                let start = report.header.get("start").and_then(Value::as_str);
                let start = start.and_then(parse_time).unwrap_or_default();
                Test {
                    report,
                    start,
                    run: 1,
                    unit: 0,
                }
            })
            .collect();
        all.sort_by_key(|test| (test.start, test.report.time_stamp));
        let (mut tests, repairs): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|test| test.text("reportType") == "T");

        let mut units: HashMap<(String, String, i64), usize> = HashMap::new();
        let mut runs: Vec<Vec<usize>> = Vec::new();
        for (place, test) in tests.iter_mut().enumerate() {
            let process = test.header().get("processCode").and_then(Value::as_i64);
            let key = (
                test.text("serialNumber").to_owned(),
                test.text("partNumber").to_owned(),
                process.unwrap_or_default(),
            );
            test.unit = *units.entry(key).or_insert(runs.len());
            if test.unit == runs.len() {
                runs.push(Vec::new());
            }
            if let Some(of_unit) = runs.get_mut(test.unit) {
                of_unit.push(place);
                test.run = of_unit.len();
            }
        }
        Self {
            tests,
            repairs,
            runs,
            catalog,
        }
    }

    /// The tests that a filter chooses, first begun first; of more than its `maxCount` the newest.
    pub(super) fn tests_of(&self, filter: &WatsFilter) -> Vec<&Test> {
        self.tests_in(filter, filter.window)
    }

    /// As [`tests_of`](Self::tests_of), of another time.
    pub(super) fn tests_in(&self, filter: &WatsFilter, window: Option<Window>) -> Vec<&Test> {
        chosen(&self.tests, &self.catalog, filter, window)
    }

    /// The repairs that a filter chooses.
    pub(super) fn repairs_of(&self, filter: &WatsFilter) -> Vec<&Test> {
        chosen(&self.repairs, &self.catalog, filter, filter.window)
    }

    /// All runs of the unit of a test in its process, in their order.
    pub(super) fn runs_of(&self, test: &Test) -> impl DoubleEndedIterator<Item = &Test> {
        let runs = self.runs.get(test.unit).into_iter().flatten();
        runs.filter_map(|place| self.tests.get(*place))
    }

    /// Whether a test is the run that a filter asks for: 1, 2 or 3 for that run, -1 for the last, all otherwise.
    pub(super) fn is_run(&self, test: &Test, run: i64) -> bool {
        match run {
            1..=3 => i64::try_from(test.run) == Ok(run),
            -1 => self
                .runs_of(test)
                .next_back()
                .is_some_and(|last| last.run == test.run),
            _ => true,
        }
    }
}

fn chosen<'a>(
    reports: &'a [Test],
    catalog: &Catalog,
    filter: &WatsFilter,
    window: Option<Window>,
) -> Vec<&'a Test> {
    let in_time = |test: &Test| window.is_none_or(|window| window.contains(test.start));
    let mut chosen: Vec<&Test> = reports
        .iter()
        .filter(|test| in_time(test) && filter.fits(test.header(), catalog))
        .collect();
    if let Some(most) = filter.count("maxCount") {
        chosen.drain(..chosen.len().saturating_sub(most));
    }
    chosen
}
