//! Captures: what a stretch of code sent and got, for a support case or a test.
//!
//! A capture belongs to the code that it runs, not to the client: calls of other tasks, also over the same client, never
//! appear in it. It is bounded in the number of exchanges and in the bytes of each body, and credentials are taken out.
//! While nobody captures, a call pays one atomic load for it.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use http::header::{AUTHORIZATION, COOKIE, HeaderMap, PROXY_AUTHORIZATION, SET_COOKIE};
use serde::{Deserialize, Serialize};

use crate::body::Payload;
use crate::context::CallContext;
use crate::error::{Error, one_line};
use crate::request::PreparedRequest;
use crate::response::HeaderNames;
use crate::token::Secrets;
use crate::transport::Received;

tokio::task_local! {
    static CURRENT: Arc<Recorder>;
}

/// How many captures run in this process.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// How much a capture keeps.
///
/// ```
/// use wats_http::Capture;
///
/// # async fn example(client: wats_http::Client, call: wats_http::Call) {
/// let (outcome, trace) = Capture::default().of(client.execute(call)).await;
/// if outcome.is_err() {
///     eprintln!("{trace}");
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Capture {
    /// Most exchanges kept, the first ones. Default 100.
    pub max_exchanges: usize,
    /// Most bytes kept of each body. Default 4 KiB.
    pub max_body: usize,
}

impl Default for Capture {
    fn default() -> Self {
        Self {
            max_exchanges: 100,
            max_body: 4 << 10,
        }
    }
}

impl Capture {
    /// Sets the most exchanges kept.
    pub fn max_exchanges(mut self, n: usize) -> Self {
        self.max_exchanges = n;
        self
    }

    /// Sets the most bytes kept of each body.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Runs `work` and notes every attempt of every call that it makes itself. Tasks that it spawns are not part of it.
    /// Within another capture, this one gets the calls and the other does not.
    pub async fn of<F: Future>(self, work: F) -> (F::Output, Trace) {
        let recorder = Arc::new(Recorder {
            limits: self,
            trace: Mutex::default(),
        });
        let _running = Running::new();
        let output = CURRENT.scope(Arc::clone(&recorder), work).await;
        let trace = std::mem::take(&mut *recorder.trace());
        (output, trace)
    }
}

struct Running;

impl Running {
    fn new() -> Self {
        RUNNING.fetch_add(1, Relaxed);
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Relaxed);
    }
}

/// What a capture noted. `{}` prints it for people; it serialises for files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trace {
    /// The exchanges in the order in which they ended.
    pub exchanges: Vec<Exchange>,
    /// How many more there were than the capture keeps.
    pub left_out: u64,
}

/// One attempt: what was sent, and what came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Exchange {
    /// The operation, such as `product.get`.
    pub operation: String,
    /// The HTTP method.
    pub method: String,
    /// The address without credentials.
    pub url: String,
    /// 1 for the first attempt of a call.
    pub attempt: u32,
    /// When the attempt began, in milliseconds since 1970 (UTC).
    pub started_ms: u64,
    /// How long it took.
    pub elapsed: Duration,
    /// The headers sent, without the connection's own; credentials are redacted.
    pub request_headers: Vec<(String, String)>,
    /// The body sent.
    pub request_body: CapturedBody,
    /// The answer; `None` when there was none.
    pub answer: Option<CapturedAnswer>,
    /// Why the attempt failed, if it did.
    pub error: Option<String>,
}

/// An answer of an [`Exchange`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CapturedAnswer {
    /// The status code.
    pub status: u16,
    /// The headers; credentials are redacted.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: CapturedBody,
}

/// The start of a body, as text; the token is redacted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CapturedBody {
    /// The text; bytes that are not UTF-8 are replaced.
    pub text: String,
    /// Bytes of the whole body; `None` when it was streamed.
    pub bytes: Option<u64>,
    /// Whether the text is the whole body, unchanged.
    pub exact: bool,
}

/// Collects the exchanges of one capture.
#[derive(Debug)]
pub(crate) struct Recorder {
    limits: Capture,
    trace: Mutex<Trace>,
}

/// The capture that the current task is part of.
pub(crate) fn current() -> Option<Arc<Recorder>> {
    if RUNNING.load(Relaxed) == 0 {
        return None;
    }
    CURRENT.try_with(Arc::clone).ok()
}

/// What came of an attempt: a whole answer, the head of one that is handed out in pieces, or an error.
#[derive(Clone, Copy)]
pub(crate) enum AttemptView<'a> {
    Buffered(&'a Received),
    Head(StatusCode, &'a HeaderMap),
    Error(&'a Error),
}

impl fmt::Debug for AttemptView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, headers) = match self {
            Self::Buffered(received) => (received.status, &received.headers),
            Self::Head(status, headers) => (*status, *headers),
            Self::Error(error) => return error.fmt(f),
        };
        f.debug_struct("Answer")
            .field("status", &status)
            .field("headers", &HeaderNames(headers))
            .finish_non_exhaustive()
    }
}

