//! Operations on manual inspection.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on manual inspection; from [`Wats::manual_inspection`](crate::Wats::manual_inspection).
#[derive(Debug, Clone)]
pub struct ManualInspectionService {
    core: Arc<Core>,
}

impl ManualInspectionService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// Sequences (`GET /api/internal/ManualInspection/GetSequences`).
    ///
    /// # Errors
    /// The call fails.
    pub fn sequences(&self) -> Ask<serde_json::Value> {
        self.core
            .ask::<serde_json::Value>(&route::sequences, Ok(route::sequences.call()))
    }
}
