//! The ways of units between processes (`api/internal/UnitFlow`). What the server answers there is not published; members are
//! those that its clients read.
//!
//! A node is a process, or a process at one value of what it is split by. A unit goes over a link when it is tested at another
//! node than before; to be tested again at the same node is no way.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::filter::WatsFilter;
use super::history::{History, Test};
use super::summary::Summary;
use crate::answer::{Answer, Handled};
use crate::call::{Call, invalid, member};
use crate::query::bad;
use crate::shape::document;

/// The nodes and ways of some units.
#[derive(Debug, Default)]
struct Flow {
    nodes: BTreeMap<(i64, String), Node>,
    links: BTreeMap<(usize, usize), Link>,
    units: BTreeMap<(usize, usize, usize), Way>,
    total: usize,
}

#[derive(Debug, Default)]
struct Node {
    id: usize,
    /// The newest test here.
    header: Map<String, Value>,
    /// Whether each unit passed in its last test here.
    units: HashMap<usize, bool>,
    time: Summary,
}

#[derive(Debug, Default)]
struct Link {
    passed: u64,
    time: Summary,
}

/// A unit on a link.
#[derive(Debug, Default)]
struct Way {
    orders: Vec<usize>,
    results: Vec<String>,
    is_old: bool,
}

/// Where a unit was last, and what became of it so far.
#[derive(Debug, Default)]
struct Trace {
    at: Option<(usize, Timestamp)>,
    seen: HashSet<usize>,
    ways: usize,
    last_way: Option<(usize, usize)>,
    passed: bool,
    passes: u64,
    fails: u64,
    has_retest: bool,
}

/// All units, numbered in the order in which their first reports came.
fn unit_ids(history: &History) -> HashMap<(&str, &str), usize> {
    let mut tests: Vec<&Test> = history.tests.iter().collect();
    tests.sort_unstable_by_key(|test| test.report.time_stamp);
    let mut ids = HashMap::new();
    for test in tests {
        let next = ids.len() + 1;
        ids.entry((test.text("serialNumber"), test.text("partNumber")))
            .or_insert(next);
    }
    ids
}

fn flow(call: &Call<'_>, filter: &WatsFilter, split: Option<&str>) -> Map<String, Value> {
    let history = History::of(call);
    let ids = unit_ids(&history);
    let (mut flow, mut traces) = (Flow::default(), HashMap::<usize, Trace>::new());
    for test in history.tests_of(filter) {
        let key = (test.text("serialNumber"), test.text("partNumber"));
        let unit = ids.get(&key).copied().unwrap_or_default();
        flow.test(test, unit, traces.entry(unit).or_default(), split);
    }
    flow.total = traces.len();
    flow.answer(&traces)
}

impl Flow {
    fn test(&mut self, test: &Test, unit: usize, trace: &mut Trace, split: Option<&str>) {
        let code = test
            .header()
            .get("processCode")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let place = split.map(|name| test.text(name)).unwrap_or_default();
        let next = self.nodes.len() + 1;
        let node = self.nodes.entry((code, place.to_owned())).or_default();
        if node.id == 0 {
            node.id = next;
        }
        node.header.clone_from(test.header());
        node.units.insert(unit, test.passed());
        node.time.add(test.execution_time().unwrap_or(0.0));
        let id = node.id;

        trace.passed = test.passed();
        trace.passes += u64::from(trace.passed);
        trace.fails += u64::from(!trace.passed);
        let is_old = !trace.seen.insert(id);
        if let Some((from, since)) = trace.at {
            if from == id {
                trace.has_retest = true;
            } else {
                trace.ways += 1;
                trace.last_way = Some((from, id));
                let link = self.links.entry((from, id)).or_default();
                link.passed += u64::from(test.passed());
                link.time
                    .add(test.start.duration_since(since).as_secs_f64());
                let way = self.units.entry((from, id, unit)).or_default();
                way.orders.push(trace.ways);
                way.results.push(test.text("result").to_owned());
                way.is_old |= is_old;
            }
        }
        trace.at = Some((id, test.start));
    }

    fn answer(&self, traces: &HashMap<usize, Trace>) -> Map<String, Value> {
        let names: HashMap<usize, &Value> = self
            .nodes
            .values()
            .filter_map(|node| Some((node.id, node.header.get("processName")?)))
            .collect();
        let nodes = self.nodes.iter().map(|((_, place), node)| node.row(place));
        let links = self.links.iter().map(|((from, to), link)| {
            json!({
                "id": format!("{from}-{to}"), "source": from, "target": to,
                "sourceName": names.get(from), "targetName": names.get(to),
                "unitCount": link.time.count, "passCount": link.passed,
                "failCount": link.time.count - link.passed,
                "avgTime": link.time.mean(), "isVisible": true,
            })
        });
        let units = self.units.iter().filter_map(|((from, to, unit), way)| {
            let trace = traces.get(unit)?;
            Some(json!({
                "source": from, "target": to, "unitId": unit, "isOld": way.is_old,
                "isLast": trace.last_way == Some((*from, *to)),
                "isLastPassed": trace.passed, "hasPassed": trace.passes > 0,
                "hasFailed": trace.fails > 0, "hasRetest": trace.has_retest,
                "orders": way.orders, "resultHistories": way.results,
            }))
        });
        let lists = [
            ("nodes", nodes.collect::<Value>()),
            ("links", links.collect()),
            ("units", units.collect()),
        ];
        let mut answer = document(lists.map(|(name, list)| (name.to_owned(), list)));
        answer.insert("totalUnits".to_owned(), self.total.into());
        answer
    }
}

