//! OData filters as values: literals are always escaped, so a serial number can never become part of the query.
//!
//! The server knows `and`/`or`/`not`, the comparisons `eq ne gt ge lt le` and the string functions; it knows no
//! arithmetic and no date functions.

use std::fmt::Write as _;

use jiff::Timestamp;

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

/// A condition on the members of what is queried.
///
/// ```
/// use wats_domains::Filter;
///
/// let filter = Filter::eq("partNumber", "O'Brien").and(Filter::ne("state", 0).or(Filter::starts_with("name", "PCB")));
/// assert_eq!(
///     filter.to_odata()?,
///     "partNumber eq 'O''Brien' and (state ne 0 or startswith(name,'PCB'))",
/// );
/// # Ok::<(), wats_domains::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Compare(String, &'static str, Literal),
    Function(&'static str, String, String),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Raw(String),
}

macro_rules! comparisons {
    ($( $(#[$meta:meta])* $name:ident = $op:literal; )*) => { $(
        $(#[$meta])*
        pub fn $name(field: impl Into<String>, value: impl Into<Literal>) -> Self {
            Self(Node::Compare(field.into(), $op, value.into()))
        }
    )* };
}

macro_rules! functions {
    ($( $(#[$meta:meta])* $name:ident = $function:literal; )*) => { $(
        $(#[$meta])*
        pub fn $name(field: impl Into<String>, text: impl Into<String>) -> Self {
            Self(Node::Function($function, field.into(), text.into()))
        }
    )* };
}

impl Filter {
    comparisons! {
        /// The member equals the value.
        eq = "eq";
        /// The member differs from the value.
        ne = "ne";
        /// The member is greater.
        gt = "gt";
        /// The member is greater or equal.
        ge = "ge";
        /// The member is less.
        lt = "lt";
        /// The member is less or equal.
        le = "le";
    }

    functions! {
        /// The member contains the text.
        contains = "contains";
        /// The member begins with the text.
        starts_with = "startswith";
        /// The member ends with the text.
        ends_with = "endswith";
    }

    /// The member equals one of the values; written as `or` of `eq`, which every server version knows. Without values
    /// nothing matches.
    pub fn any_of<L: Into<Literal>>(
        field: impl Into<String>,
        values: impl IntoIterator<Item = L>,
    ) -> Self {
        let field = field.into();
        Self(Node::Or(
            values
                .into_iter()
                .map(|v| Node::Compare(field.clone(), "eq", v.into()))
                .collect(),
        ))
    }

    /// A condition in OData's own words, sent as it is. Nothing is escaped: never put data in here.
    pub fn raw(expression: impl Into<String>) -> Self {
        Self(Node::Raw(expression.into()))
    }

    /// Both conditions hold.
    pub fn and(self, other: Self) -> Self {
        let mut all = match self.0 {
            Node::And(all) => all,
            node => vec![node],
        };
        all.push(other.0);
        Self(Node::And(all))
    }

    /// At least one condition holds.
    pub fn or(self, other: Self) -> Self {
        let mut any = match self.0 {
            Node::Or(any) if !any.is_empty() => any,
            node => vec![node],
        };
        any.push(other.0);
        Self(Node::Or(any))
    }

    /// The condition does not hold.
    #[expect(
        clippy::should_implement_trait,
        reason = "the word of the query language, beside `and` and `or`"
    )]
    pub fn not(self) -> Self {
        Self(Node::Not(Box::new(self.0)))
    }

    /// The text for `$filter`, not yet escaped for the URL.
    ///
    /// # Errors
    /// [`Error::Query`] for a member name that is none, and for NaN or an infinity, which OData cannot express.
    pub fn to_odata(&self) -> Result<String> {
        let mut out = String::new();
        write_node(&mut out, &self.0, false)?;
        Ok(out)
    }
}

/// Writes a condition, in parentheses where it stands inside another and has parts of its own.
fn write_node(out: &mut String, node: &Node, inner: bool) -> Result<()> {
    match node {
        Node::Compare(field, op, value) => {
            write_field(out, field)?;
            out.push(' ');
            out.push_str(op);
            out.push(' ');
            write_literal(out, op, value)?;
        }
        Node::Function(function, field, text) => {
            out.push_str(function);
            out.push('(');
            write_field(out, field)?;
            out.push(',');
            write_text(out, text);
            out.push(')');
        }
        Node::And(parts) => write_joined(out, parts, " and ", inner)?,
        // Nothing equals one of no values.
        Node::Or(parts) if parts.is_empty() => out.push_str("false"),
        Node::Or(parts) => write_joined(out, parts, " or ", inner)?,
        Node::Not(part) => {
            out.push_str("not (");
            write_node(out, part, false)?;
            out.push(')');
        }
        Node::Raw(text) if inner => {
            out.push('(');
            out.push_str(text);
            out.push(')');
        }
        Node::Raw(text) => out.push_str(text),
    }
    Ok(())
}

fn write_joined(out: &mut String, parts: &[Node], word: &str, inner: bool) -> Result<()> {
    let parentheses = inner && parts.len() > 1;
    if parentheses {
        out.push('(');
    }
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push_str(word);
        }
        write_node(out, part, parts.len() > 1)?;
    }
    if parentheses {
        out.push(')');
    }
    Ok(())
}

