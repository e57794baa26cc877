//! The folders that packages are listed in. One is always there.

use serde_json::{Map, Value, json};

use super::PACKAGES;
use super::archive::MAX_DEPTH;
use crate::answer::{Answer, Handled};
use crate::call::{Call, conflict, invalid, member, new_guid, not_found, text};
use crate::shape::{Shape, bind, blank, merge, shape};
use crate::store::{Change, State};

/// Folders by id, all but the first.
const FOLDERS: &str = "software.virtual";
/// The one that is always there, in which packages are where nothing is said.
pub(super) const FIRST: &str = "5f0a1b52-6f5c-4f0e-9d2f-7a5a3f1c2b10";

const SHAPE: Shape = shape! {
    Guid: "id" "parentId";
    Text: "name" "description";
};

/// A folder; none if there is none of this id.
pub(super) fn by_id(state: &State, id: &str) -> Option<Value> {
    let first = (id == FIRST)
        .then(|| json!({ "id": FIRST, "parentId": null, "name": "Software", "description": null }));
    first.or_else(|| state.get(FOLDERS, id).cloned())
}

pub(super) fn list(call: &Call<'_>) -> Handled {
    call.store.read(|state| {
        let others = state.rows(FOLDERS).map(|(_, folder)| folder.clone());
        Ok(Answer::json(
            &by_id(state, FIRST).into_iter().chain(others).collect(),
        ))
    })
}

pub(super) fn create(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    call.store.change(|change| {
        let mut folder = blank(SHAPE);
        merge(SHAPE, &body, &mut folder)?;
        folder.insert("id".to_owned(), json!(new_guid()));
        put(change, folder)
    })
}

/// Without a parent, the folder is in none.
pub(super) fn update(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let given = bind(SHAPE, &body)?;
    call.store.change(|change| {
        let id = member(&given, "id")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let known = change.get(FOLDERS, id);
        let known = known.ok_or_else(|| not_found(format!("virtual folder '{id}'")))?;
        let mut folder = known.as_object().cloned().unwrap_or_default();
        folder.insert("parentId".to_owned(), Value::Null);
        merge(SHAPE, &body, &mut folder)?;
        put(change, folder)
    })
}

fn put(change: &mut Change<'_>, folder: Map<String, Value>) -> Handled {
    let folder = Value::Object(folder);
    let id = text(&folder, "id").unwrap_or_default();
    if text(&folder, "name").is_none_or(|name| name.trim().is_empty()) {
        return Err(invalid("name is required"));
    }
    let mut next = text(&folder, "parentId").map(str::to_owned);
    for _ in 0..MAX_DEPTH {
        let Some(parent) = next.take() else {
            break;
        };
        let above = by_id(change, &parent).filter(|_| parent != id);
        let above =
            above.ok_or_else(|| invalid("parentId must be that of another virtual folder"))?;
        next = text(&above, "parentId").map(str::to_owned);
    }
    if next.is_some() {
        return Err(invalid(format!("folders nest at most {MAX_DEPTH} deep")));
    }
    change.put(FOLDERS, id, folder.clone())?;
    Ok(Answer::json(&folder))
}

/// Deletes a folder in which nothing is.
pub(super) fn delete(call: &Call<'_>) -> Handled {
    let id = call.guid_param(0)?;
    call.store.change(|change| {
        let is_in = |name: &'static str| {
            let id = id.as_str();
            move |document: &Value| text(document, name) == Some(id)
        };
        let is_used = change.find(FOLDERS, is_in("parentId")).is_some()
            || change.find(PACKAGES, is_in("virtualFolderId")).is_some();
        if is_used || id == FIRST {
            return Err(conflict("The virtual folder is in use."));
        }
        if !change.remove(FOLDERS, &id) {
            return Err(not_found(format!("virtual folder '{id}'")));
        }
        Ok(Answer::json(&json!({})))
    })
}
