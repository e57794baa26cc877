//! The one error of this crate: what failed, where, how often it was tried, and what to do about it.
//!
//! [`Error`] is a single boxed pointer, so `Result`s stay small on the hot path. `{}` prints one line; `{:#}` prints
//! the same line with the causes and the advice, each once. No credential can appear: none is stored here, server text
//! passes through [`Secrets`] before it is cut and kept, and [`without`](Error::without) looks through the rest once more.

mod advice;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};

pub(crate) use self::advice::ServiceName;
use crate::token::Secrets;

/// What a result of this crate is.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn StdError + Send + Sync>;

/// Which deadline ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deadline {
    /// Name resolution, TCP connect and TLS handshake ([`Timeouts::connect`](crate::Timeouts)).
    Connect,
    /// One attempt, from asking for a connection slot to the last byte ([`Timeouts::attempt`](crate::Timeouts)).
    Attempt,
    /// The whole call with all repeats ([`Timeouts::total`](crate::Timeouts)).
    Total,
    /// Waiting for one of the pool's connections ([`Timeouts::pool`](crate::Timeouts)).
    Pool,
    /// The body of an answer came to a halt, or nearly ([`Timeouts::read_idle`](crate::Timeouts)).
    ReadIdle,
    /// Waiting for the token's rate limit ([`RateLimit`](crate::RateLimit)) would take longer than the whole call may.
    RateLimit,
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Attempt => "the attempt",
            Self::Total => "the whole call",
            Self::Pool => "waiting for a free connection",
            Self::ReadIdle => "reading the answer",
            Self::RateLimit => "waiting for the rate limit",
        })
    }
}

/// What kind of failure an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client was configured wrongly (address, token, certificate, limit).
    Config,
    /// The call cannot be sent as it stands (missing or unsafe path parameter, body that does not serialise).
    Request,
    /// No connection: unknown host, refused, unreachable, cut in the TLS handshake.
    Connect,
    /// The proxy refuses: its rules forbid the server, or it wants another user name and password.
    Proxy,
    /// No trust: the certificate of the server, or of this client, or a TLS that both speak.
    Tls,
    /// The connection broke, or the other side does not speak HTTP.
    Transport,
    /// A deadline passed.
    Timeout(Deadline),
    /// The server failed so often that calls fail at once for a while ([`BreakerConfig`](crate::BreakerConfig)).
    CircuitOpen,
    /// The server answered with a status that is not a success.
    Status(StatusCode),
    /// The answer is larger than the configured cap, or its head than any that is taken (1000 headers, 256 KiB).
    TooLarge,
    /// The answer arrived but is not what the operation promises (broken gzip, not JSON, a web page, a missing member).
    Decode,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config => f.write_str("invalid configuration"),
            Self::Request => f.write_str("invalid request"),
            Self::Connect => f.write_str("cannot connect"),
            Self::Proxy => f.write_str("refused by the proxy"),
            Self::Tls => f.write_str("TLS handshake failed"),
            Self::Transport => f.write_str("connection failed"),
            Self::CircuitOpen => f.write_str("not sent, because the server keeps failing"),
            Self::Timeout(deadline) => write!(f, "deadline passed for {deadline}"),
            Self::Status(status) => write!(f, "{status}"),
            Self::TooLarge => f.write_str("answer too large"),
            Self::Decode => f.write_str("unexpected answer"),
        }
    }
}

/// An error of the transport. `{}` prints what failed; `{:#}` adds causes and advice, still on one line.
///
/// ```
/// use wats_http::{Client, ErrorKind};
///
/// let error = Client::builder().base_url("ftp://server.example").token("c2VjcmV0").build().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Config);
/// assert!(!error.is_retryable());
/// assert!(error.to_string().contains("http:// or https://"));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Option<String>,
    context: Option<Context>,
    source: Option<Source>,
    body_excerpt: Option<String>,
    /// The server's own words with their line ends.
    words: Option<String>,
    /// What the answer says beside `message`, when that is the server's own words.
    rest: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    /// The waits between the attempts.
    delays: Vec<Duration>,
    elapsed: Option<Duration>,
    /// Why a failure that may be repeated was not.
    gave_up: Option<Cow<'static, str>>,
    unsent: bool,
    /// The deadline passed while the call waited for other calls of this process.
    queued: bool,
    /// Another server than the client's own is to blame, to which a redirect led.
    other_origin: bool,
}

