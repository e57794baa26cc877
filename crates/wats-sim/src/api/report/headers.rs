//! Lists of headers: `Query/Header` and `Query/HeaderByMiscInfo`.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::derive::text_of;
use crate::answer::{Answer, Handled};
use crate::api::asset;
use crate::api::list::List;
use crate::call::Call;
use crate::odata::{Collection, Column, Schema, columns, parse_time};
use crate::query::bad;
use crate::shape::document;
use crate::store::StoredReport;

/// Properties of a header that a filter may use.
const HEADER: &[Column] = columns! {
    Guid: "uuid" "referencedUut";
    Text: "serialNumber" "partNumber" "reportType" "revision" "result" "batchNumber" "userName" "stationName" "location"
        "purpose" "processName" "comment" "swFilename" "swVersion" "fixtureId" "errorMessage" "causedUutFailure"
        "causedUutFailurePath";
    Time: "start";
    Bool: "measuresDeleted";
    Number: "timeStamp" "processCode" "executionTime" "testSocketIndex" "errorCode" "run" "receiveCount" "reportSize"
        "passedInRun";
};
const ORDERABLE: &[Column] = columns! {
    Time: "start";
    Guid: "uuid";
    Text: "serialNumber";
    Number: "timeStamp";
};
/// The lists of a header. They are answered when they are expanded, and filters may look into them.
const LISTS: &[Collection] = &[
    Collection {
        name: "subUnits",
        columns: columns! { Text: "partType" "serialNumber" "partNumber" "revision"; },
    },
    Collection {
        name: "miscInfo",
        columns: MISC_INFO,
    },
    Collection {
        name: "assets",
        columns: columns! { Text: "serialNumber"; },
    },
    Collection {
        name: "attachments",
        columns: columns! { Number: "stepId"; Text: "filename"; },
    },
    Collection {
        name: "uurSubUnits",
        columns: columns! { Text: "serialNumber" "partNumber" "revision"; },
    },
    Collection {
        name: "uurMiscInfo",
        columns: MISC_INFO,
    },
    Collection {
        name: "uurAttachments",
        columns: columns! { Guid: "id"; Text: "filename"; },
    },
];
const MISC_INFO: &[Column] = columns! { Text: "description" "value"; };
const SCHEMA: Schema = Schema {
    columns: HEADER,
    collections: LISTS,
};
const LIST: List = List {
    schema: SCHEMA,
    orderable: ORDERABLE,
    default_top: 10,
    max_top: 10_000,
};
/// Most rows of a search in misc info; how many the server gives is not published.
const MAX_MISC_ROWS: usize = 1000;

/// The newest headers that fit, never more than the cap of the settings.
pub(super) fn query_headers(call: &Call<'_>) -> Handled {
    let query = &call.query;
    let options = LIST.options(query)?;
    let report_type = match query.get("reportType") {
        None => None,
        Some(kind) if kind.eq_ignore_ascii_case("U") || kind.eq_ignore_ascii_case("T") => Some("T"),
        Some(kind) if kind.eq_ignore_ascii_case("R") => Some("R"),
        Some(other) => return Err(bad(format!("There is no reportType '{other}'."))),
    };
    let columns: Vec<_> = HEADER.iter().map(|column| column.name).collect();
    let lists: Vec<_> = LISTS.iter().map(|list| list.name).collect();
    let select = names(query.get("$select"), &columns)?;
    let expand = names(query.get("$expand"), &lists)?;

    let mut found: Vec<Arc<StoredReport>> = call
        .store
        .read(|state| state.reports.all())
        .into_iter()
        .filter(|report| {
            report_type.is_none_or(|kind| text_of(&report.header, "reportType") == Some(kind))
                && options.fits(&report.header)
        })
        .collect();
    // Keys are made once; among equals the last processed comes first.
    if let Some(order) = &options.order {
        found.sort_by(|left, right| {
            order
                .compare(&left.header, &right.header)
                .then(right.time_stamp.cmp(&left.time_stamp))
        });
    } else {
        newest_first(&mut found);
    }

    let page = found
        .iter()
        .skip(options.skip)
        .take(options.top.min(call.settings.max_headers));
    let expand = expand.as_deref().unwrap_or_default();
    let page = call.store.read(|state| {
        let row = |report: &Arc<StoredReport>| {
            let mut row = row(report, select.as_deref(), expand);
            if let Some(assets) = row.get_mut("assets") {
                *assets = asset::in_report(state, &report.header).unwrap_or_else(|| assets.take());
            }
            row
        };
        page.map(row).collect()
    });
    Ok(Answer::json(&Value::Array(page)))
}

