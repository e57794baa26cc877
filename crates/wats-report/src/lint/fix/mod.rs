//! Mends what can be mended without knowing what was measured.
//!
//! `policy` says what may be changed. `header` mends the header, `start` its times, `lists` what it lists; `steps` goes
//! through the tree: `measurement`, `chart`, `outcome`, `split`, `call`, `loops` and `ids` mend what their names say, `kinds`
//! values of another kind, `shapes` lists and objects of another shape; `before` keeps what they take out. What tells units apart, such as the serial number, is never changed: a report under another's
//! name is worse than one refused.

mod before;
mod call;
mod chart;
mod header;
mod ids;
mod kinds;
mod lists;
mod loops;
mod measurement;
mod names;
mod outcome;
mod policy;
mod shapes;
mod split;
mod start;
mod steps;

pub use policy::{FixPolicy, Mend, OutcomeConflict};

use std::fmt;

use jiff::Timestamp;

use super::Finding;
use super::collect::{MAX_FINDINGS, is_illegal};
use super::place::Place;
use super::rules::{self, Rule};
use crate::Report;
use crate::wire::slot::Fields;

/// Mends a report as far as the policy allows, and says what was done: each finding's text tells the change. What is left
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
///
/// What a server exports is mended so that it can be submitted again:
///
/// ```
/// use wats_report::{Report, fix, lint, lint::FixPolicy};
///
/// let mut report: Report = serde_json::from_str(r#"{
///     "type": "T", "id": "83ac0b8e-b575-4004-94de-f905774c3ed8", "pn": "PCBA-001", "sn": "SN-42", "rev": "A",
///     "processCode": 100, "result": "P", "machineName": "ICT-3", "location": "Drammen", "purpose": "", "origin": "4C5F",
///     "start": "2026-01-30T22:01:41+01:00", "startUTC": "2026-01-30T21:01:41Z", "uut": {"user": "Kari"},
///     "root": {"name": "Main", "group": "M", "status": "P", "seqCall": {"path": "a.seq", "name": "Main", "version": "1"},
///         "steps": [{"name": "Wait", "group": "M", "stepType": "NI_Wait", "status": "D"}]}}"#)?;
/// let done = fix(&mut report, &FixPolicy::resubmit());
/// let told: Vec<String> = done.iter().map(ToString::to_string).collect();
/// assert_eq!(told, [
///     "report: purpose was empty; it is `Unknown` now [R103]",
///     "report: origin was left out [R118]",
///     "root → Wait: the status was `D`; it is P now [R207]",
///     "root → Wait: the step held nothing; it has free data named `NI_Wait` now [R208]",
/// ]);
/// // `FixPolicy::station` and the like name what somebody knows.
/// assert!(lint(&report).is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn fix(report: &mut Report, policy: &FixPolicy) -> Vec<Finding> {
    let mut fixer = Fixer {
        done: Vec::new(),
        unreadable: before::Before::default(),
        policy,
        now: Timestamp::now(),
    };
    header::mend(&mut fixer, report);
    if let Some(root) = &mut report.root {
        steps::mend(&mut fixer, root);
    }
    outcome::result(&mut fixer, report);
    if let Some(root) = &mut report.root {
        ids::mend(&mut fixer, root);
    }
    let unreadable = std::mem::take(&mut fixer.unreadable);
    if !unreadable.is_empty() {
        unreadable.add_to_list(report.additional_data.get_or_insert_default());
    }
    fixer.done
}

struct Fixer<'a> {
    done: Vec<Finding>,
    /// Values that nobody can read, for the free data of the report.
    unreadable: before::Before,
    policy: &'a FixPolicy,
    now: Timestamp,
}

impl Fixer<'_> {
    fn may(&self, mend: Mend) -> bool {
        self.policy.has(mend)
    }

    fn did(&mut self, rule: &'static Rule, place: &Place<'_>, what: fmt::Arguments<'_>) {
        if self.done.len() < MAX_FINDINGS {
            self.done
                .push(Finding::new(rule, what.to_string()).at(place.path()));
        }
    }

    /// Keeps a value that is left out because nobody can read it.
    fn keep_unreadable(&mut self, place: &Place<'_>, name: &str, value: &serde_json::Value) {
        let text = match value.as_str() {
            Some(text) => text.to_owned(),
            None => value.to_string(),
        };
        let text = storable(&text);
        self.unreadable.keep(&storable(&place.path()), name, text);
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
        let Some(text) = text.filter(|text| self.may(Mend::LongTexts) && text.len() > most) else {
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

    /// What any object may need: values of the right kind, and characters that the server can store, except in the
    /// members named.
    fn object(&mut self, model: &mut dyn Fields, place: &Place<'_>, except: &[&str]) {
        kinds::mend(self, model, place, except);
        if !self.may(Mend::Characters) {
            return;
        }
        model.texts_mut(&mut |name, text| {
            if except.contains(&name) || super::collect::illegal(text).is_none() {
                return;
            }
            *text = storable(text);
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

/// The text with U+FFFD for what the server cannot store.
fn storable(text: &str) -> String {
    let mended = text.chars().map(|c| {
        if is_illegal(c) {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    });
    mended.collect()
}

/// Whether a text says nothing.
fn is_blank(text: Option<&String>) -> bool {
    text.is_none_or(String::is_empty)
}
