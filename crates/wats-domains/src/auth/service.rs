//! Operations on tokens.

use serde_json::Value;
use wats_http::Call;

use super::{ApiToken, ask, no_token, route};
use crate::ask::service::service;
use crate::ask::{Ask, Route};
use crate::error::Result;
use crate::scanned::{self, Kind};

service! {
    /// Operations on tokens; from [`Wats::auth`](crate::Wats::auth).
    ///
    /// They belong to the user whose token this client has. No call is repeated: the first may have made a token already.
    pub struct AuthService;
}

impl AuthService {
    /// Makes a token (`GET /api/Auth/GetToken`).
    ///
    /// # Errors
    /// The call fails, as it does when there is a token already; [`reset_token`](Self::reset_token) replaces that.
    /// [`Error::Data`](crate::Error::Data) when the answer has none.
    pub fn new_token(&self) -> Ask<ApiToken> {
        self.token(&route::token, Ok(route::token.call()))
    }

    /// Makes a token in the place of the one that there is, which is no longer valid then.
    ///
    /// # Errors
    /// The call fails; [`Error::Data`](crate::Error::Data) when the answer has no token.
    pub fn reset_token(&self) -> Ask<ApiToken> {
        let call = route::token.call().query("reset", true);
        self.token(&route::token, Ok(call))
    }

    /// Makes a token with a name (`GET /api/Auth/GetToken/{identifier}`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty identifier; as [`new_token`](Self::new_token) otherwise.
    pub fn new_token_for(&self, identifier: &str) -> Ask<ApiToken> {
        self.token(&route::token_for, named(identifier))
    }

    /// Makes a token with a name in the place of the one that there is.
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty identifier; as [`reset_token`](Self::reset_token) otherwise.
    pub fn reset_token_for(&self, identifier: &str) -> Ask<ApiToken> {
        let call = named(identifier).map(|call| call.query("reset", true));
        self.token(&route::token_for, call)
    }

    fn token(&self, route: &'static Route, call: Result<Call>) -> Ask<ApiToken> {
        self.core
            .run(|core| async move { read(&ask(&core, route, call?).await?) })
    }
}

fn named(identifier: &str) -> Result<Call> {
    scanned::check_some("identifier", identifier, Kind::Name)?;
    Ok(route::token_for.call().path("identifier", identifier))
}

/// The token of an answer: the text that it is, or that of its only text member. Errors must not show it.
fn read(answer: &Value) -> Result<ApiToken> {
    let text = match answer {
        Value::String(text) => Some(text.as_str()),
        Value::Object(members) => {
            let mut texts = members.values().filter_map(Value::as_str);
            texts.next().filter(|_| texts.next().is_none())
        }
        _ => None,
    };
    text.and_then(ApiToken::of).ok_or_else(no_token)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_are_read_and_never_shown() {
        for answer in [json!("c2VjcmV0"), json!({"token": "c2VjcmV0", "days": 3})] {
            let token = read(&answer).unwrap();
            assert_eq!(token.secret(), "c2VjcmV0");
            assert!(!format!("{token:?}").contains("c2V"));
        }
        for answer in [
            json!(""),
            json!(null),
            json!({"a": "c2V", "b": "c2V"}),
            json!(["c2V"]),
        ] {
            let error = format!("{:#?}", read(&answer).unwrap_err());
            assert!(
                error.contains("a token has none") && !error.contains("c2V"),
                "{error}"
            );
        }
    }
}
