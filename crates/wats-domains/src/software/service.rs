//! Operations on software.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on software; from [`Wats::software`](crate::Wats::software).
#[derive(Debug, Clone)]
pub struct SoftwareService {
    core: Arc<Core>,
}

impl SoftwareService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// All folders (`GET /api/Software/VirtualFolders`).
    ///
    /// # Errors
    /// The call fails.
    pub fn folders(&self) -> Ask<Arc<[serde_json::Value]>> {
        self.core
            .ask_list::<serde_json::Value>(&route::folders, Ok(route::folders.call()))
    }
}
