//! `report.md`: the page as Markdown, with a table where HTML has a chart.

use super::page::{self, Block, Cell, Table, Tone};
use crate::row::Report;
use std::fmt::Write;

/// The whole report as Markdown.
pub fn render(report: &Report) -> String {
    let mut text = "# Benchmark report\n".to_owned();
    write(&mut text, &page::blocks(report), report);
    text
}

/// Writes blocks below a heading of the first level.
pub(super) fn write(text: &mut String, blocks: &[Block<'_>], report: &Report) {
    for block in blocks {
        text.push('\n');
        match block {
            Block::Section(title) => line(text, "## ", title),
            Block::Subsection(title) => line(text, "### ", title),
            Block::Text(words) => line(text, "", words),
            Block::Link(words, page) => {
                let _ = writeln!(text, "[{}]({page})", escape(words));
            }
            Block::List(items) => items.iter().for_each(|item| line(text, "- ", item)),
            Block::Table(content) => table(text, content),
            Block::Area(rows) => table(text, &page::area_table(rows, report)),
        }
    }
}

fn line(text: &mut String, before: &str, words: &str) {
    let _ = writeln!(text, "{before}{}", escape(words));
}

fn table(text: &mut String, table: &Table) {
    let _ = writeln!(text, "| {} |", table.head.join(" | "));
    let _ = writeln!(text, "|{}", "---|".repeat(table.head.len()));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(cell).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
}

fn cell(cell: &Cell) -> String {
    let parts: Vec<String> = cell
        .iter()
        .filter(|(words, _)| !words.is_empty())
        .map(|(words, tone)| match tone {
            Tone::Id => format!("`{}`", words.replace(['`', '|', '\n', '\r'], " ")),
            Tone::Bad => format!("**{}**", escape(words)),
            Tone::Plain | Tone::Muted | Tone::Good => escape(words),
        })
        .collect();
    parts.join("<br>")
}

/// A text that is text: it ends no table cell and begins no markup.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' => safe.extend(['\\', letter]),
            '<' => safe.push_str("&lt;"),
            '&' => safe.push_str("&amp;"),
            _ if letter.is_control() => safe.push(' '),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_row_stays_one_row() {
        let text = render(&super::super::tests::sample());
        let line = text
            .lines()
            .find(|line| line.starts_with("| `cache.get`<br>"))
            .unwrap();
        assert_eq!(
            line,
            "| `cache.get`<br>with &lt;pipes \\| inside> | ns/op ↓ | ours 11.0 (10.0–12.0)<br>\
             **missed: at most 10.0 ns/op** | theirs 110 ×10.0<br>**error: third: gone** | 3 |"
        );
        assert!(text.contains("\n- a note\n"));
        assert!(text.contains("2026-11-29, quick run, 1 rows"));
    }

    #[test]
    fn every_table_has_as_many_cells_as_columns() {
        let text = render(&super::super::tests::sample());
        let mut columns = 0;
        for line in text.lines() {
            let bars = line.replace("\\|", "").matches('|').count();
            match (line.starts_with('|'), columns) {
                (true, 0) => columns = bars,
                (true, _) => assert_eq!(bars, columns, "{line}"),
                (false, _) => columns = 0,
            }
        }
    }
}
