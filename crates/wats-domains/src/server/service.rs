//! Operations on the server itself.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{UserSettings, route};
use crate::ask::Ask;
use crate::ask::service::service;
use crate::scanned::{self, Kind};

service! {
    /// Operations on the server itself; from [`Wats::server`](crate::Wats::server). Its version is
    /// [`Wats::version`](crate::Wats::version).
    pub struct ServerService;
}

impl ServerService {
    /// The state of the server as names and values, which the server describes as texts (`GET /api/SystemStatus`).
    pub fn status(&self) -> Ask<BTreeMap<String, Value>> {
        self.core.ask(&route::status, Ok(route::status.call()))
    }

    /// The settings of a user (`GET /api/App/CommonUserSettings`).
    ///
    /// # Errors
    /// [`Error::Query`](crate::Error::Query) for an empty name; or the call fails.
    pub fn user_settings(&self, user_name: &str) -> Ask<UserSettings> {
        let route = &route::user_settings;
        let call = scanned::check_some("user name", user_name, Kind::Number)
            .map(|()| route.call().query("UserName", user_name));
        self.core.ask(route, call)
    }
}
