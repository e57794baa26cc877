//! Operations on server.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on server; from [`Wats::server`](crate::Wats::server).
#[derive(Debug, Clone)]
pub struct ServerService {
    core: Arc<Core>,
}

impl ServerService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// The state of the server (`GET /api/App/SystemStatus`).
    ///
    /// # Errors
    /// The call fails.
    pub fn status(&self) -> Ask<serde_json::Value> {
        self.core
            .ask::<serde_json::Value>(&route::status, Ok(route::status.call()))
    }
}
