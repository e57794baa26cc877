//! An expression as the parser makes it: names are columns, literals have a type, nothing is evaluated yet.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Column, Kind};

#[derive(Debug, Clone)]
pub(super) enum Expr {
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Not(Box<Expr>),
    Compare(Term, Compare, Term),
    In(Term, Vec<Literal>),
    Match(Term, Match, Term),
    /// Whether a row of this list fits; without a condition, whether there is one.
    Any(&'static str, Option<Box<Expr>>),
    /// A condition that is a value itself.
    Truth(Term),
}

#[derive(Debug, Clone)]
pub(super) enum Term {
    Column(&'static Column),
    Literal(Literal),
    Call(TextFn, Box<Term>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Text(String),
    Number(f64),
    Bool(bool),
    Time(Timestamp),
    Guid(Uuid),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Compare {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }
}

/// Functions of two texts that answer yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    Contains,
    StartsWith,
    EndsWith,
}

impl Match {
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Contains, Self::StartsWith, Self::EndsWith]
            .into_iter()
            .find(|function| function.name().eq_ignore_ascii_case(name))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::StartsWith => "startswith",
            Self::EndsWith => "endswith",
        }
    }
}

/// Functions of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextFn {
    ToLower,
    ToUpper,
    Trim,
    Length,
}

impl TextFn {
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::ToLower, Self::ToUpper, Self::Trim, Self::Length]
            .into_iter()
            .find(|function| function.name().eq_ignore_ascii_case(name))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ToLower => "tolower",
            Self::ToUpper => "toupper",
            Self::Trim => "trim",
            Self::Length => "length",
        }
    }
}

impl Term {
    /// `None` for null, which goes with every kind.
    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Column(column) => Some(column.kind),
            Self::Call(TextFn::Length, _) => Some(Kind::Number),
            Self::Call(..) => Some(Kind::Text),
            Self::Literal(literal) => match literal {
                Literal::Null => None,
                Literal::Text(_) => Some(Kind::Text),
                Literal::Number(_) => Some(Kind::Number),
                Literal::Bool(_) => Some(Kind::Bool),
                Literal::Time(_) => Some(Kind::Time),
                Literal::Guid(_) => Some(Kind::Guid),
            },
        }
    }
}
