//! Assets saved, deleted, read and listed.

use serde_json::{Map, Value, json};

use super::{
    ASSETS, FILES, LOG, NUMBERS, SAVED, STATES, VIEW, below, by_serial, meant, no_asset, types,
    upkeep, view,
};
use crate::answer::{Answer, Handled};
use crate::api::list::List;
use crate::api::{blob, stamp, tags};
use crate::call::{Call, conflict, invalid, member, new_guid, text};
use crate::shape::{document, merge};
use crate::store::State;

const LIST: List = List::of(VIEW);
/// Most characters of a serial number.
const MAX_NUMBER: usize = 100;

/// In the order of their ids.
pub(super) fn list(call: &Call<'_>) -> Handled {
    let assets: Vec<Map<String, Value>> = call.store.read(|state| {
        let assets = state.rows(ASSETS);
        assets.map(|(_, asset)| view::row(state, asset)).collect()
    });
    LIST.answer(&call.query, assets.into_iter())
}

/// One asset by its id or serial number.
pub(super) fn get(call: &Call<'_>) -> Handled {
    let key = call.param(0);
    let asset = call.store.read(|state| {
        let asset = state.get(ASSETS, key).or_else(|| by_serial(state, key))?;
        Some(view::whole(state, asset, true))
    });
    asset
        .map(|asset| Answer::json(&asset))
        .ok_or_else(|| no_asset(key))
}

/// The assets that belong to one, down to a level; all where that is 0 or absent.
pub(super) fn sub_assets(call: &Call<'_>) -> Handled {
    let level = call.query.count("level")?.filter(|level| *level > 0);
    call.store.read(|state| {
        let asset = Value::Object(meant(call, state)?);
        let id = text(&asset, "assetId").unwrap_or_default();
        let found = below(state, id, level.unwrap_or(usize::MAX)).into_iter();
        let found = found.filter_map(|(_, id)| state.get(ASSETS, &id));
        let found = found.map(|asset| view::whole(state, asset, false));
        Ok(Answer::json(&found.collect()))
    })
}

/// Saves the asset of an id; without one, the asset of a serial number, which is new if there is none of it.
pub(super) fn save(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let given = |name: &str| {
        let text = member(&body, name).and_then(Value::as_str);
        text.filter(|text| !text.is_empty())
    };
    let number = given("serialNumber").filter(|number| number.chars().count() <= MAX_NUMBER);
    let number = number
        .ok_or_else(|| invalid(format!("serialNumber must be a text of 1 to {MAX_NUMBER}")))?;
    if given("typeId").is_none() {
        return Err(invalid("typeId is required"));
    }
    call.store.change(|change| {
        let same = by_serial(change, number);
        let known = match given("assetId") {
            Some(id) => Some(change.get(ASSETS, id).ok_or_else(|| no_asset(id))?),
            None => same,
        };
        if same.is_some() && same != known {
            return Err(conflict(format!(
                "Another asset has the serialNumber '{number}'."
            )));
        }
        let before = known.and_then(Value::as_object).cloned();
        let mut asset = before.clone().unwrap_or_else(|| new(change));
        merge(SAVED, &body, &mut asset)?;
        asset.insert("serialNumber".to_owned(), number.into());
        if let Some(tags) = member(&body, "tags") {
            asset.insert("tags".to_owned(), tags::bind(tags)?);
        }
        if let Some(parent) = parent(change, &body, &asset)? {
            asset.insert("parentAssetId".to_owned(), parent);
        }
        check(change, &asset)?;

        let id = asset.get("assetId").and_then(Value::as_str);
        let id = id.unwrap_or_default().to_owned();
        if let Some(old) = before
            .as_ref()
            .and_then(|old| old.get("serialNumber")?.as_str())
        {
            change.remove(NUMBERS, old);
        }
        change.put(NUMBERS, number, json!(id))?;
        change.put(ASSETS, &id, Value::Object(asset.clone()))?;
        match &before {
            None => upkeep::note(change, &id, upkeep::REGISTERED, ("", json!(null)), None)?,
            Some(before) => {
                for (name, value) in &asset {
                    if before.get(name) != Some(value) {
                        let value = (name.as_str(), value.clone());
                        upkeep::note(change, &id, upkeep::UPDATED, value, None)?;
                    }
                }
            }
        }
        Ok(Answer::json(&view::whole(
            change,
            &Value::Object(asset),
            true,
        )))
    })
}

