//! The reports of a run: JSON for programs, Markdown for a review, HTML with charts for reading, and the part of the
//! guide that carries the newest run.
//!
//! `page` says what stands in a report, in its order; `html` and `markdown` say how it looks; `guide` puts it
//! between the markers of a guide; `reference` holds what the reference client promises.

pub mod guide;
pub mod html;
pub mod json;
pub mod markdown;
mod page;
mod reference;
pub mod scaling;

use crate::Result;
use crate::row::{Measurement, Report, Row};
use std::fmt::Write;
use std::path::Path;

/// Writes a text file, making its folder first.
///
/// # Errors
/// When folder or file cannot be written.
pub fn write_text(path: &Path, text: &str) -> Result<()> {
    let explain = |error| format!("cannot write {}: {error}", path.display());
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(explain)?;
    }
    std::fs::write(path, text).map_err(explain)?;
    Ok(())
}

/// The rows that the reference's tables name.
#[cfg(test)]
pub(crate) fn promised_rows() -> impl Iterator<Item = &'static str> {
    let lines = reference::TABLES.iter().flat_map(|table| table.lines);
    lines
        .flat_map(|line| match line.without {
            reference::Without::Row(other) => [Some(line.row), Some(other)],
            _ => [Some(line.row), None],
        })
        .flatten()
}

/// The line of a finished row on the terminal.
pub fn line(row: &Row) -> String {
    let mut line = format!("{:<34}", row.id);
    if let Some(subject) = &row.subject {
        let _ = write!(line, " {} {}", number(subject.median), row.unit);
    }
    for peer in &row.peers {
        let _ = write!(line, " | {} {}", peer.name, number(peer.median));
        if let Some(advantage) = row.advantage(peer) {
            let _ = write!(line, " ({})", times(advantage));
        }
    }
    if let Some(error) = &row.error {
        let _ = write!(line, " | ERROR {error}");
    }
    line
}

/// A figure with about three significant digits, and all digits before the point.
pub fn number(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 || v == 0.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 1.0 => 2,
        _ => 4,
    };
    format!("{value:.digits$}")
}

/// A ratio, `×2.31`.
pub fn times(ratio: f64) -> String {
    format!("×{}", number(ratio))
}

/// A figure in the unit in which it reads best: `2.5 s` for 2500 ms.
pub fn quantity(value: f64, unit: &str) -> String {
    const TIME: [(f64, &str); 4] = [(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (0.0, "ns")];
    const BYTES: [(f64, &str); 4] = [(1e9, "GB"), (1e6, "MB"), (1e3, "KB"), (0.0, "bytes")];
    let (base, per) = match unit.split_once('/') {
        Some((base, per)) => (base, format!("/{per}")),
        None => (unit, String::new()),
    };
    let (scale, steps) = match base {
        "s" => (1e9, TIME),
        "ms" => (1e6, TIME),
        "µs" => (1e3, TIME),
        "ns" => (1.0, TIME),
        "bytes" => (1.0, BYTES),
        _ => return format!("{} {unit}", number(value)).trim_end().to_owned(),
    };
    let value = value * scale;
    let step = steps.iter().find(|(least, _)| value >= *least);
    let (least, name) = step.copied().unwrap_or((0.0, base));
    let shown = if least > 0.0 { value / least } else { value };
    format!("{} {name}{per}", number(shown))
}

/// The day of the run.
fn date(report: &Report) -> &str {
    match report.taken.get(..10) {
        Some(day) => day,
        None => "day unknown",
    }
}

fn machine(report: &Report) -> String {
    let machine = &report.machine;
    format!(
        "{}, {} cores, {}, {}",
        machine.cpu, machine.cores, machine.os, machine.rustc
    )
}

/// Median with the spread of the rounds.
fn spread(measured: &Measurement) -> String {
    if measured.min.total_cmp(&measured.max).is_eq() {
        return number(measured.median);
    }
    format!(
        "{} ({}–{})",
        number(measured.median),
        number(measured.min),
        number(measured.max)
    )
}

/// Areas in the order in which their rows appear.
fn areas(rows: &[Row]) -> Vec<&str> {
    let mut areas: Vec<&str> = Vec::new();
    for row in rows {
        if !areas.contains(&row.area.as_str()) {
            areas.push(&row.area);
        }
    }
    areas
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::row::{Better, Goal, Machine, Report};

    pub(crate) fn sample() -> Report {
        Report {
            schema: 1,
            machine: Machine {
                cpu: "A & B <cpu>".into(),
                cores: 2,
                os: "os".into(),
                rustc: "rustc".into(),
            },
            taken: "2026-11-29T10:00:00Z".into(),
            quick: true,
            notes: vec!["a note".into()],
            rows: vec![Row {
                id: "cache.get".into(),
                area: "cache".into(),
                unit: "ns/op".into(),
                better: Better::Lower,
                subject: Measurement::of("ours", &[10.0, 11.0, 12.0]),
                peers: Measurement::of("theirs", &[110.0]).into_iter().collect(),
                rounds: 3,
                note: "with <pipes | inside>".into(),
                goals: vec![Goal::Figure(10.0)],
                error: Some("third: gone".into()),
            }],
        }
    }

    #[test]
    fn the_line_of_a_row_tells_figures_ratio_and_error() {
        let line = line(&sample().rows[0]);
        assert!(
            line.contains("11.0 ns/op | theirs 110 (×10.0) | ERROR third: gone"),
            "{line}"
        );
    }

    #[test]
    fn a_quantity_stands_in_its_readable_unit() {
        for (value, unit, text) in [
            (2500.0, "ms", "2.50 s"),
            (24.0, "ms", "24.0 ms"),
            (0.0006, "ms", "600 ns"),
            (0.0, "ms", "0 ns"),
            (9.1, "ns/op", "9.10 ns/op"),
            (150_000_000.0, "bytes", "150 MB"),
            (12.0, "calls", "12.0 calls"),
        ] {
            assert_eq!(quantity(value, unit), text);
        }
    }

    #[test]
    fn numbers_keep_three_digits() {
        assert_eq!(number(12345.6), "12346");
        assert_eq!(number(12.34), "12.3");
        assert_eq!(number(0.01234), "0.0123");
        assert_eq!(number(0.0), "0");
    }
}
