//! How a dial failed, for those who waited for it. The error itself belongs to the call that dialled; the others get one
//! that says the same.

use std::error::Error as StdError;
use std::fmt;

use crate::error::{Error, ErrorKind};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SharedConnectError {
    kind: ErrorKind,
    said: Option<String>,
    /// What was behind it, and behind that.
    causes: Vec<String>,
}

impl SharedConnectError {
    pub(super) fn of(error: &Error) -> Self {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        Self {
            kind: error.kind(),
            said: error.said().map(str::to_owned),
            causes,
        }
    }

    /// The error for one who waited; nothing of its request has been sent.
    pub(super) fn into_error(self) -> Error {
        let mut chain = None;
        for said in self.causes.into_iter().rev() {
            let behind = chain.map(Box::new);
            chain = Some(Cause { said, behind });
        }
        let mut error = Error::new(self.kind).never_sent();
        if let Some(said) = self.said {
            error = error.message(said);
        }
        if let Some(cause) = chain {
            error = error.source(cause);
        }
        error
    }
}

/// The words of a cause.
#[derive(Debug)]
struct Cause {
    said: String,
    behind: Option<Box<Cause>>,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.behind.as_deref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waited_is_told_what_the_one_who_dialled_is() {
        let cause = Error::new(ErrorKind::Transport)
            .message("the proxy went away")
            .source(std::io::Error::other("reset by peer"));
        let error = Error::new(ErrorKind::Connect)
            .message("with 192.0.2.1:443")
            .source(cause);
        let told = SharedConnectError::of(&error).into_error();
        assert_eq!(format!("{told:#}"), format!("{error:#}"));
        assert!(format!("{told:#}").contains("reset by peer"), "{told:#}");
        assert!(told.is_unsent());
        let plain = Error::new(ErrorKind::Tls);
        assert_eq!(
            format!("{:#}", SharedConnectError::of(&plain).into_error()),
            format!("{plain:#}")
        );
    }
}
