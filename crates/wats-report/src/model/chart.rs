//! Charts: series of points, written as texts.

use std::fmt::Write as _;

use crate::ChartType;
use crate::error::{Error, Result};
use crate::wire::wire;

wire! {
    /// A chart of a step. Charts are shown, not evaluated.
    pub struct Chart {
        /// How the axes are divided.
        "chartType" => chart_type: ChartType,
        /// Title.
        "label" => label: String,
        /// Label of the axis of x.
        "xLabel" => x_label: String,
        /// Unit of x.
        "xUnit" => x_unit: String,
        /// Label of the axis of y.
        "yLabel" => y_label: String,
        /// Unit of y.
        "yUnit" => y_unit: String,
        /// The lines.
        "series" => series: Vec<ChartSeries>,
    }

    /// A line of a chart.
    pub struct ChartSeries {
        /// Kind of data; `XYG` is the only one.
        "dataType" => data_type: String,
        /// Name.
        "name" => name: String,
        /// The x values, with `;` in between.
        "xdata" => x_data: String,
        /// The y values, with `;` in between.
        "ydata" => y_data: String,
    }
}

/// An axis of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Axis<'a> {
    /// Label, at most 50 characters.
    pub label: &'a str,
    /// Unit, at most 20 characters.
    pub unit: &'a str,
}

impl Chart {
    /// A chart without series yet; the title has at most 50 characters.
    ///
    /// ```
    /// use wats_report::{Chart, ChartType, model::Axis};
    ///
    /// let (time, voltage) = ([0.0, 0.5, 1.0], [0.1, 3.2, 3.3]);
    /// let chart = Chart::new(ChartType::Line, "Power up")
    ///     .x(Axis { label: "Time", unit: "s" })
    ///     .y(Axis { label: "Voltage", unit: "V" })
    ///     .line("3V3", time.into_iter().zip(voltage));
    /// let points = chart.series.as_deref().unwrap()[0].points()?;
    /// assert_eq!(points[1], (0.5, 3.2));
    /// # Ok::<(), wats_report::Error>(())
    /// ```
    pub fn new(chart_type: ChartType, label: impl Into<String>) -> Self {
        Self {
            chart_type: Some(chart_type),
            label: Some(label.into()),
            ..Self::default()
        }
    }

    /// The axis of x.
    #[must_use]
    pub fn x(mut self, axis: Axis<'_>) -> Self {
        self.x_label = Some(axis.label.to_owned());
        self.x_unit = Some(axis.unit.to_owned());
        self
    }

    /// The axis of y.
    #[must_use]
    pub fn y(mut self, axis: Axis<'_>) -> Self {
        self.y_label = Some(axis.label.to_owned());
        self.y_unit = Some(axis.unit.to_owned());
        self
    }

    /// Adds a line by its points, each x and y; a chart has at most 10 lines of 10 000 points each.
    #[must_use]
    pub fn line(
        mut self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        let (mut x, mut y) = (String::new(), String::new());
        for (index, point) in points.into_iter().enumerate() {
            let separator = if index == 0 { "" } else { ";" };
            // Writing to a text cannot fail; the shortest digits that read as the same number.
            let _ = write!(x, "{separator}{}", point.0);
            let _ = write!(y, "{separator}{}", point.1);
        }
        let series = ChartSeries {
            data_type: Some("XYG".to_owned()),
            name: Some(name.into()),
            x_data: Some(x),
            y_data: Some(y),
            ..ChartSeries::default()
        };
        self.series.get_or_insert_default().push(series);
        self
    }
}

impl ChartSeries {
    /// The points as numbers.
    ///
    /// # Errors
    /// [`Error::Data`] when a value is no number, or there are not as many x as y values.
    pub fn points(&self) -> Result<Vec<(f64, f64)>> {
        let (x, y) = (
            numbers(self.x_data.as_deref()),
            numbers(self.y_data.as_deref()),
        );
        let (x, y) = (x?, y?);
        if x.len() != y.len() {
            return Err(Error::Data(format!(
                "the series has {} x values, but {} y values",
                x.len(),
                y.len()
            )));
        }
        Ok(x.into_iter().zip(y).collect())
    }
}

fn numbers(data: Option<&str>) -> Result<Vec<f64>> {
    let Some(data) = data.filter(|data| !data.is_empty()) else {
        return Ok(Vec::new());
    };
    let number = |text: &str| {
        text.trim().parse().map_err(|_| {
            let shown: String = text.chars().take(40).collect();
            Error::Data(format!("`{shown}` in a series of a chart is no number"))
        })
    };
    data.split(';').map(number).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn series_that_are_none() {
        let series = |x: &str, y: &str| ChartSeries {
            x_data: Some(x.to_owned()),
            y_data: Some(y.to_owned()),
            ..ChartSeries::default()
        };
        assert_eq!(ChartSeries::default().points().unwrap(), []);
        assert_eq!(series(" 1 ;2e3", "-0;.5").points().unwrap().len(), 2);
        assert!(
            series("1;2", "3")
                .points()
                .unwrap_err()
                .to_string()
                .contains("2 x values, but 1 y")
        );
        assert!(
            series("1,5", "3")
                .points()
                .unwrap_err()
                .to_string()
                .contains("`1,5`")
        );
    }

    proptest! {
        #[test]
        fn points_come_back_exactly(points in prop::collection::vec((any::<f64>(), any::<f64>()), 0..20)) {
            let chart = Chart::new(ChartType::Line, "c").line("s", points.iter().copied());
            let series = &chart.series.unwrap()[0];
            let back = series.points().unwrap();
            let bits = |all: &[(f64, f64)]| all.iter().map(|(x, y)| (x.to_bits(), y.to_bits())).collect::<Vec<_>>();
            prop_assert_eq!(bits(&back), bits(&points));
        }
    }
}
