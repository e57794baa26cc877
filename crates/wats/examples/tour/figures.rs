//! What was measured, as a table for people and as JSON for programs.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use wats::codec::format_bytes;

/// All figures of a run.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Figures {
    figures: Vec<Figure>,
}

/// One row: the naive way, our way, and how much less ours takes.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    part: &'static str,
    what: String,
    unit: Unit,
    naive: Option<f64>,
    ours: f64,
    /// `naive / ours`
    factor: Option<f64>,
    note: String,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    Seconds,
    Bytes,
    Count,
}

impl Figures {
    pub(crate) fn time(
        &mut self,
        part: &'static str,
        what: &str,
        naive: Option<Duration>,
        ours: Duration,
        note: String,
    ) {
        self.add(
            part,
            what,
            Unit::Seconds,
            naive.map(|d| d.as_secs_f64()),
            ours.as_secs_f64(),
            note,
        );
    }

    pub(crate) fn bytes(
        &mut self,
        part: &'static str,
        what: &str,
        naive: Option<u64>,
        ours: u64,
        note: String,
    ) {
        self.add(
            part,
            what,
            Unit::Bytes,
            naive.map(|n| n as f64),
            ours as f64,
            note,
        );
    }

    pub(crate) fn count(
        &mut self,
        part: &'static str,
        what: &str,
        naive: Option<u64>,
        ours: u64,
        note: String,
    ) {
        self.add(
            part,
            what,
            Unit::Count,
            naive.map(|n| n as f64),
            ours as f64,
            note,
        );
    }

    fn add(
        &mut self,
        part: &'static str,
        what: &str,
        unit: Unit,
        naive: Option<f64>,
        ours: f64,
        note: String,
    ) {
        let factor = naive.filter(|_| ours > 0.0).map(|naive| naive / ours);
        let figure = Figure {
            part,
            what: what.to_owned(),
            unit,
            naive,
            ours,
            factor,
            note,
        };
        println!("  {}", figure.line());
        self.figures.push(figure);
    }

    pub(crate) fn print_table(&self) {
        if self.figures.is_empty() {
            return;
        }
        let head = ["part", "what", "naive", "ours", "factor", "note"].map(str::to_owned);
        let rows: Vec<[String; 6]> = std::iter::once(head)
            .chain(self.figures.iter().map(Figure::cells))
            .collect();
        let width = |column: usize| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        println!();
        for (i, [part, what, naive, ours, factor, note]) in rows.iter().enumerate() {
            println!(
                "{part:<0$}  {what:<1$}  {naive:>2$}  {ours:>3$}  {factor:>4$}  {note}",
                width(0),
                width(1),
                width(2),
                width(3),
                width(4),
            );
            if i == 0 {
                println!("{}", "─".repeat((0..6).map(width).sum::<usize>() + 10));
            }
        }
    }

    pub(crate) fn write_json(&self, path: &Path) -> std::io::Result<()> {
        std::fs::write(path, serde_json::to_vec_pretty(self)?)
    }
}

impl Figure {
    fn cells(&self) -> [String; 6] {
        [
            self.part.to_owned(),
            self.what.clone(),
            self.naive
                .map_or_else(|| "–".to_owned(), |naive| self.unit.show(naive)),
            self.unit.show(self.ours),
            self.factor.map_or_else(String::new, show_factor),
            self.note.clone(),
        ]
    }

    fn line(&self) -> String {
        let [_, what, naive, ours, factor, note] = self.cells();
        let note = if note.is_empty() {
            note
        } else {
            format!(" ({note})")
        };
        match self.naive {
            Some(_) => format!("{what}: {ours} instead of {naive}, {factor}{note}"),
            None => format!("{what}: {ours}{note}"),
        }
    }
}

fn show_factor(factor: f64) -> String {
    if factor >= 10.0 {
        format!("{factor:.0}×")
    } else {
        format!("{factor:.1}×")
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Seconds => format!("{:.1?}", Duration::from_secs_f64(value)),
            Self::Bytes => format_bytes(value as u64),
            Self::Count => format!("{value:.0}"),
        }
    }
}
