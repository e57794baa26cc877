//! Operations on users.

use std::collections::HashSet;

use serde_json::Value;

use super::change::patch;
use super::{User, UserChange, UserPage, route};
use crate::argument;
use crate::ask::Ask;
use crate::ask::request::request;
use crate::ask::service::service;
use crate::auth::{self, ApiToken};
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
        "filter" => filter: String as Name,
        /// The place of the first one, from 1, which is what 0 counts as.
        "startIndex" => start_index: u32 as Count,
        /// The most on the page.
        "count" => count: u32 as Size,
    }
}

service! {
    /// Operations on users; from [`Wats::scim`](crate::Wats::scim).
    pub struct ScimService;
}

impl ScimService {
    /// Makes a token for a system that provisions users (`GET /api/SCIM/v2/Token`), which expires after that many days; after
    /// 90 if `None`, which is what the server advises. It is not repeated: each call makes one.
    ///
    /// # Errors
    /// [`Error::Query`] for zero days and for more than the server can count; [`Error::Data`] when the answer has no token; or the call fails.
    pub fn token(&self, days: Option<u32>) -> Ask<ProvisioningToken> {
        let days = days.map(|days| argument::count("days", days)).transpose();
        let call = days.map(|days| route::token.call().query_opt("duration", days));
        self.core
            .run(|core| async move { provisioning(auth::ask(&core, &route::token, call?).await?) })
    }

    /// A page of users (`GET /api/SCIM/v2/Users`).
    pub fn users(&self) -> Users {
        Users::new(&self.core, &route::users, Ok(route::users.call()))
    }

    /// All users, read in pages of 100 until a page is empty, whatever the server says of their number. One that moves to a
    /// later page while they are read comes once.
    ///
    /// # Errors
    /// A call fails; [`Error::Data`] when the server gives users again that it gave before and none beside them, unless it
    /// has given as many as it says there are.
    pub fn all(&self) -> Ask<Vec<User>> {
        self.core.run(|core| async move {
            let (mut all, mut known, mut rows) = (Vec::new(), HashSet::new(), 0);
            loop {
                let call = route::users.call().query("startIndex", rows + 1);
                let page: UserPage = core.ask(&route::users, Ok(call.query("count", PAGE))).await?;
                let users = page.resources.unwrap_or_default();
                if users.is_empty() {
                    return Ok(all);
                }
                let (place, before) = (rows + 1, all.len());
                rows += users.len();
                all.extend(users.into_iter().filter(|user| known.insert(identity(user))));
                if all.len() > before {
                    continue;
                }
                // Servers that know no pages give all users again.
                let total = page.total_results.and_then(|n| usize::try_from(n).ok());
                if total == Some(before) {
                    return Ok(all);
                }
                return Err(Error::Data(format!(
                    "the server gave users again in the place {place} of the list, and none beside them"
                )));
            }
        })
    }

    /// The user of an id (`GET /api/SCIM/v2/Users/{id}`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty id; status 404 when there is none; or the call fails.
    pub fn get(&self, id: &str) -> Ask<User> {
        let call = checked(id).map(|()| route::get.call().path("id", id));
        self.core.ask(&route::get, call)
    }

    /// The user of a name (`GET /api/SCIM/v2/Users/userName={userName}`); `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty name; or the call fails other than by 404.
    pub fn by_name(&self, user_name: &str) -> Ask<Option<User>> {
        let call = scanned::check_some("user name", user_name, Kind::Number)
            .map(|()| route::by_name.call().path("userName", user_name));
        self.core
            .run(|core| async move { none_if_missing(core.ask(&route::by_name, call).await) })
    }

    /// Creates a user and returns it as the server holds it, with its id (`POST /api/SCIM/v2/Users`).
    ///
    /// # Errors
    /// [`Error::Query`] for a user with an id or without a user name; or the call fails. It is not repeated; after a lost
    /// answer ask for the user by its [name](Self::by_name).
    pub fn create(&self, user: &User) -> Ask<User> {
        let name = user.user_name.as_deref().unwrap_or_default();
        let call = match &user.id {
            Some(id) => Err(Error::Query(format!(
                "the user has the id {id:?}, so it is created already; update it"
            ))),
            None => scanned::check_some("user name", name, Kind::Number)
                .map(|()| route::create.call().json(user)),
        };
        self.core.ask(&route::create, call)
    }

    /// Replaces values of a user (`PATCH /api/SCIM/v2/Users/{id}`) and returns it as the server holds it, which takes a
    /// further call where the answer has no body.
    ///
    /// # Errors
    /// [`Error::Query`] for an empty id, for no changes, for no levels or groups, and for a name of one that is empty or has a
    /// `;`; or the call fails.
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
            None => checked(id).map(|()| route::update.call().path("id", id).json(&patch(changes))),
        };
        let read = self.get(id);
        self.core.run(|core| async move {
            let response = core.send(&route::update, call?).await?;
            // RFC 7644 lets a server answer without the user.
            if response.body().trim_ascii().is_empty() {
                return read.await;
            }
            core.decode(&response)
        })
    }

    /// Deletes a user (`DELETE /api/SCIM/v2/Users/{id}`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty id; status 404 when there is none; or the call fails.
    pub fn delete(&self, id: &str) -> Ask<()> {
        let call = checked(id).map(|()| route::delete.call().path("id", id));
        self.core.tell(&route::delete, call)
    }
}

fn checked(id: &str) -> Result<()> {
    scanned::check_some("user id", id, Kind::Number)
}

/// By what a user is known: its id, or what there is.
fn identity(user: &User) -> String {
    let name = || user.user_name.clone();
    let id = user.id.clone().or_else(name);
    id.unwrap_or_else(|| format!("{user:?}"))
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
        None => Err(auth::no_token()),
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
