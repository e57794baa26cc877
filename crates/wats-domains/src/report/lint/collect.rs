//! What every check uses: the list of findings, and the checks that all members share.

use std::fmt;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use serde_json::Value;

use super::finding::Finding;
use super::place::Place;
use super::rules::{self, Rule, Severity};
use crate::wire::{Extra, Leaf, Model};

/// Findings listed for one report, at most.
pub(in crate::report) const MAX_FINDINGS: usize = 1_000;

/// The findings so far, and what is looked for.
pub(super) struct Collector {
    pub(super) findings: Vec<Finding>,
    /// Rules below this severity are not looked at.
    pub(super) least: Severity,
    pub(super) now: Timestamp,
}

impl Collector {
    pub(super) fn new(least: Severity) -> Self {
        // The clock is read only when it matters.
        let now = match least {
            Severity::Reject => Timestamp::MAX,
            _ => Timestamp::now(),
        };
        Self {
            findings: Vec::new(),
            least,
            now,
        }
    }

    /// Whether more than what the server rejects is looked for.
    pub(super) fn all(&self) -> bool {
        self.least != Severity::Reject
    }

    pub(super) fn add(&mut self, rule: &'static Rule, place: &Place<'_>, text: fmt::Arguments<'_>) {
        if rule.severity <= self.least && self.findings.len() < MAX_FINDINGS {
            let finding = Finding::new(rule, place.path(), text.to_string());
            self.findings.push(finding);
        }
    }

    /// A text of so many characters; one that is missing is not looked at.
    pub(super) fn length(
        &mut self,
        rule: &'static Rule,
        place: &Place<'_>,
        name: &str,
        text: Option<&str>,
        allowed: RangeInclusive<usize>,
    ) {
        let Some(text) = text else { return };
        let (least, most) = (*allowed.start(), *allowed.end());
        // No text has more characters than bytes, so most need no counting.
        if text.len() >= least && text.len() <= most {
            return;
        }
        let count = text.chars().count();
        if !allowed.contains(&count) {
            self.add(
                rule,
                place,
                format_args!("the {name} has {count} characters; {least} to {most} are allowed"),
            );
        }
    }

    /// As [`length`](Self::length), for a text that must be there.
    pub(super) fn required(
        &mut self,
        rule: &'static Rule,
        place: &Place<'_>,
        (name, wire, extra): (&str, &str, &Extra),
        text: Option<&str>,
        most: usize,
    ) {
        match text {
            None if misread(extra, wire) => {}
            None => self.add(rule, place, format_args!("the {name} is missing")),
            text => self.length(rule, place, name, text, 1..=most),
        }
    }

    /// What holds for every member of every object: its kind, its characters, its finiteness.
    pub(super) fn members<M: Model>(&mut self, model: &M, place: &Place<'_>) {
        if !model.extra().is_empty() {
            self.extra(M::MEMBERS, model.extra(), place);
        }
        model.leaves(|name, leaf| match leaf {
            Leaf::Text(text) => self.characters(name, text, place),
            Leaf::Number(number) if number.is_finite() => {}
            Leaf::Number(number) => self.add(
                rules::NOT_FINITE,
                place,
                format_args!("the {name} is {number}, which the server does not take"),
            ),
        });
    }

    /// A text without characters that the server cannot store.
    fn characters(&mut self, name: &str, text: &str, place: &Place<'_>) {
        if let Some(illegal) = illegal(text) {
            self.add(
                rules::ILLEGAL_CHARACTER,
                place,
                format_args!(
                    "{name} contains the character {illegal:?}, which the server cannot store"
                ),
            );
        }
    }

    pub(super) fn wrong_kind(&mut self, place: &Place<'_>, name: &str, kind: &str, value: &Value) {
        self.add(
            rules::WRONG_KIND,
            place,
            format_args!("{name} must be {kind}, not {}", kind_of(value)),
        );
    }

    /// Members that are not what the schema names: of another kind, or of no name in it.
    fn extra(&mut self, known: &[(&str, &str)], extra: &Extra, place: &Place<'_>) {
        for (name, value) in extra.iter().filter(|(_, value)| !value.is_null()) {
            match known.iter().find(|(known, _)| *known == name) {
                Some((_, kind)) if is_odd_uuid(kind, value) => {}
                Some((_, kind)) => self.wrong_kind(place, name, kind, value),
                // How numbers were written; the server exports these beside each number.
                None if name.ends_with("Format") => {}
                None => self.add(
                    rules::UNKNOWN_MEMBER,
                    place,
                    format_args!("the schema has no member {} here", Quoted(name)),
                ),
            }
        }
    }
}

/// Whether a known member has a value of another kind than it should.
pub(in crate::report) fn misread(extra: &Extra, name: &str) -> bool {
    !extra.is_empty() && extra.get(name).is_some_and(|value| !value.is_null())
}

/// A UUID in another spelling, such as in capitals, is one all the same.
fn is_odd_uuid(kind: &str, value: &Value) -> bool {
    kind == "a UUID"
        && value
            .as_str()
            .is_some_and(|text| uuid::Uuid::try_parse(text).is_ok())
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "such a number",
        Value::String(_) => "such a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A text from outside as part of a sentence: on one line, between back quotes, and not longer than a name.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self
            .0
            .char_indices()
            .nth(100)
            .map_or(self.0.len(), |(end, _)| end);
        let more = if end < self.0.len() { "…" } else { "" };
        write!(f, "`{}{more}`", self.0[..end].escape_debug())
    }
}

/// The first character that XML 1.0, in which the server keeps reports, cannot hold.
pub(super) fn illegal(text: &str) -> Option<char> {
    // Most texts are ruled out by their bytes alone, many at a time.
    let suspect = |byte: &u8| *byte < 0x20 || *byte == 0xef;
    if text.bytes().fold(false, |any, byte| any | suspect(&byte)) {
        text.chars().find(|c| is_illegal(*c))
    } else {
        None
    }
}

pub(super) fn is_illegal(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}
