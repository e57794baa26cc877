//! `api/SystemManager`: the clients of the server, and the levels of the factory that they belong to.
//!
//! - here: routes and what clients answer,
//! - `clients`: the clients that are known, `levels`: the levels.

pub(crate) mod clients;
mod levels;

use http::HeaderValue;
use http::StatusCode;
use http::header::CONTENT_DISPOSITION;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Handled};
use crate::call::{Call, invalid, member, not_found, text};
use crate::query::bad;
use crate::routes::routes;
use crate::shape::{Shape, merge, shape};
use crate::store::State;

pub(crate) use levels::{level_names, levels};

routes! {
    GET "/api/SystemManager/Client" => client;
    PUT "/api/SystemManager/Client" => put_client;
    GET "/api/SystemManager/Clients" => all_clients;
    GET "/api/SystemManager/ClientLog/{identifier}" => client_log;
    GET "/api/SystemManager/Level" => levels::get;
    POST "/api/SystemManager/Level" => levels::post;
}

/// What may be changed of a client.
const CHANGES: Shape = shape! {
    Text: "displayName" "location" "purpose";
    Integer: "clientGroupId";
};

/// A client as these routes answer it, with what the reports tell of it.
fn view(state: &State, client: &Value, last_report: Option<&Value>) -> Value {
    let mut view = Map::new();
    for name in [
        "clientId",
        "name",
        "displayName",
        "location",
        "purpose",
        "type",
        "clientGroupId",
        "identifier",
        "status",
        "statusText",
        "version",
        "lastPing",
        "pending",
    ] {
        view.insert(
            name.to_owned(),
            client.get(name).cloned().unwrap_or_default(),
        );
    }
    let level = client.get("clientGroupId").and_then(Value::as_i64);
    let level = level.and_then(|level| levels::name_of(state, level));
    view.insert("levelName".to_owned(), json!(level));
    view.insert(
        "lastReport".to_owned(),
        last_report.cloned().unwrap_or_default(),
    );
    Value::Object(view)
}

fn all_clients(call: &Call<'_>) -> Handled {
    let list = call.store.read(|state| {
        let last = clients::last_reports(state);
        let view = |client: &Value| {
            view(
                state,
                client,
                text(client, "name").and_then(|name| last.get(name)),
            )
        };
        clients::all(state).map(view).collect()
    });
    Ok(Answer::json(&list))
}

fn client(call: &Call<'_>) -> Handled {
    let (name, identifier) = (call.optional("name"), call.optional("identifier"));
    call.store.read(|state| {
        let client = match (name, identifier) {
            (Some(name), None) => clients::by_name(state, name),
            (None, Some(identifier)) => clients::by_identifier(state, identifier),
            _ => return Err(bad("Either name or identifier is required.")),
        };
        let wanted = name.or(identifier).unwrap_or_default();
        let client = client.ok_or_else(|| not_found(format_args!("client '{wanted}'")))?;
        let last = clients::last_reports(state);
        let last = text(client, "name").and_then(|name| last.get(name));
        Ok(Answer::json(&view(state, client, last)))
    })
}

/// Changes what may be changed. Statistics look at the level that a client has now, with or without its history.
fn put_client(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    call.query.switch("moveWithHistory")?;
    let id = member(&body, "clientId").and_then(Value::as_i64);
    let id = id.ok_or_else(|| invalid("clientId is required"))?;
    call.store.change(|change| {
        let known = clients::by_id(change, id)
            .and_then(Value::as_object)
            .cloned();
        let mut client = known.ok_or_else(|| not_found(format_args!("client {id}")))?;
        merge(CHANGES, &body, &mut client)?;
        let level = client.get("clientGroupId").and_then(Value::as_i64);
        if let Some(level) = level.filter(|level| levels::name_of(change, *level).is_none()) {
            return Err(not_found(format_args!("level {level}")));
        }
        let client = Value::Object(client);
        let answer = view(change, &client, None);
        clients::put(change, client)?;
        Ok(Answer::json(&answer))
    })
}

/// What is known of a client, line by line, as a file.
fn client_log(call: &Call<'_>) -> Handled {
    let identifier = call.param(0);
    let lines = call.store.read(|state| {
        let client = clients::by_identifier(state, identifier);
        let client = client.ok_or_else(|| not_found(format_args!("client '{identifier}'")))?;
        let name = text(client, "name").unwrap_or_default();
        let mut lines = Vec::new();
        let last = clients::last_reports(state);
        for (time, what) in [
            (client.get("regDate"), "Registered"),
            (client.get("miscInfoUpdated"), "Updated"),
            (client.get("lastPing"), "Ping"),
            (last.get(name), "Report sent"),
        ] {
            if let Some(time) = time.and_then(Value::as_str) {
                lines.push(format!("{time} INFO {name}: {what}\r\n"));
            }
        }
        Ok(lines.concat())
    })?;
    let file = HeaderValue::from_static("attachment; filename=\"ClientLog.txt\"");
    let answer = Answer::bytes(StatusCode::OK, "text/plain; charset=utf-8", lines.into());
    Ok(answer.with_header(CONTENT_DISPOSITION, file))
}
