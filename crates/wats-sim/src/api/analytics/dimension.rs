//! Dimensions: by what rows of a statistic are told apart, which figures they have, and how they are ordered.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::filter::{WatsFilter, misc_info, objects};
use super::history::{History, Test};
use super::period::Grouping;
use crate::answer::Answer;
use crate::call::invalid;
use crate::shape::document;

/// The most misc infos, assets or groups of one report that get rows.
const MOST_VALUES: usize = 100;

/// What a request named, in its order.
#[derive(Debug)]
pub(super) struct Dimensions {
    columns: Vec<Column>,
    /// What rows are ordered by before the columns.
    first: Vec<(&'static str, bool)>,
}

#[derive(Debug)]
struct Column {
    name: &'static str,
    is_figure: bool,
    descending: bool,
}

impl Dimensions {
    /// `name [asc|desc]`, separated by `;`.
    pub(super) fn parse(
        text: &str,
        known: &[&'static str],
        figures: &[&'static str],
    ) -> Result<Self, Answer> {
        let mut columns: Vec<Column> = Vec::new();
        for part in text
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (name, direction) = part.split_once(' ').unwrap_or((part, "asc"));
            let descending = match direction.trim() {
                word if word.eq_ignore_ascii_case("asc") => false,
                word if word.eq_ignore_ascii_case("desc") => true,
                _ => {
                    return Err(invalid(format!(
                        "'{part}' is not a dimension with asc or desc"
                    )));
                }
            };
            let find = |names: &[&'static str]| {
                names
                    .iter()
                    .copied()
                    .find(|known| known.eq_ignore_ascii_case(name))
            };
            let (name, is_figure) = match (find(known), find(figures)) {
                (Some(name), _) => (name, false),
                (None, Some(name)) => (name, true),
                (None, None) => return Err(invalid(format!("there is no dimension '{name}'"))),
            };
            if !columns.iter().any(|column| column.name == name) {
                columns.push(Column {
                    name,
                    is_figure,
                    descending,
                });
            }
        }
        let first = Vec::new();
        Ok(Self { columns, first })
    }

    /// Orders rows by these figures first, descending where it says so.
    pub(super) fn first_by(mut self, figures: &[(&'static str, bool)]) -> Self {
        self.first = figures.to_vec();
        self
    }

    /// The names of the dimensions.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.columns
            .iter()
            .filter(|column| !column.is_figure)
            .map(|column| column.name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.names().any(|named| named == name)
    }

    /// Whether a row has this figure: all of them unless some are named.
    pub(super) fn wants(&self, figure: &str) -> bool {
        let mut figures = self
            .columns
            .iter()
            .filter(|column| column.is_figure)
            .peekable();
        figures.peek().is_none() || figures.any(|column| column.name == figure)
    }

    /// Orders rows as the request named the columns, and cuts them to the filter's `topCount`.
    pub(super) fn arrange(&self, rows: &mut Vec<Map<String, Value>>, top: Option<usize>) {
        rows.sort_by(|left, right| {
            let columns = self
                .columns
                .iter()
                .map(|column| (column.name, column.descending));
            let by = |(name, descending): (&str, bool)| {
                let order = compare(left.get(name), right.get(name));
                if descending { order.reverse() } else { order }
            };
            let mut orders = self.first.iter().copied().chain(columns).map(by);
            orders
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        rows.truncate(top.unwrap_or(usize::MAX));
    }
}

/// Nothing before numbers before texts.
pub(super) fn compare(left: Option<&Value>, right: Option<&Value>) -> Ordering {
    let key = |value: Option<&Value>| match value {
        Some(Value::Number(number)) => (1, number.as_f64().unwrap_or_default(), String::new()),
        Some(Value::String(text)) => (2, 0.0, text.clone()),
        _ => (0, 0.0, String::new()),
    };
    let ((kind, number, text), (other_kind, other_number, other_text)) = (key(left), key(right));
    kind.cmp(&other_kind)
        .then(number.total_cmp(&other_number))
        .then(text.cmp(&other_text))
}

/// Rows by the values of their dimensions, each with what is counted for it.
pub(super) type Rows<C> = BTreeMap<Vec<String>, (Map<String, Value>, C)>;

/// What is counted for the row of these values.
pub(super) fn row<C: Default>(rows: &mut Rows<C>, values: Map<String, Value>) -> &mut C {
    let key = values.values().map(Value::to_string).collect();
    let (_, counted) = rows.entry(key).or_insert_with(|| (values, C::default()));
    counted
}

/// The members of a header that are dimensions under another name.
const HEADER: &[(&str, &str)] = &[
    ("testOperation", "processName"),
    ("repairOperation", "processName"),
    ("operator", "userName"),
    ("socketIndex", "testSocketIndex"),
    ("stepCausedUutFailure", "causedUutFailure"),
];

/// The values of the dimensions of a report. There are several for one that has several misc infos, assets or groups.
pub(super) fn values(
    test: &Test,
    names: &[&'static str],
    history: &History,
    filter: &WatsFilter,
) -> Vec<Map<String, Value>> {
    let header = test.header();
    let catalog = &history.catalog;
    let mut rows = vec![Map::new()];
    let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(name));
    if has(&["miscInfoDescription", "miscInfoString"]) {
        let mut infos = misc_info(header)
            .filter(|info| filter.fits_misc(info))
            .map(|info| {
                vec![
                    ("miscInfoDescription", info.get("description").cloned()),
                    ("miscInfoString", info.get("value").cloned()),
                ]
            });
        spread(&mut rows, &mut infos, names);
    }
    if has(&["assetSerialNumber", "assetName"]) {
        let mut assets = objects(header, "assets").map(|asset| {
            let serial = asset.get("serialNumber").cloned();
            vec![("assetName", serial.clone()), ("assetSerialNumber", serial)]
        });
        spread(&mut rows, &mut assets, names);
    }
    if has(&["productGroup"]) {
        let mut groups = catalog
            .groups_of(header)
            .map(|group| vec![("productGroup", Some(Value::from(group.name.as_str())))]);
        spread(&mut rows, &mut groups, names);
    }
    for name in names {
        let value = match *name {
            "productName" => catalog.product_name(header),
            "level" => catalog
                .level_of(header)
                .map(|level| level.name.as_str())
                .into(),
            "period" => filter
                .grouping
                .unwrap_or(Grouping::Day)
                .name(test.start)
                .into(),
            "stepPathCausedUutFailure" => {
                let path = header.get("causedUutFailurePath").and_then(Value::as_str);
                path.map(|path| path.replace('/', "¶")).into()
            }
            name => {
                let other = HEADER.iter().find(|(dimension, _)| *dimension == name);
                let column = other.map_or(name, |(_, column)| column);
                header.get(column).cloned().unwrap_or_default()
            }
        };
        for row in &mut rows {
            row.entry((*name).to_owned())
                .or_insert_with(|| value.clone());
        }
    }
    rows
}

/// Makes of each row one for each of these values, or one with none where there are none.
fn spread(
    rows: &mut Vec<Map<String, Value>>,
    values: &mut dyn Iterator<Item = Vec<(&'static str, Option<Value>)>>,
    names: &[&'static str],
) {
    let mut values: Vec<Map<String, Value>> = values
        .take(MOST_VALUES)
        .map(|members| {
            let named = members.into_iter().filter(|(name, _)| names.contains(name));
            document(named.map(|(name, value)| (name.to_owned(), value.unwrap_or_default())))
        })
        .collect();
    // Two infos that differ in what was not asked for are one row.
    values.sort_by_key(|members| members.values().map(Value::to_string).collect::<Vec<_>>());
    values.dedup();
    if values.is_empty() {
        return;
    }
    *rows = rows
        .iter()
        .flat_map(|row| {
            values.iter().map(|members| {
                let mut row = row.clone();
                row.extend(members.clone());
                row
            })
        })
        .collect();
}
