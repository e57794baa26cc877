//! `report.html`: one self-contained page; every row a small plot of ratios.
//!
//! A plot puts the subject on the line at 1 and each peer on a logarithmic scale: a bar to the right says how many
//! times better the subject is, a bar to the left how many times better the peer is.

use super::{areas, spread, times};
use crate::row::{Better, Report, Row};
use std::fmt::Write;

const STYLE: &str = "body{font:14px/1.45 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;\
color:#1c2733;background:#fff}h2{margin-top:2.5rem;border-bottom:1px solid #d5dde5}\
article{margin:1.2rem 0}h3{font:600 14px ui-monospace,monospace;margin:0}p{margin:.2rem 0}\
.note{color:#5b6b7a}.error{color:#a4262c}svg{display:block;max-width:100%;height:auto}\
text{font:12px system-ui,sans-serif;fill:#1c2733}.muted{fill:#5b6b7a}.better{fill:#2e7d5b}.worse{fill:#b5542c}\
.axis{stroke:#9fb0bf}@media(prefers-color-scheme:dark){body{color:#dde5ec;background:#12181e}\
text{fill:#dde5ec}.muted{fill:#93a4b3}.note{color:#93a4b3}h2{border-color:#2b3843}}";

const WIDTH: f64 = 760.0;
const LINE: f64 = 20.0;
const LABEL: f64 = 190.0;
/// Where the subject's line stands, and how far a bar may reach to either side.
const CENTRE: f64 = 320.0;
const LEFT: f64 = 120.0;
const RIGHT: f64 = 240.0;
/// The ratio that fills the whole of a side.
const FULL: f64 = 1000.0;

/// The whole report as one page without outside resources.
pub fn render(report: &Report) -> String {
    let machine = &report.machine;
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>wats benchmark report</title><style>{STYLE}</style>\n<h1>Benchmark report</h1>\n\
         <p>{}, {} cores, {}, {}{}</p>\n<p class=\"note\">Median (min–max). Bars are ratios on a logarithmic scale: to \
         the right the subject is that many times better, to the left the peer is.</p>\n",
        escape(&machine.cpu),
        machine.cores,
        escape(&machine.os),
        escape(&machine.rustc),
        if report.quick { "; quick run" } else { "" }
    );
    for note in &report.notes {
        let _ = writeln!(page, "<p class=\"note\">{}</p>", escape(note));
    }
    for area in areas(&report.rows) {
        let _ = writeln!(page, "<h2>{}</h2>", escape(area));
        if area == "scaling" {
            // Curves say nothing as single rows.
            page += "<p><a href=\"scaling.html\">How it grows</a>: charts, exponents and knees, on a page of their own.</p>\n";
            continue;
        }
        for row in report.rows.iter().filter(|row| row.area == area) {
            page += &article(row);
        }
    }
    page + "</html>\n"
}

fn article(row: &Row) -> String {
    let direction = match row.better {
        Better::Lower => "lower is better",
        Better::Higher => "higher is better",
    };
    let mut text = format!(
        "<article><h3>{}</h3>\n<p class=\"note\">{} · {direction} · {} rounds{}{}</p>\n",
        escape(&row.id),
        escape(&row.unit),
        row.rounds,
        if row.note.is_empty() { "" } else { " · " },
        escape(&row.note)
    );
    text += &plot(row);
    if let Some(error) = &row.error {
        let _ = writeln!(text, "<p class=\"error\">{}</p>", escape(error));
    }
    text + "</article>\n"
}

fn plot(row: &Row) -> String {
    let lines = row.peers.len() + usize::from(row.subject.is_some());
    if lines == 0 {
        return String::new();
    }
    let height = LINE * lines as f64 + 4.0;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\
         <line class=\"axis\" x1=\"{CENTRE}\" x2=\"{CENTRE}\" y1=\"0\" y2=\"{height}\"/>\n"
    );
    let mut y = 15.0;
    if let Some(subject) = &row.subject {
        svg += &label(y, &subject.name, &spread(subject), 600);
        y += LINE;
    }
    for peer in &row.peers {
        svg += &label(y, &peer.name, &spread(peer), 400);
        if let Some(advantage) = row.advantage(peer) {
            svg += &bar(y, advantage);
        }
        y += LINE;
    }
    svg + "</svg>\n"
}

fn label(y: f64, name: &str, figures: &str, weight: u32) -> String {
    format!(
        "<text x=\"0\" y=\"{y}\" font-weight=\"{weight}\">{}</text>\
         <text class=\"muted\" x=\"{WIDTH}\" y=\"{y}\" text-anchor=\"end\">{}</text>\n",
        escape(&shorten(name)),
        escape(figures)
    )
}

fn bar(y: f64, advantage: f64) -> String {
    let reach = (advantage.ln().abs() / FULL.ln()).min(1.0);
    let top = y - 11.0;
    if advantage >= 1.0 {
        let width = reach * RIGHT;
        format!(
            "<rect class=\"better\" x=\"{CENTRE}\" y=\"{top}\" width=\"{width:.1}\" height=\"13\" rx=\"2\"/>\
             <text x=\"{:.1}\" y=\"{y}\">{}</text>\n",
            CENTRE + width + 4.0,
            times(advantage)
        )
    } else {
        let width = reach * LEFT;
        format!(
            "<rect class=\"worse\" x=\"{:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"13\" rx=\"2\"/>\
             <text x=\"{}\" y=\"{y}\">{}</text>\n",
            CENTRE - width,
            CENTRE + 4.0,
            times(advantage)
        )
    }
}

/// A name that fits its column.
fn shorten(name: &str) -> String {
    let most = (LABEL / 7.0) as usize;
    if name.chars().count() <= most {
        return name.to_owned();
    }
    name.chars().take(most - 1).chain(['…']).collect()
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

    #[test]
    fn foreign_text_is_escaped_and_nothing_is_loaded() {
        let page = render(&super::super::tests::sample());
        assert!(page.contains("A &amp; B &lt;cpu&gt;"));
        assert!(page.contains("third: gone"));
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="));
    }

    #[test]
    fn a_better_subject_has_its_bar_to_the_right() {
        let right = bar(0.0, 1000.0);
        assert!(
            right.contains("better") && right.contains("width=\"240.0\""),
            "{right}"
        );
        let left = bar(0.0, 0.001);
        assert!(
            left.contains("worse") && left.contains("x=\"200.0\""),
            "{left}"
        );
        assert!(bar(0.0, 1e9).contains("width=\"240.0\""));
    }
}
