//! What a stored report changes of units.
//!
//! Assumed: of the reports of a unit, the one that started last says what it is, whenever it comes. A report sets process
//! and revision, and the batch where it has one. A test report sets the last result, and takes a unit that is new, repaired
//! or waiting into production; a repair report makes it repaired. Other phases stay, whatever the result, as do sub units
//! that a later report does not name.

use serde_json::{Map, Value, json};

use super::{phase, relations, units};
use crate::answer::Answer;
use crate::odata::parse_time;
use crate::store::Change;

/// A report makes its unit known, with what is part of it, and says where it stands.
pub(crate) fn reported(change: &mut Change<'_>, header: &Map<String, Value>) -> Result<(), Answer> {
    let of = |name: &str| units::member(header, name);
    let (serial, part) = (of("serialNumber"), of("partNumber"));
    if serial.is_empty() || part.is_empty() {
        return Ok(());
    }
    let key = units::key(serial, part);
    let known = units::get(change, &key).cloned();
    let mut unit = known.unwrap_or_else(|| units::blank(change, serial, part));
    let start = parse_time(of("start"));
    if start < parse_time(units::member(&unit, "lastStart")) {
        return Ok(());
    }
    let is_test = of("reportType") == "T";
    let now = unit.get("unitPhaseId").and_then(Value::as_i64);
    let next = match now {
        Some(now) if is_test && phase::BEFORE_TEST.contains(&now) => phase::UNDER_PRODUCTION,
        _ if !is_test => phase::REPAIRED,
        now => now.unwrap_or(phase::UNDER_PRODUCTION),
    };
    let code = header.get("processCode").and_then(Value::as_i64);
    for (name, value) in [
        ("unitPhaseId", json!(next)),
        ("lastStart", json!(header.get("start"))),
        ("processCode", json!(code.map(|code| code.to_string()))),
        ("revision", json!(header.get("revision"))),
    ] {
        unit.insert(name.to_owned(), value);
    }
    if !of("batchNumber").is_empty() {
        unit.insert("batchNumber".to_owned(), json!(of("batchNumber")));
    }
    if is_test {
        unit.insert("lastResult".to_owned(), json!(header.get("result")));
    }
    units::store(change, unit)?;
    let parts = header.get("subUnits").and_then(Value::as_array);
    sub_units(change, &key, parts.map_or(&[], Vec::as_slice))
}

fn sub_units(change: &mut Change<'_>, parent: &str, parts: &[Value]) -> Result<(), Answer> {
    let mut keys = Vec::new();
    for part in parts.iter().filter_map(Value::as_object) {
        let of = |name: &str| units::member(part, name);
        let (serial, number) = (of("serialNumber"), of("partNumber"));
        if serial.is_empty() || number.is_empty() {
            continue;
        }
        let key = units::key(serial, number);
        if units::get(change, &key).is_none() {
            let mut unit = units::blank(change, serial, number);
            unit.insert("revision".to_owned(), json!(of("revision")));
            units::store(change, unit)?;
        }
        keys.push(key);
    }
    if keys.is_empty() {
        return Ok(());
    }
    relations::attach(change, parent, keys)
}
