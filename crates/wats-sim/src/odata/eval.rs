//! An expression over a row.
//!
//! Rows are JSON objects. A missing member is null; null equals null, differs from everything else
//! and is neither smaller nor greater. Texts compare exactly, character by character.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::ast::{Compare, Expr, Literal, Match, Term, TextFn};
use super::lexer::parse_time;
use super::{Column, Kind, ODataError, Schema, parser};

/// A checked `$filter`.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    expr: Expr,
}

impl Filter {
    pub(crate) fn parse(text: &str, schema: Schema) -> Result<Self, ODataError> {
        parser::parse(text, schema).map(|expr| Self { expr })
    }

    pub(crate) fn matches(&self, row: &Map<String, Value>) -> bool {
        self.expr.holds(row)
    }
}

impl Compare {
    fn accepts(self, ordering: Option<Ordering>) -> bool {
        match self {
            Self::Eq => ordering == Some(Ordering::Equal),
            Self::Ne => ordering != Some(Ordering::Equal),
            Self::Gt => ordering == Some(Ordering::Greater),
            Self::Ge => ordering.is_some_and(Ordering::is_ge),
            Self::Lt => ordering == Some(Ordering::Less),
            Self::Le => ordering.is_some_and(Ordering::is_le),
        }
    }
}

impl Term {
    fn cell<'a>(&'a self, row: &'a Map<String, Value>) -> Cell<'a> {
        match self {
            Self::Literal(literal) => Cell::of_literal(literal),
            Self::Column(column) => Cell::of_column(column, row),
            Self::Call(function, inner) => inner.cell(row).apply(*function),
        }
    }
}

impl Expr {
    fn holds(&self, row: &Map<String, Value>) -> bool {
        match self {
            Self::Or(parts) => parts.iter().any(|part| part.holds(row)),
            Self::And(parts) => parts.iter().all(|part| part.holds(row)),
            Self::Not(inner) => !inner.holds(row),
            Self::Any(list, inner) => {
                let rows = row.get(*list).and_then(Value::as_array);
                rows.into_iter()
                    .flatten()
                    .filter_map(Value::as_object)
                    .any(|row| inner.as_ref().is_none_or(|inner| inner.holds(row)))
            }
            Self::Truth(term) => term.cell(row) == Cell::Bool(true),
            Self::Compare(left, operator, right) => {
                operator.accepts(left.cell(row).order(&right.cell(row)))
            }
            Self::In(left, values) => {
                let cell = left.cell(row);
                values
                    .iter()
                    .any(|value| cell.order(&Cell::of_literal(value)) == Some(Ordering::Equal))
            }
            Self::Match(left, operator, right) => match (left.cell(row), right.cell(row)) {
                (Cell::Text(whole), Cell::Text(part)) => match operator {
                    Match::Contains => whole.contains(part.as_ref()),
                    Match::StartsWith => whole.starts_with(part.as_ref()),
                    Match::EndsWith => whole.ends_with(part.as_ref()),
                },
                _ => false,
            },
        }
    }
}

/// A value while it is compared.
#[derive(Debug, PartialEq)]
enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    Number(f64),
    Bool(bool),
    Time(Timestamp),
    Guid(Uuid),
}

impl<'a> Cell<'a> {
    fn of_literal(literal: &'a Literal) -> Self {
        match literal {
            Literal::Null => Self::Null,
            Literal::Text(text) => Self::Text(Cow::Borrowed(text)),
            Literal::Number(number) => Self::Number(*number),
            Literal::Bool(truth) => Self::Bool(*truth),
            Literal::Time(time) => Self::Time(*time),
            Literal::Guid(guid) => Self::Guid(*guid),
        }
    }

    /// A member that is not of its column's kind counts as null.
    fn of_column(column: &Column, row: &'a Map<String, Value>) -> Self {
        let value = row.get(column.name);
        let text = value.and_then(Value::as_str);
        match column.kind {
            Kind::Text => text.map(|text| Self::Text(Cow::Borrowed(text))),
            Kind::Number => value.and_then(Value::as_f64).map(Self::Number),
            Kind::Bool => value.and_then(Value::as_bool).map(Self::Bool),
            Kind::Time => text.and_then(parse_time).map(Self::Time),
            Kind::Guid => text
                .and_then(|text| Uuid::try_parse(text).ok())
                .map(Self::Guid),
        }
        .unwrap_or(Self::Null)
    }

    fn apply(self, function: TextFn) -> Self {
        let Self::Text(text) = self else {
            return Self::Null;
        };
        match function {
            TextFn::ToLower => Self::Text(Cow::Owned(text.to_lowercase())),
            TextFn::ToUpper => Self::Text(Cow::Owned(text.to_uppercase())),
            TextFn::Trim => Self::Text(Cow::Owned(text.trim().to_owned())),
            TextFn::Length => Self::Number(text.chars().count() as f64),
        }
    }

