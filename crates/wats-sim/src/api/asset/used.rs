//! What reports change: the uses of the assets they name are counted once, and each report keeps how its assets stood when it
//! was processed.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ASSETS, NUMBERS, due, upkeep};
use crate::answer::Answer;
use crate::api::stamp;
use crate::call::text;
use crate::store::{Change, State, StoredReport};

/// How the assets of reports stood, by the id of the report.
const IN_REPORTS: &str = "asset.report";

/// What is read of a report.
#[derive(Deserialize)]
struct Report {
    assets: Vec<Use>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Use {
    #[serde(rename = "assetSN")]
    serial_number: String,
    usage_count: Option<i64>,
}

/// A report counts the use of the assets it names, once: not when its id comes again.
pub(crate) fn reported(
    change: &mut Change<'_>,
    report: &StoredReport,
    is_new: bool,
) -> Result<(), Answer> {
    let header = &report.header;
    let names_assets = header.get("assets").and_then(Value::as_array);
    if names_assets.is_none_or(Vec::is_empty) {
        return Ok(());
    }
    let Ok(Report { assets }) = serde_json::from_slice(&report.wsjf) else {
        return Ok(());
    };
    let mut rows = Vec::with_capacity(assets.len());
    for used in assets {
        let id = change.get(NUMBERS, &used.serial_number);
        let id = id.and_then(Value::as_str).map(str::to_owned);
        let mut row = Map::new();
        if let Some(id) = id {
            if is_new {
                count(change, &id, used.usage_count.unwrap_or(1))?;
            }
            let asset = change.get(ASSETS, &id).cloned().unwrap_or_default();
            row = due::of(change, &asset, change.now()).members;
        }
        row.insert("serialNumber".to_owned(), used.serial_number.into());
        rows.push(Value::Object(row));
    }
    let id = header.get("uuid").and_then(Value::as_str);
    change.put(IN_REPORTS, id.unwrap_or_default(), Value::Array(rows))
}

/// Counts that would go beyond what the server can count stay as they are.
fn count(change: &mut Change<'_>, id: &str, by: i64) -> Result<(), Answer> {
    let Ok(Value::Object(mut asset)) = upkeep::add(change, id, by.max(0)) else {
        return Ok(());
    };
    asset.insert("lastSeenDate".to_owned(), stamp::now(change));
    change.put(ASSETS, id, Value::Object(asset))
}

/// How an asset that a report names stood when the report was processed, in the place that the report names it.
pub(crate) fn in_report(state: &State, header: &Map<String, Value>) -> Option<Value> {
    let rows = state
        .get(IN_REPORTS, header.get("uuid")?.as_str()?)?
        .as_array()?;
    let named = header.get("assets")?.as_array()?;
    let row = |asset: &Value| {
        let seen = rows
            .iter()
            .find(|row| text(row, "serialNumber") == text(asset, "serialNumber"));
        let mut row = asset.as_object().cloned().unwrap_or_default();
        row.extend(seen.and_then(Value::as_object).cloned().unwrap_or_default());
        Value::Object(row)
    };
    Some(named.iter().map(row).collect())
}
