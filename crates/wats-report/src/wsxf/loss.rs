//! What a report loses on its way to WSXF, found by comparing what was asked with what is read back.

use std::fmt;

use serde_json::{Map, Value};

use crate::wire::Number;

/// Losses told of one report, at most.
pub const MAX_LOSSES: usize = 1_000;

/// A part of a report that WSXF has no place for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// Where it is, such as `root → Power → Measure +5V → measurement 2`.
    pub path: String,
    /// What is lost.
    pub text: String,
    /// Whether it says nothing: members that are null, and lists of nothing.
    pub is_blank: bool,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.text)
    }
}

/// Members that take numbers of any form, texts too, and are equal when the values are.
const NUMBERS: &[&str] = &[
    "value",
    "lowLimit",
    "highLimit",
    "totTime",
    "execTime",
    "exitCode",
];

/// Looks for what is lost.
#[derive(Default)]
pub(super) struct Comparison {
    losses: Vec<Loss>,
    /// The way to where it looks.
    path: Vec<String>,
    /// Explicit nulls, and lists of nothing.
    blank: usize,
}

impl Comparison {
    /// What of the first is not in the second.
    pub(super) fn of(asked: &Map<String, Value>, written: &Map<String, Value>) -> Vec<Loss> {
        let mut comparison = Self::default();
        comparison.object(asked, written);
        if comparison.blank > 0 {
            let text = format!(
                "{} members that are null or an empty list are left out; in WSXF what is absent says the same",
                comparison.blank
            );
            comparison.push(text, true);
        }
        comparison.losses
    }

    fn object(&mut self, asked: &Map<String, Value>, written: &Map<String, Value>) {
        for (name, value) in asked {
            match (value, written.get(name)) {
                (Value::Null, None) => self.blank += 1,
                (Value::Array(items), None) if items.is_empty() => self.blank += 1,
                (value, None) => {
                    self.add(format!(
                        "WSXF has no place for `{name}`, which is {}",
                        shown(value)
                    ));
                }
                (value, Some(written)) => self.value(name, value, written),
            }
        }
        for name in written.keys().filter(|name| !asked.contains_key(*name)) {
            self.add(format!("`{name}` is read back, which was not there"));
        }
    }

    fn value(&mut self, name: &str, asked: &Value, written: &Value) {
        match (asked, written) {
            (Value::Object(asked), Value::Object(written)) => {
                // An item of a list is named by its list already.
                let is_named = !name.is_empty();
                if is_named {
                    self.path.push(name.to_owned());
                }
                self.object(asked, written);
                if is_named {
                    self.path.pop();
                }
            }
            (Value::Array(asked), Value::Array(written)) => {
                for (position, (asked, written)) in asked.iter().zip(written).enumerate() {
                    self.path.push(place(name, position, asked));
                    self.value("", asked, written);
                    self.path.pop();
                }
                if asked.len() != written.len() {
                    let (all, left) = (asked.len(), written.len());
                    self.add(format!("of {all} in `{name}`, {left} are read back"));
                }
            }
            (asked, written) if same(name, asked, written) => {}
            (asked, written) => self.add(format!(
                "`{name}` is {}, which is read back as {}",
                shown(asked),
                shown(written)
            )),
        }
    }

    fn add(&mut self, text: String) {
        self.push(text, false);
    }

    fn push(&mut self, text: String, is_blank: bool) {
        if self.losses.len() < MAX_LOSSES {
            let path = match self.path.as_slice() {
                [] => "report".to_owned(),
                path => path.join(" → "),
            };
            self.losses.push(Loss {
                path,
                text,
                is_blank,
            });
        }
    }
}

/// The name of an item of a list: that of a step, or its number.
fn place(list: &str, position: usize, item: &Value) -> String {
    let named = item.get("name").and_then(Value::as_str);
    match (list, named) {
        ("steps", Some(name)) => name.to_owned(),
        ("numericMeas" | "stringMeas" | "booleanMeas", _) => {
            format!("measurement {}", position + 1)
        }
        ("", _) => format!("{}", position + 1),
        _ => format!("{list} {}", position + 1),
    }
}

fn same(name: &str, asked: &Value, written: &Value) -> bool {
    match (asked, written) {
        // `5.0` is no whole number to members that are such.
        (Value::Number(asked), Value::Number(written)) => {
            asked == written || (NUMBERS.contains(&name) && number(asked) == number(written))
        }
        (Value::String(asked), Value::Number(written)) if NUMBERS.contains(&name) => {
            Number::from_text(asked).is_some_and(|asked| Some(asked) == number(written))
        }
        _ => asked == written,
    }
}

fn number(number: &serde_json::Number) -> Option<Number> {
    Number::from_text(&number.to_string())
}

/// A value in a few words.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
        other => {
            let text = other.to_string();
            let short: String = text.chars().take(40).collect();
            format!("{short}{}", if short.len() < text.len() { "…" } else { "" })
        }
    }
}
