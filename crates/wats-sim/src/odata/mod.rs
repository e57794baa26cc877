//! The part of OData the server understands: `$filter` and `$orderby` over rows, and `any` over their lists.
//!
//! - `lexer`: text to tokens, each with its place,
//! - `ast`: what an expression is,
//! - `parser`: tokens to an expression, names and types checked against the row's columns,
//! - `eval`: expression and row to yes or no,
//! - `order`: `$orderby`.
//!
//! Every error says where it is. Nesting has a limit, so no input exhausts the stack.

mod ast;
mod eval;
mod lexer;
mod order;
mod parser;

pub(crate) use eval::Filter;
pub(crate) use lexer::parse_time;
pub(crate) use order::OrderBy;

/// What a column holds; literals must fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Bool,
    Time,
    Guid,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Bool => "true/false",
            Self::Time => "date and time",
            Self::Guid => "guid",
        }
    }
}

/// A property of a row, under the name it has in JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// Columns by their kinds: `columns! { Text: "name" "comment"; Time: "date"; }`.
macro_rules! columns {
    ($($kind:ident: $($name:literal)+;)*) => {
        &[$($(crate::odata::Column { name: $name, kind: crate::odata::Kind::$kind }),+),*]
    };
}
pub(crate) use columns;

/// A list of rows inside a row, which `any` looks into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Collection {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
}

/// What a filter may name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema {
    pub(crate) columns: &'static [Column],
    pub(crate) collections: &'static [Collection],
}

/// What is wrong with an option, and where: `position` counts characters from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at character {position})")]
pub(crate) struct ODataError {
    pub(crate) position: usize,
    pub(crate) problem: Problem,
}

/// The ways an option can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("a text has no closing quote; a quote inside a text is written twice")]
    OpenText,
    #[error("the character '{0}' has no meaning here")]
    Character(char),
    #[error("'{0}' is neither a name, a number, a date, a guid nor a keyword")]
    Word(String),
    #[error("expected {expected}, found {found}")]
    Expected {
        expected: &'static str,
        found: String,
    },
    #[error("there is no property named '{0}'")]
    UnknownProperty(String),
    #[error("'{0}' is not a list of the row")]
    UnknownCollection(String),
    #[error("'{0}' has no meaning here: inside any(…) only properties of its variable have")]
    OutsideOfAny(String),
    #[error("there is no function named '{0}'")]
    UnknownFunction(String),
    #[error("a {left} cannot be compared with a {right}")]
    Types {
        left: &'static str,
        right: &'static str,
    },
    #[error("{what} takes {wanted}, not a {given}")]
    Argument {
        what: &'static str,
        wanted: &'static str,
        given: &'static str,
    },
    #[error("the expression is nested more than {0} deep")]
    TooDeep(usize),
    #[error("cannot order by '{0}'")]
    NotOrderable(String),
}

impl Problem {
    fn at(self, position: usize) -> ODataError {
        ODataError {
            position,
            problem: self,
        }
    }
}
