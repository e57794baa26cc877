//! `api/RootCause`: tickets with their history and files.
//!
//! An update appends to the history: what it says, and which properties it changes. Files are uploaded first and named in an
//! update then. Whoever has the token owns the tickets that it opens, and may manage all.

use serde_json::{Map, Value, json};

use super::{blob, stamp, tags};
use crate::answer::{Answer, Handled};
use crate::call::{Call, guid, invalid, member, new_guid, not_found, text};
use crate::multipart;
use crate::query::bad;
use crate::routes::routes;
use crate::shape::{Is, Shape, bind, blank, merge, shape};
use crate::store::{Change, State};

routes! {
    GET "/api/RootCause/Ticket" => get;
    GET "/api/RootCause/Tickets" => list;
    POST "/api/RootCause/Ticket" => open;
    PUT "/api/RootCause/Ticket" => update;
    POST "/api/RootCause/ArchiveTickets" => archive;
    GET "/api/RootCause/Attachment" => attachment;
    POST "/api/RootCause/Attachment" => attach;
}

/// Tickets by number.
const TICKETS: &str = "ticket";
/// Numbers of tickets by id.
const IDS: &str = "ticket.id";
/// Files by id.
const FILES: &str = "ticket.file";

const TICKET: Shape = shape! {
    Guid: "ticketId" "reportUuid";
    Integer: "ticketNumber" "status" "priority";
    Text: "progress" "owner" "assignee" "subject" "team" "origin";
    Time: "createdUtc" "updatedUtc";
    List: "tags" "history";
    Any: "update";
};
/// What a request may say of a ticket.
const SAID: Shape = shape! {
    Text: "progress" "assignee" "subject" "team" "origin";
    Integer: "status" "priority";
    Guid: "reportUuid";
};
/// What a request may say of an update.
const UPDATE: Shape = &[("content", Is::Text), ("updateType", Is::Integer)];

const OPEN: i64 = 1;
const SOLVED: i64 = 8;
const ARCHIVED: i64 = 32;
/// What an update is: a text, progress, or other properties.
const CONTENT: i64 = 0;
const PROGRESS: i64 = 1;
const PROPERTIES: i64 = 2;
/// Most updates of a ticket.
const MAX_HISTORY: usize = 1000;

fn ticket<'a>(state: &'a State, id: &str) -> Result<&'a Value, Answer> {
    let number = guid(id).and_then(|id| state.get(IDS, &id)?.as_str());
    let ticket = number.and_then(|number| state.get(TICKETS, number));
    ticket.ok_or_else(|| not_found(format!("ticket '{id}'")))
}

fn get(call: &Call<'_>) -> Handled {
    let id = call.required("ticketId")?;
    guid(id).ok_or_else(|| bad(format!("The value '{id}' of ticketId is not a guid.")))?;
    call.store.read(|state| ticket(state, id).map(Answer::json))
}

/// Those of some statuses, as flags; of a view: assigned to whoever asks, followed, or all; with a text.
fn list(call: &Call<'_>) -> Handled {
    let (status, view) = (
        call.required_number("status")?,
        call.required_number("view")?,
    );
    if !(0..=2).contains(&view) {
        return Err(bad("view goes from 0 to 2."));
    }
    let search = call.optional("searchString").map(str::to_lowercase);
    let fits = |ticket: &&Value| {
        let is_user = |name: &str| text(ticket, name) == Some(stamp::USER);
        let has = |text: &str| {
            search
                .as_deref()
                .is_none_or(|search| text.to_lowercase().contains(search))
        };
        number(ticket, "status") & status != 0
            && match view {
                0 => is_user("assignee"),
                1 => is_user("assignee") || is_user("owner"),
                _ => true,
            }
            && (has(text(ticket, "subject").unwrap_or_default())
                || tags::of(ticket).any(|(key, value)| has(key) || has(value)))
    };
    let found = call.store.read(|state| {
        let tickets = state.rows(TICKETS).map(|(_, ticket)| ticket);
        tickets.filter(fits).cloned().collect()
    });
    Ok(Answer::json(&found))
}

fn number(ticket: &Value, name: &str) -> i64 {
    let number = ticket.get(name).and_then(Value::as_i64);
    number.unwrap_or_default()
}

fn open(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    call.store.change(|change| {
        let mut ticket = blank(TICKET);
        let number = change.next(TICKETS)?;
        for (name, value) in [
            ("ticketId", json!(new_guid())),
            ("ticketNumber", json!(number)),
            ("owner", json!(stamp::USER)),
            ("status", json!(OPEN)),
            ("priority", json!(0)),
            ("createdUtc", stamp::now(change)),
        ] {
            ticket.insert(name.to_owned(), value);
        }
        say(change, &body, &mut ticket)?;
        store(change, ticket)
    })
}

fn update(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let id = member(&body, "ticketId").and_then(Value::as_str);
    let id = id.ok_or_else(|| invalid("ticketId is required"))?;
    call.store.change(|change| {
        let before = ticket(change, id)?;
        if number(before, "status") == ARCHIVED {
            return Err(invalid("an archived ticket cannot be changed"));
        }
        let before = before.as_object().cloned().unwrap_or_default();
        let mut after = before.clone();
        say(change, &body, &mut after)?;
        let changed = |name: &&str| before.get(*name) != after.get(*name);
        let named = SAID.iter().map(|(name, _)| *name).chain(["tags"]);
        let (progress, others): (Vec<_>, Vec<_>) =
            named.filter(changed).partition(|name| *name == "progress");
        for (kind, names) in [(PROGRESS, progress), (PROPERTIES, others)] {
            if !names.is_empty() {
                let told = names.iter().map(|name| {
                    let value = after.get(*name).cloned().unwrap_or_default();
                    format!(
                        "{name}: {}",
                        value
                            .as_str()
                            .map_or_else(|| value.to_string(), str::to_owned)
                    )
                });
                let content = told.collect::<Vec<_>>().join("\n");
                append(change, &mut after, kind, &json!(content), &json!([]))?;
            }
        }
        store(change, after)
    })
}

