//! Operations on system.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on system; from [`Wats::system`](crate::Wats::system).
#[derive(Debug, Clone)]
pub struct SystemService {
    core: Arc<Core>,
}

impl SystemService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// All clients (`GET /api/SystemManager/Clients`).
    ///
    /// # Errors
    /// The call fails.
    pub fn clients(&self) -> Ask<serde_json::Value> {
        self.core
            .ask::<serde_json::Value>(&route::clients, Ok(route::clients.call()))
    }
}
