//! How a load ends that others may have joined.

use std::sync::Arc;
use std::time::Duration;

use wats_http::{Deadline, ErrorKind};

use crate::error::{Error, Result};

pub(super) enum LoadOutcome<T> {
    Loaded(T),
    /// What was kept, as the server is away, and how old it is if that is known.
    Stale(T, Arc<Error>, Option<Duration>),
    Failed(Arc<Error>),
    Reentrant,
}

impl<T> LoadOutcome<T> {
    pub(super) fn into_result(self, operation: &str) -> Result<T> {
        match self {
            Self::Loaded(value) => Ok(value),
            Self::Stale(value, error, age) => {
                tracing::warn!(operation, ?age, %error, "answered by what was kept, as the server is away");
                Ok(value)
            }
            Self::Failed(error) => Err(Arc::try_unwrap(error).unwrap_or_else(Error::Shared)),
            Self::Reentrant => Err(Error::Wait(
                "it stands inside the same operation, whose answer it would wait for".to_owned(),
            )),
        }
    }
}

/// Whether it is the server that cannot answer now, and not the question that is wrong.
pub(super) fn is_away(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Connect | ErrorKind::Transport | ErrorKind::CircuitOpen => true,
        // The others are waits within this process.
        ErrorKind::Timeout(deadline) => !matches!(deadline, Deadline::Pool | Deadline::RateLimit),
        ErrorKind::Status(status) => status.is_server_error(),
        _ => false,
    }
}
