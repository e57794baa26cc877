//! Why a command failed: a line for people, an object for programs, and the exit code.

use std::io::{self, Write as _};
use std::process::ExitCode;

use serde_json::{Value, json};
use wats::report::Finding;
use wats::report::lint::Mend;
use wats::{Error, ErrorKind, StatusCode};

use crate::exit::Exit;
use crate::output::shown_lines;

/// What a command gives: its exit code, or why it failed.
pub(crate) type Outcome<T = Exit> = Result<T, Failure>;

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// One word that stays: `usage`, `refused`, `access`, `not-found`, `later`, `interrupted`, `failed`.
    pub(crate) kind: &'static str,
    /// What went wrong and what to do, on one line.
    pub(crate) message: String,
    /// What the server answered, if it did.
    pub(crate) status: Option<u16>,
    /// What the rules say of a report.
    pub(crate) findings: Vec<Finding>,
    /// Nobody reads any more: nothing is told, and it is no failure.
    pub(crate) closed: bool,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        let kind = match exit {
            Exit::Done | Exit::Failed => "failed",
            Exit::Usage => "usage",
            Exit::Refused => "refused",
            Exit::Access => "access",
            Exit::NotFound => "not-found",
            Exit::Later => "later",
            Exit::Queued => "queued",
            Exit::Interrupted => "interrupted",
        };
        Self {
            exit,
            kind,
            message: message.into(),
            status: None,
            findings: Vec::new(),
            closed: false,
        }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// A failure to read or write something of this name.
    pub(crate) fn io(what: impl std::fmt::Display, error: &io::Error) -> Self {
        let exit = match error.kind() {
            io::ErrorKind::NotFound => Exit::NotFound,
            _ => Exit::Failed,
        };
        Self::new(exit, format!("{what}: {error}"))
    }

    /// Says what it was about.
    pub(crate) fn about(mut self, what: impl std::fmt::Display) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The object of `--json`, on one line.
    pub(crate) fn to_json(&self) -> Value {
        let findings: Vec<Value> = self.findings.iter().map(finding).collect();
        json!({
            "schema": 1,
            "code": self.exit as u8,
            "kind": self.kind,
            "message": self.message,
            "status": self.status,
            "findings": findings,
        })
    }

    /// Tells it on standard error, and gives its exit code.
    pub(crate) fn tell(&self, as_json: bool) -> ExitCode {
        let text = if as_json {
            self.to_json().to_string()
        } else {
            format!("error: {}", shown_lines(&self.message))
        };
        // Nothing is left to do if even standard error is gone.
        let _ = writeln!(io::stderr(), "{text}");
        self.exit.into()
    }
}

/// What the rules say, in the words of this program: they name changes as the library does.
pub(crate) fn in_our_words(text: &str) -> String {
    let mut text = text.to_owned();
    for mend in Mend::ALL {
        let name = format!("`Mend::{mend:?}`");
        if text.contains(&name) {
            text = text.replace(&name, &format!("`wats fix --policy {}`", mend.name()));
        }
    }
    text
}

/// A finding as a member of documents.
pub(crate) fn finding(finding: &Finding) -> Value {
    json!({
        "rule": finding.code(),
        "severity": finding.severity().to_string(),
        "path": finding.path,
        "text": finding.text,
        "remedy": in_our_words(finding.fix()),
    })
}

/// That the server would refuse a report, if it would by these findings.
#[cfg(feature = "queue")]
pub(crate) fn refused(findings: Vec<Finding>) -> Option<Failure> {
    let refused: Vec<Finding> = findings
        .into_iter()
        .filter(|finding| finding.severity() == wats::report::Severity::Reject)
        .collect();
    let first = refused.first()?;
    let more = match refused.len() {
        1 => String::new(),
        many => format!(", and {} more", many - 1),
    };
    let message = format!("the server would refuse it: {first}{more}");
    Some(Failure {
        findings: refused,
        ..Failure::new(Exit::Refused, message)
    })
}

/// What clap says: help and version on standard output with 0, mistakes on standard error with 2.
pub(crate) fn of_usage(error: &clap::Error, as_json: bool) -> ExitCode {
    if error.use_stderr() && as_json {
        let text = error.render().to_string();
        // The usage and hints follow behind a blank line.
        let first = text.split("\n\n").next().unwrap_or_default();
        let words: Vec<&str> = first.split_whitespace().collect();
        let message = words.join(" ");
        let message = message.strip_prefix("error: ").unwrap_or(&message);
        return Failure::usage(message).tell(true);
    }
    match error.print() {
        _ if error.use_stderr() => Exit::Usage.into(),
        Err(wrong) if wrong.kind() != io::ErrorKind::BrokenPipe => {
            Failure::from(wrong).tell(as_json)
        }
        _ => Exit::Done.into(),
    }
}

/// Failures of writing to standard output.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let closed = error.kind() == io::ErrorKind::BrokenPipe;
        Self {
            closed,
            ..Self::failed(format!("standard output cannot be written: {error}"))
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = error.status();
        let exit = match &error {
            Error::NotFound { .. } => Exit::NotFound,
            Error::Report(_) | Error::UnknownProcess { .. } => Exit::Refused,
            Error::Query(_) => Exit::Usage,
            Error::Data(_) | Error::Codec { .. } => Exit::Failed,
            Error::Unacknowledged { .. } => Exit::Later,
            Error::Stopped => Exit::Interrupted,
            #[cfg(feature = "queue")]
            Error::Queue(error) => of_queue(error),
            _ => of_kind(error.kind()),
        };
        Self {
            status: status.map(|status| status.as_u16()),
            findings: error.findings(),
            ..Self::new(exit, format!("{error:#}"))
        }
    }
}

/// Failures of a queue that was opened without a client.
#[cfg(feature = "queue")]
impl From<wats::queue::Error> for Failure {
    fn from(error: wats::queue::Error) -> Self {
        Self::new(of_queue(&error), error.to_string())
    }
}

#[cfg(feature = "queue")]
fn of_queue(error: &wats::queue::Error) -> Exit {
    use wats::queue::Error;
    match error {
        Error::Unknown(_) => Exit::NotFound,
        Error::OtherTarget { .. } => Exit::Usage,
        Error::WrongState { .. } | Error::Invalid { .. } => Exit::Refused,
        error if error.is_full() => Exit::Later,
        _ => Exit::Failed,
    }
}

fn of_kind(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::Config => Exit::Usage,
        ErrorKind::Status(status) => of_status(status),
        ErrorKind::Connect
        | ErrorKind::Transport
        | ErrorKind::Timeout(_)
        | ErrorKind::CircuitOpen => Exit::Later,
        _ => Exit::Failed,
    }
}

fn of_status(status: StatusCode) -> Exit {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::Access,
        StatusCode::NOT_FOUND => Exit::NotFound,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Exit::Later,
        status if status.is_server_error() => Exit::Later,
        status if status.is_client_error() => Exit::Refused,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_told_what_to_do_about_each_status() {
        for (status, exit) in [
            (400, Exit::Refused),
            (401, Exit::Access),
            (403, Exit::Access),
            (404, Exit::NotFound),
            (408, Exit::Later),
            (409, Exit::Refused),
            (413, Exit::Refused),
            (429, Exit::Later),
            (500, Exit::Later),
            (503, Exit::Later),
            (302, Exit::Failed),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(of_status(status), exit, "{status}");
        }
    }
}
