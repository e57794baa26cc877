//! Counts beside their baseline: which grew, which shrank, which are on one side only, as a table.

use crate::baseline::{Baseline, Stored};
use crate::count::Costs;
use crate::rows::{Row, TOLERANCE};
use std::fmt::Write;

/// Allocations are counted by the hundredth: less than this a time is no growth.
const SLACK: f64 = 0.05;

/// What is compared of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Instructions,
    Allocations,
}

/// A line of the table.
#[derive(Debug, PartialEq)]
pub(crate) struct Line {
    id: String,
    what: What,
    before: Option<f64>,
    now: Option<f64>,
    tolerance: f64,
}

/// How a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Kept,
    Better,
    OnOneSide,
    Worse,
}

/// All lines of what is compared. A row that is counted and not stored, or stored and not counted, has a line too.
pub(crate) fn lines(whats: &[What], baseline: &Baseline, counted: &[(Row, Costs)]) -> Vec<Line> {
    let mut lines = Vec::new();
    for &what in whats {
        for (row, costs) in counted {
            let stored = baseline.rows.iter().find(|stored| stored.id == row.id);
            lines.push(Line {
                id: row.id.to_owned(),
                what,
                before: stored.and_then(|stored| what.of_stored(stored)),
                now: what.of_costs(costs),
                tolerance: row.tolerance,
            });
        }
        let gone = |stored: &&Stored| counted.iter().all(|(row, _)| row.id != stored.id);
        lines.extend(baseline.rows.iter().filter(gone).map(|stored| Line {
            id: stored.id.clone(),
            what,
            before: what.of_stored(stored),
            now: None,
            tolerance: TOLERANCE,
        }));
    }
    lines.retain(|line| line.before.is_some() || line.now.is_some());
    lines
}

/// Whether a line grew beyond its tolerance.
pub(crate) fn any_worse(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.verdict() == Verdict::Worse)
}

/// The table, with what needs a look at its end, and a sentence for each kind of it.
pub(crate) fn table(mut lines: Vec<Line>) -> String {
    lines.sort_by_key(|line| line.verdict() as u8);
    let width = lines.iter().map(|line| line.id.len()).max().unwrap_or(0);
    let mut text = format!(
        "{:<width$}  {:<12}  {:>14}  {:>14}  {:>8}\n",
        "row", "each time", "baseline", "now", "change"
    );
    for line in &lines {
        let number =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
        let change = line
            .percent()
            .map_or(String::new(), |percent| format!("{percent:+.1} %"));
        let (id, what) = (&line.id, line.what.name());
        let (before, now) = (number(line.before), number(line.now));
        let told = match line.verdict() {
            Verdict::Kept if line.tolerance > TOLERANCE => {
                format!("  (up to {} %)", line.tolerance)
            }
            Verdict::Kept => String::new(),
            Verdict::Better => "  better: update the baseline".to_owned(),
            Verdict::OnOneSide if line.now.is_none() => "  not counted here".to_owned(),
            Verdict::OnOneSide => "  not in the baseline".to_owned(),
            Verdict::Worse => format!("  WORSE, beyond {} %", line.tolerance),
        };
        let shown = format!("{id:<width$}  {what:<12}  {before:>14}  {now:>14}  {change:>8}{told}");
        // Nobody is there to fail for: a string takes all.
        let _ = writeln!(text, "{}", shown.trim_end());
    }
    text
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Allocations => "allocations",
        }
    }

    fn of_stored(self, stored: &Stored) -> Option<f64> {
        match self {
            Self::Instructions => stored.instructions,
            Self::Allocations => Some(stored.allocations),
        }
    }

    fn of_costs(self, costs: &Costs) -> Option<f64> {
        match self {
            Self::Instructions => costs.instructions,
            Self::Allocations => Some(costs.allocations),
        }
    }
}

impl Line {
    /// By how much it grew; `None` where there is nothing to compare, or where nothing was.
    fn percent(&self) -> Option<f64> {
        let (before, now) = (self.before?, self.now?);
        (before > 0.0).then(|| (now - before) / before * 100.0)
    }

    fn verdict(&self) -> Verdict {
        let (Some(before), Some(now)) = (self.before, self.now) else {
            return Verdict::OnOneSide;
        };
        let share = self.tolerance / 100.0;
        if now > before * (1.0 + share) + SLACK {
            Verdict::Worse
        } else if now < before * (1.0 - share) - SLACK {
            Verdict::Better
        } else {
            Verdict::Kept
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{Build, SCHEMA};

    fn line(before: Option<f64>, now: Option<f64>) -> Line {
        Line {
            id: "a.row".into(),
            what: What::Instructions,
            before,
            now,
            tolerance: TOLERANCE,
        }
    }

    #[test]
    fn growth_beyond_the_tolerance_fails_and_less_does_not() {
        let verdict = |before, now| line(Some(before), Some(now)).verdict();
        assert_eq!(verdict(1000.0, 1029.0), Verdict::Kept);
        assert_eq!(verdict(1000.0, 1031.0), Verdict::Worse);
        assert_eq!(verdict(1000.0, 969.0), Verdict::Better);
        assert_eq!(verdict(0.0, 0.0), Verdict::Kept);
        assert_eq!(verdict(0.0, 1.0), Verdict::Worse);
        assert_eq!(verdict(0.01, 0.02), Verdict::Kept);
        assert!(any_worse(&[line(Some(1.0), Some(2.0))]));
        assert!(!any_worse(&[line(None, Some(2.0)), line(Some(2.0), None)]));
    }

    #[test]
    fn the_table_ends_with_what_failed() {
        let text = table(vec![
            line(Some(1000.0), Some(1100.0)),
            line(Some(1000.0), Some(900.0)),
            line(None, Some(5.0)),
            line(Some(5.0), None),
            line(Some(1000.0), Some(1001.0)),
        ]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[1].ends_with("+0.1 %"), "{text}");
        assert!(
            lines[2].ends_with("-10.0 %  better: update the baseline"),
            "{text}"
        );
        assert!(lines[3].ends_with("not in the baseline"), "{text}");
        assert!(lines[4].ends_with("not counted here"), "{text}");
        assert!(lines[5].ends_with("+10.0 %  WORSE, beyond 3 %"), "{text}");
    }

    #[test]
    fn a_row_on_one_side_only_has_a_line() {
        let row = crate::rows::all()[0];
        let stored = |id: &str| Stored {
            id: id.to_owned(),
            instructions: None,
            allocations: 1.0,
        };
        let mut baseline = Baseline {
            schema: SCHEMA,
            build: Build {
                rustc: String::new(),
                target: String::new(),
                libc: String::new(),
                cpu: String::new(),
            },
            rows: vec![stored("gone.row")],
        };
        let counted = [(row, Costs::default())];
        let whats = [What::Instructions, What::Allocations];
        let found = lines(&whats, &baseline, &counted);
        let told: Vec<(&str, bool, bool)> = found
            .iter()
            .map(|line| (line.id.as_str(), line.before.is_some(), line.now.is_some()))
            .collect();
        assert_eq!(told, [(row.id, false, true), ("gone.row", true, false)]);
        baseline.rows.push(stored(row.id));
        assert_eq!(lines(&[What::Allocations], &baseline, &counted).len(), 2);
    }
}
