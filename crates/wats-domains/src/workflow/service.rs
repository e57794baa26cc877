//! Operations on workflow.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on workflow; from [`Wats::workflow`](crate::Wats::workflow).
#[derive(Debug, Clone)]
pub struct WorkflowService {
    core: Arc<Core>,
}

impl WorkflowService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// Begins a test (`GET /api/Workflow/StartTest`).
    ///
    /// # Errors
    /// The call fails.
    pub fn start_test(&self) -> Ask<serde_json::Value> {
        self.core
            .ask::<serde_json::Value>(&route::start_test, Ok(route::start_test.call()))
    }
}
