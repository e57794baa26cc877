//! `api/SCIM/v2`: users, as systems that provision them see them (RFC 7643, RFC 7644).
//!
//! `filter`: which users a list has; `patch`: what of a user is replaced. User names count whatever their case.

mod filter;
mod patch;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::StatusCode;
use http::header::{AUTHORIZATION, HeaderMap};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::stamp;
use crate::answer::{Answer, Handled};
use crate::call::{Call, conflict, guid, invalid, member, new_guid, not_found, text};
use crate::query::bad;
use crate::routes::routes;
use crate::shape::{Is, Shape, bind, shape};
use crate::store::{Change, State};
use filter::Filter;

routes! {
    GET "/api/SCIM/v2/Token" => token;
    GET "/api/SCIM/v2/Users" => list;
    POST "/api/SCIM/v2/Users" => create;
    GET "/api/SCIM/v2/Users/{id}" => get;
    GET "/api/SCIM/v2/Users/userName={userName}" => by_name;
    PATCH "/api/SCIM/v2/Users/{id}" => update;
    DELETE "/api/SCIM/v2/Users/{id}" => delete;
}

/// Users by id.
const USERS: &str = "scim.user";
/// Ids of users by name in lower case.
const NAMES: &str = "scim.name";

const USER: Shape = shape! {
    Text: "userName" "displayName" "externalId";
    Bool: "active";
};
const NAME: Shape = &[
    ("formatted", Is::Text),
    ("givenName", Is::Text),
    ("familyName", Is::Text),
];
const EMAIL: Shape = &[
    ("value", Is::Text),
    ("type", Is::Text),
    ("primary", Is::Bool),
];

/// When tokens expire, in seconds of UTC, by their text.
const TOKENS: &str = "scim.token";

/// Whether a request to these routes has a token that was made here and has not expired.
pub(crate) fn is_open(state: &State, headers: &HeaderMap, template: &str) -> bool {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|given| given.to_str().ok());
    let token = given.and_then(|given| Some(given.split_once(' ')?.1.trim()));
    let expires = token.and_then(|token| state.get(TOKENS, token)?.as_i64());
    template.starts_with("/api/SCIM/") && expires.is_some_and(|at| state.now().as_second() < at)
}

/// Most users of one answer.
const MAX_PAGE: usize = 1000;
/// Most characters of a user name.
const MAX_NAME: usize = 256;
/// Most e-mail addresses of a user.
const MAX_EMAILS: usize = 100;

fn scim(value: &Value) -> Answer {
    let body = Bytes::from(value.to_string());
    Answer::bytes(StatusCode::OK, "application/scim+json; charset=utf-8", body)
}

fn user<'a>(state: &'a State, id: &str) -> Result<&'a Value, Answer> {
    let known = state.get(USERS, id);
    known.ok_or_else(|| not_found(format!("user '{id}'")))
}

fn get(call: &Call<'_>) -> Handled {
    let id = call.guid_param(0)?;
    call.store.read(|state| user(state, &id).map(scim))
}

/// The user with this name, whatever its case.
pub(crate) fn named<'a>(state: &'a State, name: &str) -> Option<&'a Value> {
    state.get(USERS, state.get(NAMES, &name.to_lowercase())?.as_str()?)
}

fn by_name(call: &Call<'_>) -> Handled {
    let name = call.param(0);
    call.store.read(|state| {
        let known = named(state, name);
        known.map_or_else(|| user(state, name), Ok).map(scim)
    })
}

/// A page of those that fit, in the order of their names; the first place is 1.
fn list(call: &Call<'_>) -> Handled {
    let filter = call.optional("filter").map(Filter::parse).transpose()?;
    let start = call.number("startIndex")?.unwrap_or(1).max(1);
    let count = call
        .number("count")?
        .map(|count| usize::try_from(count).unwrap_or(0));
    call.store.read(|state| {
        let ids = state.rows(NAMES).filter_map(|(_, id)| id.as_str());
        let users = ids.filter_map(|id| state.get(USERS, id));
        let users = users.filter(|user| filter.as_ref().is_none_or(|filter| filter.fits(user)));
        let users: Vec<&Value> = users.collect();
        let page = users.iter().skip(usize::try_from(start - 1).unwrap_or(usize::MAX));
        let page: Vec<&&Value> = page.take(count.unwrap_or(MAX_PAGE).min(MAX_PAGE)).collect();
        Ok(scim(&json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": users.len(), "itemsPerPage": page.len(), "startIndex": start, "Resources": page,
        })))
    })
}