/// A member name, possibly a path such as `product/name`; anything else could smuggle in a condition.
fn write_field(out: &mut String, field: &str) -> Result<()> {
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if !field.split('/').all(is_name) {
        return Err(Error::Query(format!(
            "`{field}` is not the name of a member; names are letters, digits and _"
        )));
    }
    out.push_str(field);
    Ok(())
}

fn write_literal(out: &mut String, op: &str, value: &Literal) -> Result<()> {
    match value {
        Literal::Text(text) => write_text(out, text),
        Literal::Integer(n) => push(out, n),
        Literal::Real(x) if x.is_finite() => push(out, x),
        Literal::Real(x) => {
            return Err(Error::Query(format!(
                "{x} cannot be written in a filter; compare with a finite number"
            )));
        }
        Literal::Bool(b) => push(out, b),
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

fn write_text(out: &mut String, text: &str) {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(filter: &Filter) -> String {
        filter.to_odata().unwrap()
    }

    #[test]
    fn literals_of_every_kind() {
        let start: Timestamp = "2026-03-29T02:30:00.75+02:00".parse().unwrap();
        for (filter, expected) in [
            (Filter::eq("a", "x"), "a eq 'x'"),
            (Filter::eq("a", ""), "a eq ''"),
            (Filter::ne("a", 5), "a ne 5"),
            (Filter::gt("a", -1.5), "a gt -1.5"),
            (Filter::le("a", true), "a le true"),
            (Filter::ge("start", start), "start ge 2026-03-29T00:30:00Z"),
            (Filter::lt("start", start), "start lt 2026-03-29T00:30:01Z"),
            (Filter::eq("p/name", Literal::Null), "p/name eq null"),
        ] {
            assert_eq!(text(&filter), expected);
        }
    }

    #[test]
    fn parentheses_keep_the_meaning() {
        let (a, b, c) = (Filter::eq("a", 1), Filter::eq("b", 2), Filter::eq("c", 3));
        assert_eq!(
            text(&a.clone().and(b.clone()).and(c.clone())),
            "a eq 1 and b eq 2 and c eq 3"
        );
        assert_eq!(
            text(&a.clone().or(b.clone()).and(c.clone())),
            "(a eq 1 or b eq 2) and c eq 3"
        );
        assert_eq!(
            text(&a.clone().and(b.clone().or(c.clone()).not())),
            "a eq 1 and not (b eq 2 or c eq 3)"
        );
        assert_eq!(
            text(&a.and(Filter::raw("b eq 2 or c eq 3"))),
            "a eq 1 and (b eq 2 or c eq 3)"
        );
        assert_eq!(text(&Filter::any_of("x", Vec::<String>::new())), "false");
        assert_eq!(
            text(&Filter::any_of("x", ["1"]).and(b)),
            "x eq '1' and b eq 2"
        );
        assert_eq!(
            text(&Filter::any_of("x", Vec::<String>::new()).or(c)),
            "false or c eq 3"
        );
    }

    #[test]
    fn names_cannot_carry_conditions() {
        for name in ["", "a b", "a eq 1 or b", "a'", "1a", "a//b", "ø"] {
            assert!(Filter::eq(name, 1).to_odata().is_err(), "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_stays_one_literal(value in any::<String>()) {
            let text = text(&Filter::eq("a", value.as_str()));
            let literal = text.strip_prefix("a eq '").unwrap().strip_suffix('\'').unwrap();
            prop_assert!(!literal.replace("''", "").contains('\''));
            prop_assert_eq!(literal.replace("''", "'"), value);
        }
    }
}
