//! What clients tell of themselves: that they are there, and how they are.
//!
//! A client is known by its identifier, which is the name in its token. One that did not register becomes known when it first
//! tells of itself.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Handled};
use crate::api::system::clients::{self, Kind};
use crate::api::{auth, stamp};
use crate::call::{Call, conflict, invalid, member, new_guid, not_found, text};
use crate::query::bad;
use crate::settings::SERVER_NAME;
use crate::store::Change;

/// Names of what clients tell, and of the members that keep it.
const TOLD: [(&str, &str); 7] = [
    ("name", "name"),
    ("location", "location"),
    ("purpose", "purpose"),
    ("miscinfo", "miscInfo"),
    ("version", "version"),
    ("status", "statusText"),
    ("pendingTotal", "pending"),
];

pub(super) fn ping(call: &Call<'_>) -> Handled {
    let identifier = auth::user(call.headers);
    let time = stamp::time(call.now());
    call.store.change(
        |change| match clients::by_identifier(change, &identifier).cloned() {
            Some(mut client) => {
                client["lastPing"] = time.clone();
                clients::put(change, client)
            }
            None => Ok(()),
        },
    )?;
    Ok(Answer::json(
        &json!({ "ServerName": SERVER_NAME, "ServerTime": time }),
    ))
}

/// Keeps what a client tells, and answers the client.
pub(super) fn update(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let identifier = auth::user(call.headers);
    let offset = match member(&body, "utcoffset") {
        Some(offset) => {
            let number = offset
                .as_str()
                .and_then(|text| text.trim().parse::<f64>().ok())
                .or_else(|| offset.as_f64());
            Some(
                number
                    .filter(|number| number.is_finite())
                    .ok_or_else(|| invalid("utcoffset must be a number"))?,
            )
        }
        None => None,
    };
    call.store.change(|change| {
        let known = clients::by_identifier(change, &identifier).cloned();
        let mut client = if let Some(client) = known {
            client
        } else {
            let name = member(&body, "name").and_then(Value::as_str);
            let name = name.unwrap_or(&identifier);
            free(change, name, &identifier)?;
            clients::add(change, Kind::WebClient, &identifier, name)?
        };
        for (told, kept) in TOLD {
            if let Some(value) = member(&body, told) {
                if told != "pendingTotal" && !value.is_string() {
                    return Err(invalid(format_args!("{told} must be a text")));
                }
                client[kept] = value.clone();
            }
        }
        if let Some(offset) = offset {
            client["utcOffset"] = json!(offset);
        }
        free(
            change,
            text(&client, "name").unwrap_or_default(),
            &identifier,
        )?;
        client["miscInfoUpdated"] = stamp::now(change);
        clients::put(change, client.clone())?;
        Ok(Answer::json(&view(&client)))
    })
}

/// Makes a client known and answers the password of its token; a new one where it is known.
pub(super) fn register(call: &Call<'_>) -> Handled {
    let (identifier, name) = (call.required("id")?, call.required("name")?);
    let kind = call.required("type")?;
    if !["python", "dotnet"]
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
    {
        return Err(bad(format!("The type '{kind}' is not python or dotnet.")));
    }
    if identifier.contains(':') {
        return Err(bad("The id must not have a colon."));
    }
    call.store.change(|change| {
        free(change, name, identifier)?;
        let mut client = match clients::by_identifier(change, identifier) {
            Some(client) if client.get("type") != Some(&json!(Kind::Registered as i64)) => {
                return Err(conflict(format_args!(
                    "There is another kind of client '{identifier}'."
                )));
            }
            Some(client) => client.clone(),
            None => clients::add(change, Kind::Registered, identifier, name)?,
        };
        client["name"] = json!(name);
        for member in ["location", "purpose"] {
            client[member] = json!(call.optional(member));
        }
        clients::put(change, client)?;
        let password = new_guid();
        auth::make(change, identifier, "", &password)?;
        Ok(Answer::json(&Value::String(password)))
    })
}

pub(super) fn disconnect(call: &Call<'_>) -> Handled {
    let identifier = call.required("id")?;
    call.store.change(|change| {
        let client = clients::by_identifier(change, identifier).cloned();
        let mut client = client.ok_or_else(|| not_found(format_args!("client '{identifier}'")))?;
        client["statusText"] = json!("Offline");
        clients::put(change, client)?;
        Ok(Answer::json(&Value::Null))
    })
}

/// A name belongs to one client.
fn free(change: &Change<'_>, name: &str, identifier: &str) -> Result<(), Answer> {
    match clients::by_name(change, name) {
        Some(client) if text(client, "identifier") != Some(identifier) => {
            Err(conflict(format_args!("There is another client '{name}'.")))
        }
        _ => Ok(()),
    }
}

fn view(client: &Value) -> Value {
    let mut view = Map::new();
    for (name, of) in [
        ("Client_ID", "clientId"),
        ("ClientId", "clientId"),
        ("Name", "name"),
        ("DisplayName", "displayName"),
        ("GUID", "guid"),
        ("RegDate", "regDate"),
        ("Status", "status"),
        ("ParentId", "parentId"),
        ("ClientGroupId", "clientGroupId"),
        ("MiscInfo", "miscInfo"),
        ("MiscInfoUpdated", "miscInfoUpdated"),
        ("Location", "location"),
        ("Purpose", "purpose"),
        ("ClientType", "type"),
        ("UTCOffset", "utcOffset"),
        ("Description", "description"),
        ("LastPing", "lastPing"),
        ("StatusText", "statusText"),
        ("MachineAccountId", "machineAccountId"),
        ("SiteCode", "siteCode"),
    ] {
        view.insert(name.to_owned(), client.get(of).cloned().unwrap_or_default());
    }
    Value::Object(view)
}
