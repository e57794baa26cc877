//! What can go wrong with the server that is shared. Most callers never see it: without Redis they go on without it.

use std::time::Duration;

/// What a result of this crate is.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be had from the shared server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option makes no sense.
    #[error("`{option}`: {reason}")]
    Config {
        /// The option's name.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no session with the server at the moment. Nothing waits for one.
    #[error("no session with the shared server")]
    NoSession,
    /// The session ended while the answer was awaited; whether the server has carried the command out is not known.
    #[error("the session with the shared server ended: {0}")]
    SessionEnded(String),
    /// The server did not answer in time; whether it has carried the command out is not known.
    #[error("the shared server did not answer within {0:?}")]
    Timeout(Duration),
    /// More commands are under way than are good.
    #[error("too many commands are under way")]
    Busy,
    /// No connection.
    #[error("{address}: {reason}")]
    Connect {
        /// The server.
        address: String,
        /// What went wrong.
        reason: String,
    },
    /// The server refused the command.
    #[error("the shared server refuses: {code} {message}")]
    Refused {
        /// The first word of the server's error, such as `NOPERM`.
        code: String,
        /// The rest of it.
        message: String,
    },
    /// An answer that is not what the command promises.
    #[error("an answer of the shared server is not understood: {0}")]
    Protocol(&'static str),
}

impl Error {
    /// The first word of the server's error, if it refused.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    pub(crate) fn config(option: &'static str, reason: impl Into<String>) -> Self {
        Self::Config {
            option,
            reason: reason.into(),
        }
    }
}
