//! `report.html`: the page without anything from outside, for a screen, a phone and paper.
//!
//! The markup is well-formed XML too, so that a test can read it with a parser. Charts are strips of inline SVG that
//! stretch with the window, with their words beside them in HTML, so that the words keep their size on a phone.

use super::page::{self, Block, Cell, Table, Tone};
use super::{spread, times};
use crate::goals::check;
use crate::row::{Better, Report, Row};
use std::fmt::Write;

const STYLE: &str = include_str!("style.css");

/// The ratio that fills the whole of a side.
const FULL: f64 = 1000.0;
/// Width of a strip in its own units: ours stands in the middle.
const WIDTH: f64 = 200.0;

/// The whole report as one page without outside resources.
pub fn render(report: &Report) -> String {
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <title>wats benchmark report</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Benchmark report</h1>\n"
    );
    let blocks = page::blocks(report);
    contents(&mut text, &blocks);
    let mut section = 0;
    for block in &blocks {
        match block {
            Block::Section(title) => {
                section += 1;
                let _ = writeln!(text, "<h2 id=\"s{section}\">{}</h2>", escape(title));
            }
            Block::Subsection(title) => element(&mut text, "h3", title),
            Block::Text(words) => element(&mut text, "p", words),
            Block::Link(words, page) => {
                let _ = writeln!(text, "<p><a href=\"{page}\">{}</a></p>", escape(words));
            }
            Block::List(items) => {
                text.push_str("<ul>\n");
                for item in items {
                    element(&mut text, "li", item);
                }
                text.push_str("</ul>\n");
            }
            Block::Table(content) => table(&mut text, content),
            Block::Area(rows) => chart(&mut text, rows, report),
        }
    }
    text + "</main>\n</body>\n</html>\n"
}

fn contents(text: &mut String, blocks: &[Block<'_>]) {
    let titles = blocks.iter().filter_map(|block| match block {
        Block::Section(title) => Some(title),
        _ => None,
    });
    text.push_str("<nav><ul>\n");
    for (index, title) in titles.enumerate() {
        let _ = writeln!(
            text,
            "<li><a href=\"#s{}\">{}</a></li>",
            index + 1,
            escape(title)
        );
    }
    text.push_str("</ul></nav>\n");
}

fn element(text: &mut String, name: &str, words: &str) {
    let _ = writeln!(text, "<{name}>{}</{name}>", escape(words));
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Id => "id",
        Tone::Muted => "muted",
        Tone::Good => "good",
        Tone::Bad => "bad",
    }
}

