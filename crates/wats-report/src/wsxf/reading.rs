//! An element as the object of WSJF that it is.

use serde_json::{Map, Value};

use super::element::{Element, Problem};
use super::form::Form;
use super::free_data;
use super::table::{Kind, PROPERTY, SEQUENCE_CALL, STEP, Shape};

/// The member that keeps what only WSXF has: attributes by `@name`, a text by `#text`, elements by name as a list.
pub(super) const KEPT: &str = "wsxf";

/// What is known of the report while its elements are read.
pub(super) struct State {
    /// Whether the numbers of measurements say another order than that of the elements.
    is_reordered: bool,
}

impl State {
    /// Looks at a report before it is read.
    pub(super) fn of(report: &Element<'_>) -> Self {
        let is_reordered = !numbers_rise(report, &mut None);
        Self { is_reordered }
    }
}

/// The attribute that numbers the measurements of a report.
const ORDER: &str = "MeasOrderNumber";

/// Whether the numbers of all measurements are such, and each is higher than the one before.
fn numbers_rise(element: &Element<'_>, last: &mut Option<i64>) -> bool {
    if let Some(number) = element.attribute(ORDER) {
        let number = number.trim().parse().ok();
        if number.is_none() || number <= *last {
            return false;
        }
        *last = number;
    }
    element
        .children
        .iter()
        .all(|child| numbers_rise(child, last))
}

/// Reads an element to the members of an object; it is the one of this position among those of its kind.
pub(super) fn object(
    kind: &'static Kind,
    mut element: Element<'_>,
    position: usize,
    into: &mut Map<String, Value>,
    state: &mut State,
) -> Result<(), Problem> {
    if std::ptr::eq(kind, &raw const PROPERTY) {
        element = free_data::long(element);
    }
    if kind.text.is_some() {
        forget_size(&mut element);
    }
    attributes(kind, &element, position, into, state);
    match kind.text {
        Some((member, form)) if element.has_text => {
            into.insert(member.to_owned(), form.read(&element.text));
        }
        _ if !element.is_blank() => keep(into, "#text", element.text.into()),
        _ => {}
    }
    let mut steps = 0;
    for child in element.children {
        self::child(kind, child, &mut steps, into, state)?;
    }
    if std::ptr::eq(kind, &raw const SEQUENCE_CALL) {
        forget_file_name(into);
    }
    Ok(())
}

/// Forgets the size of a file that is the one of its contents.
fn forget_size(data: &mut Element<'_>) {
    for name in ["size", "Size"] {
        let said: Option<usize> = data
            .attribute(name)
            .and_then(|said| said.trim().parse().ok());
        let text: usize = data
            .text
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=')
            .count();
        if said.is_some() && said == Some(text / 4 * 3 + (text % 4) * 3 / 4) {
            data.take_attribute(name);
        }
    }
}

/// Forgets the name of a file that the path says too.
fn forget_file_name(call: &mut Map<String, Value>) {
    let Some(Value::Object(kept)) = call.get_mut(KEPT) else {
        return;
    };
    let Some(Value::String(name)) = kept.remove(FILE_NAME) else {
        return;
    };
    let rest = !kept.is_empty();
    match call.get("path").and_then(Value::as_str) {
        Some(path) if name.is_empty() || name == path || name == file_name(path) => {}
        None if !name.is_empty() => {
            call.insert("path".to_owned(), name.into());
        }
        _ => return keep(call, FILE_NAME, name.into()),
    }
    if !rest {
        call.remove(KEPT);
    }
}

/// Where the name of the file of a sequence is kept, if the path does not say it.
const FILE_NAME: &str = "@Filename";

/// The name of the file that a path leads to, of whichever system it is.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn attributes(
    kind: &'static Kind,
    element: &Element<'_>,
    position: usize,
    into: &mut Map<String, Value>,
    state: &mut State,
) {
    for (name, value) in &element.attributes {
        if let Some((member, form)) = kind.attribute(name) {
            into.insert(member.to_owned(), form.read(value));
            continue;
        }
        // What the order of the elements says is no member; where it says something else, it is kept.
        let number = value.trim().parse::<i64>().ok();
        if kind.positions.contains(&name.as_ref()) && number == i64::try_from(position).ok() {
            continue;
        }
        if name == ORDER && !state.is_reordered {
            continue;
        }
        // Some programs write as an attribute what others write as an element.
        match kind.child(name) {
            Some(child) if matches!(child.shape, Shape::Text) => {
                into.insert(child.member.to_owned(), value.as_ref().into());
            }
            _ => keep(into, &format!("@{name}"), value.as_ref().into()),
        }
    }
}