    /// `None` where the two have no order, null with a value above all.
    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(Ordering::Equal),
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            (Self::Number(left), Self::Number(right)) => left.partial_cmp(right),
            (Self::Bool(left), Self::Bool(right)) => Some(left.cmp(right)),
            (Self::Time(left), Self::Time(right)) => Some(left.cmp(right)),
            (Self::Guid(left), Self::Guid(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

/// The order of two rows by one column; null comes first.
pub(super) fn compare_rows(
    column: &Column,
    left: &Map<String, Value>,
    right: &Map<String, Value>,
) -> Ordering {
    let (left, right) = (
        Cell::of_column(column, left),
        Cell::of_column(column, right),
    );
    left.order(&right)
        .unwrap_or_else(|| (left != Cell::Null).cmp(&(right != Cell::Null)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::{Collection, Problem, columns};
    use super::*;

    const COLUMNS: &[Column] = columns! { Text: "partNumber" "name"; Number: "state"; Bool: "nonSerial"; Time: "start"; Guid: "uuid"; };

    const SCHEMA: Schema = Schema {
        columns: COLUMNS,
        collections: &[Collection {
            name: "units",
            columns: columns! { Text: "sn"; Number: "count"; },
        }],
    };

    fn row() -> Map<String, Value> {
        let row = json!({
            "partNumber": "O'Neil", "name": null, "state": 1, "nonSerial": false,
            "start": "2026-01-30T22:01:41.4707353+01:00",
            "uuid": "33a2d408-3fc8-480b-b554-6866c77fd91c",
            "units": [{"sn": "A", "count": 1}, {"sn": "B'", "count": 2}],
        });
        row.as_object().unwrap().clone()
    }

    fn holds(filter: &str) -> bool {
        Filter::parse(filter, SCHEMA)
            .unwrap_or_else(|e| panic!("{filter}: {e}"))
            .matches(&row())
    }

    fn problem(filter: &str) -> (usize, Problem) {
        let error = Filter::parse(filter, SCHEMA).unwrap_err();
        (error.position, error.problem)
    }

    #[test]
    fn true_conditions() {
        for filter in [
            "partNumber eq 'O''Neil'",
            "PARTNUMBER EQ 'O''Neil'",
            "state eq 1",
            "state ge 1.0 and state le 1e0",
            "state gt -5",
            "not (state eq 2)",
            "nonSerial eq false",
            "not nonSerial",
            "true",
            "name eq null",
            "null eq name",
            "name ne 'x'",
            "not (name gt 'a')",
            "'O''Neil' eq partNumber",
            "partNumber in ('a', 'O''Neil')",
            "state in (3,2,1)",
            "contains(partNumber,'''N')",
            "contains(partNumber,'x') eq false",
            "startswith(partNumber,'O') and endswith(partNumber,'eil')",
            "startswith(tolower(partNumber),'o''n')",
            "length(partNumber) eq 6",
            "start gt 2026-01-30T21:01:41Z and start lt 2026-01-30T21:01:42Z",
            "start ge 2026-01-30T22:00:00+01:00",
            "start ge 2026-01-30 and start lt 2026-01-31",
            "start gt 2026-01-30T21:01:41",
            "uuid eq 33A2D408-3fc8-480b-b554-6866c77fd91c",
            "state eq 2 or state eq 1 and nonSerial eq false",
            "(state eq 2 or state eq 1) and partNumber ne null",
            "units/any(u: u/sn eq 'B''')",
            "UNITS/ANY(x:x/SN eq 'A' and x/count eq 1) and state eq 1",
            "units/any(u: startswith(u/sn,'B') and (u/count eq 2 or u/count eq 3))",
            "units/any()",
        ] {
            assert!(holds(filter), "{filter}");
        }
    }

    #[test]
    fn false_conditions() {
        for filter in [
            "partNumber eq 'o''neil'",
            "state eq 2",
            "nonSerial",
            "name eq ''",
            "name gt 'a' or name le 'a'",
            "contains(name,'')",
            "units/any(u: u/sn eq 'A' and u/count eq 2)",
            "not units/any(u: u/sn eq 'A')",
            "partNumber in ('a')",
            "state eq 1 and not (nonSerial eq false)",
            "start lt 2026-01-30T21:01:41.4707353Z",
            // `and` binds tighter than `or`.
            "(state eq 1 or state eq 2) and nonSerial",
        ] {
            assert!(!holds(filter), "{filter}");
        }
    }

    #[test]
    fn errors_say_what_and_where() {
        assert_eq!(problem("name eq 'abc"), (8, Problem::OpenText));
        assert_eq!(
            problem("nme eq 'x'"),
            (0, Problem::UnknownProperty("nme".into()))
        );
        assert_eq!(problem("name eq \"x\""), (8, Problem::Character('"')));
        assert_eq!(
            problem("name eq 5").1,
            Problem::Types {
                left: "text",
                right: "number"
            }
        );
        assert_eq!(
            problem("uuid eq 'x'").1,
            Problem::Types {
                left: "guid",
                right: "text"
            }
        );
        assert_eq!(
            problem("year(start) eq 2026"),
            (0, Problem::UnknownFunction("year".into()))
        );
        assert!(matches!(
            problem("contains(state,'1')").1,
            Problem::Argument { .. }
        ));
        for (filter, position) in [
            ("", 0),
            ("name", 0),
            ("name eq", 7),
            ("name eq 'a' 'b'", 12),
            ("(state eq 1", 11),
        ] {
            let (at, what) = problem(filter);
            assert!(
                matches!(what, Problem::Expected { .. }),
                "{filter}: {what:?}"
            );
            assert_eq!(at, position, "{filter}");
        }
        assert_eq!(
            problem("parts/any(u: u/sn eq 'A')").1,
            Problem::UnknownCollection("parts".into())
        );
        assert_eq!(
            problem("units/any(u: state eq 1)").1,
            Problem::OutsideOfAny("state".into())
        );
        assert_eq!(
            problem("units/any(u: u/nothing eq 1)").1,
            Problem::UnknownProperty("nothing".into())
        );
        assert!(matches!(
            problem("units/any(u u/sn eq 'A')").1,
            Problem::Expected { .. }
        ));
        assert_eq!(problem("state eq 1_0").1, Problem::Word("1_0".into()));
        assert!(matches!(problem("state in ()").1, Problem::Expected { .. }));
        assert!(matches!(
            problem("state eq nan").1,
            Problem::UnknownProperty(_)
        ));
        assert!(matches!(problem("state eq 1e999").1, Problem::Word(_)));
    }

    #[test]
    fn nesting_is_limited_and_chains_are_not() {
        let deep = format!("{}state eq 1{}", "(".repeat(64), ")".repeat(64));
        assert!(holds(&deep));
        for opening in ["(", "not ", "not(", "tolower("] {
            let filter = opening.repeat(100_000);
            assert!(
                matches!(problem(&filter).1, Problem::TooDeep(64)),
                "{opening}"
            );
        }
        let chain = vec!["state eq 2"; 10_000].join(" or ") + " or state eq 1";
        assert!(holds(&chain));
    }

    proptest! {
        #[test]
        fn every_text_survives_quoting(text in any::<String>()) {
            let quoted = text.replace('\'', "''");
            let row = json!({ "partNumber": text });
            let row = row.as_object().unwrap();
            for filter in [
                format!("partNumber eq '{quoted}'"),
                format!("partNumber in ('{quoted}')"),
                format!("contains(partNumber,'{quoted}') and not (partNumber ne '{quoted}')"),
            ] {
                prop_assert!(Filter::parse(&filter, SCHEMA).unwrap().matches(row), "{}", filter);
            }
            let longer = json!({ "partNumber": format!("{text}x") });
            let exact = Filter::parse(&format!("partNumber eq '{quoted}'"), SCHEMA).unwrap();
            prop_assert!(!exact.matches(longer.as_object().unwrap()));
        }

        #[test]
        fn no_input_panics(text in any::<String>()) {
            let _ = Filter::parse(&text, SCHEMA);
        }

        #[test]
        fn no_mix_of_words_panics(words in prop::collection::vec(prop::sample::select(vec![
            "(", ")", ",", "and", "or", "not", "eq", "in", "name", "state", "start", "uuid",
            "'x'", "''", "'", "1", "-1.5e3", "null", "true", "contains", "tolower", "2026-01-01",
            "units/any(u:", "u/sn", "/", ":", "2026-01-01T00:00:00Z", "33a2d408-3fc8-480b-b554-6866c77fd91c", "ø",
        ]), 0..30)) {
            let text = words.join(" ");
            if let Ok(filter) = Filter::parse(&text, SCHEMA) {
                filter.matches(&row());
            }
        }

        #[test]
        fn numbers_compare_as_numbers(left in -1e12_f64..1e12, right in -1e12_f64..1e12) {
            let row = json!({ "state": left });
            let row = row.as_object().unwrap();
            let test = |op: &str| {
                Filter::parse(&format!("state {op} {right}"), SCHEMA).unwrap().matches(row)
            };
            prop_assert_eq!(test("lt"), left < right);
            prop_assert_eq!(test("ge"), left >= right);
            prop_assert_eq!(test("gt"), left > right);
            prop_assert_eq!(test("le"), left <= right);
        }
    }
}
