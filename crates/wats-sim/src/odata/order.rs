//! `$orderby`: a list of `property [asc|desc]`.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::eval::compare_rows;
use super::{Column, ODataError, Problem};

/// A checked `$orderby`.
#[derive(Debug, Clone)]
pub(crate) struct OrderBy {
    keys: Vec<(&'static Column, bool)>,
}

impl OrderBy {
    /// Parses the option; `orderable` are the columns that may be used.
    pub(crate) fn parse(text: &str, orderable: &'static [Column]) -> Result<Self, ODataError> {
        let mut keys = Vec::new();
        let mut position = 0;
        for item in text.split(',') {
            let mut words = item.split_whitespace();
            let name = words.next().unwrap_or_default();
            let column = orderable
                .iter()
                .find(|column| column.name.eq_ignore_ascii_case(name))
                .ok_or_else(|| Problem::NotOrderable(name.to_owned()).at(position))?;
            let descending = match words.next() {
                None => false,
                Some(word) if word.eq_ignore_ascii_case("asc") => false,
                Some(word) if word.eq_ignore_ascii_case("desc") => true,
                Some(word) => return Err(direction(word).at(position)),
            };
            if let Some(word) = words.next() {
                return Err(direction(word).at(position));
            }
            keys.push((column, descending));
            position += item.chars().count() + 1;
        }
        Ok(Self { keys })
    }

    pub(crate) fn compare(
        &self,
        left: &Map<String, Value>,
        right: &Map<String, Value>,
    ) -> Ordering {
        self.keys
            .iter()
            .map(|(column, descending)| {
                let order = compare_rows(column, left, right);
                if *descending { order.reverse() } else { order }
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

fn direction(word: &str) -> Problem {
    Problem::Expected {
        expected: "asc, desc or ','",
        found: format!("'{word}'"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::columns;
    use super::*;

    const COLUMNS: &[Column] = columns! { Text: "name"; Number: "state"; };

    #[test]
    fn several_keys_and_directions() {
        let mut rows: Vec<Map<String, Value>> = [("b", 1), ("a", 2), ("b", 3)]
            .iter()
            .map(|(name, state)| {
                json!({"name": name, "state": state})
                    .as_object()
                    .unwrap()
                    .clone()
            })
            .collect();
        let order = OrderBy::parse("Name desc, state DESC", COLUMNS).unwrap();
        rows.sort_by(|left, right| order.compare(left, right));
        let states: Vec<_> = rows
            .iter()
            .map(|row| row["state"].as_i64().unwrap())
            .collect();
        assert_eq!(states, [3, 1, 2]);
    }

    #[test]
    fn errors() {
        let problem = |text: &str| OrderBy::parse(text, COLUMNS).unwrap_err();
        assert_eq!(
            problem("other").problem,
            Problem::NotOrderable("other".into())
        );
        assert_eq!(problem("name,").position, 5);
        assert!(OrderBy::parse("name sideways", COLUMNS).is_err());
        assert!(OrderBy::parse("name asc desc", COLUMNS).is_err());
        assert!(OrderBy::parse("", COLUMNS).is_err());
    }
}