impl Recorder {
    fn trace(&self) -> std::sync::MutexGuard<'_, Trace> {
        self.trace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(
        &self,
        call: &CallContext,
        request: &PreparedRequest<'_>,
        attempt: u32,
        elapsed: Duration,
        got: &AttemptView<'_>,
    ) {
        if self.trace().exchanges.len() >= self.limits.max_exchanges {
            self.trace().left_out += 1;
            return;
        }
        let secrets = call.secrets();
        let context = call.context();
        let now = SystemTime::now().checked_sub(elapsed);
        let since_1970 = now.and_then(|now| now.duration_since(SystemTime::UNIX_EPOCH).ok());
        let mut sent = request.common.http2.clone();
        crate::header::lay_over(&mut sent, &request.headers);
        let (answer, error) = match got {
            AttemptView::Buffered(received) => {
                let body = self.body(Some(&received.body), secrets);
                (
                    Some((received.status.as_u16(), &received.headers, body)),
                    None,
                )
            }
            AttemptView::Head(status, headers) => (
                Some((status.as_u16(), *headers, self.body(None, secrets))),
                None,
            ),
            AttemptView::Error(error) => (None, Some(secrets.redact(format!("{error:#}")))),
        };
        // An answer that is an error kept only its start.
        let refused = match got {
            AttemptView::Error(error) => error.status().map(|status| CapturedAnswer {
                status: status.as_u16(),
                headers: Vec::new(),
                body: CapturedBody {
                    text: error.body_excerpt().unwrap_or_default().to_owned(),
                    bytes: None,
                    exact: false,
                },
            }),
            _ => None,
        };
        let exchange = Exchange {
            operation: context.operation,
            method: context.method.to_string(),
            url: context.url,
            attempt,
            started_ms: since_1970.map_or(0, |t| t.as_millis() as u64),
            elapsed,
            request_headers: headers(&sent, secrets),
            request_body: match request.plain.as_ref().or(match &request.body {
                Payload::Buffered(bytes) => Some(bytes),
                Payload::Stream(_) => None,
            }) {
                Some(bytes) => self.body(Some(bytes), secrets),
                None => self.body(None, secrets),
            },
            answer: answer
                .map(|(status, of, body)| CapturedAnswer {
                    status,
                    headers: headers(of, secrets),
                    body,
                })
                .or(refused),
            error,
        };
        let mut trace = self.trace();
        if trace.exchanges.len() < self.limits.max_exchanges {
            trace.exchanges.push(exchange);
        } else {
            trace.left_out += 1;
        }
    }

    fn body(&self, bytes: Option<&Bytes>, secrets: &Secrets) -> CapturedBody {
        let Some(bytes) = bytes else {
            return CapturedBody::default();
        };
        let start = &bytes[..bytes.len().min(self.limits.max_body)];
        let text = String::from_utf8_lossy(start).into_owned();
        let text = if start.len() < bytes.len() {
            secrets.redact_cut(text)
        } else {
            secrets.redact(text)
        };
        CapturedBody {
            bytes: Some(bytes.len() as u64),
            exact: text.as_bytes() == bytes,
            text,
        }
    }
}

fn headers(map: &HeaderMap, secrets: &Secrets) -> Vec<(String, String)> {
    let secret = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE, SET_COOKIE];
    map.iter()
        .map(|(name, value)| {
            let value = if value.is_sensitive() || secret.contains(name) {
                "[redacted]".to_owned()
            } else {
                secrets.redact(String::from_utf8_lossy(value.as_bytes()).into_owned())
            };
            (name.as_str().to_owned(), value)
        })
        .collect()
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for exchange in &self.exchanges {
            let Exchange {
                operation,
                method,
                url,
                attempt,
                elapsed,
                ..
            } = exchange;
            writeln!(
                f,
                "{} try {attempt}: {} {} ({elapsed:.1?})",
                one_line(operation, 500),
                one_line(method, 500),
                one_line(url, 4_000),
            )?;
            headers_told(f, '>', &exchange.request_headers)?;
            body(f, '>', &exchange.request_body)?;
            if let Some(answer) = &exchange.answer {
                writeln!(f, "  < {}", answer.status)?;
                headers_told(f, '<', &answer.headers)?;
                body(f, '<', &answer.body)?;
            }
            if let Some(error) = &exchange.error {
                writeln!(f, "  ! {}", one_line(error, 2_000))?;
            }
        }
        if self.left_out > 0 {
            writeln!(f, "and {} more", self.left_out)?;
        }
        Ok(())
    }
}

/// Names, too, are flattened: a trace that was read from a file may hold anything.
fn headers_told(
    f: &mut fmt::Formatter<'_>,
    way: char,
    headers: &[(String, String)],
) -> fmt::Result {
    for (name, value) in headers {
        writeln!(
            f,
            "  {way} {}: {}",
            one_line(name, 500),
            one_line(value, 500)
        )?;
    }
    Ok(())
}

fn body(f: &mut fmt::Formatter<'_>, way: char, body: &CapturedBody) -> fmt::Result {
    match body.bytes {
        Some(0) => Ok(()),
        Some(bytes) => {
            let start = if body.exact { "" } else { ", in part" };
            writeln!(
                f,
                "  {way} {bytes} bytes{start}: {}",
                one_line(&body.text, 2_000)
            )
        }
        None if body.text.is_empty() => Ok(()),
        None => writeln!(f, "  {way} {}", one_line(&body.text, 2_000)),
    }
}
