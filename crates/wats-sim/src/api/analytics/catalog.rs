//! Groups of products and levels of the factory, as statistics look at them.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::pattern::Patterns;
use crate::answer::{Answer, Handled};
use crate::call::{Call, text};
use crate::store::State;

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
        let row = |(_, group): (&str, &Value)| {
            let mut row = json!({
                "productGroupId": group.get("productGroupId"),
                "productGroupName": group.get("productGroupName"),
            });
            if with_filters {
                row["filters"] = filters(state, group).cloned().collect();
            }
            row
        };
        state.rows("product.group").map(row).collect()
    });
    Ok(Answer::json(&rows))
}

/// The list of levels.
#[expect(clippy::unnecessary_wraps, reason = "handlers are all of one type")]
pub(super) fn levels(call: &Call<'_>) -> Handled {
    let rows = call.store.read(|state| {
        let row = |(_, level): (&str, &Value)| json!({ "levelId": level.get("levelId"), "levelName": level.get("levelName") });
        state.rows("system.level").map(row).collect()
    });
    Ok(Answer::json(&rows))
}

/// The filters of a group.
fn filters<'a>(state: &'a State, group: &'a Value) -> impl Iterator<Item = &'a Value> {
    let name = text(group, "productGroupName");
    let rows = state.rows("product.group.filter").map(|(_, filter)| filter);
    rows.filter(move |filter| text(filter, "productGroup") == name)
}

impl Catalog {
    pub(super) fn of(state: &State) -> Self {
        let id = |doc: &Value, name: &str| doc.get(name).and_then(Value::as_i64);
        let named = |doc: &Value, id_name: &str, name: &str| Named {
            id: id(doc, id_name)
                .map(|id| id.to_string())
                .unwrap_or_default(),
            name: text(doc, name).unwrap_or_default().to_owned(),
        };
        let patterns = |filter: &Value, name: &str| text(filter, name).and_then(Patterns::parse);
        let groups = state.rows("product.group").map(|(_, group)| Group {
            named: named(group, "productGroupId", "productGroupName"),
            filters: filters(state, group)
                .map(|filter| GroupFilter {
                    part_number: patterns(filter, "partNumber"),
                    revision: patterns(filter, "revision"),
                    exclude: filter.get("exclude").and_then(Value::as_bool) == Some(true),
                })
                .collect(),
        });
        let levels = state.rows("system.level").filter_map(|(_, level)| {
            Some((id(level, "levelId")?, named(level, "levelId", "levelName")))
        });
        let stations = state.rows("system.client").filter_map(|(_, client)| {
            Some((
                text(client, "name")?.to_owned(),
                id(client, "clientGroupId")?,
            ))
        });
        let products = state.rows("product").filter_map(|(_, product)| {
            let name = product.get("name").cloned().unwrap_or_default();
            Some((text(product, "partNumber")?.to_owned(), name))
        });
        Self {
            groups: groups.collect(),
            levels: levels.collect(),
            stations: stations.collect(),
            products: products.collect(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Limits, Store};

    #[test]
    fn groups_have_products_by_filters_and_stations_have_levels() {
        let limits = Limits {
            products: 10,
            documents: 10,
            reports: 10,
        };
        let store = Store::new(limits);
        let filter = |part: &str, revision: Option<&str>, exclude: bool| json!({ "productGroup": "Boards", "partNumber": part, "revision": revision, "exclude": exclude });
        let put = store.change(|change| {
            change.put(
                "product.group",
                "1",
                json!({ "productGroupId": 1, "productGroupName": "Boards" }),
            )?;
            change.put(
                "product.group",
                "2",
                json!({ "productGroupId": 2, "productGroupName": "None" }),
            )?;
            change.put("product.group.filter", "1", filter("PCB%", None, false))?;
            change.put(
                "product.group.filter",
                "2",
                filter("PCB-9", Some("X"), true),
            )?;
            change.put(
                "system.level",
                "7",
                json!({ "levelId": 7, "levelName": "Hall" }),
            )?;
            change.put(
                "system.client",
                "1",
                json!({ "name": "ST", "clientGroupId": 7 }),
            )
        });
        assert!(put.is_ok());
        let catalog = store.read(Catalog::of);
        for (part, revision, station, groups, level) in [
            ("PCB-1", "A", "ST", vec!["Boards"], Some("Hall")),
            ("PCB-9", "A", "ST", vec!["Boards"], Some("Hall")),
            ("PCB-9", "X", "other", vec![], None),
            ("BOX", "A", "", vec![], None),
        ] {
            let header =
                json!({ "partNumber": part, "revision": revision, "stationName": station });
            let header = header.as_object().unwrap();
            let found: Vec<&str> = catalog
                .groups_of(header)
                .map(|group| group.name.as_str())
                .collect();
            assert_eq!(
                (
                    found,
                    catalog.level_of(header).map(|level| level.name.as_str())
                ),
                (groups, level),
                "{header:?}"
            );
        }
    }
}
