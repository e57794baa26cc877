//! Hooks of the application around every attempt.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::header::{HeaderMap, HeaderValue};
use http::{Method, StatusCode};

use crate::capture::AttemptView;
use crate::context::CallContext;
use crate::error::{Error, Result};
use crate::server_time::ServerTime;
use crate::token::TokenFingerprint;

/// Sees every attempt of a client's calls, before it is made and after it ended; see
/// [`ClientBuilder::intercept`](crate::ClientBuilder::intercept).
///
/// Hooks run on the task of the call, so they must not block. Those added first are asked first before an attempt, and last
/// after it.
///
/// ```
/// use wats_http::{Attempt, Intercept, Outcome};
///
/// #[derive(Debug)]
/// struct Trace;
///
/// impl Intercept for Trace {
///     fn before_attempt(&self, attempt: &mut Attempt<'_>) -> Result<(), wats_http::Refusal> {
///         attempt.set_header("x-request-id", "7")?;
///         Ok(())
///     }
///
///     fn after_attempt(&self, attempt: &Attempt<'_>, outcome: &Outcome<'_>) {
///         println!("{} attempt {}: {:?}", attempt.operation(), attempt.number(), outcome.status());
///     }
/// }
/// # let _ = wats_http::Client::builder().intercept(Trace);
/// ```
pub trait Intercept: fmt::Debug + Send + Sync {
    /// Before an attempt: may set headers, or refuse the call.
    ///
    /// # Errors
    /// Whatever it returns ends the call as [`ErrorKind::Request`](crate::ErrorKind::Request) with that as its cause; it
    /// is not tried again.
    fn before_attempt(&self, attempt: &mut Attempt<'_>) -> Result<(), Refusal> {
        let _ = attempt;
        Ok(())
    }

    /// After an attempt.
    fn after_attempt(&self, attempt: &Attempt<'_>, outcome: &Outcome<'_>) {
        let _ = (attempt, outcome);
    }
}

/// Why an interceptor refuses a call.
pub type Refusal = Box<dyn StdError + Send + Sync>;

/// One attempt of a call, as interceptors see it. The token is not part of it.
#[derive(Debug)]
pub struct Attempt<'a> {
    pub(crate) call: &'a CallContext,
    pub(crate) number: u32,
    pub(crate) headers: &'a mut HeaderMap,
}

impl Attempt<'_> {
    /// The name of the operation, such as `product.get`.
    pub fn operation(&self) -> &str {
        self.call.operation.name()
    }

    /// The HTTP method.
    pub fn method(&self) -> &Method {
        self.call.operation.method()
    }

    /// The path template of the operation, such as `/api/Product/{partNumber}`.
    pub fn path_template(&self) -> &str {
        self.call.operation.path()
    }

    /// The address without credentials.
    pub fn url(&self) -> String {
        self.call.context().url
    }

    /// The fingerprint of the client's token that this attempt has, unless the call has an `Authorization` of its own.
    pub fn token_fingerprint(&self) -> TokenFingerprint {
        self.call.identity().fingerprint
    }

    /// 1 for the first attempt.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The headers of the call itself, without those that every call of the client has.
    pub fn headers(&self) -> &HeaderMap {
        self.headers
    }

    /// Sets a header for this attempt and those after it.
    ///
    /// # Errors
    /// The name or the value cannot be sent, or the header is one that frames the message (`Content-Length` and the
    /// like), which the transport writes, or a `Content-Type` that takes its boundary from a form.
    pub fn set_header(
        &mut self,
        name: impl AsRef<str>,
        value: impl TryInto<HeaderValue>,
    ) -> Result<()> {
        crate::header::set(self.headers, name.as_ref(), value)
    }
}

/// How an attempt ended, as interceptors see it.
#[derive(Debug)]
pub struct Outcome<'a> {
    pub(crate) got: AttemptView<'a>,
    pub(crate) elapsed: Duration,
    pub(crate) server_time: Option<ServerTime>,
}

impl Outcome<'_> {
    /// The status, when there was an answer.
    pub fn status(&self) -> Option<StatusCode> {
        match self.got {
            AttemptView::Buffered(received) => Some(received.status),
            AttemptView::Head(status, _) => Some(status),
            AttemptView::Error(error) => error.status(),
        }
    }

    /// The headers of a successful answer.
    pub fn headers(&self) -> Option<&HeaderMap> {
        match self.got {
            AttemptView::Buffered(received) => Some(&received.headers),
            AttemptView::Head(_, headers) => Some(headers),
            AttemptView::Error(_) => None,
        }
    }

    /// The error of the attempt; the call may be tried again.
    pub fn error(&self) -> Option<&Error> {
        match self.got {
            AttemptView::Error(error) => Some(error),
            _ => None,
        }
    }

    /// What the answer says of the server's clock, whatever its status; `None` without an answer of the client's own server
    /// or without its `Date`.
    ///
    /// ```
    /// use std::sync::Mutex;
    ///
    /// use wats_http::{Attempt, Intercept, Outcome, ServerTime};
    ///
    /// /// Keeps what the last answer said.
    /// #[derive(Debug, Default)]
    /// struct Clock(Mutex<Option<ServerTime>>);
    ///
    /// impl Intercept for Clock {
    ///     fn after_attempt(&self, _: &Attempt<'_>, outcome: &Outcome<'_>) {
    ///         if let (Some(time), Ok(mut last)) = (outcome.server_time(), self.0.lock()) {
    ///             *last = Some(time);
    ///         }
    ///     }
    /// }
    /// # let _ = wats_http::Client::builder().intercept(Clock::default());
    /// ```
    pub fn server_time(&self) -> Option<ServerTime> {
        self.server_time
    }

    /// Time from the start of the attempt to its end, without its wait for the rate limit.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}
