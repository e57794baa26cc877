//! Operations on scim.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on scim; from [`Wats::scim`](crate::Wats::scim).
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

    /// Users (`GET /api/SCIM/v2/Users`).
    ///
    /// # Errors
    /// The call fails.
    pub fn users(&self) -> Ask<serde_json::Value> {
        self.core
            .ask::<serde_json::Value>(&route::users, Ok(route::users.call()))
    }
}
