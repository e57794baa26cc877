//! Operations on the server itself by routes that it does not publish.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ClientSettings, Ping, RegisteredClient, ServerService, route};
use crate::ask::Ask;
use crate::ask::service::service;

service! {
    /// Internal operations on the server itself; from [`ServerService::internal`].
    pub struct InternalServer, internal of ServerService;
}

impl InternalServer {
    /// Who answers, with its clock (`GET /api/internal/Client/Ping`).
    pub fn ping(&self) -> Ask<Ping> {
        let route = &route::internal::ping;
        self.core.ask(route, Ok(route.call()))
    }

    /// What the server tells of itself, as names and values, which it describes as texts
    /// (`GET /api/internal/Client/ServerInfo`).
    pub fn info(&self) -> Ask<BTreeMap<String, Value>> {
        let route = &route::internal::info;
        self.core.ask(route, Ok(route.call()))
    }

    /// Tells the server what has changed of the client that this token belongs to, and returns the client as the server
    /// holds it (`POST /api/internal/Client/Update`).
    pub fn update_client(&self, settings: &ClientSettings) -> Ask<RegisteredClient> {
        let route = &route::internal::update_client;
        self.core.ask(route, Ok(route.call().json(settings)))
    }
}
