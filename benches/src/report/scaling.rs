//! `scaling.html`: how figures grow, as log-log charts with their exponents. One self-contained page.
//!
//! The rows `scaling.CURVE.FIGURE.SIZE` are put together again to curves; a chart has the points, and dashed the law that
//! fits them best.

use super::number;
use crate::row::{Report, Row};
use crate::slope;
use std::fmt::Write;

const STYLE: &str = "body{font:14px/1.45 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;\
color:#1c2733;background:#fff}h2{margin-top:2.5rem;border-bottom:1px solid #d5dde5}figure{display:inline-block;\
margin:.5rem 1rem .5rem 0;vertical-align:top;width:22rem}figcaption{font-weight:600}p{margin:.2rem 0}\
.note{color:#5b6b7a}svg{display:block;max-width:100%;height:auto}text{font:11px system-ui,sans-serif;fill:#5b6b7a}\
.grid{stroke:#d5dde5}.line{fill:none;stroke:#2266aa;stroke-width:1.5}.point{fill:#2266aa}\
.law{stroke:#9fb0bf;stroke-dasharray:4 4}table{border-collapse:collapse;font-size:12px}td,th{padding:0 .6rem 0 0;\
text-align:right;font-weight:400}th{color:#5b6b7a}@media(prefers-color-scheme:dark){body{color:#dde5ec;\
background:#12181e}text{fill:#93a4b3}.note,th{color:#93a4b3}h2{border-color:#2b3843}.grid{stroke:#2b3843}\
.line{stroke:#6fb1f0}.point{fill:#6fb1f0}}";

/// One figure over the sizes.
struct Curve<'a> {
    name: &'a str,
    figure: &'a str,
    unit: &'a str,
    note: &'a str,
    points: Vec<(f64, f64)>,
}

/// The page; `None` when no curve was measured.
pub fn render(report: &Report) -> Option<String> {
    let curves = curves(&report.rows);
    if curves.is_empty() {
        return None;
    }
    let machine = &report.machine;
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>How wats scales</title><style>{STYLE}</style>\n<h1>How it grows</h1>\n<p>{}, {} cores, {}, {}{}</p>\n\
         <p class=\"note\">Both axes are logarithmic, so growth in proportion is a straight line. The exponent e of \
         figure = c · sizeᵉ is fitted by least squares over the logarithms (dashed): 1 is in proportion, 0 does not grow, \
         2 is quadratic. The slope in a table is the same between a size and the one before it; a knee is where that \
         changes by more than {}.</p>\n",
        escape(&machine.cpu),
        machine.cores,
        escape(&machine.os),
        escape(&machine.rustc),
        if report.quick {
            "; quick run, the largest sizes are left out"
        } else {
            ""
        },
        slope::KNEE,
    );
    let mut name = "";
    let mut note = "";
    for curve in &curves {
        if curve.name != name {
            name = curve.name;
            note = "";
            let _ = writeln!(page, "<h2>{}</h2>", escape(name));
        }
        if curve.note != note {
            note = curve.note;
            let _ = writeln!(page, "<p class=\"note\">{}</p>", escape(note));
        }
        page += &figure(curve);
    }
    Some(page + "</html>\n")
}

fn curves(rows: &[Row]) -> Vec<Curve<'_>> {
    let mut curves: Vec<Curve<'_>> = Vec::new();
    for row in rows.iter().filter(|row| row.area == "scaling") {
        let mut parts = row.id.split('.').skip(1);
        let (Some(name), Some(figure), Some(size)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let (Ok(size), Some(subject)) = (size.parse(), &row.subject) else {
            continue;
        };
        let same = |curve: &&mut Curve<'_>| curve.name == name && curve.figure == figure;
        match curves.iter_mut().find(same) {
            Some(curve) => curve.points.push((size, subject.median)),
            None => curves.push(Curve {
                name,
                figure,
                unit: &row.unit,
                note: &row.note,
                points: vec![(size, subject.median)],
            }),
        }
    }
    curves
}

fn figure(curve: &Curve<'_>) -> String {
    let exponent = slope::exponent(&curve.points)
        .map_or("no exponent".to_owned(), |e| format!("exponent {e:.2}"));
    let (name, unit) = (escape(curve.figure), escape(curve.unit));
    let mut text = format!(
        "<figure><figcaption>{name}, {unit}: {exponent}</figcaption>\n{}",
        chart(&curve.points)
    );
    if let Some((size, before, after)) = slope::knee(&curve.points) {
        let _ = writeln!(
            text,
            "<p>Knee at {}: slope {before:.2} before, {after:.2} after.</p>",
            thousands(size)
        );
    }
    let _ = writeln!(
        text,
        "<table><tr><th>size</th><th>{unit}</th><th>slope</th></tr>"
    );
    let slopes = std::iter::once(None).chain(slope::between(&curve.points));
    for ((size, value), slope) in curve.points.iter().zip(slopes) {
        let slope = slope.map_or(String::new(), |slope| format!("{slope:.2}"));
        let (size, value) = (thousands(*size), number(*value));
        let _ = writeln!(
            text,
            "<tr><td>{size}</td><td>{value}</td><td>{slope}</td></tr>"
        );
    }
    text + "</table></figure>\n"
}

