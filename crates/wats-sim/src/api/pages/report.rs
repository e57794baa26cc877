//! A stored report as a tree of its steps.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Escaped, html};
use crate::answer::Handled;
use crate::call::{Call, not_found, parse_json};

/// The longest page of steps, in bytes; what is longer says so.
const LONGEST: usize = 4 * 1024 * 1024;

pub(super) fn page(call: &Call<'_>) -> Handled {
    let id = call.param(0);
    let stored = Uuid::try_parse(id)
        .ok()
        .and_then(|id| call.store.read(|state| state.reports.get(&id)));
    let stored = stored.ok_or_else(|| not_found(format!("report with id '{id}'")))?;
    let report = parse_json(&stored.wsjf)?;

    let mut body = String::from("<p><a href=\"/\">WATS simulator</a></p>");
    let title = format!("{} {}", shown(report.get("pn")), shown(report.get("sn")));
    let _ = write!(body, "<h1>{}</h1><table>", Escaped(&title));
    for (name, value) in stored
        .header
        .iter()
        .filter(|(_, value)| !value.is_null() && !value.is_array())
    {
        let _ = write!(
            body,
            "<tr><td class=\"quiet\">{}<td>{}</tr>",
            Escaped(name),
            Escaped(shown(Some(value)))
        );
    }
    body.push_str("</table><h2>Steps</h2><ul>");
    if let Some(root) = report.get("root").and_then(Value::as_object) {
        step(&mut body, root);
    }
    body.push_str("</ul>");
    if body.len() > LONGEST {
        body.push_str("<p class=\"bad\">The report has more steps than the page shows.</p>");
    }
    Ok(html(&title, false, &body))
}

/// A step and those below it. They nest no deeper than the JSON parser allows.
fn step(body: &mut String, step_of: &Map<String, Value>) {
    if body.len() > LONGEST {
        return;
    }
    let status = shown(step_of.get("status"));
    let head = format!(
        "<span class=\"{0}\">{0}</span> {1}",
        Escaped(&status),
        Escaped(shown(step_of.get("name")))
    );
    let children: Vec<_> = step_of
        .get("steps")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .collect();
    if children.is_empty() {
        let _ = write!(body, "<li>{head}{}</li>", measured(step_of));
        return;
    }
    let _ = write!(
        body,
        "<li><details open><summary>{head}{}</summary><ul>",
        measured(step_of)
    );
    for child in children {
        step(body, child);
    }
    body.push_str("</ul></details></li>");
}

/// The measurements of a step in words: value, unit and limits.
fn measured(step_of: &Map<String, Value>) -> String {
    let mut words = String::new();
    for kind in ["numericMeas", "stringMeas", "booleanMeas"] {
        let list = step_of.get(kind).and_then(Value::as_array);
        for one in list.into_iter().flatten().filter_map(Value::as_object) {
            let of = |name: &str| Escaped(shown(one.get(name)));
            let _ = write!(
                words,
                " <code>{} {} {}",
                of("name"),
                of("value"),
                of("unit")
            );
            if one
                .get("compOp")
                .is_some_and(|operator| operator.as_str() != Some("LOG"))
            {
                let _ = write!(
                    words,
                    " <span class=\"quiet\">{} {}{} {}</span>",
                    of("compOp"),
                    of("limit"),
                    of("lowLimit"),
                    of("highLimit")
                );
            }
            words.push_str("</code>");
        }
    }
    words
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
