//! Tags: pairs of key and value, and their XML (`<PackageInfo><key>value</key></PackageInfo>`).

use std::fmt::Write as _;

use quick_xml::Reader;
use quick_xml::escape::{escape, unescape};
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::call::{invalid, member, text};

/// Binds tags as they come, in an array or as XML; each needs a key, and of several with one key the last counts.
pub(super) fn bind(given: &Value) -> Result<Value, Answer> {
    let read = given.as_str().map(|xml| {
        read(xml).ok_or_else(|| {
            invalid("tags are not of the form <PackageInfo><key>value</key></PackageInfo>")
        })
    });
    let read = read.transpose()?;
    let list = read.as_ref().or(given.as_array());
    let list = list.ok_or_else(|| invalid("tags must be an array"))?;
    let mut tags: Map<String, Value> = Map::new();
    for tag in list {
        let part = |name: &str| tag.as_object().and_then(|tag| member(tag, name));
        let key = part("key").and_then(Value::as_str);
        let key = key
            .filter(|key| !key.is_empty())
            .ok_or_else(|| invalid("a tag needs a key"))?;
        let value = part("value").cloned().unwrap_or_default();
        if !(value.is_null() || value.is_string()) {
            return Err(invalid(format!(
                "the value of the tag '{key}' must be a text"
            )));
        }
        tags.insert(
            key.to_owned(),
            json!({ "key": key, "value": value, "change": null }),
        );
    }
    Ok(tags.into_iter().map(|(_, tag)| tag).collect())
}

/// Tags out of XML.
fn read(xml: &str) -> Option<Vec<Value>> {
    let mut reader = Reader::from_str(xml);
    let (mut tags, mut path, mut value) = (Vec::new(), Vec::<String>::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if path.len() < 2 => {
                path.push(start.name().as_ref().to_owned());
                value.clear();
            }
            Event::Text(text) => value.push_str(&text),
            Event::GeneralRef(name) => {
                value.push_str(&unescape(&format!("&{};", &*name)).ok()?);
            }
            Event::End(_) => {
                let key = path.pop()?;
                if path.len() == 1 {
                    tags.push(json!({ "key": key, "value": value }));
                }
            }
            Event::Eof => return path.is_empty().then_some(tags),
            Event::Decl(_) | Event::Comment(_) => {}
            _ => return None,
        }
    }
}

/// The tags of a document as key and value.
pub(super) fn of(document: &Value) -> impl Iterator<Item = (&str, &str)> {
    let tags = document.get("tags").and_then(Value::as_array);
    tags.into_iter().flatten().filter_map(|tag| {
        let value = text(tag, "value").unwrap_or_default();
        Some((text(tag, "key")?, value))
    })
}

/// The tags of a document as XML; null if it has none.
pub(super) fn xml(document: &Value, root: &str) -> Value {
    let mut inner = String::new();
    for (key, value) in of(document) {
        let name = element(key);
        // Writing into a text cannot fail.
        let _ = write!(inner, "<{name}>{}</{name}>", escape(value));
    }
    if inner.is_empty() {
        return Value::Null;
    }
    Value::String(format!("<{root}>{inner}</{root}>"))
}

/// A key as the name of an element: what a name cannot hold is written as `_x0020_`, as .NET does.
fn element(key: &str) -> String {
    let mut name = String::with_capacity(key.len());
    for (place, c) in key.chars().enumerate() {
        let fits =
            c.is_alphabetic() || c == '_' || place > 0 && (c.is_numeric() || "-.".contains(c));
        if fits {
            name.push(c);
        } else {
            let _ = write!(name, "_x{:04X}_", u32::from(c));
        }
    }
    name
}
