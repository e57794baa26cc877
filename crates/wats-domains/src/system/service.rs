//! Operations on clients and levels.

use serde_json::Value;

use super::{SystemClient, route};
use crate::RemoteFile;
use crate::argument;
use crate::ask::Ask;
use crate::ask::request::request;
use crate::ask::service::service;
use crate::error::{Error, Result};
use crate::scanned::{self, Kind};

/// Which client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientKey<'a> {
    /// The one of a name.
    Name(&'a str),
    /// The one of an identifier, which is the MAC address of its computer.
    Identifier(&'a str),
}

request! {
    /// From [`SystemService::save_client`].
    pub struct SaveClient -> Value, by ask_any {
        /// Whether its history moves along when it comes to another level.
        "moveWithHistory" => move_with_history: bool,
    }
}

service! {
    /// Operations on clients and levels; from [`Wats::system`](crate::Wats::system).
    pub struct SystemService;
}

impl SystemService {
    /// A client (`GET /api/SystemManager/Client`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty name or identifier; or the call fails.
    pub fn client(&self, key: ClientKey<'_>) -> Ask<SystemClient> {
        let (parameter, value) = match key {
            ClientKey::Name(name) => ("name", name),
            ClientKey::Identifier(identifier) => ("identifier", identifier),
        };
        let call = scanned::check_some(parameter, value, Kind::Name)
            .map(|()| route::client.call().query(parameter, value));
        self.core.ask(&route::client, call)
    }

    /// All clients and levels, with their state, version, last report and the like (`GET /api/SystemManager/Clients`).
    pub fn clients(&self) -> Ask<Vec<SystemClient>> {
        self.core.ask(&route::clients, Ok(route::clients.call()))
    }

    /// Changes display name, location, purpose and level of a client (`PUT /api/SystemManager/Client`). The form of the
    /// answer is not described.
    ///
    /// # Errors
    /// [`Error::Query`] for a client without an id; or the call fails. Name and type of a client cannot be changed.
    pub fn save_client(&self, client: &SystemClient) -> SaveClient {
        let call = match client.client_id {
            None => Err(Error::Query(
                "the client has no `client_id`; only one that the server knows can be changed"
                    .to_owned(),
            )),
            Some(id) => {
                argument::given("client_id", id).map(|_| route::save_client.call().json(client))
            }
        };
        SaveClient::new(&self.core, &route::save_client, call)
    }

    /// The newest log of a client of version 6.0 or later, by the MAC address of its computer
    /// (`GET /api/SystemManager/ClientLog/{identifier}`).
    ///
    /// # Errors
    /// [`Error::Query`] for an empty identifier; or the call fails.
    pub fn client_log(&self, identifier: &str) -> Ask<RemoteFile> {
        let call = scanned::check_some("identifier", identifier, Kind::Number)
            .map(|()| route::client_log.call().path("identifier", identifier));
        self.core.download(&route::client_log, call)
    }

    /// The id of a level by its names from the topmost one down (`GET /api/SystemManager/Level`); `None` if there is none.
    /// Users who are restricted to levels cannot use it.
    ///
    /// # Errors
    /// [`Error::Query`] for no names or an empty one; or the call fails.
    pub fn level(&self, hierarchy: &[&str]) -> Ask<Option<i32>> {
        let call = names(hierarchy).map(|names| {
            let add = |call: wats_http::Call, name: &&str| call.query("hierarchy", *name);
            names.iter().fold(route::level.call(), add)
        });
        self.core.ask(&route::level, call)
    }

    /// Creates the levels of these names that there are not yet, each below the one before
    /// (`POST /api/SystemManager/Level`). The form of the answer is not described. Users who are restricted to levels
    /// cannot use it. It is not repeated.
    ///
    /// # Errors
    /// As [`level`](Self::level).
    pub fn create_level(&self, hierarchy: &[&str]) -> Ask<Value> {
        let call = names(hierarchy).map(|names| route::create_level.call().json(names));
        self.core.ask_any(&route::create_level, call)
    }
}

fn names<'a, 'b>(hierarchy: &'a [&'b str]) -> Result<&'a [&'b str]> {
    for name in argument::some("hierarchy", hierarchy)? {
        scanned::check_some("name of a level", name, Kind::Name)?;
    }
    Ok(hierarchy)
}
