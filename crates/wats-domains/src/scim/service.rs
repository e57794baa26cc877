//! Operations on users.

use std::sync::Arc;

use serde_json::Value;

use super::change::patch;
use super::{User, UserChange, UserPage, route};
use crate::ask::request::request;
use crate::ask::{Ask, Core};
use crate::auth::ApiToken;
use crate::error::{Error, Result, none_if_missing};
use crate::scanned::{self, Kind};

/// Users on a page of [`ScimService::all`].
const PAGE: u32 = 100;

/// A token for a system that provisions users. `Debug` does not show it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProvisioningToken {
    /// The token.
    pub token: ApiToken,
    /// All that the server said beside it, such as when it expires.
    pub rest: serde_json::Map<String, Value>,
}

request! {
    /// From [`ScimService::users`].
    pub struct Users -> UserPage, by ask {
        /// Which users, in the words of RFC 7644, such as `userName eq "ada"`.
        "filter" => filter: String,
        /// The place of the first one, from 1.
        "startIndex" => start_index: u32,
        /// The most on the page.
        "count" => count: u32,
    }
}

/// Operations on users; from [`Wats::scim`](crate::Wats::scim).
#[derive(Debug, Clone)]
pub struct ScimService {
    core: Arc<Core>,
}

impl ScimService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// Makes a token for a system that provisions users (`GET /api/SCIM/v2/Token`), which expires after that many days;
    /// after 90 if `None`. It is not repeated: each call makes one.
    ///
    /// # Errors
    /// [`Error::Query`] for zero days; [`Error::Data`] when the answer has no token; or the call fails.
    pub fn token(&self, days: Option<u32>) -> Ask<ProvisioningToken> {
        let call = if days == Some(0) {
            Err(Error::Query(
                "the token would expire after 0 days".to_owned(),
            ))
        } else {
            Ok(route::token.call().query_opt("duration", days))
        };
        self.core.run(|core| async move {
            let answer: Value = core.read(&route::token, call?).await?;
            provisioning(answer)
        })
    }

    /// A page of users (`GET /api/SCIM/v2/Users`).
    ///
    /// # Errors
    /// The call fails.
    pub fn users(&self) -> Users {
        Users::new(&self.core, &route::users, Ok(route::users.call()))
    }

    /// All users, read in pages of 100, until a page is empty.
    ///
    /// # Errors
    /// A call fails; [`Error::Data`] when the server gives the same page again.
    pub fn all(&self) -> Ask<Vec<User>> {
        self.core.run(|core| async move {
            let mut all: Vec<User> = Vec::new();
            loop {
                let place = all.len() + 1;
                let call = route::users.call().query("startIndex", place);
                let page: UserPage = core.read(&route::users, call.query("count", PAGE)).await?;
                let users = page.resources.unwrap_or_default();
                let Some(first) = users.first() else {
                    return Ok(all);
                };
                if first.id.is_some() && all.iter().any(|user| user.id == first.id) {
                    return Err(Error::Data(format!(
                        "the server gave the user {:?} again in the place {place} of the list",
                        first.id.as_deref().unwrap_or_default()
                    )));
                }
                all.extend(users);
            }
        })
    }

    /// The user of an id (`GET /api/SCIM/v2/Users/{id}`).
    ///
    /// # Errors
    /// Status 404 when there is none; or the call fails.
    pub fn get(&self, id: &str) -> Ask<User> {
        self.core
            .ask(&route::get, Ok(route::get.call().path("id", id)))
    }

    /// The user of a name (`GET /api/SCIM/v2/Users/userName={userName}`); `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty name; or the call fails other than by 404.
    pub fn by_name(&self, user_name: &str) -> Ask<Option<User>> {
        let call = scanned::check_some("user name", user_name, Kind::Number)
            .map(|()| route::by_name.call().path("userName", user_name));
        self.core
            .run(|core| async move { none_if_missing(core.read(&route::by_name, call?).await) })
    }

    /// Creates a user and returns it as the server holds it, with its id (`POST /api/SCIM/v2/Users`).
    ///
    /// # Errors
    /// The call fails. It is not repeated; after a lost answer ask for the user by its [name](Self::by_name).
    pub fn create(&self, user: &User) -> Ask<User> {
        self.core
            .ask(&route::create, Ok(route::create.call().json(user)))
    }

    /// Replaces values of a user (`PATCH /api/SCIM/v2/Users/{id}`).
    ///
    /// # Errors
    /// [`Error::Query`] for no changes, and for a name of a level or group that is empty or has a `;`; or the call fails.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::scim::UserChange;
    ///
    /// if let Some(user) = api.scim().by_name("ada").await? {
    ///     api.scim().update(user.id.as_deref().unwrap_or_default(), &[UserChange::Active(false)]).await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn update(&self, id: &str, changes: &[UserChange]) -> Ask<User> {
        let mistake = match changes {
            [] => Some("there is nothing to change".to_owned()),
            changes => changes.iter().find_map(UserChange::mistake),
        };
        let call = match mistake {
            Some(mistake) => Err(Error::Query(mistake)),
            None => Ok(route::update.call().path("id", id).json(&patch(changes))),
        };
        self.core.ask(&route::update, call)
    }

    /// Deletes a user (`DELETE /api/SCIM/v2/Users/{id}`).
    ///
    /// # Errors
    /// Status 404 when there is none; or the call fails.
    pub fn delete(&self, id: &str) -> Ask<()> {
        self.core
            .tell(&route::delete, Ok(route::delete.call().path("id", id)))
    }
}

/// Takes the token out of an answer. Errors must not show it.
fn provisioning(answer: Value) -> Result<ProvisioningToken> {
    let (text, rest) = match answer {
        Value::String(text) => (Some(text), serde_json::Map::new()),
        Value::Object(mut members) => match members.remove("token") {
            Some(Value::String(text)) => (Some(text), members),
            _ => (None, members),
        },
        _ => (None, serde_json::Map::new()),
    };
    match text.as_deref().and_then(ApiToken::of) {
        Some(token) => Ok(ProvisioningToken { token, rest }),
        None => Err(Error::Data(
            "the server's answer to the request for a token has no text `token`; it is not shown, since it may be secret"
                .to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_taken_out_and_never_shown() {
        let token = provisioning(json!({"token": "c2VjcmV0", "durationDays": 90})).unwrap();
        assert_eq!(token.token.secret(), "c2VjcmV0");
        assert_eq!(token.rest["durationDays"], 90);
        assert!(!format!("{token:?}").contains("c2V"));
        for answer in [
            json!({"secret": "c2V"}),
            json!({"token": ""}),
            json!(["c2V"]),
            json!(1),
        ] {
            let error = format!("{:#?}", provisioning(answer).unwrap_err());
            assert!(!error.contains("c2V"), "{error}");
        }
    }
}
