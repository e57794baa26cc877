//! Operations on tokens.

use std::sync::Arc;

use serde_json::Value;
use wats_http::Call;

use super::{ApiToken, route};
use crate::ask::{Ask, Core, Route};
use crate::error::{Error, Result};

/// Operations on tokens; from [`Wats::auth`](crate::Wats::auth).
///
/// They belong to the user whose token this client has. No call is repeated: the first may have made a token already.
#[derive(Debug, Clone)]
pub struct AuthService {
    core: Arc<Core>,
}

impl AuthService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// Makes a token (`GET /api/Auth/GetToken`).
    ///
    /// # Errors
    /// The call fails, as it does when there is a token already; [`reset_token`](Self::reset_token) replaces that.
    /// [`Error::Data`] when the answer has none.
    pub fn new_token(&self) -> Ask<ApiToken> {
        self.token(&route::token, route::token.call())
    }

    /// Makes a token in the place of the one that there is, which is no longer valid then.
    ///
    /// # Errors
    /// The call fails; [`Error::Data`] when the answer has no token.
    pub fn reset_token(&self) -> Ask<ApiToken> {
        self.token(&route::token, route::token.call().query("reset", true))
    }

    /// Makes a token with a name (`GET /api/Auth/GetToken/{identifier}`).
    ///
    /// # Errors
    /// As [`new_token`](Self::new_token).
    pub fn new_token_for(&self, identifier: &str) -> Ask<ApiToken> {
        let call = route::token_for.call().path("identifier", identifier);
        self.token(&route::token_for, call)
    }

    /// Makes a token with a name in the place of the one that there is.
    ///
    /// # Errors
    /// As [`reset_token`](Self::reset_token).
    pub fn reset_token_for(&self, identifier: &str) -> Ask<ApiToken> {
        let call = route::token_for.call().path("identifier", identifier);
        self.token(&route::token_for, call.query("reset", true))
    }

    fn token(&self, route: &'static Route, call: Call) -> Ask<ApiToken> {
        self.core.run(|core| async move {
            let answer: Value = core.read(route, call).await?;
            read(&answer)
        })
    }
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
    text.and_then(ApiToken::of).ok_or_else(|| {
        Error::Data(
            "the server's answer to the request for a token is no token; it is not shown, since it may be secret"
                .to_owned(),
        )
    })
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
                error.contains("no token") && !error.contains("c2V"),
                "{error}"
            );
        }
    }
}