/// Whether a step is an iteration of the loop before it, whose number it has.
fn is_iteration(step: &Element<'_>) -> bool {
    let mut children = step.children.iter();
    children.any(|child| child.name == "Loop" && child.attribute("index").is_some())
}

/// Reads a child of an element. `steps` counts the steps before it, a loop with its iterations as one.
fn child(
    kind: &'static Kind,
    mut element: Element<'_>,
    steps: &mut usize,
    into: &mut Map<String, Value>,
    state: &mut State,
) -> Result<(), Problem> {
    let Some(child) = kind.child(&element.name) else {
        let is_leaf = element.attributes.is_empty() && element.children.is_empty();
        match kind.attribute(&element.name) {
            Some((member, form)) if is_leaf && !into.contains_key(member) => {
                into.insert(member.to_owned(), form.read(&element.text));
            }
            _ => keep_element(into, &element),
        }
        return Ok(());
    };
    let is_new = !into.contains_key(child.member);
    match child.shape {
        Shape::Text if is_new && element.children.is_empty() => {
            let text = std::mem::take(&mut element.text);
            into.insert(child.member.to_owned(), text.into());
            keep_rest(into, &element);
        }
        Shape::One(kind) if is_new => {
            let mut members = Map::new();
            object(kind, element, 0, &mut members, state)?;
            into.insert(child.member.to_owned(), members.into());
        }
        Shape::One(_) if child.member == "root" => {
            let what = "a report has one `Step`, which all others are in; this is another";
            return Err(Problem::new(element.at.start, what));
        }
        Shape::Many(kind) | Shape::Also(kind) => {
            let position = if std::ptr::eq(kind, &raw const STEP) {
                let iteration = usize::from(is_iteration(&element));
                let position = steps.saturating_sub(iteration);
                *steps += 1 - iteration;
                position
            } else {
                length(into, child.member)
            };
            let mut members = Map::new();
            object(kind, element, position, &mut members, state)?;
            add(into, child.member, members);
        }
        Shape::Inline(kind) => {
            element.attributes.retain(|(name, value)| {
                let Some((member, form)) = kind.attribute(name) else {
                    return true;
                };
                let is_new = !into.contains_key(member);
                if is_new {
                    into.insert(member.to_owned(), form.read(value));
                }
                !is_new
            });
            keep_rest(into, &element);
        }
        Shape::Wrapped(item, kind) => {
            let mut rest = Vec::new();
            for inner in std::mem::take(&mut element.children) {
                if inner.name != item {
                    rest.push(inner);
                    continue;
                }
                let position = length(into, child.member);
                let mut members = Map::new();
                object(kind, inner, position, &mut members, state)?;
                add(into, child.member, members);
            }
            element.children = rest;
            keep_rest(into, &element);
        }
        Shape::Text | Shape::One(_) => keep_element(into, &element),
    }
    Ok(())
}

fn length(into: &Map<String, Value>, member: &str) -> usize {
    into.get(member)
        .and_then(Value::as_array)
        .map_or(0, Vec::len)
}

/// Adds an object to a list.
pub(super) fn add(into: &mut Map<String, Value>, member: &str, item: Map<String, Value>) {
    let list = into
        .entry(member)
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(items) = list {
        items.push(item.into());
    }
}

/// Keeps what has no member of its own.
pub(super) fn keep(into: &mut Map<String, Value>, name: &str, value: Value) {
    let kept = into
        .entry(KEPT)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(kept) = kept {
        kept.insert(name.to_owned(), value);
    }
}

/// Keeps an element that has no member of its own, after those of its name that were kept before.
pub(super) fn keep_element(into: &mut Map<String, Value>, element: &Element<'_>) {
    let kept = into
        .entry(KEPT)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(kept) = kept {
        push_element(kept, element);
    }
}

fn push_element(into: &mut Map<String, Value>, element: &Element<'_>) {
    let list = into
        .entry(element.name.as_ref())
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(items) = list {
        items.push(any(element).into());
    }
}

/// Keeps what is left of an element after its members were taken out, if something is.
fn keep_rest(into: &mut Map<String, Value>, element: &Element<'_>) {
    if !element.attributes.is_empty() || !element.children.is_empty() || !element.is_blank() {
        let mut rest = element.clone();
        // White space is none of it.
        if rest.is_blank() {
            rest.text.clear();
            rest.has_text = false;
        }
        keep_element(into, &rest);
    }
}

/// An element of any kind. Its depth is bounded by that of the document.
fn any(element: &Element<'_>) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, value) in &element.attributes {
        members.insert(format!("@{name}"), Form::Text.read(value));
    }
    let is_layout = element.is_blank() && !element.children.is_empty();
    if element.has_text && !is_layout {
        members.insert("#text".to_owned(), element.text.clone().into());
    }
    for child in &element.children {
        push_element(&mut members, child);
    }
    members
}
