//! Operations on root cause.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on root cause; from [`Wats::root_cause`](crate::Wats::root_cause).
#[derive(Debug, Clone)]
pub struct RootCauseService {
    core: Arc<Core>,
}

impl RootCauseService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// An attachment (`GET /api/RootCause/Attachment`).
    ///
    /// # Errors
    /// The call fails.
    pub fn attachment(&self) -> Ask<crate::RemoteFile> {
        self.core
            .download(&route::attachment, Ok(route::attachment.call()))
    }
}
