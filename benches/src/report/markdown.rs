//! `report.md`: one table per area, one line per candidate's figure.

use super::{areas, number, spread, times};
use crate::row::{Better, Report, Row};
use std::fmt::Write;

/// The whole report as Markdown.
pub fn render(report: &Report) -> String {
    let machine = &report.machine;
    let mut text = format!(
        "# Benchmark report\n\n{}, {} cores, {}, {}{}\n\nMedian (min–max) of the rounds. ×N: how many times better \
         the subject is than that peer; below 1 the peer is better.\n",
        machine.cpu,
        machine.cores,
        machine.os,
        machine.rustc,
        if report.quick { "; quick run" } else { "" }
    );
    for note in &report.notes {
        let _ = write!(text, "\n> {}\n", cell(note));
    }
    for area in areas(&report.rows) {
        let _ = write!(
            text,
            "\n## {area}\n\n| row | unit | ours | peers | rounds |\n|---|---|---|---|---|\n"
        );
        for row in report.rows.iter().filter(|row| row.area == area) {
            text += &table_row(row);
        }
    }
    text
}

fn table_row(row: &Row) -> String {
    let subject = match &row.subject {
        Some(subject) => format!("{} {}", subject.name, spread(subject)),
        None => "–".to_owned(),
    };
    let mut peers: Vec<String> = row
        .peers
        .iter()
        .map(|peer| {
            let advantage = row.advantage(peer).map(times).unwrap_or_default();
            format!("{} {} {advantage}", peer.name, number(peer.median))
                .trim_end()
                .to_owned()
        })
        .collect();
    if let Some(error) = &row.error {
        peers.push(format!("**error** {error}"));
    }
    let arrow = match row.better {
        Better::Lower => "↓",
        Better::Higher => "↑",
    };
    let id = if row.note.is_empty() {
        format!("`{}`", row.id)
    } else {
        format!("`{}` {}", row.id, row.note)
    };
    format!(
        "| {} | {} {arrow} | {} | {} | {} |\n",
        cell(&id),
        cell(&row.unit),
        cell(&subject),
        peers
            .iter()
            .map(|peer| cell(peer))
            .collect::<Vec<_>>()
            .join("<br>"),
        row.rounds
    )
}

/// A text that cannot end its table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .replace('<', "&lt;")
        .replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_row_stays_one_row() {
        let text = render(&super::super::tests::sample());
        let line = text
            .lines()
            .find(|line| line.contains("cache.get"))
            .unwrap();
        assert_eq!(
            line,
            "| `cache.get` with &lt;pipes \\| inside> | ns/op ↓ | ours 11.0 (10.0–12.0) \
             | theirs 110 ×10.0<br>**error** third: gone | 3 |"
        );
        assert!(text.contains("> a note"));
    }
}