/// Binds what a body says of a ticket, and appends its update.
fn say(
    state: &State,
    body: &Map<String, Value>,
    ticket: &mut Map<String, Value>,
) -> Result<(), Answer> {
    merge(SAID, body, ticket)?;
    if let Some(given) = member(body, "tags") {
        ticket.insert("tags".to_owned(), tags::bind(given)?);
    }
    let subject = ticket.get("subject").and_then(Value::as_str);
    if subject.is_none_or(|subject| subject.trim().is_empty()) {
        return Err(invalid("subject is required"));
    }
    let is = |name: &str, known: &[i64]| {
        let number = ticket.get(name).and_then(Value::as_i64);
        number.is_some_and(|number| known.contains(&number))
    };
    if !is("status", &[1, 2, 4, 8, 16]) {
        return Err(invalid(
            "status must be 1, 2, 4, 8 or 16; tickets are archived by ArchiveTickets",
        ));
    }
    if !is("priority", &[0, 1, 2]) {
        return Err(invalid("priority goes from 0 to 2"));
    }
    let Some(given) = member(body, "update") else {
        return Ok(());
    };
    let given = given
        .as_object()
        .ok_or_else(|| invalid("update must be an object"))?;
    let bound = bind(UPDATE, given)?;
    let kind = bound
        .get("updateType")
        .and_then(Value::as_i64)
        .unwrap_or(CONTENT);
    if !(0..=3).contains(&kind) {
        return Err(invalid("updateType goes from 0 to 3"));
    }
    let named = member(given, "attachments").and_then(Value::as_array);
    let files = named.into_iter().flatten().map(|file| {
        let of = |name: &str| {
            file.as_object()
                .and_then(|file| member(file, name)?.as_str())
        };
        let id = of("attachmentId").and_then(guid).unwrap_or_default();
        let known = state.get(FILES, &id);
        let known = known.ok_or_else(|| invalid(format!("there is no attachment '{id}'")))?;
        let name = of("filename").or(text(known, "name"));
        Ok(json!({ "attachmentId": id, "filename": name }))
    });
    let files = files.collect::<Result<Value, Answer>>()?;
    let content = bound.get("content").cloned().unwrap_or_default();
    append(state, ticket, kind, &content, &files)
}

fn append(
    state: &State,
    ticket: &mut Map<String, Value>,
    kind: i64,
    content: &Value,
    files: &Value,
) -> Result<(), Answer> {
    let history = ticket.get_mut("history").and_then(Value::as_array_mut);
    let history = history.filter(|history| history.len() < MAX_HISTORY);
    let history =
        history.ok_or_else(|| invalid(format!("a ticket has at most {MAX_HISTORY} updates")))?;
    history.push(json!({
        "updateId": new_guid(), "updateUtc": stamp::now(state), "updateUser": stamp::USER, "content": content,
        "updateType": kind, "attachments": files,
    }));
    Ok(())
}

fn store(change: &mut Change<'_>, mut ticket: Map<String, Value>) -> Handled {
    ticket.insert("updatedUtc".to_owned(), stamp::now(change));
    let ticket = Value::Object(ticket);
    let key = format!("{:012}", number(&ticket, "ticketNumber"));
    change.put(
        IDS,
        text(&ticket, "ticketId").unwrap_or_default(),
        json!(key),
    )?;
    change.put(TICKETS, &key, ticket.clone())?;
    Ok(Answer::json(&ticket))
}

/// Archives solved tickets, all or none, and answers the last.
fn archive(call: &Call<'_>) -> Handled {
    let ids = call.array()?;
    call.store.change(|change| {
        let mut last = Err(invalid("the ids of tickets are required"));
        for id in &ids {
            let ticket = ticket(change, id.as_str().unwrap_or_default())?;
            if number(ticket, "status") != SOLVED {
                return Err(invalid("only solved tickets can be archived"));
            }
            let mut ticket = ticket.as_object().cloned().unwrap_or_default();
            ticket.insert("status".to_owned(), ARCHIVED.into());
            append(
                change,
                &mut ticket,
                PROPERTIES,
                &json!(format!("status: {ARCHIVED}")),
                &json!([]),
            )?;
            last = store(change, ticket);
        }
        last
    })
}

/// A file, to be kept under a name or to be shown.
fn attachment(call: &Call<'_>) -> Handled {
    let id = call.required("attachmentId")?;
    let file = guid(id).and_then(|id| call.store.get(FILES, &id));
    let file = file.ok_or_else(|| not_found(format!("attachment '{id}'")))?;
    Ok(match call.optional("fileName") {
        Some(name) => blob::answer(&file, Some(name)),
        None => blob::shown(&file),
    })
}

fn attach(call: &Call<'_>) -> Handled {
    let file = multipart::file(call.headers, &call.body)?;
    let id = new_guid();
    let name = file.file_name.unwrap_or_default();
    call.store
        .change(|change| blob::put(change, FILES, &id, &name, &file.data))?;
    Ok(Answer::json(&json!(id)))
}
