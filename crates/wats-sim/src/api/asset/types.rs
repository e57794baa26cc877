//! Types of assets: how often they are to be calibrated and maintained, and how often they may be used.

use serde_json::{Map, Value, json};

use super::TYPES;
use crate::answer::{Answer, Handled};
use crate::api::list::List;
use crate::call::{Call, conflict, invalid, member, new_guid, not_found, text};
use crate::odata::{Column, columns};
use crate::shape::{Is, Shape, bind, merge, shape};
use crate::store::State;

const VIEW: &[Column] = columns! {
    Guid: "typeId";
    Text: "typeName" "icon";
    Number: "runningCountLimit" "totalCountLimit" "maintenanceInterval" "calibrationInterval" "warningThreshold"
        "alarmThreshold";
    Bool: "isReadonly";
};
const LIST: List = List::of(VIEW);
const SHAPE: Shape = shape! {
    Guid: "typeId";
    Text: "typeName" "icon";
    Integer: "runningCountLimit" "totalCountLimit";
    Number: "maintenanceInterval" "calibrationInterval" "warningThreshold" "alarmThreshold";
    Bool: "isReadonly";
};

pub(super) fn by_id<'a>(state: &'a State, id: &str) -> Option<&'a Value> {
    state.get(TYPES, id)
}

/// Ordered by name.
pub(super) fn list(call: &Call<'_>) -> Handled {
    let mut types: Vec<Map<String, Value>> = call.store.read(|state| {
        let types = state.rows(TYPES).map(|(_, kind)| kind.as_object());
        types.flatten().cloned().collect()
    });
    types.sort_by(|left, right| name_of(left).cmp(name_of(right)));
    LIST.answer(&call.query, types.into_iter())
}

fn name_of(kind: &Map<String, Value>) -> &str {
    let name = kind.get("typeName").and_then(Value::as_str);
    name.unwrap_or_default()
}

/// Saves the type of an id; without one, the type of a name, which is new if there is none of it.
pub(super) fn save(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let given = bind(SHAPE, &body)?;
    let name = name_of(&given).trim().to_owned();
    if name.is_empty() {
        return Err(invalid("typeName is required"));
    }
    for (member, is) in SHAPE {
        let below = given.get(*member).and_then(Value::as_f64);
        if matches!(is, Is::Integer | Is::Number) && below.is_some_and(|number| number < 0.0) {
            return Err(invalid(format!("{member} must not be below zero")));
        }
    }
    call.store.change(|change| {
        let named = change.find(TYPES, |kind| text(kind, "typeName") == Some(&name));
        let known = match member(&body, "typeId").and(given.get("typeId")) {
            Some(Value::String(id)) => {
                let no_type = || not_found(format!("asset type with the typeId '{id}'"));
                Some(by_id(change, id).ok_or_else(no_type)?)
            }
            _ => named,
        };
        if named.is_some() && named != known {
            return Err(conflict(format!(
                "Another asset type has the typeName '{name}'."
            )));
        }
        let mut kind = match known {
            Some(known) if known.get("isReadonly") == Some(&json!(true)) => {
                return Err(conflict(format!("The asset type '{name}' is read-only.")));
            }
            Some(known) => known.as_object().cloned().unwrap_or_default(),
            None => {
                let mut kind = given.clone();
                kind.insert("typeId".to_owned(), new_guid().into());
                kind.insert("isReadonly".to_owned(), false.into());
                kind
            }
        };
        merge(SHAPE, &body, &mut kind)?;
        let kind = Value::Object(kind);
        let id = text(&kind, "typeId").unwrap_or_default().to_owned();
        change.put(TYPES, &id, kind.clone())?;
        Ok(Answer::json(&kind))
    })
}
