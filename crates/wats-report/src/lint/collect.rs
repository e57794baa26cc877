//! What every check uses: the list of findings, and the checks that all members share.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use super::finding::Finding;
use super::place::Place;
use super::rules::{self, Rule, Severity};
use crate::scanned::{self, Kind};
use crate::wire::{Extra, Leaf, Model};

/// Findings listed for one report, at most.
pub const MAX_FINDINGS: usize = 1_000;

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
            let finding = Finding::new(rule, text.to_string()).at(place.path());
            self.findings.push(finding);
        }
    }

    /// As [`add`](Self::add), for a case that the rule's own words of mending do not fit.
    pub(super) fn add_mended(
        &mut self,
        rule: &'static Rule,
        place: &Place<'_>,
        text: fmt::Arguments<'_>,
        mend: &'static str,
    ) {
        let told = self.findings.len();
        self.add(rule, place, text);
        if self.findings.len() > told
            && let Some(finding) = self.findings.pop()
        {
            self.findings.push(finding.mended_by(mend));
        }
    }

    /// A text of at most so many characters; one that is missing is not looked at. The rule is about its length.
    pub(super) fn length(
        &mut self,
        rule: &'static Rule,
        place: &Place<'_>,
        name: &str,
        text: Option<&str>,
        most: usize,
    ) {
        self.longer(rule, place, name, text.unwrap_or_default(), most, rule.fix);
    }

    fn longer(
        &mut self,
        rule: &'static Rule,
        place: &Place<'_>,
        name: &str,
        text: &str,
        most: usize,
        mend: &'static str,
    ) {
        // No text has more characters than bytes, so most need no counting.
        if text.len() <= most {
            return;
        }
        let count = text.chars().count();
        if count > most {
            self.add_mended(
                rule,
                place,
                format_args!("the {name} has {count} characters; at most {most} are allowed"),
                mend,
            );
        }
    }

    /// A text of one to so many characters; one that is missing is not looked at. The rule is about its being there.
    pub(super) fn filled(
        &mut self,
        rule: &'static Rule,
        place: &Place<'_>,
        name: &str,
        text: Option<&str>,
        most: usize,
    ) {
        match text {
            Some("") => self.add(rule, place, format_args!("the {name} is empty")),
            Some(text) => self.longer(rule, place, name, text, most, "Shorten it."),
            None => {}
        }
    }

    /// As [`filled`](Self::filled), for a rule that is about the length.
    pub(super) fn filled_in_length(
        &mut self,
        rule: &'static Rule,
        place: &Place<'_>,
        name: &str,
        text: Option<&str>,
        most: usize,
    ) {
        match text {
            Some("") => {
                self.add_mended(
                    rule,
                    place,
                    format_args!("the {name} is empty"),
                    "Fill it in.",
                );
            }
            text => self.length(rule, place, name, text, most),
        }
    }

    /// As [`filled`](Self::filled), for a text that must be there.
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
            text => self.filled(rule, place, name, text, most),
        }
    }

    /// A text that tells something apart from others, or names somebody: without characters that nobody sees, and without
    /// what looks like something else.
    pub(super) fn scanned(
        &mut self,
        place: &Place<'_>,
        name: &str,
        text: Option<&str>,
        kind: Kind,
    ) {
        let Some(text) = text else { return };
        if let Some(hidden) = scanned::hidden(text, kind) {
            // What no server can store is told of every text.
            if !is_illegal(hidden.char()) {
                self.add(
                    rules::HIDDEN_CHARACTER,
                    place,
                    format_args!("the {name} {} contains {hidden}", Quoted(text)),
                );
            }
            return;
        }
        if !self.all() {
            return;
        }
        if scanned::has_outer_blanks(text) {
            self.add(
                rules::MISLEADING_CHARACTER,
                place,
                format_args!("the {name} {} begins or ends with a blank", Quoted(text)),
            );
        } else if kind == Kind::Number
            && let Some(odd) = scanned::misleading(text)
        {
            self.add(
                rules::MISLEADING_CHARACTER,
                place,
                format_args!("the {name} {} contains {odd}", Quoted(text)),
            );
        }
    }

    /// What holds for every member of every object: its kind, its characters, its finiteness.
    pub(super) fn members<M: Model>(&mut self, model: &M, place: &Place<'_>) {
        if !model.extra().is_empty() {
            self.extra(model.members(), model.extra(), place);
        }
        for name in model.extra().duplicates() {
            self.add(
                rules::GIVEN_TWICE,
                place,
                format_args!("{} is given more than once", Quoted(name)),
            );
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
        let text = value.as_str();
        if kind.contains("number") && text.is_some_and(|text| text.trim().parse::<f64>().is_ok()) {
            self.add_mended(
                rules::WRONG_KIND,
                place,
                format_args!("{name} must be {kind}, not {}", KindOf(value)),
                "Write the number as a number, without quotes.",
            );
            return;
        }
        self.add(
            rules::WRONG_KIND,
            place,
            format_args!("{name} must be {kind}, not {}", KindOf(value)),
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
pub(crate) fn misread(extra: &Extra, name: &str) -> bool {
    !extra.is_empty() && extra.get(name).is_some_and(|value| !value.is_null())
}

/// A UUID in another spelling, such as in capitals, is one all the same.
fn is_odd_uuid(kind: &str, value: &Value) -> bool {
    kind == "a UUID"
        && value
            .as_str()
            .is_some_and(|text| uuid::Uuid::try_parse(text).is_ok())
}

/// A value in words; texts and numbers as they are.
struct KindOf<'a>(&'a Value);

impl fmt::Display for KindOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("null"),
            Value::Bool(_) => f.write_str("true or false"),
            Value::Number(number) => write!(f, "the number {:.100}", number.to_string()),
            Value::String(text) => write!(f, "the text {}", Quoted(text)),
            Value::Array(_) => f.write_str("a list"),
            Value::Object(_) => f.write_str("an object"),
        }
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

pub(crate) fn is_illegal(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}