/// The names of a comma-separated list in their proper writing.
fn names(
    option: Option<&str>,
    known: &[&'static str],
) -> Result<Option<Vec<&'static str>>, Answer> {
    let Some(option) = option else {
        return Ok(None);
    };
    let find = |name: &str| {
        known
            .iter()
            .copied()
            .find(|known| known.eq_ignore_ascii_case(name.trim()))
            .ok_or_else(|| {
                bad(format!(
                    "Could not find a property named '{}'.",
                    name.trim()
                ))
            })
    };
    option
        .split(',')
        .map(find)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// The header as it is answered: all members or those selected, and the expanded lists.
fn row(report: &StoredReport, select: Option<&[&'static str]>, expand: &[&'static str]) -> Value {
    let is_list = |name: &str| LISTS.iter().any(|list| list.name == name);
    let wanted = |name: &str| match select {
        _ if is_list(name) => expand.contains(&name),
        Some(select) => select.contains(&name),
        None => true,
    };
    let members = report.header.iter().filter(|(name, _)| wanted(name));
    Value::Object(document(
        members.map(|(name, value)| (name.clone(), value.clone())),
    ))
}

/// Test reports by what stands in their misc info, newest first.
pub(super) fn query_by_misc_info(call: &Call<'_>) -> Handled {
    let query = &call.query;
    let process_code = query.count("processCode")?;
    let serial_number = query.get("serialNumber");
    let (description, data) = (query.get("description"), query.get("data"));
    let fits = |report: &StoredReport| {
        let header = &report.header;
        let of_process =
            |code| header.get("processCode").and_then(Value::as_u64) == Some(code as u64);
        text_of(header, "reportType") == Some("T")
            && process_code.is_none_or(of_process)
            && serial_number.is_none_or(|serial| text_of(header, "serialNumber") == Some(serial))
            && (description.is_none() && data.is_none()
                || misc_info(header).any(|info| {
                    description.is_none_or(|name| text_of(info, "description") == Some(name))
                        && data.is_none_or(|value| text_of(info, "value") == Some(value))
                }))
    };
    let mut found = call.store.read(|state| state.reports.all());
    found.retain(|report| fits(report));
    newest_first(&mut found);
    let rows = found.iter().take(MAX_MISC_ROWS).map(|report| {
        let header = &report.header;
        let misc: Vec<Value> = misc_info(header)
            .map(
                |info| json!({ "description": info.get("description"), "data": info.get("value") }),
            )
            .collect();
        json!({
            "miscData": misc,
            "serialNumber": header.get("serialNumber"),
            "partNumber": header.get("partNumber"),
            "start": header.get("start"),
            "result": header.get("result"),
            "uuid": header.get("uuid"),
            "processCode": header.get("processCode"),
            "processName": header.get("processName"),
        })
    });
    Ok(Answer::json(&Value::Array(rows.collect())))
}

fn misc_info(header: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    let list = header.get("miscInfo").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

fn newest_first(reports: &mut [Arc<StoredReport>]) {
    let start = |report: &StoredReport| text_of(&report.header, "start").and_then(parse_time);
    reports.sort_by_cached_key(|report| std::cmp::Reverse((start(report), report.time_stamp)));
}
