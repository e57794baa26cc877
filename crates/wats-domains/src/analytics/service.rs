//! Operations on analytics.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on analytics; from [`Wats::analytics`](crate::Wats::analytics).
#[derive(Debug, Clone)]
pub struct AnalyticsService {
    core: Arc<Core>,
}

impl AnalyticsService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// Levels of the factory (`GET /api/App/Levels`).
    ///
    /// # Errors
    /// The call fails.
    pub fn levels(&self) -> Ask<Arc<[serde_json::Value]>> {
        self.core
            .ask_list::<serde_json::Value>(&route::levels, Ok(route::levels.call()))
    }
}
