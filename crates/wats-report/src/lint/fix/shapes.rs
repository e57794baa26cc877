//! Lists and objects in other shapes than the member's: as converters from XML, and writers that know no empty object, make
//! them.

use serde_json::Value;

use super::{Fixer, Mend};
use crate::Payload;
use crate::lint::place::Place;
use crate::lint::rules;
use crate::wire::put_value;
use crate::wire::slot::Fields;

/// Members that are texts of numbers.
const POINTS: &[&str] = &["xdata", "ydata"];

fn is_list(kind: &str) -> bool {
    kind.starts_with("a list")
}

/// Whether [`mend`] could make something of it.
pub(super) fn has_meaning(name: &str, kind: &str, value: &Value) -> bool {
    match value {
        Value::Array(items) => {
            items.is_empty()
                || is_list(kind)
                || (kind == "an object" && is_one_object(items))
                || text_of(name, items).is_some()
        }
        Value::Object(_) => is_list(kind),
        _ => false,
    }
}

/// An object where a list is meant is a list of one, and the other way about; an empty list stands for no object, a null
/// for no item. Answers whether it could be read.
pub(super) fn mend(
    fixer: &mut Fixer<'_>,
    model: &mut dyn Fields,
    (name, kind): (&'static str, &'static str),
    value: &Value,
    place: &Place<'_>,
) -> bool {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        Value::Object(_) if is_list(kind) => std::slice::from_ref(value),
        _ => return false,
    };
    if is_list(kind) {
        return list(fixer, model, name, items, place);
    }
    if items.is_empty() {
        model.extra_mut().remove(name);
        fixer.did(
            rules::WRONG_KIND,
            place,
            format_args!("{name} was an empty list, and was left out"),
        );
        return true;
    }
    let meant = match text_of(name, items) {
        Some(text) => Value::String(text),
        None if kind == "an object" && is_one_object(items) => items[0].clone(),
        None => return false,
    };
    let slot = model.slot(name).map(|found| found.slot);
    if slot.is_none_or(|slot| put_value(slot, meant).is_some()) {
        return false;
    }
    model.extra_mut().remove(name);
    fixer.did(
        rules::WRONG_KIND,
        place,
        format_args!("{name} was a list; it is {kind} now"),
    );
    true
}

/// Reads what items can be read. Others become free data of the report, if that is allowed.
fn list(
    fixer: &mut Fixer<'_>,
    model: &mut dyn Fields,
    name: &'static str,
    items: &[Value],
    place: &Place<'_>,
) -> bool {
    let mut odd = Vec::new();
    {
        let slot = model.slot(name).map(|found| found.slot);
        let Some(list) = slot.and_then(|slot| slot.list()) else {
            return false;
        };
        for item in items.iter().filter(|item| !item.is_null() && *item != "") {
            if let Some(left) = put_value(list, plain_id(item)) {
                odd.push(left);
            }
        }
    }
    if !odd.is_empty() && !fixer.may(Mend::Unreadable) {
        if let Some(found) = model.slot(name) {
            found.slot.take_back();
        }
        return false;
    }
    model.extra_mut().remove(name);
    let what = match odd.len() {
        0 => String::new(),
        count => format!("; {count} items that nobody can read are free data of the report"),
    };
    fixer.did(
        rules::WRONG_KIND,
        place,
        format_args!("{name} is a list of what it should be now{what}"),
    );
    for value in &odd {
        fixer.keep_unreadable(place, name, value);
    }
    true
}

/// An id as it is written in a list, where there is no room for another spelling.
fn plain_id(item: &Value) -> Value {
    let id = item
        .as_str()
        .and_then(|text| uuid::Uuid::try_parse(text).ok());
    id.map_or_else(|| item.clone(), |id| Value::String(id.to_string()))
}

fn is_one_object(items: &[Value]) -> bool {
    matches!(items, [Value::Object(_)])
}

/// The text that a list stands for: points of a chart, or the bytes of a file.
fn text_of(name: &str, items: &[Value]) -> Option<String> {
    if POINTS.contains(&name) {
        let points = items.iter().map(|item| match item {
            Value::Null => Some("NaN".to_owned()),
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) => text.trim().parse::<f64>().ok().map(|_| text.clone()),
            _ => None,
        });
        return Some(points.collect::<Option<Vec<_>>>()?.join(";"));
    }
    if name == "data" {
        let bytes = items
            .iter()
            .map(|item| u8::try_from(item.as_u64()?).ok())
            .collect::<Option<Vec<u8>>>()?;
        return Some(Payload::encode(&bytes));
    }
    None
}
