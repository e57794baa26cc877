//! Operations on the server itself by routes that it does not publish.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{ClientSettings, Ping, RegisteredClient, ServerService, route};
use crate::ask::{Ask, Core};

/// Internal operations on the server itself; from [`ServerService::internal`].
#[derive(Debug, Clone)]
pub struct InternalServer {
    core: Arc<Core>,
}

impl ServerService {
    /// Operations on routes that the server uses itself and does not publish. They may change with any version of the
    /// server, and the token may not be allowed to use them.
    pub fn internal(&self) -> InternalServer {
        InternalServer {
            core: Arc::clone(&self.core),
        }
    }
}

impl InternalServer {
    /// Who answers, with its clock (`GET /api/internal/Client/Ping`).
    ///
    /// # Errors
    /// The call fails.
    pub fn ping(&self) -> Ask<Ping> {
        let route = &route::internal::ping;
        self.core.ask(route, Ok(route.call()))
    }

    /// What the server tells of itself, as names and values, which it describes as texts
    /// (`GET /api/internal/Client/ServerInfo`).
    ///
    /// # Errors
    /// The call fails.
    pub fn info(&self) -> Ask<BTreeMap<String, Value>> {
        let route = &route::internal::info;
        self.core.ask(route, Ok(route.call()))
    }

    /// Tells the server what has changed of the client that this token belongs to, and returns the client as the server
    /// holds it (`POST /api/internal/Client/Update`).
    ///
    /// # Errors
    /// The call fails.
    pub fn update_client(&self, settings: &ClientSettings) -> Ask<RegisteredClient> {
        let route = &route::internal::update_client;
        self.core.ask(route, Ok(route.call().json(settings)))
    }
}
