//! Assets as they are answered: as rows of lists, and in full.

use serde_json::{Map, Value, json};

use super::{ASSETS, LOG, VIEW, due, types};
use crate::api::tags;
use crate::call::text;
use crate::shape::document;
use crate::store::State;

/// An asset as lists show it.
pub(super) fn row(state: &State, asset: &Value) -> Map<String, Value> {
    let parent = text(asset, "parentAssetId").and_then(|id| state.get(ASSETS, id));
    let value = |name: &str| match name {
        "parentSerialNumber" => parent.and_then(|parent| parent.get("serialNumber").cloned()),
        "nextCalibrationDate" => Some(due::next(state, asset, "Calibration")),
        "nextMaintenanceDate" => Some(due::next(state, asset, "Maintenance")),
        "xmlData" => Some(tags::xml(asset, "AssetInfo")),
        name => asset.get(name).cloned(),
    };
    document(VIEW.iter().map(|column| {
        (
            column.name.to_owned(),
            value(column.name).unwrap_or_default(),
        )
    }))
}

/// An asset in full, with its type; those that belong to it and its log only where asked for.
pub(super) fn whole(state: &State, asset: &Value, with_rest: bool) -> Value {
    let mut whole = row(state, asset);
    whole.remove("xmlData");
    let kind = text(asset, "typeId").and_then(|id| types::by_id(state, id));
    let id = text(asset, "assetId").unwrap_or_default();
    let (children, log) = if with_rest {
        let children = state.rows(ASSETS).map(|(_, asset)| asset);
        let children = children.filter(|child| text(child, "parentAssetId") == Some(id));
        let log = state
            .under(LOG, &format!("{id}/"))
            .map(|(_, entry)| entry.clone())
            .collect();
        (
            children.map(|child| whole_of_child(state, child)).collect(),
            log,
        )
    } else {
        (Vec::new(), Vec::new())
    };
    for (name, value) in [
        (
            "ClientId",
            asset.get("ClientId").cloned().unwrap_or_default(),
        ),
        ("tags", asset.get("tags").cloned().unwrap_or_default()),
        ("assetChildren", Value::Array(children)),
        ("assetType", json!(kind)),
        ("assetLog", Value::Array(log)),
    ] {
        whole.insert(name.to_owned(), value);
    }
    Value::Object(whole)
}

fn whole_of_child(state: &State, asset: &Value) -> Value {
    whole(state, asset, false)
}