fn table(text: &mut String, table: &Table) {
    text.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
    for column in &table.head {
        let _ = write!(text, "<th>{}</th>", escape(column));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        text.push_str("<tr>");
        for cell in row {
            let _ = write!(text, "<td>{}</td>", parts(cell));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody></table></div>\n");
}

fn parts(cell: &Cell) -> String {
    let spans: Vec<String> = cell
        .iter()
        .map(|(words, tone)| format!("<span class=\"{}\">{}</span>", class(*tone), escape(words)))
        .collect();
    spans.join("<br/>")
}

/// The chart of an area: for each row a line for ours, and one with a bar for each other candidate.
fn chart(text: &mut String, rows: &[&Row], report: &Report) {
    text.push_str("<figure>\n");
    for row in rows {
        let arrow = match row.better {
            Better::Lower => "less is better",
            Better::Higher => "more is better",
        };
        let _ = writeln!(
            text,
            "<section class=\"row\">\n<h4>{}</h4>\n<p class=\"muted\">{} · {arrow} · {} rounds{}{}</p>",
            escape(&row.id),
            escape(&row.unit),
            row.rounds,
            if row.note.is_empty() { "" } else { " · " },
            escape(&row.note),
        );
        if let Some(subject) = &row.subject {
            line(text, &subject.name, "ours", &spread(subject), "", "");
        }
        for other in &row.peers {
            let tone = page::bar_tone(row, other);
            let advantage = row.advantage(other);
            let ratio = advantage.map(times).unwrap_or_default();
            let bar = advantage.map(|ratio| bar(ratio, tone)).unwrap_or_default();
            line(text, &other.name, class(tone), &spread(other), &ratio, &bar);
        }
        for goal in &row.goals {
            let verdict = check(goal, row, &report.rows);
            let (word, tone) = match verdict.met {
                Some(true) => ("Goal met", "good"),
                Some(false) => ("Goal missed", "bad"),
                None => ("Goal not told", "muted"),
            };
            let _ = writeln!(
                text,
                "<p class=\"{tone}\">{word}: {}; {}</p>",
                escape(&verdict.goal),
                escape(&verdict.reached)
            );
        }
        if let Some(error) = &row.error {
            let _ = writeln!(text, "<p class=\"bad\">Error: {}</p>", escape(error));
        }
        text.push_str("</section>\n");
    }
    text.push_str(
        "<figcaption class=\"muted\">Bars: to the right ours is better, to the left the other; a whole side is a \
         factor of 1000.</figcaption>\n</figure>\n",
    );
}

fn line(text: &mut String, name: &str, class: &str, figures: &str, ratio: &str, bar: &str) {
    let _ = writeln!(
        text,
        "<div class=\"line {class}\"><span class=\"name\">{}</span><span class=\"bar\">{bar}</span>\
         <span class=\"ratio\">{}</span><span class=\"figures\">{}</span></div>",
        escape(name),
        escape(ratio),
        escape(figures),
    );
}

fn bar(advantage: f64, tone: Tone) -> String {
    let reach = (advantage.ln().abs() / FULL.ln()).min(1.0) * WIDTH / 2.0;
    // Equal figures still show where they stand.
    let reach = reach.max(0.6);
    let middle = WIDTH / 2.0;
    let left = if advantage >= 1.0 {
        middle
    } else {
        middle - reach
    };
    format!(
        "<svg viewBox=\"0 0 {WIDTH} 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\
         <rect class=\"axis\" x=\"{}\" y=\"0\" width=\"0.6\" height=\"10\"/>\
         <rect class=\"{}\" x=\"{left:.1}\" y=\"2\" width=\"{reach:.1}\" height=\"6\"/></svg>",
        times(advantage),
        middle - 0.3,
        class(tone),
    )
}

/// A text that is text in HTML and in XML.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ if letter.is_control() => safe.push(' '),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;
    use proptest::prelude::*;
    use quick_xml::Reader;
    use quick_xml::events::Event;

    /// Names and attributes of all elements in their order; panics when the page is not well-formed.
    fn elements(page: &str) -> Vec<(String, Vec<(String, String)>)> {
        let mut reader = Reader::from_str(page);
        let mut found = Vec::new();
        let mut open = 0_usize;
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    open += 1;
                    found.push(described(&start));
                }
                Event::Empty(empty) => found.push(described(&empty)),
                Event::End(_) => open -= 1,
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(open, 0, "an element is not closed");
        found
    }

    fn described(start: &quick_xml::events::BytesStart<'_>) -> (String, Vec<(String, String)>) {
        let attributes = start
            .attributes()
            .map(|attribute| {
                let attribute = attribute.unwrap();
                (
                    attribute.key.as_ref().to_owned(),
                    attribute.value.to_string(),
                )
            })
            .collect();
        (start.name().as_ref().to_owned(), attributes)
    }

    #[test]
    fn the_page_is_well_formed_and_loads_nothing() {
        let page = render(&sample());
        let elements = elements(&page);
        for (name, attributes) in &elements {
            assert!(
                !["script", "link", "img", "iframe", "object", "base"].contains(&name.as_str()),
                "{name}"
            );
            for (key, value) in attributes {
                assert!(key != "src" && !key.starts_with("on"), "{key}");
                assert!(key != "href" || value.starts_with('#'), "{value}");
            }
        }
        for word in ["http:", "https:", "url(", "@import"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(elements.iter().any(|(name, _)| name == "svg"));
    }

    #[test]
    fn the_links_lead_to_the_sections() {
        let all = elements(&render(&sample()));
        let values = |wanted: &str| -> Vec<String> {
            let attributes = all.iter().flat_map(|(_, attributes)| attributes);
            let fitting = attributes.filter(|(key, _)| key == wanted);
            fitting.map(|(_, value)| value.clone()).collect()
        };
        let targets: Vec<String> = values("id").iter().map(|id| format!("#{id}")).collect();
        assert_eq!(values("href"), targets);
        assert!(targets.len() > 5);
    }

    #[test]
    fn every_row_stands_with_its_figures_goals_and_error() {
        let page = render(&sample());
        for words in [
            "<h4>cache.get</h4>",
            "A &amp; B &lt;cpu&gt;",
            "11.0 (10.0–12.0)",
            "×10.0",
            "Goal missed: at most 10.0 ns/op; 11.0 ns/op",
            "Error: third: gone",
        ] {
            assert!(page.contains(words), "{words}");
        }
    }

    #[test]
    fn a_better_subject_has_its_bar_to_the_right() {
        let right = bar(1000.0, Tone::Good);
        assert!(
            right.contains("x=\"100.0\" y=\"2\" width=\"100.0\""),
            "{right}"
        );
        let left = bar(0.001, Tone::Bad);
        assert!(left.contains("class=\"bad\" x=\"0.0\""), "{left}");
        assert_eq!(bar(1e9, Tone::Good).matches("width=\"100.0\"").count(), 1);
    }

    proptest! {
        #[test]
        fn no_text_changes_the_markup(text in ".{1,40}") {
            let with = |words: &str| {
                let mut report = sample();
                report.machine.cpu = words.into();
                report.machine.rustc = words.into();
                report.notes = vec![words.into()];
                let row = &mut report.rows[0];
                row.id = words.into();
                row.area = words.into();
                row.unit = words.into();
                row.note = words.into();
                row.error = Some(words.into());
                row.peers[0].name = format!("peer {words}");
                report
            };
            let shape = |report: &Report| elements(&render(report));
            prop_assert_eq!(shape(&with(&text)), shape(&with("x")));
        }
    }
}
