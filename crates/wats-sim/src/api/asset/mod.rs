//! `api/Asset`: assets and their types, what they were used for, and what is due.
//!
//! - here: the tables, and who is meant by an id or a serial number; `save`: saving, deleting and reading assets; `view`: as they
//!   are answered,
//! - `types`: their types; `upkeep`: counts, calibration, maintenance, state and log; `due`: what is due,
//! - `used`: what reports change; `files`: the internal routes for files.
//!
//! The stored value has the members of a list item, and `ClientId` and `tags`; the rest is made of it when it is answered.
//! A serial number stands for one asset. Where an id and a serial number are given, the id counts.

mod due;
mod files;
mod save;
mod types;
mod upkeep;
mod used;
mod view;

use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::call::{Call, not_found, text};
use crate::odata::{Column, columns};
use crate::query::bad;
use crate::routes::routes;
use crate::shape::{Shape, shape};
use crate::store::State;

pub(crate) use used::{in_report, reported};

routes! {
    GET "/api/Asset" => save::list;
    PUT "/api/Asset" => save::save;
    DELETE "/api/Asset" => save::delete;
    GET "/api/Asset/{key}" => save::get;
    GET "/api/Asset/SubAssets" => save::sub_assets;
    GET "/api/Asset/Types" => types::list;
    PUT "/api/Asset/Types" => types::save;
    GET "/api/Asset/Log" => upkeep::log;
    GET "/api/Asset/Status" => upkeep::status;
    PUT "/api/Asset/State" => upkeep::set_state;
    PUT "/api/Asset/Count" => upkeep::count;
    POST "/api/Asset/ResetRunningCount" => upkeep::reset_running_count;
    POST "/api/Asset/Calibration" => upkeep::calibrated;
    POST "/api/Asset/Maintenance" => upkeep::maintained;
    POST "/api/Asset/Calibration/External" => upkeep::calibrated_outside;
    POST "/api/Asset/Maintenance/External" => upkeep::maintained_outside;
    PUT "/api/Asset/SetRunningCount" => upkeep::set_running_count;
    PUT "/api/Asset/SetTotalCount" => upkeep::set_total_count;
    POST "/api/Asset/Message" => upkeep::post_message;
    GET "/api/internal/Blob/Asset" => files::get;
    POST "/api/internal/Blob/Asset" => files::post;
    GET "/api/internal/Blob/Asset/List/{assetId}" => files::list;
    DELETE "/api/internal/Blob/Assets" => files::delete;
}

/// Assets by id.
const ASSETS: &str = "asset";
/// Ids of assets by serial number.
const NUMBERS: &str = "asset.number";
/// Types by id.
const TYPES: &str = "asset.type";
/// The log, by asset and number of the entry.
const LOG: &str = "asset.log";
/// Files by asset and name.
const FILES: &str = "asset.file";

/// The members of a list item, and what filters know.
const VIEW: &[Column] = columns! {
    Text: "assetId" "parentAssetId" "assetName" "serialNumber" "parentSerialNumber" "partNumber" "revision" "description"
        "location" "xmlData";
    Guid: "typeId";
    Number: "state" "totalCount" "runningCount";
    Time: "firstSeenDate" "lastSeenDate" "lastMaintenanceDate" "nextMaintenanceDate" "lastCalibrationDate"
        "nextCalibrationDate";
};

/// What a save may say; counts and dates have operations of their own.
const SAVED: Shape = shape! {
    Text: "assetName" "partNumber" "revision" "description" "location";
    Guid: "typeId";
    Integer: "ClientId" "state";
};

/// What is done with an asset goes from 0, unknown, to 6, scrapped.
const STATES: std::ops::RangeInclusive<i64> = 0..=6;

fn by_serial<'a>(state: &'a State, serial_number: &str) -> Option<&'a Value> {
    state.get(ASSETS, state.get(NUMBERS, serial_number)?.as_str()?)
}

/// The asset that a request means by `id` or `serialNumber`, as it is to be changed.
fn meant(call: &Call<'_>, state: &State) -> Result<Map<String, Value>, Answer> {
    let asset = match (call.optional("id"), call.optional("serialNumber")) {
        (Some(id), _) => state.get(ASSETS, id).ok_or_else(|| no_asset(id)),
        (None, Some(number)) => by_serial(state, number).ok_or_else(|| no_asset(number)),
        (None, None) => Err(bad("Either id or serialNumber is required.")),
    }?;
    Ok(asset.as_object().cloned().unwrap_or_default())
}

fn no_asset(key: &str) -> Answer {
    not_found(format!("asset with the id or serial number '{key}'"))
}

/// The assets that belong to one, those that belong to these, and so on, as deep as asked for; each once.
fn below(state: &State, id: &str, levels: usize) -> Vec<(usize, String)> {
    let mut children: std::collections::BTreeMap<&str, Vec<&str>> =
        std::collections::BTreeMap::new();
    for (child, asset) in state.rows(ASSETS) {
        if let Some(parent) = text(asset, "parentAssetId") {
            children.entry(parent).or_default().push(child);
        }
    }
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut level = children.remove(id).unwrap_or_default();
    for depth in 1..=levels {
        let next = level.iter().filter_map(|id| children.remove(id)).flatten();
        let next: Vec<&str> = next.collect();
        found.extend(level.iter().map(|id| (depth, (*id).to_owned())));
        if next.is_empty() {
            break;
        }
        level = next;
    }
    found
}

fn integer(asset: &Map<String, Value>, name: &str) -> i64 {
    asset.get(name).and_then(Value::as_i64).unwrap_or_default()
}
