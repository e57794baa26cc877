//! The values of each measurement, gathered over reports.

use wats::analytics::MeasuredValue;
use wats::report::model::NumericMeasurement;
use wats::report::{CompOp, Report, Status};

use crate::measured::{Measured, Value, measured};

/// Limits that a value must be within; of operators that say something else, what is to be marked.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Limits {
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
}

/// The values of one measurement.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) path: String,
    pub(super) unit: String,
    pub(super) operator: String,
    pub(super) limits: Limits,
    /// Whether values outside of the limits are those that pass.
    pub(super) is_outside: bool,
    pub(super) limits_differ: bool,
    /// Those that are numbers.
    pub(super) values: Vec<f64>,
    pub(super) failed: usize,
    /// Whether they are the iterations of a loop in one report.
    pub(super) is_loop: bool,
    /// How many reports gave values.
    reports: usize,
    last_report: usize,
}

/// The series so far, in the order in which their measurements came first.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    all: Vec<Series>,
    places: std::collections::HashMap<String, usize>,
    reports: usize,
}

impl Gathered {
    /// Adds the measured numbers of a report.
    pub(super) fn add(&mut self, report: &Report) {
        self.reports += 1;
        let found = measured(report);
        let loops: std::collections::HashSet<String> = found
            .iter()
            .filter(|one| one.iteration().is_some())
            .map(Measured::full_path)
            .collect();
        for one in found {
            let Value::Numeric(number) = &one.value else {
                continue;
            };
            let path = one.full_path();
            // The summary of a loop shows again what one iteration measured.
            let is_summary = one
                .step
                .loop_info
                .as_deref()
                .is_some_and(|info| info.index.is_none());
            let is_loop = loops.contains(&path);
            if is_summary && is_loop {
                continue;
            }
            let failed = matches!(one.status(), Some(Status::Failed));
            self.number(path, number, failed, is_loop);
        }
    }

    fn number(&mut self, path: String, number: &NumericMeasurement, failed: bool, is_loop: bool) {
        let Some(value) = number.value.as_ref().map(wats::wire::Number::value) else {
            return;
        };
        let operator = number.comp_op.as_ref().map(CompOp::as_str);
        let operator = operator.unwrap_or("LOG").to_uppercase();
        let limit =
            |limit: &Option<wats::wire::Number>| limit.as_ref().map(wats::wire::Number::value);
        let (low, high) = (limit(&number.low_limit), limit(&number.high_limit));
        let limits = match operator.as_str() {
            "GE" | "GT" => Limits { low, high: None },
            // A single limit stands in the low one.
            "LE" | "LT" => Limits {
                low: None,
                high: low.or(high),
            },
            "EQ" | "NE" => Limits { low, high: low },
            "LOG" => Limits::default(),
            _ => Limits { low, high },
        };
        let unit = number.unit.as_deref().unwrap_or_default();
        let report = self.reports;
        let series = self.series(path, unit);
        series.push(value, limits, failed, report);
        series.is_outside = matches!(operator.as_str(), "NE" | "LTGT" | "LTGE" | "LEGT" | "LEGE");
        series.operator = operator;
        series.is_loop |= is_loop;
    }

    /// Adds a value from the statistics of the server.
    pub(super) fn add_value(&mut self, value: &MeasuredValue) {
        let Some(number) = value.value.as_ref().map(wats::wire::Number::value) else {
            return;
        };
        self.reports += 1;
        let limit =
            |limit: &Option<wats::wire::Number>| limit.as_ref().map(wats::wire::Number::value);
        let limits = Limits {
            low: limit(&value.limit_low),
            high: limit(&value.limit_high),
        };
        let path = value.step_path.as_ref().or(value.step_name.as_ref());
        let path = path.map(|path| path.replace("¶¶", "/").replace('¶', "/"));
        let failed = value
            .status
            .as_deref()
            .is_some_and(|status| Status::from_word(status) == Status::Failed);
        let unit = value.unit.clone().unwrap_or_default();
        let report = self.reports;
        self.series(path.unwrap_or_default(), &unit)
            .push(number, limits, failed, report);
    }

    /// The series of a measurement. Values in another unit are another measurement.
    fn series(&mut self, path: String, unit: &str) -> &mut Series {
        let key = format!("{path}\u{1f}{unit}");
        let all = &mut self.all;
        let place = *self.places.entry(key).or_insert_with(|| {
            all.push(Series {
                path,
                unit: unit.to_owned(),
                operator: String::new(),
                limits: Limits::default(),
                is_outside: false,
                limits_differ: false,
                values: Vec::new(),
                failed: 0,
                is_loop: false,
                reports: 0,
                last_report: 0,
            });
            all.len() - 1
        });
        &mut self.all[place]
    }

    /// All of them. A loop of several reports has values like any other.
    pub(super) fn finish(mut self) -> Vec<Series> {
        for series in &mut self.all {
            series.is_loop &= series.reports == 1 && series.values.len() > 1;
        }
        self.all.retain(|series| !series.values.is_empty());
        self.all
    }
}

impl Series {
    fn push(&mut self, value: f64, limits: Limits, failed: bool, report: usize) {
        self.limits_differ |= !self.values.is_empty() && self.limits != limits;
        self.limits = limits;
        self.failed += usize::from(failed);
        if self.last_report != report {
            self.last_report = report;
            self.reports += 1;
        }
        if value.is_finite() {
            self.values.push(value);
        }
    }
}
