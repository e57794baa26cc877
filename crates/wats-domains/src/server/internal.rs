//! Operations on the server itself by routes that it does not publish.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Ping, ServerService, route};
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

    /// What the server tells of itself, as names and values (`GET /api/internal/Client/ServerInfo`).
    ///
    /// # Errors
    /// The call fails.
    pub fn info(&self) -> Ask<BTreeMap<String, String>> {
        let route = &route::internal::info;
        self.core.ask(route, Ok(route.call()))
    }
}
