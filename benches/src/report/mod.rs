//! The reports of a run: JSON for programs, Markdown for a review, HTML with plots for reading.

pub mod html;
pub mod json;
pub mod markdown;
pub mod scaling;

use crate::Result;
use crate::row::{Measurement, Row};
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
    use crate::row::{Better, Machine, Report};

    pub(crate) fn sample() -> Report {
        Report {
            schema: 1,
            machine: Machine {
                cpu: "A & B <cpu>".into(),
                cores: 2,
                os: "os".into(),
                rustc: "rustc".into(),
            },
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
    fn numbers_keep_three_digits() {
        assert_eq!(number(12345.6), "12346");
        assert_eq!(number(12.34), "12.3");
        assert_eq!(number(0.01234), "0.0123");
        assert_eq!(number(0.0), "0");
    }
}