/// The call an error belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) operation: String,
    pub(crate) method: Method,
    /// Origin, path and query; the base URL is refused when it carries credentials.
    pub(crate) url: String,
    pub(crate) service: Arc<ServiceName>,
}

impl Error {
    /// Bytes kept of the server's own words.
    const MAX_WORDS: usize = 64 * 1024;

    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            message: None,
            context: None,
            source: None,
            body_excerpt: None,
            words: None,
            rest: None,
            retry_after: None,
            attempts: 0,
            delays: Vec::new(),
            elapsed: None,
            gave_up: None,
            unsent: false,
            queued: false,
            other_origin: false,
        }))
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config).message(message)
    }

    pub(crate) fn request(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Request).message(message)
    }

    pub(crate) fn message(mut self, message: impl Into<String>) -> Self {
        self.0.message = Some(one_line(&message.into(), 500));
        self
    }

    pub(crate) fn source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same without these secrets, in whatever words a cause may have put them: hyper quotes what a server says when it
    /// closes a connection, decoders what they refuse.
    pub(crate) fn without(mut self, secrets: &Secrets) -> Self {
        let inner = &mut *self.0;
        for text in [
            &mut inner.message,
            &mut inner.words,
            &mut inner.rest,
            &mut inner.body_excerpt,
        ] {
            *text = text.take().map(|text| secrets.redact(text));
        }
        if let Some(source) = &inner.source {
            let debug = format!("{source:?}");
            let mut told = Vec::new();
            let mut cause: Option<&(dyn StdError + 'static)> = Some(&**source);
            while let Some(error) = cause {
                told.push(error.to_string());
                cause = error.source();
            }
            if secrets.are_in(&debug) || told.iter().any(|text| secrets.are_in(text)) {
                inner.source = Some(secrets.redact(told.join(": ")).into());
            }
        }
        self
    }

    pub(crate) fn context(mut self, context: Context) -> Self {
        self.0.context = Some(context);
        self
    }

    pub(crate) fn excerpt(mut self, excerpt: String) -> Self {
        self.0.body_excerpt = (!excerpt.is_empty()).then_some(excerpt);
        self
    }

    /// For an error whose message is the server's own words: these in full, line by line.
    pub(crate) fn words(mut self, words: &str) -> Self {
        self.0.words = Some(lines(words, Self::MAX_WORDS));
        self
    }

    /// For an error whose message is the server's own words: what its answer says beside them, perhaps nothing.
    pub(crate) fn rest(mut self, rest: &str) -> Self {
        self.0.rest = Some(one_line(rest, 500));
        self
    }

    pub(crate) fn retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// How often it was tried, whether any of the tries was sent, and with which waits in between.
    pub(crate) fn tried(
        mut self,
        attempts: u32,
        sent: bool,
        delays: Vec<Duration>,
        elapsed: Duration,
    ) -> Self {
        self.0.attempts = attempts;
        self.0.unsent &= !sent;
        self.0.delays = delays;
        self.0.elapsed = Some(elapsed);
        self
    }

    /// Why it was not tried again although it might have been.
    pub(crate) fn gave_up(mut self, why: impl Into<Cow<'static, str>>) -> Self {
        self.0.gave_up = Some(why.into());
        self
    }

    /// For what fails after a successful exchange.
    pub(crate) fn after(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Marks an error whose request never left this process, so that sending it again cannot do it twice.
    pub(crate) fn never_sent(mut self) -> Self {
        self.0.unsent = true;
        self
    }

    /// Marks a deadline that passed while the call waited for other calls of this process to end.
    pub(crate) fn queued(mut self) -> Self {
        self.0.queued = true;
        self
    }

    /// Whether it tells of this process's own load only, and not of the server.
    pub(crate) fn is_queued(&self) -> bool {
        self.0.queued
    }

    /// Marks an error of a request that a redirect led to. The first one was answered, so the attempt was not for nothing.
    pub(crate) fn after_redirect(mut self, other_origin: bool) -> Self {
        self.0.unsent = false;
        self.0.other_origin = other_origin;
        self
    }

    /// Whether it says nothing about the client's own server.
    pub(crate) fn is_cross_origin(&self) -> bool {
        self.0.other_origin
    }

    /// What was said about the failure beside its kind, for a message that says more.
    pub(crate) fn said(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// How long to wait before a further call has a chance: what the server said in `Retry-After`, or what the rate
    /// limit or the circuit breaker know.
    pub fn retry_after_hint(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What failed.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The status of the answer, when the failure is one ([`ErrorKind::Status`]).
    pub fn status(&self) -> Option<StatusCode> {
        match self.0.kind {
            ErrorKind::Status(status) => Some(status),
            _ => None,
        }
    }

    /// The operation that failed, such as `product.get`; `None` for configuration errors.
    pub fn operation(&self) -> Option<&str> {
        self.0.context.as_ref().map(|c| c.operation.as_str())
    }

    /// The HTTP method of the call.
    pub fn method(&self) -> Option<&Method> {
        self.0.context.as_ref().map(|c| &c.method)
    }

    /// The address of the call; never contains credentials.
    pub fn url(&self) -> Option<&str> {
        self.0.context.as_ref().map(|c| c.url.as_str())
    }

    /// The server's own words about a refusal with their line ends, at most 64 KiB; some servers tell in many lines
    /// what is wrong. Control characters are spaces here.
    pub fn server_message(&self) -> Option<&str> {
        self.0.words.as_deref()
    }

    /// The start of the body of a failed or undecodable answer, on one line, at most 500 characters.
    pub fn body_excerpt(&self) -> Option<&str> {
        self.0.body_excerpt.as_deref()
    }

    /// How often the call was tried; 0 when it never got that far.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The waits between the attempts, in order; one less than [`attempts`](Self::attempts) at most.
    pub fn delays(&self) -> &[Duration] {
        &self.0.delays
    }

    /// Time from the start of the call to this error.
    pub fn elapsed(&self) -> Option<Duration> {
        self.0.elapsed
    }

    /// Whether the same call may succeed later without a change: overload, server failure, network, deadlines.
    ///
    /// This says nothing about whether repeating is *safe*; that is a property of the operation
    /// ([`Idempotency`](crate::Idempotency)).
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            ErrorKind::Connect
            | ErrorKind::Transport
            | ErrorKind::Timeout(_)
            | ErrorKind::CircuitOpen => true,
            ErrorKind::Status(status) => {
                matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
            }
            _ => false,
        }
    }

    /// Whether no attempt of the call left this process, so that the server has provably not carried it out: it was refused
    /// before, or there was no connection to send it on. What must not be done twice may be called again then. After any
    /// other failure but an answer of the server the server may have carried it out, and its answer was lost.
    pub fn is_unsent(&self) -> bool {
        let refused = matches!(self.0.kind, ErrorKind::Config | ErrorKind::Request);
        self.0.unsent || (refused && self.0.attempts == 0)
    }

    /// What to do about it, in a sentence.
    pub fn advice(&self) -> Option<Cow<'static, str>> {
        let unnamed = ServiceName::default();
        let service = self.0.context.as_ref().map(|context| &*context.service);
        advice::advice(self.0.kind, service.unwrap_or(&unnamed))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(Context {
            operation,
            method,
            url,
            ..
        }) = &inner.context
        {
            write!(f, "{operation}: {method} {url}: ")?;
        }
        write!(f, "{}", inner.kind)?;
        if let Some(message) = &inner.message {
            write!(f, ": {message}")?;
        }
        if inner.attempts > 1 {
            write!(f, " (after {} attempts", inner.attempts)?;
            if let Some(elapsed) = inner.elapsed {
                write!(f, " in {elapsed:.1?}")?;
            }
            if f.alternate() && !inner.delays.is_empty() {
                f.write_str(", waiting ")?;
                for (i, delay) in inner.delays.iter().enumerate() {
                    write!(f, "{}{delay:.1?}", if i == 0 { "" } else { " + " })?;
                }
            }
            f.write_str(")")?;
        }
        if let Some(why) = &inner.gave_up {
            write!(f, "; {why}")?;
        }
        if f.alternate() {
            // Causes often repeat the text of what they wrap; print each piece of news once.
            let mut said = inner.message.clone().unwrap_or_default();
            let mut cause = inner
                .source
                .as_deref()
                .map(|s| s as &(dyn StdError + 'static));
            while let Some(error) = cause {
                let text = one_line(&error.to_string(), 300);
                if !text.is_empty() && !said.contains(&text) {
                    write!(f, ": {text}")?;
                    said.push_str(&text);
                }
                cause = error.source();
            }
            match (&inner.rest, &inner.body_excerpt) {
                (Some(rest), _) if !rest.is_empty() => {
                    write!(f, "; the answer adds `{}`", shorten(rest, 200))?;
                }
                (None, Some(excerpt)) if !said.contains(excerpt.as_str()) => {
                    write!(f, "; the answer begins `{}`", shorten(excerpt, 200))?;
                }
                _ => {}
            }
            if let Some(advice) = self.advice() {
                write!(f, " — {advice}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("message", &inner.message)
            .field("context", &inner.context)
            .field("attempts", &inner.attempts)
            .field("delays", &inner.delays)
            .field("elapsed", &inner.elapsed)
            .field("body_excerpt", &inner.body_excerpt)
            .field("source", &inner.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|s| s as _)
    }
}

/// Collapses white space and control characters, so that text from outside can never break a line or a terminal.
pub(crate) fn one_line(text: &str, max_chars: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max_chars));
    let mut pending_space = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            pending_space = !out.is_empty();
            continue;
        }
        if pending_space {
            out.push(' ');
            pending_space = false;
        }
        out.push(c);
    }
    shorten(&out, max_chars).into_owned()
}

/// Keeps line ends, and makes other control characters harmless; cuts at a character.
fn lines(text: &str, max_bytes: usize) -> String {
    let harmless = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.char_indices()
        .take_while(|(at, c)| at + c.len_utf8() <= max_bytes)
        .map(|(_, c)| harmless(c))
        .collect()
}

/// Cuts after `max_chars` characters, with an ellipsis where something is missing.
fn shorten(text: &str, max_chars: usize) -> std::borrow::Cow<'_, str> {
    match text.char_indices().nth(max_chars) {
        None => text.into(),
        Some((end, _)) => format!("{}…", &text[..end]).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_one_pointer() {
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn alternate_prints_each_cause_once_on_one_line() {
        let cause = std::io::Error::other("connection refused\nby peer");
        let error = Error::new(ErrorKind::Connect)
            .message("no route")
            .source(cause)
            .tried(3, true, Vec::new(), Duration::from_secs(2));
        assert_eq!(
            error.to_string(),
            "cannot connect: no route (after 3 attempts in 2.0s)"
        );
        let long = format!("{error:#}");
        assert_eq!(long.matches("connection refused").count(), 1, "{long}");
        assert_eq!(long.lines().count(), 1, "{long}");
        assert!(long.contains("check the base URL"), "{long}");
    }

    #[test]
    fn a_cause_that_the_message_already_names_is_not_repeated() {
        let error = Error::new(ErrorKind::Connect)
            .message("dns failed")
            .source(std::io::Error::other("dns failed"));
        assert_eq!(format!("{error:#}").matches("dns failed").count(), 1);
    }

    #[test]
    fn secrets_are_taken_out_of_causes_wherever_they_stand() {
        /// As h2 tells of what a server says with its goodbye.
        #[derive(Debug)]
        struct Goodbye {
            _data: &'static str,
        }
        impl fmt::Display for Goodbye {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the server said goodbye")
            }
        }
        impl StdError for Goodbye {}
        let mut secrets = Secrets::default();
        secrets.add("dXNlcjpzM2NyZXQtd29yZA==");
        let broken = |data| {
            Error::new(ErrorKind::Transport)
                .message("for user:s3cret-word")
                .source(std::io::Error::other(Goodbye { _data: data }))
                .without(&secrets)
        };
        let error = broken("go, s3cret-word");
        assert_eq!(
            format!("{error:#}").split(" — ").next(),
            Some("connection failed: for [redacted]: the server said goodbye")
        );
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        // What shows none stays what it is.
        let kept = broken("go");
        let source = StdError::source(&kept).and_then(|e| e.downcast_ref::<std::io::Error>());
        assert!(source.is_some());
    }

    #[test]
    fn text_from_outside_is_flattened_and_cut_at_a_character() {
        assert_eq!(one_line("a\r\n\tb\u{1b}[31mc  d ", 100), "a b [31mc d");
        assert_eq!(one_line("æøå", 2), "æø…");
        assert_eq!(lines("a\r\nb\u{1b}[c", 100), "a \nb [c");
        assert_eq!(lines("æøå", 3), "æ");
    }
}
