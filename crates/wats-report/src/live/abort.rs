//! Why a test did not come to its end.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::lint::is_illegal;
use crate::{Outcome, Status};

/// Longest error message that is sure to be kept.
const MESSAGE: usize = 200;

/// Why a test, a sequence or a step did not come to its end: somebody stopped it, or it went wrong itself.
///
/// ```
/// use wats_report::live::Abort;
///
/// let stopped = Abort::terminated("the operator pressed stop");
/// let broken = Abort::error("the multimeter does not answer").code(-1073);
/// assert_eq!(broken.cause(), "the multimeter does not answer");
/// # let _ = stopped;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abort {
    error: bool,
    code: Option<i32>,
    cause: String,
}

impl Abort {
    /// Somebody or something stopped it.
    pub fn terminated(cause: impl fmt::Display) -> Self {
        Self::new(false, &cause)
    }

    /// The test itself went wrong: an instrument does not answer, a program failed. An error can be given as it is.
    pub fn error(cause: impl fmt::Display) -> Self {
        Self::new(true, &cause)
    }

    /// Sets the code of the error.
    #[must_use]
    pub fn code(mut self, code: i32) -> Self {
        self.code = Some(code);
        self
    }

    /// The cause: at most 200 characters, without those that the server cannot store.
    pub fn cause(&self) -> &str {
        &self.cause
    }

    /// The outcome of what it broke off: [`Outcome::Terminated`] or [`Outcome::Error`].
    pub fn outcome(&self) -> Outcome {
        if self.error {
            Outcome::Error
        } else {
            Outcome::Terminated
        }
    }

    pub(super) fn status(&self) -> Status {
        self.outcome().into()
    }

    pub(super) fn error_code(&self) -> Option<i32> {
        self.code
    }

    fn new(error: bool, cause: &dyn fmt::Display) -> Self {
        let cause = format!("{cause:#}");
        let storable = |c: char| if is_illegal(c) { ' ' } else { c };
        Self {
            error,
            code: None,
            cause: cause.chars().map(storable).take(MESSAGE).collect(),
        }
    }

    /// What is said of something that was dropped: by a panic, or because nobody waits for it any more.
    pub(super) fn dropped(what: &str) -> Self {
        if std::thread::panicking() {
            Self::error(format_args!("the test program panicked during {what}"))
        } else {
            Self::terminated(format_args!("{what} was dropped before it ended"))
        }
    }
}
