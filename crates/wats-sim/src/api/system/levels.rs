//! Levels of the factory: names below one another.

use serde_json::{Value, json};

use crate::answer::{Answer, Handled};
use crate::call::{Call, invalid, text};
use crate::query::bad;
use crate::store::State;

/// Levels by id.
const LEVELS: &str = "system.level";

/// Names from the topmost level down, at most.
const MAX_DEPTH: usize = 50;
const MAX_NAME: usize = 100;

/// All levels, by id.
pub(crate) fn levels(state: &State) -> impl Iterator<Item = &Value> {
    state.rows(LEVELS).map(|(_, level)| level)
}

/// The names of all levels, by id.
pub(crate) fn level_names(state: &State) -> impl Iterator<Item = &str> {
    state
        .rows(LEVELS)
        .filter_map(|(_, level)| text(level, "levelName"))
}

pub(super) fn name_of(state: &State, id: i64) -> Option<&str> {
    text(state.get(LEVELS, &key(id))?, "levelName")
}

fn key(id: i64) -> String {
    format!("{id:010}")
}

/// The id of the level of this name below another, or at the top.
fn below(state: &State, parent: Option<i64>, name: &str) -> Option<i64> {
    let level = state.find(LEVELS, |level| {
        level.get("parentId").and_then(Value::as_i64) == parent
            && text(level, "levelName") == Some(name)
    });
    level?.get("levelId")?.as_i64()
}

/// The id of the level at the end of the hierarchy; null if there is none.
pub(super) fn get(call: &Call<'_>) -> Handled {
    let names: Vec<&str> = call
        .query
        .all("hierarchy")
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() || names.len() > MAX_DEPTH {
        return Err(bad(format!(
            "hierarchy is required, 1 to {MAX_DEPTH} times."
        )));
    }
    let level = call.store.read(|state| {
        names
            .iter()
            .try_fold(None, |parent, name| Some(Some(below(state, parent, name)?)))
    });
    Ok(Answer::json(&json!(level.flatten())))
}

/// Makes the levels of a hierarchy that there are not yet; answers the id of the last.
pub(super) fn post(call: &Call<'_>) -> Handled {
    let names = call.array()?;
    let fits = |name: &str| (1..=MAX_NAME).contains(&name.trim().chars().count());
    let names: Option<Vec<&str>> = names
        .iter()
        .map(|name| name.as_str().filter(|name| fits(name)))
        .collect();
    let names = names.filter(|names| (1..=MAX_DEPTH).contains(&names.len()));
    let names = names.ok_or_else(|| {
        invalid(format_args!(
            "the hierarchy must have 1 to {MAX_DEPTH} names of 1 to {MAX_NAME} characters"
        ))
    })?;
    call.store.change(|change| {
        let mut parent = None;
        for name in names {
            if let Some(known) = below(change, parent, name) {
                parent = Some(known);
                continue;
            }
            let id = i64::try_from(change.next(LEVELS)?).unwrap_or_default();
            let level = json!({ "levelId": id, "levelName": name, "parentId": parent });
            change.put(LEVELS, &key(id), level)?;
            parent = Some(id);
        }
        Ok(Answer::json(&json!(parent)))
    })
}
