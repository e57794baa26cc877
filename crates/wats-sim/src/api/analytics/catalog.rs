//! Groups of products and levels of the factory, as statistics look at them.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Handled};
use crate::api::pattern::Patterns;
use crate::api::{product, system};
use crate::call::{Call, text};
use crate::store::{State, StoredReport};

/// What the reports of one request are told apart by, beside their headers.
#[derive(Debug)]
pub(super) struct Catalog {
    groups: Vec<Group>,
    levels: HashMap<i64, Named>,
    stations: HashMap<String, i64>,
    products: HashMap<String, Value>,
}

#[derive(Debug)]
struct Group {
    named: Named,
    filters: Vec<GroupFilter>,
}

#[derive(Debug)]
struct GroupFilter {
    part_number: Option<Patterns>,
    revision: Option<Patterns>,
    exclude: bool,
}

/// Something with an id and a name; filters may give either.
#[derive(Debug)]
pub(super) struct Named {
    id: String,
    pub(super) name: String,
}

impl Named {
    pub(super) fn names(&self) -> [&str; 2] {
        [&self.id, &self.name]
    }
}

/// The list of groups: id and name, with the filters in them where they are asked for.
pub(super) fn product_groups(call: &Call<'_>) -> Handled {
    let with_filters = call.query.switch("includeFilters")?.unwrap_or(false);
    let rows = call.store.read(|state| {
        let row = |group: &Value| {
            let mut row = json!({
                "productGroupId": group.get("productGroupId"),
                "productGroupName": group.get("productGroupName"),
            });
            if with_filters {
                row["filters"] = product::filters_of(state, group).cloned().collect();
            }
            row
        };
        product::groups(state).map(row).collect()
    });
    Ok(Answer::json(&rows))
}

/// The list of levels.
#[expect(clippy::unnecessary_wraps, reason = "handlers are all of one type")]
pub(super) fn levels(call: &Call<'_>) -> Handled {
    let rows = call.store.read(|state| {
        let row = |level: &Value| json!({ "levelId": level.get("levelId"), "levelName": level.get("levelName") });
        system::levels(state).map(row).collect()
    });
    Ok(Answer::json(&rows))
}

impl Catalog {
    /// Of the time of a request, with the products that reports are of.
    pub(super) fn of(state: &State, reports: &[Arc<StoredReport>]) -> Self {
        let id = |doc: &Value, name: &str| doc.get(name).and_then(Value::as_i64);
        let named = |doc: &Value, id_name: &str, name: &str| Named {
            id: id(doc, id_name)
                .map(|id| id.to_string())
                .unwrap_or_default(),
            name: text(doc, name).unwrap_or_default().to_owned(),
        };
        let patterns = |filter: &Value, name: &str| text(filter, name).and_then(Patterns::parse);
        let groups = product::groups(state).map(|group| Group {
            named: named(group, "productGroupId", "productGroupName"),
            filters: product::filters_of(state, group)
                .map(|filter| GroupFilter {
                    part_number: patterns(filter, "partNumber"),
                    revision: patterns(filter, "revision"),
                    exclude: filter.get("exclude").and_then(Value::as_bool) == Some(true),
                })
                .collect(),
        });
        let levels = system::levels(state).filter_map(|level| {
            Some((id(level, "levelId")?, named(level, "levelId", "levelName")))
        });
        let stations = system::clients::all(state).filter_map(|client| {
            Some((
                text(client, "name")?.to_owned(),
                id(client, "clientGroupId")?,
            ))
        });
        let mut products = HashMap::new();
        for report in reports {
            let part_number = report.header.get("partNumber").and_then(Value::as_str);
            if let Some(part_number) = part_number.filter(|known| !products.contains_key(*known)) {
                let product = product::by_number(state, part_number);
                let name = product.and_then(|product| product.get("name")).cloned();
                products.insert(part_number.to_owned(), name.unwrap_or_default());
            }
        }
        Self {
            groups: groups.collect(),
            levels: levels.collect(),
            stations: stations.collect(),
            products,
        }
    }

    /// The groups that a unit belongs to.
    pub(super) fn groups_of<'a>(
        &'a self,
        header: &'a Map<String, Value>,
    ) -> impl Iterator<Item = &'a Named> {
        let part = |name: &str| header.get(name).and_then(Value::as_str).unwrap_or_default();
        let (part_number, revision) = (part("partNumber"), part("revision"));
        let fits = move |filter: &GroupFilter| {
            let fits = |patterns: &Option<Patterns>, text| {
                patterns.as_ref().is_none_or(|patterns| patterns.fit(text))
            };
            fits(&filter.part_number, part_number) && fits(&filter.revision, revision)
        };
        let has = move |group: &Group| {
            let mut fitting = group
                .filters
                .iter()
                .filter(|filter| fits(filter))
                .peekable();
            fitting.peek().is_some() && fitting.all(|filter| !filter.exclude)
        };
        self.groups
            .iter()
            .filter(move |group| has(group))
            .map(|group| &group.named)
    }

    /// The level where a report was made: that of its station.
    pub(super) fn level_of(&self, header: &Map<String, Value>) -> Option<&Named> {
        let station = header.get("stationName")?.as_str()?;
        self.levels.get(self.stations.get(station)?)
    }

    /// The name of the product of a report.
    pub(super) fn product_name(&self, header: &Map<String, Value>) -> Value {
        let part_number = header.get("partNumber").and_then(Value::as_str);
        let name = part_number.and_then(|part_number| self.products.get(part_number));
        name.cloned().unwrap_or_default()
    }
}
