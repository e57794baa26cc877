//! Values in filters, always escaped.

use std::fmt::Write as _;

use jiff::Timestamp;
use uuid::Uuid;

use super::Member;
use crate::error::{Error, Result};

/// A value in a filter.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Literal {
    /// A text; quotes in it are doubled.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Real(f64),
    /// `true` or `false`.
    Bool(bool),
    /// An identifier; written without quotes.
    Id(Uuid),
    /// A moment, written in UTC and whole seconds, as the server documents it: down, and up where it is an upper bound.
    Time(Timestamp),
    /// `null`.
    Null,
}

impl From<&str> for Literal {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Literal {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&String> for Literal {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<i32> for Literal {
    fn from(value: i32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<i64> for Literal {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Literal {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Timestamp> for Literal {
    fn from(value: Timestamp) -> Self {
        Self::Time(value)
    }
}

impl From<Uuid> for Literal {
    fn from(value: Uuid) -> Self {
        Self::Id(value)
    }
}

/// Writes a value; `op` is what the member is compared by.
pub(super) fn write(out: &mut String, op: &str, member: &Member, value: &Literal) -> Result<()> {
    match value {
        Literal::Text(text) => write_text(out, text),
        Literal::Integer(n) => push(out, n),
        Literal::Real(x) if x.is_finite() => push(out, x),
        Literal::Real(x) => {
            return Err(Error::Query(format!(
                "`{}` is compared with {x}, which cannot be written in a filter; compare with a finite number",
                member.last()
            )));
        }
        Literal::Bool(b) => push(out, b),
        Literal::Id(id) => push(out, id.hyphenated()),
        Literal::Time(t) => {
            // The server documents whole seconds; an upper bound goes up, so that nothing before it is missed.
            let up = matches!(op, "lt" | "le") && t.subsec_nanosecond() > 0;
            let seconds = t.as_second() + i64::from(up);
            let whole = Timestamp::from_second(seconds).unwrap_or(*t);
            push(out, whole.strftime("%Y-%m-%dT%H:%M:%SZ"));
        }
        Literal::Null => out.push_str("null"),
    }
    Ok(())
}

pub(super) fn write_text(out: &mut String, text: &str) {
    out.push('\'');
    for (i, part) in text.split('\'').enumerate() {
        if i > 0 {
            out.push_str("''");
        }
        out.push_str(part);
    }
    out.push('\'');
}

fn push(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}
