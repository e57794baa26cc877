//! What is drawn of a series.

use super::scale::{Scale, short};
use super::series::Series;
use super::statistics::Statistics;

/// A series, and what is drawn of it.
pub(super) struct Figure<'a> {
    pub(super) series: &'a Series,
    pub(super) statistics: Statistics,
    pub(super) scale: Scale,
    pub(super) kind: Kind,
}

/// How values are drawn.
pub(super) enum Kind {
    /// One value between its limits.
    Band(f64),
    /// How many values are in each part.
    Histogram(Histogram),
    /// The iterations of a loop, one after the other.
    Loop,
}

/// The range of the values in parts of the same size, and how many are in each.
pub(super) struct Histogram {
    pub(super) range: Scale,
    pub(super) counts: Vec<usize>,
}

impl<'a> Figure<'a> {
    pub(super) fn of(series: &'a Series) -> Self {
        let statistics = Statistics::of(&series.values, series.limits);
        let limits = [series.limits.low, series.limits.high];
        let shown = limits.into_iter().flatten();
        if let [value] = series.values.as_slice() {
            return Self {
                series,
                statistics,
                scale: Scale::around(shown.chain([*value]), 0.15),
                kind: Kind::Band(*value),
            };
        }
        let scale = Scale::around(shown.chain(series.values.iter().copied()), 0.02);
        let kind = if series.is_loop {
            Kind::Loop
        } else {
            Kind::Histogram(Histogram::of(&series.values))
        };
        Self {
            series,
            statistics,
            scale,
            kind,
        }
    }

    /// The numbers of the series in words.
    pub(super) fn numbers(&self) -> String {
        let Statistics {
            count,
            mean,
            deviation,
            cp,
            cpk,
            ..
        } = self.statistics;
        let mut text = format!("n {count}");
        let named = [
            ("mean", mean.map(short)),
            ("sd", deviation.map(short)),
            ("Cp", cp.map(|cp| format!("{cp:.2}"))),
            ("Cpk", cpk.map(|cpk| format!("{cpk:.2}"))),
        ];
        // Of values that pass outside of limits there is no such number.
        let shown = if self.series.is_outside { 2 } else { 4 };
        for (name, number) in named.into_iter().take(shown) {
            if let Some(number) = number {
                text.push_str(&format!("  {name} {number}"));
            }
        }
        if self.series.failed > 0 {
            text.push_str(&format!("  failed {}", self.series.failed));
        }
        text
    }
}

impl Histogram {
    /// There are about as many parts as the root of the number of values.
    fn of(values: &[f64]) -> Self {
        let range = Scale::around(values.iter().copied(), 0.0);
        let number = ((values.len() as f64).sqrt().ceil() as usize).clamp(5, 20);
        let mut counts = vec![0; number];
        for value in values {
            let part = (range.place(*value) * number as f64) as usize;
            if let Some(count) = counts.get_mut(part.min(number - 1)) {
                *count += 1;
            }
        }
        Self { range, counts }
    }

    /// Where a part begins.
    pub(super) fn begin(&self, part: usize) -> f64 {
        self.range
            .value(part as f64 / self.counts.len().max(1) as f64)
    }
}
