//! Operations on export.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on export; from [`Wats::export`](crate::Wats::export).
#[derive(Debug, Clone)]
pub struct ExportService {
    core: Arc<Core>,
}

impl ExportService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// Files that are ready (`GET /api/Export/List`).
    ///
    /// # Errors
    /// The call fails.
    pub fn list(&self) -> Ask<serde_json::Value> {
        self.core
            .ask::<serde_json::Value>(&route::list, Ok(route::list.call()))
    }
}
