//! Figures as a picture: an SVG file that needs nothing else.

use std::fmt::Write as _;

use super::figure::{Figure, Histogram, Kind};
use super::scale::{Scale, short};

const WIDTH: f64 = 800.0;
const MARGIN: f64 = 24.0;
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#222}.title{font-weight:600}.small{font-size:11px;fill:#666}\
    .band{fill:#e3f1e5}.limit{stroke:#c77700;stroke-width:1.5;stroke-dasharray:4 3}.axis{stroke:#999}\
    .good{fill:#2f7d3b}.bad{fill:#c62828}.bar{fill:#4878b0}.line{fill:none;stroke:#4878b0;stroke-width:1.5}";

/// All figures below each other.
pub(super) fn drawn(figures: &[Figure<'_>]) -> String {
    let mut inside = String::new();
    let mut y = MARGIN;
    for figure in figures {
        y = match &figure.kind {
            Kind::Band(value) => band(&mut inside, figure, *value, y),
            Kind::Histogram(of) => histogram(&mut inside, figure, of, y),
            Kind::Loop => curve(&mut inside, figure, y),
        };
    }
    let height = y + MARGIN;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\"><title>Measurements</title><style>{STYLE}</style>\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>{inside}</svg>\n"
    )
}

/// Where a value is across the picture.
fn x_of(scale: Scale, value: f64) -> f64 {
    MARGIN + scale.place(value) * (WIDTH - 2.0 * MARGIN)
}

// Writing to a text cannot fail.
fn put(to: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = to.write_fmt(what);
}

/// The path of a series and its numbers, below it where it is long; gives where the last of it stands.
fn heading(to: &mut String, figure: &Figure<'_>, y: f64, numbers: &str) -> f64 {
    const LONG: usize = 100;
    let unit = match figure.series.unit.as_str() {
        "" => String::new(),
        unit => format!(" ({unit})"),
    };
    let title = format!("{}{unit}", figure.series.path);
    let is_long = title.chars().count() + numbers.chars().count() > LONG;
    let below = if is_long { y + 16.0 } else { y };
    let (title, numbers) = (escaped(&title), escaped(numbers));
    let right = WIDTH - MARGIN;
    put(
        to,
        format_args!(
            "<text class=\"title\" x=\"{MARGIN}\" y=\"{y:.1}\">{title}</text>\
             <text x=\"{right}\" y=\"{below:.1}\" text-anchor=\"end\">{numbers}</text>"
        ),
    );
    below
}

/// The limits: what is between them, a line at each, and its number below.
fn limits(to: &mut String, figure: &Figure<'_>, top: f64, bottom: f64) {
    let limits = figure.series.limits;
    let scale = figure.scale;
    if !figure.series.is_outside && (limits.low.is_some() || limits.high.is_some()) {
        let from = x_of(scale, limits.low.unwrap_or(scale.low));
        let to_ = x_of(scale, limits.high.unwrap_or(scale.high));
        put(
            to,
            format_args!(
                "<rect class=\"band\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                (to_ - from).max(0.0),
                bottom - top
            ),
        );
    }
    for limit in [limits.low, limits.high].into_iter().flatten() {
        let x = x_of(scale, limit);
        put(
            to,
            format_args!(
                "<line class=\"limit\" x1=\"{x:.1}\" y1=\"{top:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>\
                 <text class=\"small\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                bottom + 13.0,
                short(limit)
            ),
        );
    }
}

fn axis(to: &mut String, y: f64) {
    let right = WIDTH - MARGIN;
    put(
        to,
        format_args!(
            "<line class=\"axis\" x1=\"{MARGIN}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\"/>"
        ),
    );
}

fn band(to: &mut String, figure: &Figure<'_>, value: f64, y: f64) -> f64 {
    let number = format!("{} {}", short(value), figure.series.unit);
    let y = heading(to, figure, y + 12.0, &number);
    let (top, bottom) = (y + 8.0, y + 28.0);
    limits(to, figure, top, bottom);
    axis(to, y + 18.0);
    let class = if figure.series.failed > 0 {
        "bad"
    } else {
        "good"
    };
    put(
        to,
        format_args!(
            "<circle class=\"{class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\"/>",
            x_of(figure.scale, value),
            y + 18.0
        ),
    );
    y + 54.0
}

fn histogram(to: &mut String, figure: &Figure<'_>, of: &Histogram, y: f64) -> f64 {
    const HEIGHT: f64 = 120.0;
    let y = heading(to, figure, y + 12.0, &figure.numbers());
    let (top, bottom) = (y + 12.0, y + 12.0 + HEIGHT);
    limits(to, figure, top, bottom);
    let most = of.counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    for (part, count) in of
        .counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
    {
        let tall = *count as f64 / most * (HEIGHT - 14.0);
        let from = x_of(figure.scale, of.begin(part));
        let wide = (x_of(figure.scale, of.begin(part + 1)) - from).max(2.0);
        put(
            to,
            format_args!(
                "<rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"/>",
                from + 0.5,
                bottom - tall,
                (wide - 1.0).max(1.0),
            ),
        );
        if wide > 18.0 {
            put(
                to,
                format_args!(
                    "<text class=\"small\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{count}</text>",
                    from + wide / 2.0,
                    bottom - tall - 3.0
                ),
            );
        }
    }
    axis(to, bottom);
    bottom + 40.0
}

fn curve(to: &mut String, figure: &Figure<'_>, y: f64) -> f64 {
    const HEIGHT: f64 = 80.0;
    let y = heading(to, figure, y + 12.0, &figure.numbers());
    let bottom = y + 12.0 + HEIGHT;
    let right = WIDTH - MARGIN;
    let y_of = |value: f64| bottom - figure.scale.place(value) * HEIGHT;
    for limit in [figure.series.limits.low, figure.series.limits.high]
        .into_iter()
        .flatten()
    {
        let at = y_of(limit);
        put(
            to,
            format_args!(
                "<line class=\"limit\" x1=\"{MARGIN}\" y1=\"{at:.1}\" x2=\"{right}\" y2=\"{at:.1}\"/>\
                 <text class=\"small\" x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                at - 3.0,
                short(limit)
            ),
        );
    }
    let values = &figure.series.values;
    let step = (right - MARGIN) / values.len().saturating_sub(1).max(1) as f64;
    let points: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(at, value)| format!("{:.1},{:.1}", MARGIN + at as f64 * step, y_of(*value)))
        .collect();
    put(
        to,
        format_args!("<polyline class=\"line\" points=\"{}\"/>", points.join(" ")),
    );
    axis(to, bottom);
    put(
        to,
        format_args!(
            "<text class=\"small\" x=\"{MARGIN}\" y=\"{:.1}\">iterations 0 to {}</text>",
            bottom + 13.0,
            values.len().saturating_sub(1)
        ),
    );
    bottom + 40.0
}

/// A text of others as text of XML, without characters that XML cannot hold.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::series::Gathered;
    use super::*;
    use wats::report::Report;
    use wats::serde_json::{self, json};

    #[test]
    fn names_of_others_are_text_and_every_figure_is_there() {
        let step = |name: &str, value: f64| json!({"name": name, "numericMeas": [{"compOp": "GELE", "value": value, "lowLimit": 1, "highLimit": 3, "unit": "<V>"}]});
        let mut looped = [step("loop", 1.0), step("loop", 2.0)];
        looped[0]["loop"] = json!({"idx": 0});
        looped[1]["loop"] = json!({"idx": 1});
        let report = |value: f64| -> Report {
            serde_json::from_value(json!({"root": {"name": "a&b", "steps": [step("<script>\u{1}", value), looped[0], looped[1]]}})).unwrap()
        };
        let figures = |reports: &[Report]| {
            let mut gathered = Gathered::default();
            for report in reports {
                gathered.add(report);
            }
            let all = gathered.finish();
            drawn(&all.iter().map(Figure::of).collect::<Vec<_>>())
        };
        let one = figures(&[report(2.0)]);
        assert!(one.contains("<circle") && one.contains("<polyline") && !one.contains("<script"));
        assert!(
            one.contains("a&amp;b/&lt;script&gt;\u{fffd} (&lt;V&gt;)"),
            "{one}"
        );
        let two = figures(&[report(2.0), report(2.5)]);
        assert!(two.contains("class=\"bar\""));
        assert!(!one.contains("NaN") && !two.contains("NaN") && !two.contains("inf"));
    }
}
