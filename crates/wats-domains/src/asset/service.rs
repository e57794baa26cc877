//! Operations on asset.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on asset; from [`Wats::asset`](crate::Wats::asset).
#[derive(Debug, Clone)]
pub struct AssetService {
    core: Arc<Core>,
}

impl AssetService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// Types of assets (`GET /api/Asset/Types`).
    ///
    /// # Errors
    /// The call fails.
    pub fn types(&self) -> Ask<Arc<[serde_json::Value]>> {
        self.core
            .ask_list::<serde_json::Value>(&route::types, Ok(route::types.call()))
    }
}
