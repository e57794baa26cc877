//! Charts: series of points as texts.

use super::collect::{Collector, Quoted, misread};
use super::place::Place;
use super::rules;
use crate::{Chart, model::ChartSeries};

/// Most series of a chart, most points of a series.
pub(super) const MAX_SERIES: usize = 10;
pub(super) const MAX_POINTS: usize = 10_000;
/// Longest label, longest unit.
pub(super) const LABEL: usize = 50;
pub(super) const UNIT: usize = 20;

pub(super) fn check(out: &mut Collector, chart: &Chart, place: &Place<'_>) {
    out.members(chart, place);
    for (name, text) in [
        ("label", &chart.label),
        ("label of x", &chart.x_label),
        ("label of y", &chart.y_label),
    ] {
        out.length(rules::CHART_LABEL, place, name, text.as_deref(), LABEL);
    }
    for (name, text) in [("unit of x", &chart.x_unit), ("unit of y", &chart.y_unit)] {
        out.length(rules::CHART_UNIT, place, name, text.as_deref(), UNIT);
    }
    let all = chart.series.as_deref().unwrap_or_default();
    if all.len() > MAX_SERIES {
        out.add(
            rules::SERIES_MANY,
            place,
            format_args!(
                "the chart has {} series; {MAX_SERIES} are allowed",
                all.len()
            ),
        );
    }
    for (index, one) in all.iter().enumerate() {
        series(out, one, &place.item("series", index, one.name.as_deref()));
    }
}

fn series(out: &mut Collector, series: &ChartSeries, place: &Place<'_>) {
    out.members(series, place);
    out.length(
        rules::CHART_LABEL,
        place,
        "name",
        series.name.as_deref(),
        LABEL,
    );
    match series.data_type.as_deref() {
        Some("XYG") => {}
        None if misread(&series.extra, "dataType") => {}
        None => out.add(
            rules::SERIES_TYPE,
            place,
            format_args!("dataType is missing"),
        ),
        Some(other) => out.add(
            rules::SERIES_TYPE,
            place,
            format_args!("dataType is {}; it must be XYG", Quoted(other)),
        ),
    }
    let (x, y) = (
        points(series.x_data.as_deref()),
        points(series.y_data.as_deref()),
    );
    if x != y && !misread(&series.extra, "xdata") && !misread(&series.extra, "ydata") {
        out.add(
            rules::POINTS_UNEVEN,
            place,
            format_args!("the series has {x} x values, but {y} y values"),
        );
    }
    if x.max(y) > MAX_POINTS {
        out.add(
            rules::POINTS_MANY,
            place,
            format_args!(
                "the series has {} points; {MAX_POINTS} are allowed",
                x.max(y)
            ),
        );
    }
    if !out.all() {
        return;
    }
    for (name, data) in [("xdata", &series.x_data), ("ydata", &series.y_data)] {
        let values = data
            .as_deref()
            .filter(|data| !data.is_empty())
            .map(|data| data.split(';'));
        let unreadable = |value: &&str| !value.trim().parse::<f64>().is_ok_and(f64::is_finite);
        if let Some(bad) = values.into_iter().flatten().find(unreadable) {
            out.add(
                rules::POINTS_UNREADABLE,
                place,
                format_args!("{name} has {}, which is no number", Quoted(bad)),
            );
        }
    }
}

fn points(data: Option<&str>) -> usize {
    match data {
        None | Some("") => 0,
        Some(data) => data.bytes().filter(|byte| *byte == b';').count() + 1,
    }
}