fn new(state: &State) -> Map<String, Value> {
    let columns = VIEW.iter().map(|column| column.name);
    let columns = columns.filter(|name| *name != "xmlData" && !name.starts_with("next"));
    let mut asset = document(columns.map(|name| (name.to_owned(), Value::Null)));
    for (name, value) in [
        ("assetId", json!(new_guid())),
        ("ClientId", Value::Null),
        ("state", json!(0)),
        ("tags", json!([])),
        ("firstSeenDate", stamp::now(state)),
        ("totalCount", json!(0)),
        ("runningCount", json!(0)),
    ] {
        asset.insert(name.to_owned(), value);
    }
    asset.remove("parentSerialNumber");
    asset
}

/// The id of the parent that a body names; none if it names none.
fn parent(
    state: &State,
    body: &Map<String, Value>,
    asset: &Map<String, Value>,
) -> Result<Option<Value>, Answer> {
    let given = |name: &str| member(body, name).and_then(Value::as_str);
    let (found, name) = match (given("parentAssetId"), given("parentSerialNumber")) {
        (None | Some(""), None | Some("")) => {
            // An empty text says that there is no parent any more.
            let none = given("parentAssetId").or(given("parentSerialNumber"));
            return Ok(none.map(|_| Value::Null));
        }
        (Some(id), _) if !id.is_empty() => (state.get(ASSETS, id), id),
        (_, number) => {
            let number = number.unwrap_or_default();
            (by_serial(state, number), number)
        }
    };
    let parent = found.and_then(|parent| text(parent, "assetId"));
    let parent = parent.ok_or_else(|| invalid(format!("there is no parent asset '{name}'")))?;
    let id = asset.get("assetId").and_then(Value::as_str);
    let id = id.unwrap_or_default();
    if parent == id
        || below(state, id, usize::MAX)
            .iter()
            .any(|(_, below)| below == parent)
    {
        return Err(invalid("an asset cannot belong to itself"));
    }
    Ok(Some(parent.into()))
}

fn check(state: &State, asset: &Map<String, Value>) -> Result<(), Answer> {
    let kind = asset.get("typeId").and_then(Value::as_str);
    let kind = kind.unwrap_or_default();
    if types::by_id(state, kind).is_none() {
        return Err(invalid(format!(
            "there is no asset type with the typeId '{kind}'"
        )));
    }
    let is_state = |value: &Value| value.as_i64().is_some_and(|state| STATES.contains(&state));
    if !asset.get("state").is_some_and(is_state) {
        return Err(invalid("state goes from 0 to 6"));
    }
    Ok(())
}

/// Deletes an asset with its log and files. Those that belong to it belong to its parent then.
pub(super) fn delete(call: &Call<'_>) -> Handled {
    call.store.change(|change| {
        let asset = Value::Object(meant(call, change)?);
        let id = text(&asset, "assetId").unwrap_or_default();
        let prefix = format!("{id}/");
        for (_, child) in below(change, id, 1) {
            if let Some(Value::Object(mut orphan)) = change.get(ASSETS, &child).cloned() {
                let parent = asset.get("parentAssetId").cloned().unwrap_or_default();
                orphan.insert("parentAssetId".to_owned(), parent.clone());
                change.put(ASSETS, &child, Value::Object(orphan))?;
                upkeep::note(
                    change,
                    &child,
                    upkeep::UPDATED,
                    ("parentAssetId", parent),
                    None,
                )?;
            }
        }
        for entry in change.keys_under(LOG, &prefix) {
            change.remove(LOG, &entry);
        }
        for file in change.keys_under(FILES, &prefix) {
            blob::remove(change, FILES, &file)?;
        }
        change.remove(NUMBERS, text(&asset, "serialNumber").unwrap_or_default());
        change.remove(ASSETS, id);
        Ok(Answer::json(&json!({})))
    })
}
