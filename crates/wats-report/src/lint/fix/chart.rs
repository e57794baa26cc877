//! Mends charts.

use super::{Fixer, Mend};
use crate::Chart;
use crate::lint::chart::{LABEL, MAX_POINTS, MAX_SERIES, UNIT};
use crate::lint::collect::Quoted;
use crate::lint::place::Place;
use crate::lint::rules;
use crate::model::ChartSeries;

pub(super) fn mend(fixer: &mut Fixer<'_>, chart: &mut Chart, place: &Place<'_>) {
    fixer.object(chart, place, &[]);
    for (rule, name, text, most) in [
        (rules::CHART_LABEL, "label", &mut chart.label, LABEL),
        (rules::CHART_LABEL, "xLabel", &mut chart.x_label, LABEL),
        (rules::CHART_LABEL, "yLabel", &mut chart.y_label, LABEL),
        (rules::CHART_UNIT, "xUnit", &mut chart.x_unit, UNIT),
        (rules::CHART_UNIT, "yUnit", &mut chart.y_unit, UNIT),
    ] {
        fixer.cut(rule, place, name, text.as_mut(), most);
    }
    for (index, one) in chart.series.iter_mut().flatten().enumerate() {
        series(fixer, one, &place.item("series", index, None));
    }
}

fn series(fixer: &mut Fixer<'_>, series: &mut ChartSeries, place: &Place<'_>) {
    fixer.object(series, place, &[]);
    let name = series.name.as_mut();
    fixer.cut(rules::CHART_LABEL, place, "name", name, LABEL);
    let is_other = |kind: &str| kind != "XYG";
    let is_meant = |kind: &str| kind.is_empty() || kind.trim().eq_ignore_ascii_case("XYG");
    let before = series.data_type.as_deref();
    let is_allowed = match before {
        Some(kind) if is_meant(kind) => fixer.may(Mend::ContentTypes),
        None => fixer.may(Mend::ContentTypes),
        // There is no other type.
        Some(_) => fixer.may(Mend::ChartPoints),
    };
    if is_allowed && before.is_none_or(is_other) && !crate::lint::misread(&series.extra, "dataType")
    {
        let before = Quoted(before.unwrap_or_default()).to_string();
        series.data_type = Some("XYG".to_owned());
        fixer.did(
            rules::SERIES_TYPE,
            place,
            format_args!("dataType was {before}; it is XYG now"),
        );
    }
    if fixer.may(Mend::ChartPoints) {
        points(fixer, series, place);
    }
}

/// Points that lack their x or y.
fn points(fixer: &mut Fixer<'_>, series: &mut ChartSeries, place: &Place<'_>) {
    if ["xdata", "ydata"]
        .iter()
        .any(|name| crate::lint::misread(&series.extra, name))
    {
        return;
    }
    let (x, y) = (
        count(series.x_data.as_deref()),
        count(series.y_data.as_deref()),
    );
    if x == 0 && y > 0 {
        let numbers: Vec<String> = (0..y).map(|number| number.to_string()).collect();
        series.x_data = Some(numbers.join(";"));
        fixer.did(
            rules::POINTS_UNEVEN,
            place,
            format_args!("xdata was missing; its points are numbered from 0 now"),
        );
        return;
    }
    let least = x.min(y);
    for (name, data, points) in [
        ("xdata", &mut series.x_data, x),
        ("ydata", &mut series.y_data, y),
    ] {
        if points > least {
            let kept = data.take().unwrap_or_default();
            let kept: Vec<&str> = kept.split(';').take(least).collect();
            *data = Some(kept.join(";"));
            let left = points - least;
            fixer.did(
                rules::POINTS_UNEVEN,
                place,
                format_args!("the last {left} values of {name} had no partner, and were left out"),
            );
        }
    }
}

fn count(data: Option<&str>) -> usize {
    match data {
        None | Some("") => 0,
        Some(data) => data.split(';').count(),
    }
}

/// Whether it has more series, or one of them more points, than a chart may have.
pub(super) fn is_too_large(chart: &Chart) -> bool {
    let series = chart.series.as_deref().unwrap_or_default();
    let points = |one: &ChartSeries| count(one.x_data.as_deref()).max(count(one.y_data.as_deref()));
    series.len() > MAX_SERIES || series.iter().any(|one| points(one) > MAX_POINTS)
}

/// Which of the two it has too many of.
pub(super) fn too_many(chart: &Chart) -> &'static rules::Rule {
    let series = chart.series.as_deref().unwrap_or_default();
    if series.len() > MAX_SERIES {
        rules::SERIES_MANY
    } else {
        rules::POINTS_MANY
    }
}

/// The same points in charts and series that are small enough.
pub(super) fn divided(mut chart: Chart) -> Vec<Chart> {
    let series = chart.series.take().unwrap_or_default();
    let mut small: Vec<ChartSeries> = Vec::with_capacity(series.len());
    for one in series {
        if count(one.x_data.as_deref()).max(count(one.y_data.as_deref())) <= MAX_POINTS {
            small.push(one);
            continue;
        }
        let pieces = |data: Option<&str>| -> Vec<String> {
            let all: Vec<&str> = data.unwrap_or_default().split(';').collect();
            all.chunks(MAX_POINTS)
                .map(|piece| piece.join(";"))
                .collect()
        };
        let (x, y) = (pieces(one.x_data.as_deref()), pieces(one.y_data.as_deref()));
        if x.len() != y.len() {
            small.push(one);
            continue;
        }
        small.extend(x.into_iter().zip(y).map(|(x, y)| ChartSeries {
            x_data: Some(x),
            y_data: Some(y),
            ..one.clone()
        }));
    }
    let mut charts = Vec::new();
    let mut rest = small.into_iter().peekable();
    while rest.peek().is_some() {
        charts.push(Chart {
            series: Some(rest.by_ref().take(MAX_SERIES).collect()),
            ..chart.clone()
        });
    }
    charts
}
