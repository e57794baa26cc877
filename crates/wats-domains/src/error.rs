//! The error of the typed layer: what the transport says, or what is wrong with the data before it is sent.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;
use wats_http::ErrorKind;
use wats_http::http::StatusCode;

use crate::report::{Finding, refusal};

/// What a result of this crate is.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation failed. `{}` says what failed, `{:#}` also why, with all causes, on one line still. `{:?}` is that line,
/// too, as it is what a `main` that returns the error prints; `{:#?}` shows the parts.
///
/// ```
/// use wats_domains::Filter;
///
/// let error = Filter::eq("partNumber", f64::NAN).to_odata().unwrap_err();
/// assert!(!error.is_retryable());
/// assert!(error.to_string().contains("NaN"));
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The call failed; prints as the transport's error does, in the long form too.
    #[error(transparent)]
    Http(#[from] wats_http::Error),
    /// The client is configured wrongly; nothing was sent.
    #[error("invalid configuration: {0}")]
    Config(String),
    /// A report that the server would refuse; nothing was sent.
    #[error(fmt = wats_report::error::refused)]
    Report(Vec<Finding>),
    /// A query that cannot be expressed; nothing was sent.
    #[error("the query cannot be sent: {0}")]
    Query(String),
    /// Data that is not what it should be.
    #[error("{0}")]
    Data(String),
    /// One of many that were looked up, and not in the server's answer. Kind and status are those of a 404, which is what
    /// `get` of it alone gives.
    #[error("there is no {what} {key:?}")]
    NotFound {
        /// What was looked up.
        what: &'static str,
        /// By what it was looked up, such as the part number.
        key: String,
    },
    /// The server answered a submit with success, but did not name the report: nobody has said that it was received.
    /// Submitting it again is safe.
    #[error(
        "the answer does not name the report {id}, so nobody has said that it was received: {answer:?}; submit it again, \
         which doubles nothing, and check that the base URL is a WATS server"
    )]
    Unacknowledged {
        /// The id of the report.
        id: Uuid,
        /// The start of the answer.
        answer: String,
        /// How often the call was tried.
        attempts: u32,
    },
    /// It cannot be waited for here ([`Ask::wait`](crate::Ask::wait)); nothing was sent.
    #[error("the operation cannot be waited for: {0}")]
    Wait(String),
    /// Not sent, because the bulk was stopped before its turn
    /// ([`BulkOptions::until`](crate::BulkOptions::until)).
    #[error("not sent: stopped before its turn")]
    Stopped,
    /// Not sent, because the calls of the bulk before it were all refused for the same reason, which lies with the client
    /// and not with the item: the token, the proxy, the certificates.
    #[error(fmt = unsent)]
    Unsent(#[source] Arc<Self>),
    /// The server refused a report because it does not know the process (operation type) that it names.
    #[error(fmt = unknown_process)]
    UnknownProcess {
        /// The refusal.
        #[source]
        source: Box<Self>,
        /// Code and name of the processes that the server knows.
        known: Vec<(i32, String)>,
    },
    /// Data that cannot be written or read; `{:#}` says why and where.
    #[error(fmt = wats_report::error::codec)]
    Codec {
        /// What was being done.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: wats_codec::Error,
    },
    /// The queue could not do it: its folder, its disk, its bounds.
    #[cfg(feature = "queue")]
    #[cfg_attr(docsrs, doc(cfg(feature = "queue")))]
    #[error(transparent)]
    Queue(#[from] wats_queue::Error),
    /// The call of another caller, for whose outcome this one waited, failed: all who waited have this same error. Prints
    /// and answers as that error does.
    #[error(transparent)]
    Shared(Arc<Self>),
}

impl From<wats_report::Error> for Error {
    fn from(error: wats_report::Error) -> Self {
        match error {
            wats_report::Error::Config(text) => Self::Config(text),
            wats_report::Error::Report(findings) => Self::Report(findings),
            wats_report::Error::Query(text) => Self::Query(text),
            wats_report::Error::Codec { what, source } => Self::Codec { what, source },
            wats_report::Error::Data(text) => Self::Data(text),
            // The enum may grow; what it says is kept.
            other => Self::Data(format!("{other:#}")),
        }
    }
}

impl Error {
    /// What kind of failure it is; data that cannot be sent, and what was stopped before, counts as an invalid request.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Http(error) => error.kind(),
            Self::Shared(error) | Self::Unsent(error) => error.kind(),
            Self::UnknownProcess { source, .. } => source.kind(),
            Self::Config(_) => ErrorKind::Config,
            #[cfg(feature = "queue")]
            Self::Queue(_) => ErrorKind::Request,
            Self::Unacknowledged { .. } => ErrorKind::Decode,
            Self::NotFound { .. } => ErrorKind::Status(StatusCode::NOT_FOUND),
            Self::Report(_)
            | Self::Query(_)
            | Self::Data(_)
            | Self::Codec { .. }
            | Self::Wait(_)
            | Self::Stopped => ErrorKind::Request,
        }
    }

    /// The status of the server's answer, when that is the failure.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::NotFound { .. } => Some(StatusCode::NOT_FOUND),
            other => other.as_http().and_then(wats_http::Error::status),
        }
    }

    /// Whether the same call may succeed later without a change.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unacknowledged { .. } | Self::Stopped => true,
            #[cfg(feature = "queue")]
            Self::Queue(error) => error.is_full(),
            Self::Shared(error) | Self::Unsent(error) => error.is_retryable(),
            other => other.as_http().is_some_and(wats_http::Error::is_retryable),
        }
    }

    /// Whether nothing of it has reached the server: it was refused here, or there was no connection to send it on. What the
    /// server must not do twice, such as counting, may then be called again. After another failure than an answer of the
    /// server it may have been carried out, and its answer was lost: look before calling again.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Wats) -> wats_domains::Result<()> {
    /// use wats_domains::asset::AssetKey;
    ///
    /// let count = || api.asset().add_count(AssetKey::SerialNumber("FIX-7"), 1);
    /// match count().await {
    ///     Err(error) if error.is_retryable() && error.is_unsent() => drop(count().await?),
    ///     outcome => drop(outcome?),
    /// }
    /// # Ok(()) }
    /// ```
    pub fn is_unsent(&self) -> bool {
        match self {
            Self::Http(error) => error.is_unsent(),
            Self::Shared(error) => error.is_unsent(),
            #[cfg(feature = "queue")]
            Self::Queue(_) => true,
            Self::Config(_)
            | Self::Report(_)
            | Self::Query(_)
            | Self::Wait(_)
            | Self::Stopped
            | Self::Unsent(_) => true,
            Self::UnknownProcess { .. }
            | Self::Unacknowledged { .. }
            | Self::NotFound { .. }
            | Self::Data(_)
            | Self::Codec { .. } => false,
        }
    }

    /// How often the call was tried; 0 when nothing was sent.
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Unacknowledged { attempts, .. } => *attempts,
            Self::Unsent(_) => 0,
            Self::Shared(error) => error.attempts(),
            other => other.as_http().map_or(0, wats_http::Error::attempts),
        }
    }

    /// The start of the server's answer, on one line.
    pub fn body_excerpt(&self) -> Option<&str> {
        match self {
            Self::Unacknowledged { answer, .. } => Some(answer),
            Self::Shared(error) | Self::Unsent(error) => error.body_excerpt(),
            other => other.as_http().and_then(wats_http::Error::body_excerpt),
        }
    }

    /// The transport's error, when that is the failure.
    pub fn as_http(&self) -> Option<&wats_http::Error> {
        match self {
            Self::Http(error) => Some(error),
            Self::Shared(error) | Self::Unsent(error) => error.as_http(),
            Self::UnknownProcess { source, .. } => source.as_http(),
            _ => None,
        }
    }

    /// What is wrong with the report, when that is the failure: found before it was sent, or told by the server in its
    /// refusal. Of the server's words each line is a finding; see [`Finding::rule`] for which rule it is thought to be.
    pub fn findings(&self) -> Vec<Finding> {
        match self {
            Self::Report(findings) => findings.clone(),
            Self::Shared(error) => error.findings(),
            Self::UnknownProcess { source, .. } => source.findings(),
            Self::Http(error)
                if error.status() == Some(StatusCode::BAD_REQUEST)
                    && error
                        .operation()
                        .is_some_and(|name| name.starts_with("report.submit")) =>
            {
                refusal::findings(error.server_message().unwrap_or_default())
            }
            _ => Vec::new(),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return write!(f, "{self:#}");
        }
        match self {
            Self::Http(error) => f.debug_tuple("Http").field(error).finish(),
            Self::Config(text) => f.debug_tuple("Config").field(text).finish(),
            Self::Report(findings) => f.debug_tuple("Report").field(findings).finish(),
            Self::Query(text) => f.debug_tuple("Query").field(text).finish(),
            Self::Data(text) => f.debug_tuple("Data").field(text).finish(),
            Self::NotFound { what, key } => f
                .debug_struct("NotFound")
                .field("what", what)
                .field("key", key)
                .finish(),
            Self::Unacknowledged {
                id,
                answer,
                attempts,
            } => f
                .debug_struct("Unacknowledged")
                .field("id", id)
                .field("answer", answer)
                .field("attempts", attempts)
                .finish(),
            Self::Wait(text) => f.debug_tuple("Wait").field(text).finish(),
            Self::Stopped => f.write_str("Stopped"),
            #[cfg(feature = "queue")]
            Self::Queue(error) => f.debug_tuple("Queue").field(error).finish(),
            Self::Unsent(error) => f.debug_tuple("Unsent").field(error).finish(),
            Self::UnknownProcess { source, known } => f
                .debug_struct("UnknownProcess")
                .field("source", source)
                .field("known", known)
                .finish(),
            Self::Codec { what, source } => f
                .debug_struct("Codec")
                .field("what", what)
                .field("source", source)
                .finish(),
            Self::Shared(error) => f.debug_tuple("Shared").field(error).finish(),
        }
    }
}

/// What is not there is not a failure.
pub(crate) fn none_if_missing<T>(outcome: Result<T>) -> Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Why an item was not sent; the refusal in the form that is asked for.
fn unsent(refusal: &Arc<Error>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("not sent, as this refusal would meet every item: ")?;
    fmt::Display::fmt(refusal, f)
}

/// The refusal in the form that is asked for, and the processes that there are.
fn unknown_process(
    source: &Error,
    known: &[(i32, String)],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    const SHOWN: usize = 40;
    fmt::Display::fmt(source, f)?;
    if known.is_empty() {
        return f.write_str("; the server lists no process");
    }
    f.write_str("; the server knows the processes ")?;
    for (at, (code, name)) in known.iter().take(SHOWN).enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        write!(f, "{comma}{code} ({name})")?;
    }
    match known.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}
