//! The clients that are known: the server itself, those that registered, and the stations of reports.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::answer::Answer;
use crate::api::stamp;
use crate::call::{new_guid, text};
use crate::store::{Change, State};

/// Clients by id.
const CLIENTS: &str = "system.client";
/// Ids of clients by name, and by identifier.
const NAMES: &str = "system.client.name";
const IDENTIFIERS: &str = "system.client.identifier";

/// What a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    MasterServer = 2,
    Client = 5,
    WebClient = 6,
    /// One that registered itself by `api/Client/Register`.
    Registered = 7,
}

fn key(id: i64) -> String {
    format!("{id:010}")
}

/// All of them, by id.
pub(crate) fn all(state: &State) -> impl Iterator<Item = &Value> {
    state.rows(CLIENTS).map(|(_, client)| client)
}

pub(super) fn by_id(state: &State, id: i64) -> Option<&Value> {
    state.get(CLIENTS, &key(id))
}

pub(crate) fn by_name<'a>(state: &'a State, name: &str) -> Option<&'a Value> {
    by_id(state, state.get(NAMES, name)?.as_i64()?)
}

pub(crate) fn by_identifier<'a>(state: &'a State, identifier: &str) -> Option<&'a Value> {
    by_id(state, state.get(IDENTIFIERS, identifier)?.as_i64()?)
}

/// Puts a client in place of that of its id.
pub(crate) fn put(change: &mut Change<'_>, client: Value) -> Result<(), Answer> {
    let id = client
        .get("clientId")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let old = by_id(change, id)
        .and_then(|old| text(old, "name"))
        .map(str::to_owned);
    if let Some(old) = old {
        change.remove(NAMES, &old);
    }
    for (table, name) in [(NAMES, "name"), (IDENTIFIERS, "identifier")] {
        change.put(table, text(&client, name).unwrap_or_default(), json!(id))?;
    }
    change.put(CLIENTS, &key(id), client)
}

/// Makes a client known, and answers it.
pub(crate) fn add(
    change: &mut Change<'_>,
    kind: Kind,
    identifier: &str,
    name: &str,
) -> Result<Value, Answer> {
    let id = i64::try_from(change.next(CLIENTS)?).unwrap_or_default();
    let client = json!({
        "clientId": id,
        "identifier": identifier,
        "name": name,
        "displayName": name,
        "location": null,
        "purpose": null,
        "type": kind as i64,
        "clientGroupId": null,
        "guid": new_guid(),
        "regDate": stamp::now(change),
        "status": 1,
        "statusText": null,
        "version": null,
        "pending": 0,
        "miscInfo": null,
        "miscInfoUpdated": null,
        "utcOffset": null,
        "lastPing": null,
    });
    put(change, client.clone())?;
    Ok(client)
}

/// The server is its own first client.
pub(crate) fn seed(change: &mut Change<'_>, name: &str) -> Result<(), Answer> {
    add(change, Kind::MasterServer, name, name).map(|_| ())
}

/// A report makes its station known.
pub(crate) fn reported(change: &mut Change<'_>, header: &Map<String, Value>) -> Result<(), Answer> {
    let of = |name: &str| header.get(name).and_then(Value::as_str);
    let Some(name) = of("stationName").filter(|name| !name.is_empty()) else {
        return Ok(());
    };
    if by_name(change, name).is_some() || by_identifier(change, name).is_some() {
        return Ok(());
    }
    let mut client = add(change, Kind::Client, name, name)?;
    for name in ["location", "purpose"] {
        client[name] = json!(of(name));
    }
    put(change, client)
}

/// When the last report of each station was started, by its name.
pub(crate) fn last_reports(state: &State) -> HashMap<String, Value> {
    let mut last: HashMap<String, Value> = HashMap::new();
    for report in state.reports.all() {
        let of = |name: &str| report.header.get(name).and_then(Value::as_str);
        let (Some(station), Some(start)) = (of("stationName"), of("start")) else {
            continue;
        };
        let known = last.get(station).and_then(Value::as_str);
        if known.is_none_or(|known| known < start) {
            last.insert(station.to_owned(), json!(start));
        }
    }
    last
}
