//! What repairs have: failures and files, which WSXF lists beside the units that they are of.

use serde_json::{Map, Value};

use super::element::{Element, Problem};
use super::reading::{self, State, add, keep, keep_element};
use super::table::{BINARY_DATA, FAILURE};
use super::writing;

/// The failures and files of a report, not yet where they belong.
#[derive(Default)]
pub(super) struct Parts<'a> {
    failures: Vec<Element<'a>>,
    files: Vec<Element<'a>>,
}

/// Takes the failures and files out of a report.
pub(super) fn take<'a>(report: &mut Element<'a>) -> Parts<'a> {
    let mut parts = Parts::default();
    let is_other = |child: &Element<'_>| !matches!(child.name.as_ref(), "Failures" | "Binary");
    if report.children.iter().all(is_other) {
        return parts;
    }
    for child in std::mem::take(&mut report.children) {
        match child.name.as_ref() {
            "Failures" => parts.failures.push(child),
            "Binary" => parts.files.push(child),
            _ => report.children.push(child),
        }
    }
    parts
}

/// Puts the failures to their units, and the files to their failures or to the report. What belongs nowhere is kept.
pub(super) fn attach(
    parts: Parts<'_>,
    report: &mut Map<String, Value>,
    state: &mut State,
) -> Result<(), Problem> {
    let mut failures = Vec::new();
    let mut is_all_placed = true;
    for (position, mut element) in parts.failures.into_iter().enumerate() {
        let number = number(&element, "Idx").unwrap_or_else(|| whole(position));
        let Some(unit) = unit_of(report, number_of_unit(&element)) else {
            keep_element(report, &element);
            is_all_placed = false;
            continue;
        };
        element.take_attribute("Idx");
        element.take_attribute("PartIdx");
        let mut failure = Map::new();
        reading::object(&FAILURE, element, position, &mut failure, state)?;
        failures.push((number, unit, failure));
    }
    for (position, element) in parts.files.into_iter().enumerate() {
        let owner = number(&element, "FailIdx");
        let Some(file) = file(&element, position) else {
            keep_element(report, &element);
            is_all_placed = false;
            continue;
        };
        let mut members = Map::new();
        match owner {
            None => {
                reading::object(&BINARY_DATA, file, 0, &mut members, state)?;
                add(report, "binaryData", members);
            }
            Some(owner) => {
                let found = failures.iter_mut().find(|(number, ..)| *number == owner);
                let Some((.., failure)) = found else {
                    keep_element(report, &element);
                    is_all_placed = false;
                    continue;
                };
                reading::object(&BINARY_DATA, file, 0, &mut members, state)?;
                add(failure, "attachments", members);
            }
        }
    }
    if let Some(Value::Array(units)) = report.get_mut("subUnits") {
        // In the order in which they are written.
        failures.sort_by_key(|(_, unit, _)| *unit);
        for (position, (number, unit, mut failure)) in failures.into_iter().enumerate() {
            // What names a failure that is not there must not name another.
            if !is_all_placed && usize::try_from(number) != Ok(position) {
                keep(&mut failure, "@Idx", number.to_string().into());
            }
            if let Some(Value::Object(unit)) = units.get_mut(unit) {
                add(unit, "failures", failure);
            }
        }
    }
    Ok(())
}

/// The whole number that an attribute is.
fn number(element: &Element<'_>, name: &str) -> Option<i64> {
    element.attribute(name)?.trim().parse().ok()
}

/// A position as a number.
fn whole(position: usize) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// The number of the unit that a failure is of; without one it is the unit of the report.
fn number_of_unit(failure: &Element<'_>) -> i64 {
    number(failure, "PartIdx").unwrap_or(0)
}

/// Where the unit of a number is: the one that says so, or else the one of this position that says nothing.
fn unit_of(report: &Map<String, Value>, number: i64) -> Option<usize> {
    let units = report.get("subUnits")?.as_array()?;
    let says = |unit: &Value| unit.get("idx").and_then(Value::as_i64);
    let saying = units.iter().position(|unit| says(unit) == Some(number));
    saying.or_else(|| {
        let position = usize::try_from(number).ok()?;
        says(units.get(position)?).is_none().then_some(position)
    })
}

/// The number by which a failure names the unit of a position.
fn number_for(units: &[Value], position: usize) -> i64 {
    let says = units.get(position).and_then(|unit| unit.get("idx"));
    says.and_then(Value::as_i64)
        .unwrap_or_else(|| whole(position))
}

/// The `Data` of a `Binary`, if there is nothing else in it that is not known.
fn file<'a>(binary: &Element<'a>, position: usize) -> Option<Element<'a>> {
    let [data] = binary.children.as_slice() else {
        return None;
    };
    let is_known = |(name, value): &(_, _)| -> bool {
        let name: &std::borrow::Cow<'_, str> = name;
        let value: &std::borrow::Cow<'_, str> = value;
        let number = value.trim().parse::<i64>().ok();
        match name.as_ref() {
            "BinaryDataIndex" => number == i64::try_from(position).ok(),
            "FailIdx" => number.is_some(),
            _ => false,
        }
    };
    let plain = binary.is_blank() && binary.attributes.iter().all(is_known);
    (plain && data.name == "Data").then(|| data.clone())
}

/// The failures and files of a report as elements.
pub(super) fn write(report: &Map<String, Value>) -> Vec<Element<'static>> {
    let none = Vec::new();
    let units = report.get("subUnits").and_then(Value::as_array);
    let units = units.unwrap_or(&none);
    let (mut failures, mut files) = (Vec::new(), Vec::new());
    for (position, unit) in units.iter().enumerate() {
        for failure in objects(unit.get("failures")) {
            let mut element = writing::object(&FAILURE, "Failures", failure);
            element.push_attribute("Idx", failures.len().to_string());
            let number = element.attribute("Idx").map(str::to_owned);
            element.push_attribute("PartIdx", number_for(units, position).to_string());
            failures.push(element);
            for file in objects(failure.get("attachments")) {
                files.push(binary(file, files.len(), number.clone()));
            }
        }
    }
    for file in objects(report.get("binaryData")) {
        files.push(binary(file, files.len(), None));
    }
    failures.append(&mut files);
    failures
}

fn objects(list: Option<&Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_object)
}

fn binary(file: &Map<String, Value>, position: usize, failure: Option<String>) -> Element<'static> {
    let mut element = Element::new("Binary");
    element.push_attribute("BinaryDataIndex", position.to_string());
    if let Some(failure) = failure {
        element.push_attribute("FailIdx", failure);
    }
    element
        .children
        .push(writing::object(&BINARY_DATA, "Data", file));
    element
}
