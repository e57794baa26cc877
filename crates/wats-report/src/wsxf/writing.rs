//! An object of WSJF as the element that it is.

use serde_json::{Map, Value};

use super::element::{Element, is_name};
use super::form::{Form, without_controls};
use super::free_data;
use super::reading::{KEPT, file_name};
use super::table::{Kind, PROPERTY, SEQUENCE_CALL, Shape};

/// An object, which nests no deeper than what the bounds of the model allow.
pub(super) fn object(
    kind: &'static Kind,
    name: &'static str,
    members: &Map<String, Value>,
) -> Element<'static> {
    let mut element = known(kind, name, members);
    kept(kind, members, &mut element);
    if std::ptr::eq(kind, &raw const SEQUENCE_CALL)
        && let Some(path) = element.attribute("Filepath")
    {
        let name = file_name(path).to_owned();
        element.push_attribute("Filename", name);
    }
    if std::ptr::eq(kind, &raw const PROPERTY) {
        return free_data::short(element);
    }
    element
}

/// What of an object has a place of its own.
pub(super) fn known(
    kind: &'static Kind,
    name: &'static str,
    members: &Map<String, Value>,
) -> Element<'static> {
    let mut element = Element::new(name);
    attributes(kind, members, &mut element);
    if let Some((member, form)) = kind.text
        && let Some(text) = members.get(member).and_then(|value| form.write(value))
    {
        element.text = text;
        element.has_text = true;
    }
    for child in kind.children {
        let value = members.get(child.member);
        let items = value.and_then(Value::as_array);
        match child.shape {
            Shape::Text => {
                if let Some(text) = value.and_then(|value| Form::Text.write(value)) {
                    let mut inner = Element::new(child.element);
                    inner.text = text;
                    inner.has_text = true;
                    element.children.push(inner);
                }
            }
            Shape::One(kind) => {
                if let Some(Value::Object(members)) = value {
                    element.children.push(object(kind, child.element, members));
                }
            }
            Shape::Many(kind) => {
                let objects = items.into_iter().flatten().filter_map(Value::as_object);
                let written = objects.map(|members| object(kind, child.element, members));
                element.children.extend(written);
            }
            Shape::Also(_) => {}
            Shape::Inline(kind) => {
                let mut inner = Element::new(child.element);
                attributes(kind, members, &mut inner);
                if !inner.attributes.is_empty() {
                    element.children.push(inner);
                }
            }
            Shape::Wrapped(item, kind) => {
                let mut inner = Element::new(child.element);
                let objects = items.into_iter().flatten().filter_map(Value::as_object);
                let written = objects.map(|members| object(kind, item, members));
                inner.children.extend(written);
                if !inner.children.is_empty() {
                    element.children.push(inner);
                }
            }
        }
    }
    element
}

fn attributes(kind: &'static Kind, members: &Map<String, Value>, element: &mut Element<'static>) {
    for (name, member, form) in kind.attributes {
        if let Some(text) = members.get(*member).and_then(|value| form.write(value)) {
            element.push_attribute(*name, text);
        }
    }
}

/// Writes back what was kept because it has no member of its own.
pub(super) fn kept(
    kind: &'static Kind,
    members: &Map<String, Value>,
    element: &mut Element<'static>,
) {
    let Some(Value::Object(kept)) = members.get(KEPT) else {
        return;
    };
    for (name, value) in kept {
        if let Value::Array(items) = value {
            // Of other elements nothing is left when their members are taken out.
            let leaves_rest = kind.child(name).is_some_and(|child| {
                matches!(
                    child.shape,
                    Shape::Text | Shape::Inline(_) | Shape::Wrapped(..)
                )
            });
            for item in items.iter().filter_map(Value::as_object) {
                let already = element
                    .children
                    .iter_mut()
                    .find(|child| child.name == name.as_str());
                match already {
                    // What was left of an element after its members were taken out.
                    Some(already) if leaves_rest && is_rest(already, item) => fill(already, item),
                    _ if is_name(name) => {
                        let mut inner = Element::new(name.clone());
                        fill(&mut inner, item);
                        element.children.push(inner);
                    }
                    _ => {}
                }
            }
        } else {
            leaf(name, value, element);
        }
    }
}

/// Whether these can be more of the element.
fn is_rest(element: &Element<'_>, rest: &Map<String, Value>) -> bool {
    let is_new = |name: &String| match name.strip_prefix('@') {
        Some(attribute) => element.attribute(attribute).is_none(),
        None => name != "#text" || !element.has_text,
    };
    !rest.is_empty() && rest.keys().all(is_new)
}

/// Fills an element of any kind.
fn fill(element: &mut Element<'static>, members: &Map<String, Value>) {
    for (name, value) in members {
        match value {
            Value::Array(items) if is_name(name) => {
                for item in items.iter().filter_map(Value::as_object) {
                    let mut inner = Element::new(name.clone());
                    fill(&mut inner, item);
                    element.children.push(inner);
                }
            }
            _ => leaf(name, value, element),
        }
    }
}

/// An attribute or the text.
fn leaf(name: &str, value: &Value, element: &mut Element<'static>) {
    let Some(text) = value.as_str().map(without_controls) else {
        return;
    };
    match name.strip_prefix('@') {
        Some(attribute) if is_name(attribute) => {
            element.push_attribute(attribute.to_owned(), text.into_owned());
        }
        None if name == "#text" && !element.has_text => {
            element.text = text.into_owned();
            element.has_text = true;
        }
        _ => {}
    }
}
