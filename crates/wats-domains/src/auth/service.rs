//! Operations on auth.

use std::sync::Arc;

use super::route;
use crate::ask::{Ask, Core};

/// Operations on auth; from [`Wats::auth`](crate::Wats::auth).
#[derive(Debug, Clone)]
pub struct AuthService {
    core: Arc<Core>,
}

impl AuthService {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Self {
            core: Arc::clone(core),
        }
    }

    /// A token (`GET /api/Auth/GetToken`).
    ///
    /// # Errors
    /// The call fails.
    pub fn token(&self) -> Ask<String> {
        self.core
            .ask::<String>(&route::token, Ok(route::token.call()))
    }
}
