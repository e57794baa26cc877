//! Operations on barcode.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on barcode; from [`Wats::barcode`](crate::Wats::barcode).
#[derive(Debug, Clone)]
pub struct BarcodeService {
    core: Arc<Core>,
}

impl BarcodeService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// All identifiers (`GET /api/BarcodeIdentifiers/BarcodeIdentifiers`).
    ///
    /// # Errors
    /// The call fails.
    pub fn list(&self) -> Ask<Arc<[serde_json::Value]>> {
        self.core
            .ask_list::<serde_json::Value>(&route::list, Ok(route::list.call()))
    }
}
