//! A whole report: its parts as `reading` and `writing` have them, and what repairs list beside their units.

use serde_json::{Map, Value};

use super::element::{Element, Problem};
use super::reading::{self, State};
use super::repair;
use super::table::REPORT;
use super::writing;

/// The members of a report.
pub(super) fn read(mut element: Element<'_>) -> Result<Map<String, Value>, Problem> {
    let mut state = State::of(&element);
    let parts = repair::take(&mut element);
    let mut report = Map::new();
    reading::object(&REPORT, element, 0, &mut report, &mut state)?;
    repair::attach(parts, &mut report, &mut state)?;
    Ok(report)
}

/// A report as an element. What has no place in it is left out.
pub(super) fn write(report: &Map<String, Value>) -> Element<'static> {
    let mut element = writing::known(&REPORT, "Report", report);
    element.children.extend(repair::write(report));
    // After those that are known, so that their numbers stay what they are.
    writing::kept(&REPORT, report, &mut element);
    element
}
