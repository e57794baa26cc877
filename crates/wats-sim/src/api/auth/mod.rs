//! Tokens: those that are made here are accepted until another is made in their place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use serde_json::{Value, json};

use crate::access::given;
use crate::answer::{Answer, Handled};
use crate::call::{Call, conflict, invalid, new_guid, text};
use crate::routes::routes;
use crate::store::{Change, Store};

/// Tokens by their text.
const TOKENS: &str = "auth.token";
const MAX_NAME: usize = 100;

routes! {
    GET "/api/Auth/GetToken" => get;
    GET "/api/Auth/GetToken/{identifier}" => get_named;
}

/// Whether a request has a token that was made here.
pub(crate) fn is_made(store: &Store, headers: &HeaderMap) -> bool {
    given(headers).is_some_and(|token| store.get(TOKENS, token).is_some())
}

/// The user of a request: the name in its token (`name:password` in Base64), or the token itself.
pub(crate) fn user(headers: &HeaderMap) -> String {
    let token = given(headers).unwrap_or_default();
    name(token).unwrap_or_else(|| token.to_owned())
}

/// The name in a token.
pub(crate) fn name(token: &str) -> Option<String> {
    let plain = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    plain.split_once(':').map(|(name, _)| name.to_owned())
}

/// Makes a token of a user by this identifier, in the place of the one that there may be.
pub(crate) fn make(
    change: &mut Change<'_>,
    user: &str,
    identifier: &str,
    secret: &str,
) -> Result<String, Answer> {
    let old = of(change, user, identifier);
    if let Some(old) = old {
        change.remove(TOKENS, &old);
    }
    let token = STANDARD.encode(format!("{user}:{secret}"));
    change.put(
        TOKENS,
        &token,
        json!({ "user": user, "identifier": identifier }),
    )?;
    Ok(token)
}

/// The token of a user by this identifier.
fn of(change: &Change<'_>, user: &str, identifier: &str) -> Option<String> {
    let is = |token: &Value| {
        text(token, "user") == Some(user) && text(token, "identifier") == Some(identifier)
    };
    let mut fitting = change.rows(TOKENS).filter(|(_, token)| is(token));
    fitting.next().map(|(token, _)| token.to_owned())
}

fn get(call: &Call<'_>) -> Handled {
    token(call, "")
}

fn get_named(call: &Call<'_>) -> Handled {
    let identifier = call.param(0).trim();
    if identifier.is_empty() || identifier.chars().count() > MAX_NAME {
        return Err(invalid(format_args!(
            "the identifier must have 1 to {MAX_NAME} characters"
        )));
    }
    token(call, identifier)
}

/// A token is shown once: where there is one, only `reset` makes another.
fn token(call: &Call<'_>, identifier: &str) -> Handled {
    let reset = call.query.switch("reset")?.unwrap_or(false);
    let user = user(call.headers);
    call.store.change(|change| {
        if !reset && of(change, &user, identifier).is_some() {
            return Err(conflict(
                "There is a token already; reset=true makes another in its place.",
            ));
        }
        let token = make(change, &user, identifier, &new_guid())?;
        Ok(Answer::json(&Value::String(token)))
    })
}
