//! Statistics of numbers: least, greatest, mean, spread, and how well they keep within limits.

use serde_json::{Map, Value};

use super::steps::Numeric;

/// What is known of numbers that came one by one (Welford's method).
#[derive(Debug, Default, Clone)]
pub(super) struct Summary {
    pub(super) count: u64,
    min: Option<f64>,
    max: Option<f64>,
    mean: f64,
    squares: f64,
}

impl Summary {
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1;
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
        self.max = Some(self.max.map_or(value, |max| max.max(value)));
        let off = value - self.mean;
        self.mean += off / self.count as f64;
        self.squares += off * (value - self.mean);
    }

    pub(super) fn min(&self) -> Option<f64> {
        self.min
    }

    pub(super) fn max(&self) -> Option<f64> {
        self.max
    }

    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// Of a sample: divided by one less than the count.
    fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    /// Adds all figures to a row, with this at the end of their names.
    pub(super) fn write(&self, row: &mut Map<String, Value>, end: &str, limits: Limits) {
        let sigma = self.variance().map(f64::sqrt);
        let spread = sigma.filter(|sigma| *sigma > 0.0);
        let three = |side: f64| Some(self.mean()? + side * 3.0 * sigma?);
        let lower = spread.and_then(|sigma| Some((self.mean - limits.lower?) / (3.0 * sigma)));
        let upper = spread.and_then(|sigma| Some((limits.upper? - self.mean) / (3.0 * sigma)));
        let nearer = match (lower, upper) {
            (Some(lower), Some(upper)) => Some(lower.min(upper)),
            (one, other) => one.or(other),
        };
        let cp = spread.and_then(|sigma| Some((limits.upper? - limits.lower?) / (6.0 * sigma)));
        for (name, value) in [
            ("min", self.min),
            ("max", self.max),
            ("avg", self.mean()),
            ("stdev", sigma),
            ("var", self.variance()),
            ("cp", cp),
            ("cpk", nearer),
            ("cpLower", lower),
            ("cpUpper", upper),
            ("sigmaHigh3", three(1.0)),
            ("sigmaLow3", three(-1.0)),
        ] {
            row.insert(format!("{name}{end}"), value.into());
        }
    }
}

/// Between what a value is good.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Limits {
    pub(super) lower: Option<f64>,
    pub(super) upper: Option<f64>,
}

impl Limits {
    /// Of an operator with one limit, that is in `lowLimit`, whichever side it bounds. Outside of limits is no range.
    pub(super) fn of(measurement: Numeric<'_>) -> Self {
        let (low, high) = (measurement.low, measurement.high);
        let (lower, upper) = match measurement.operator.unwrap_or_default() {
            "GTLT" | "GTLE" | "GELT" | "GELE" => (low, high),
            "GT" | "GE" => (low, None),
            "LT" | "LE" => (None, low),
            "EQ" => (low, low),
            _ => (None, None),
        };
        Self { lower, upper }
    }
}
