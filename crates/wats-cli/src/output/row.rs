//! What a table is made of: columns, each with its name and how it takes its cell from an item.

use serde_json::Value;
use wats::wire::Number;

use super::style::Tone;

/// How much room a column needs on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Its texts may be cut.
    Little,
    /// All of its texts where that can be: they are copied from the terminal.
    Whole,
    /// So much that its sentences can be read.
    Sentences,
}

/// What a table has to know of a column beside its cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    /// The member of JSON, the heading of tables and CSV, and what `--fields` calls it.
    pub(crate) name: &'static str,
    /// Whether a table for people has it only when one of its rows does.
    pub(crate) where_filled: bool,
    /// How much room it needs on a terminal.
    pub(crate) needs: Needs,
}

/// A column of items of one kind.
pub(crate) struct Column<T> {
    pub(crate) head: Head,
    /// Whether it is printed unless `--fields` says which.
    pub(crate) usual: bool,
    /// Its cell of an item.
    pub(crate) of: fn(&T) -> Cell,
}

impl<T> Column<T> {
    /// A column that is printed.
    pub(crate) const fn new(name: &'static str, of: fn(&T) -> Cell) -> Self {
        Self {
            head: Head {
                name,
                where_filled: false,
                needs: Needs::Little,
            },
            usual: true,
            of,
        }
    }

    /// A column of texts that are copied from the terminal, such as ids.
    pub(crate) const fn whole(name: &'static str, of: fn(&T) -> Cell) -> Self {
        let mut column = Self::new(name, of);
        column.head.needs = Needs::Whole;
        column
    }

    /// A column of sentences.
    pub(crate) const fn sentences(name: &'static str, of: fn(&T) -> Cell) -> Self {
        let mut column = Self::new(name, of);
        column.head.needs = Needs::Sentences;
        column
    }

    /// A column that is printed, in tables for people only when one of its rows has it.
    pub(crate) const fn where_filled(name: &'static str, of: fn(&T) -> Cell) -> Self {
        let mut column = Self::new(name, of);
        column.head.where_filled = true;
        column
    }

    /// A column that is printed when `--fields` names it, and in JSON.
    pub(crate) const fn further(name: &'static str, of: fn(&T) -> Cell) -> Self {
        Self {
            usual: false,
            ..Self::new(name, of)
        }
    }
}

/// A value, null when there is none, and what its colour means.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    pub(crate) value: Value,
    pub(crate) tone: Tone,
    /// What people see of it, if that is less.
    told: Option<String>,
}

impl Cell {
    /// A cell of a value or none.
    pub(crate) fn of<V: Into<Value>>(value: Option<V>) -> Self {
        Self {
            value: value.map_or(Value::Null, Into::into),
            tone: Tone::Plain,
            told: None,
        }
    }

    /// A cell of a text or none.
    pub(crate) fn text(value: Option<impl ToString>) -> Self {
        Self::of(value.map(|value| value.to_string()))
    }

    /// A cell of a list of texts or none; with commas between them in tables and CSV.
    pub(crate) fn list(texts: Option<&[String]>) -> Self {
        Self::of(texts.map(|texts| Value::from(texts.to_vec())))
    }

    pub(crate) fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// A time as RFC 3339 has it, or none; people see whole seconds.
    pub(crate) fn time(value: Option<impl ToString>) -> Self {
        let text = value.map(|value| value.to_string());
        let told = text.as_deref().and_then(|text| {
            let (before, fraction) = text.split_once('.')?;
            let digits = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            // What is no time is shown as it is.
            (before.contains('T') && digits.len() < fraction.len())
                .then(|| format!("{before}{digits}"))
        });
        Self {
            told,
            ..Self::of(text)
        }
    }

    /// What tables show in place of the value.
    #[cfg(feature = "queue")]
    pub(crate) fn told_as(mut self, told: &str) -> Self {
        self.told = Some(told.to_owned());
        self
    }

    /// A number that tables show with so many decimals; programs get all of them.
    pub(crate) fn rounded(value: Option<&Number>, decimals: usize) -> Self {
        Self {
            told: value.map(|value| format!("{:.decimals$}", value.value())),
            ..Self::of(value.map(number))
        }
    }

    /// As it is shown in tables.
    pub(super) fn told(&self) -> String {
        self.told.clone().unwrap_or_else(|| self.written())
    }

    /// As it is written in CSV, and in tables unless that is less.
    pub(super) fn written(&self) -> String {
        match &self.value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Array(items) => {
                let texts = items.iter().map(|item| match item {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                });
                texts.collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        }
    }

    /// Whether there is nothing to see of it.
    pub(super) fn is_empty(&self) -> bool {
        self.told().is_empty()
    }

    /// Whether it stands at the right.
    pub(super) fn is_number(&self) -> bool {
        self.value.is_number()
    }
}

impl<V: Into<Value>> From<V> for Cell {
    fn from(value: V) -> Self {
        Self::of(Some(value))
    }
}

/// A number of the server as a value: its digits are kept.
pub(crate) fn number(number: &Number) -> Value {
    serde_json::to_value(number).unwrap_or_default()
}