impl Node {
    fn row(&self, place: &str) -> Value {
        let of = |name: &str| self.header.get(name).cloned().unwrap_or_default();
        let count = self.units.len();
        let passed = self.units.values().filter(|passed| **passed).count();
        let mut name = self
            .header
            .get("processName")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        if !place.is_empty() {
            name = format!("{name} {place}");
        }
        json!({
            "id": self.id, "name": name, "processCode": of("processCode"), "processName": of("processName"),
            "stationName": of("stationName"), "location": of("location"), "purpose": of("purpose"),
            "unitCount": count, "passCount": passed, "failCount": count - passed,
            "yield": passed as f64 * 100.0 / count as f64, "avgTime": self.time.mean(),
            "isExpanded": false, "isVisible": true, "level": 0, "parentId": null,
        })
    }
}

/// The whole flow of the units of a filter.
pub(super) fn all(call: &Call<'_>) -> Handled {
    let filter = WatsFilter::of_body(call, None)?;
    let split = split_by(&filter)?;
    Ok(Answer::json(&Value::Object(flow(call, &filter, split))))
}

/// As [`all`], of nodes that are split, by stations unless the filter says by what.
pub(super) fn split(call: &Call<'_>) -> Handled {
    let filter = WatsFilter::of_body(call, None)?;
    let split = split_by(&filter)?.unwrap_or("stationName");
    Ok(Answer::json(&Value::Object(flow(
        call,
        &filter,
        Some(split),
    ))))
}

/// The member of headers that nodes are split by.
fn split_by(filter: &WatsFilter) -> Result<Option<&'static str>, Answer> {
    const KNOWN: &[(&str, &str)] = &[
        ("stationName", "stationName"),
        ("location", "location"),
        ("purpose", "purpose"),
        ("operator", "userName"),
        ("revision", "revision"),
        ("partNumber", "partNumber"),
        ("batchNumber", "batchNumber"),
        ("swVersion", "swVersion"),
    ];
    let Some(name) = filter.text("splitBy").or(filter.text("dimensions")) else {
        return Ok(None);
    };
    let find = KNOWN
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    let (_, column) = find.ok_or_else(|| invalid(format!("units cannot be split by '{name}'")))?;
    Ok(Some(column))
}

/// What the units with these ids are; clients also send a filter with `serialNumbers`, and get its flow.
pub(super) fn units_of(call: &Call<'_>) -> Handled {
    let ids = match call.json()? {
        Value::Object(mut body) => {
            let list = member(&body, "serialNumbers").and_then(Value::as_array);
            let list = list.map(|list| {
                list.iter()
                    .filter_map(Value::as_str)
                    .collect::<Vec<_>>()
                    .join(";")
            });
            body.extend(list.map(|list| ("serialNumber".to_owned(), list.into())));
            let filter = WatsFilter::of(call, &body, None)?;
            return Ok(Answer::json(&Value::Object(flow(call, &filter, None))));
        }
        Value::Array(ids) => ids,
        _ => return Err(invalid("the body must be an array")),
    };
    let ids: Option<HashSet<usize>> = ids
        .iter()
        .map(|id| usize::try_from(id.as_u64()?).ok())
        .collect();
    let ids = ids.ok_or_else(|| invalid("the body must be an array of ids of units"))?;
    let history = History::of(call);
    let mut rows: Vec<_> = unit_ids(&history)
        .into_iter()
        .filter(|(_, id)| ids.contains(id))
        .collect();
    rows.sort_unstable_by_key(|(_, id)| *id);
    let row =
        |((serial, part), id)| json!({ "unitId": id, "serialNumber": serial, "partNumber": part });
    Ok(Answer::json(&rows.into_iter().map(row).collect()))
}

/// The units of a body in the order of their ways; clients also send a filter, and get its flow.
pub(super) fn order(call: &Call<'_>) -> Handled {
    let mut units = match call.json()? {
        Value::Object(_) => return all(call),
        Value::Array(units) if units.iter().all(Value::is_object) => units,
        _ => return Err(invalid("the body must be an array of units")),
    };
    let number =
        |unit: &Value, name: &str| unit.get(name).and_then(Value::as_i64).unwrap_or_default();
    let first = |unit: &Value| {
        unit.get("orders")
            .and_then(|orders| orders.get(0))
            .and_then(Value::as_i64)
    };
    units.sort_by_key(|unit| (number(unit, "unitId"), first(unit)));
    Ok(Answer::json(&Value::Array(units)))
}

/// One list of the flow of a filter, that is in the query as JSON.
fn part(call: &Call<'_>, name: &str) -> Handled {
    let body = serde_json::from_str(call.required("filter")?);
    let body: Map<String, Value> = body.map_err(|_| bad("filter must be a filter as JSON."))?;
    let mut flow = flow(call, &WatsFilter::of(call, &body, None)?, None);
    Ok(Answer::json(&flow.remove(name).unwrap_or_default()))
}

pub(super) fn links(call: &Call<'_>) -> Handled {
    part(call, "links")
}

pub(super) fn nodes(call: &Call<'_>) -> Handled {
    part(call, "nodes")
}

pub(super) fn units(call: &Call<'_>) -> Handled {
    part(call, "units")
}