fn create(call: &Call<'_>) -> Handled {
    let body = call.object()?;
    let mut user = bind(USER, &body)?;
    let name = user.get("userName").and_then(Value::as_str);
    let name = name.filter(|name| !name.trim().is_empty() && name.chars().count() <= MAX_NAME);
    let name = name
        .ok_or_else(|| invalid("userName is required"))?
        .to_lowercase();
    let names = match member(&body, "name") {
        Some(Value::Object(names)) => names.clone(),
        Some(_) => return Err(invalid("name must be an object")),
        None => Map::new(),
    };
    let mut names = bind(NAME, &names)?;
    let formatted = formatted(&names);
    names.entry("formatted").and_modify(|given| {
        if given.is_null() {
            *given = json!(formatted);
        }
    });
    if user.get("displayName").is_none_or(Value::is_null) {
        let full = names.get("formatted").cloned().unwrap_or_default();
        user.insert("displayName".to_owned(), full);
    }
    if user.get("active").is_none_or(Value::is_null) {
        user.insert("active".to_owned(), true.into());
    }
    let emails = match member(&body, "emails") {
        Some(Value::Array(emails)) if emails.len() <= MAX_EMAILS => emails.clone(),
        Some(_) => return Err(invalid("emails must be an array")),
        None => Vec::new(),
    };
    let emails = emails.iter().map(|email| {
        let email = email
            .as_object()
            .ok_or_else(|| invalid("an e-mail must be an object"))?;
        bind(EMAIL, email).map(Value::Object)
    });
    let id = new_guid();
    for (name, value) in [
        (
            "schemas",
            json!(["urn:ietf:params:scim:schemas:core:2.0:User"]),
        ),
        ("id", json!(id)),
        ("name", Value::Object(names)),
        ("emails", emails.collect::<Result<Value, Answer>>()?),
        (
            "meta",
            json!({
                "resourceType": "User", "created": stamp::time(call.now()), "location": format!("/api/SCIM/v2/Users/{id}"),
            }),
        ),
    ] {
        user.insert(name.to_owned(), value);
    }
    call.store.change(|change| {
        if change.get(NAMES, &name).is_some() {
            return Err(conflict(format!("There is a user '{name}' already.")));
        }
        change.put(NAMES, &name, json!(id))?;
        store(change, Value::Object(user))
    })
}

/// First and last name as one.
fn formatted(names: &Map<String, Value>) -> Option<String> {
    let part = |name: &str| names.get(name).and_then(Value::as_str);
    let parts: Vec<&str> = ["givenName", "familyName"]
        .into_iter()
        .filter_map(part)
        .collect();
    Some(parts.join(" ")).filter(|full| !full.is_empty())
}

fn store(change: &mut Change<'_>, mut user: Value) -> Handled {
    user["meta"]["lastModified"] = stamp::now(change);
    let id = text(&user, "id").unwrap_or_default();
    change.put(USERS, id, user.clone())?;
    Ok(scim(&user))
}

fn update(call: &Call<'_>) -> Handled {
    let (id, body) = (call.guid_param(0)?, call.object()?);
    call.store.change(|change| {
        let mut user = user(change, &id)?.clone();
        patch::apply(&body, &mut user)?;
        store(change, user)
    })
}

fn delete(call: &Call<'_>) -> Handled {
    let id = guid(call.param(0)).unwrap_or_default();
    call.store.change(|change| {
        let name = text(user(change, &id)?, "userName").unwrap_or_default();
        let name = name.to_lowercase();
        change.remove(NAMES, &name);
        change.remove(USERS, &id);
        let mut answer = Answer::bytes(StatusCode::NO_CONTENT, "", Bytes::new());
        answer.headers.clear();
        Ok(answer)
    })
}

/// A token of the form of those that the server makes. It opens these routes, as `Bearer` or `Basic`, until it expires.
fn token(call: &Call<'_>) -> Handled {
    let days = call.number("duration")?.unwrap_or(90);
    let hours = days.checked_mul(24).filter(|hours| *hours > 0);
    let expires = hours.and_then(|hours| {
        let span = SignedDuration::try_from_hours(hours)?;
        call.now().checked_add(span).ok()
    });
    let expires = expires.ok_or_else(|| bad("duration is not a number of days."))?;
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(json!({ "alg": "HS256", "typ": "JWT" }));
    let claims = part(json!({ "jti": new_guid(), "exp": expires.as_second() }));
    let token = format!("{head}.{claims}.{}", part(json!(new_guid())));
    call.store
        .change(|change| change.put(TOKENS, &token, json!(expires.as_second())))?;
    Ok(Answer::json(&json!({
        "token": token, "expiresUtc": expires.to_string(), "durationDays": days,
    })))
}
