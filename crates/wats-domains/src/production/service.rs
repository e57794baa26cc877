//! Operations on production.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on production; from [`Wats::production`](crate::Wats::production).
#[derive(Debug, Clone)]
pub struct ProductionService {
    core: Arc<Core>,
}

impl ProductionService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// Types of serial numbers (`GET /api/Production/SerialNumbers/Types`).
    ///
    /// # Errors
    /// The call fails.
    pub fn serial_number_types(&self) -> Ask<Arc<[serde_json::Value]>> {
        self.core.ask_list::<serde_json::Value>(
            &route::serial_number_types,
            Ok(route::serial_number_types.call()),
        )
    }
}