const WIDTH: f64 = 340.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 46.0;
const BOTTOM: f64 = 24.0;
const TOP: f64 = 8.0;

/// A logarithmic axis over whole decades.
struct Axis {
    low: f64,
    high: f64,
    start: f64,
    length: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64> + Clone, start: f64, length: f64) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(f64::NEG_INFINITY, f64::max);
        let low = least.log10().floor();
        Self {
            low,
            high: most.log10().ceil().max(low + 1.0),
            start,
            length,
        }
    }

    fn place(&self, value: f64) -> f64 {
        self.start + (value.log10() - self.low) / (self.high - self.low) * self.length
    }

    /// The powers of ten on it.
    fn decades(&self) -> impl Iterator<Item = f64> {
        (self.low as i32..=self.high as i32).map(|power| 10_f64.powi(power))
    }
}

fn chart(points: &[(f64, f64)]) -> String {
    let points: Vec<(f64, f64)> = points
        .iter()
        .copied()
        .filter(|(size, value)| *size > 0.0 && *value > 0.0)
        .collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return String::new();
    };
    let across = Axis::over(points.iter().map(|(x, _)| *x), LEFT, WIDTH - LEFT - 12.0);
    // Downwards is the other way.
    let floor = HEIGHT - BOTTOM;
    let up = Axis::over(points.iter().map(|(_, y)| *y), floor, TOP - floor);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">\n"
    );
    for decade in across.decades() {
        let (x, label) = (across.place(decade), power(decade));
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{floor}\"/>\
             <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
            HEIGHT - 8.0
        );
    }
    for decade in up.decades() {
        let (y, label) = (up.place(decade), power(decade));
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            WIDTH - 12.0,
            LEFT - 5.0,
            y + 4.0
        );
    }
    svg += &law(&points, first.0, last.0, &across, &up);
    let places: Vec<String> = points
        .iter()
        .map(|(x, y)| format!("{:.1},{:.1}", across.place(*x), up.place(*y)))
        .collect();
    let _ = writeln!(
        svg,
        "<polyline class=\"line\" points=\"{}\"/>",
        places.join(" ")
    );
    for (x, y) in &points {
        let _ = writeln!(
            svg,
            "<circle class=\"point\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>",
            across.place(*x),
            up.place(*y)
        );
    }
    svg + "</svg>\n"
}

/// The fitted line. It goes through the mean of the logarithms.
fn law(points: &[(f64, f64)], from: f64, to: f64, across: &Axis, up: &Axis) -> String {
    let Some(exponent) = slope::exponent(points) else {
        return String::new();
    };
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(|p| of(p).ln()).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let at = |size: f64| up.place((y + exponent * (size.ln() - x)).exp());
    format!(
        "<line class=\"law\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>\n",
        across.place(from),
        at(from),
        across.place(to),
        at(to)
    )
}

/// `1000` up to four digits, `10⁵` beyond, `0.01` below one.
fn power(decade: f64) -> String {
    let exponent = decade.log10().round() as i32;
    if (0..4).contains(&exponent) {
        return format!("{decade:.0}");
    }
    if exponent < 0 {
        return format!("{decade}");
    }
    let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let raised: String = exponent
        .to_string()
        .chars()
        .filter_map(|digit| digits.get(digit.to_digit(10)? as usize))
        .collect();
    format!("10{raised}")
}

/// `100 000`
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Better, Measurement};

    fn sample(of: impl Fn(f64) -> f64) -> Report {
        let mut report = super::super::tests::sample();
        report.rows.extend([10.0, 100.0, 1000.0].map(|size| Row {
            id: format!("scaling.x.time.{size}"),
            area: "scaling".into(),
            unit: "ms".into(),
            better: Better::Lower,
            subject: Measurement::of("us", &[of(size)]),
            peers: Vec::new(),
            rounds: 1,
            note: "a < b".into(),
            goals: Vec::new(),
            error: None,
        }));
        report
    }

    #[test]
    fn a_curve_has_its_exponent_its_table_and_nothing_from_elsewhere() {
        let page = render(&sample(|size| size * 2.0)).unwrap();
        assert!(page.contains("time, ms: exponent 1.00"), "{page}");
        assert!(page.contains("<tr><td>100</td><td>200</td><td>1.00</td></tr>"));
        assert!(page.contains("a &lt; b") && !page.contains("Knee"));
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="));
        assert_eq!(page.matches("class=\"point\"").count(), 3);
    }

    #[test]
    fn a_knee_is_told_and_no_curve_makes_no_page() {
        let page = render(&sample(|size| size.max(100.0))).unwrap();
        assert!(page.contains("Knee at 100: slope 0.00 before, 1.00 after."));
        assert!(render(&super::super::tests::sample()).is_none());
    }

    #[test]
    fn axes_are_labelled_with_powers_of_ten() {
        assert_eq!(
            [0.01, 1.0, 1000.0, 100_000.0].map(power),
            ["0.01", "1", "1000", "10⁵"]
        );
        assert_eq!(thousands(1_000_000.0), "1\u{202f}000\u{202f}000");
        assert_eq!(thousands(1000.0), "1000");
    }
}
