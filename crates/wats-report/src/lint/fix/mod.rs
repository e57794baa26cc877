//! Mends what can be mended without knowing what was measured.
//!
//! `header` mends the header and its lists, `steps` the tree, `loops` the loops in it. What tells units apart, such as
//! the serial number, is never changed: a report under another's name is worse than one refused.

mod header;
mod loops;
mod steps;

use std::fmt;

use jiff::Timestamp;

use super::Finding;
use super::collect::{MAX_FINDINGS, is_illegal};
use super::place::Place;
use super::rules::{self, Rule};
use crate::Report;
use crate::wire::Model;

/// What to do about a start in the future, which the server puts into quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FutureStart {
    /// Leave it; the default.
    #[default]
    Keep,
    /// Set it to now, in the offset that it has.
    Now,
}

/// What [`fix`] may do beyond what is always safe.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FixPolicy {
    /// About a start in the future. Default: left as it is.
    pub future_start: FutureStart,
    /// Whether `startUTC` is made from `start` where the two contradict each other. Default: no.
    pub start_wins: bool,
    /// Whether texts that are too long are cut, at a character. Default: yes.
    pub cut_texts: bool,
    /// Whether a number is appended to names of steps that their sequence has already. Default: no, because statistics
    /// go by names.
    pub rename_duplicates: bool,
}

impl Default for FixPolicy {
    fn default() -> Self {
        Self {
            future_start: FutureStart::Keep,
            start_wins: false,
            cut_texts: true,
            rename_duplicates: false,
        }
    }
}

impl FixPolicy {
    /// Sets what is done about a start in the future.
    #[must_use]
    pub fn future_start(mut self, what: FutureStart) -> Self {
        self.future_start = what;
        self
    }

    /// Sets whether `start` prevails over a `startUTC` that contradicts it.
    #[must_use]
    pub fn start_wins(mut self, wins: bool) -> Self {
        self.start_wins = wins;
        self
    }

    /// Sets whether texts that are too long are cut.
    #[must_use]
    pub fn cut_texts(mut self, cut: bool) -> Self {
        self.cut_texts = cut;
        self
    }

    /// Sets whether steps of equal names are told apart by a number.
    #[must_use]
    pub fn rename_duplicates(mut self, rename: bool) -> Self {
        self.rename_duplicates = rename;
        self
    }
}

/// Mends a report as far as that is safe, and says what was done: each finding's text tells the change. What is left
/// [`lint`](super::lint()) tells. At most 1000 changes are told, but all are made.
///
/// ```
/// use wats_report::{fix, lint, lint::FixPolicy};
/// use wats_report::{MeasurementLimits, Station, Unit, UutReport};
///
/// let unit = Unit { part_number: "PCBA-001", serial_number: "SN-42", revision: "A" };
/// let mut report = UutReport::builder(unit, 100)
///     .station(Station { name: "ICT-3", location: "Drammen", purpose: "Production" })
///     .operator("Kari")
///     .numeric("Measure +5V", 5.02, "V", MeasurementLimits::between(4.75..=5.25))
///     .build()?
///     .into_report();
/// report.start_utc = None;
/// report.location = Some("x".repeat(120));
///
/// let done = fix(&mut report, &FixPolicy::default());
/// assert_eq!(done[0].to_string(), "report: location was cut from 120 to 100 characters [R105]");
/// assert_eq!(done[1].code(), "R115");
/// assert!(lint(&report).is_empty());
/// # Ok::<(), wats_report::Error>(())
/// ```
pub fn fix(report: &mut Report, policy: &FixPolicy) -> Vec<Finding> {
    let mut fixer = Fixer {
        done: Vec::new(),
        policy,
        now: Timestamp::now(),
    };
    header::mend(&mut fixer, report);
    if let Some(root) = &mut report.root {
        steps::mend(&mut fixer, root);
    }
    fixer.done
}

struct Fixer<'a> {
    done: Vec<Finding>,
    policy: &'a FixPolicy,
    now: Timestamp,
}

impl Fixer<'_> {
    fn did(&mut self, rule: &'static Rule, place: &Place<'_>, what: fmt::Arguments<'_>) {
        if self.done.len() < MAX_FINDINGS {
            self.done
                .push(Finding::new(rule, what.to_string()).at(place.path()));
        }
    }

    /// Cuts a text that is too long.
    fn cut(
        &mut self,
        rule: &'static Rule,
        place: &Place<'_>,
        name: &str,
        text: Option<&mut String>,
        most: usize,
    ) {
        let Some(text) = text.filter(|text| self.policy.cut_texts && text.len() > most) else {
            return;
        };
        let Some((end, _)) = text.char_indices().nth(most) else {
            return;
        };
        let before = text.chars().count();
        text.truncate(end);
        self.did(
            rule,
            place,
            format_args!("{name} was cut from {before} to {most} characters"),
        );
    }

    /// Replaces the characters that the server cannot store, except in the members named.
    fn characters(&mut self, model: &mut dyn Model, place: &Place<'_>, except: &[&str]) {
        model.texts_mut(&mut |name, text| {
            if except.contains(&name) || super::collect::illegal(text).is_none() {
                return;
            }
            let mended = text.chars().map(|c| {
                if is_illegal(c) {
                    char::REPLACEMENT_CHARACTER
                } else {
                    c
                }
            });
            *text = mended.collect();
            self.did(
                rules::ILLEGAL_CHARACTER,
                place,
                format_args!(
                    "{name} held characters that the server cannot store; they are U+FFFD now"
                ),
            );
        });
    }
}
