//! An answer that is handed out piece by piece, decompressed, within the caps and no slower than tolerable.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use http::header::{CONTENT_LENGTH, HeaderMap};
use http::{StatusCode, Version};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::Sleep;

use super::HeaderNames;
use crate::any_transport::AnyBody;
use crate::body::{OnProgress, TransferProgress};
use crate::context::CallContext;
use crate::encoding::Decoder;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Answer, AnswerBody};

/// A successful (2xx) answer whose body comes piece by piece; see [`Client::download`](crate::Client::download).
///
/// Take the pieces with [`chunk`](Self::chunk), as a [`Stream`], or all at once with [`write_to`](Self::write_to). The
/// connection is in use until the end; dropping the download frees it. `Debug` shows no values of headers.
#[must_use = "the connection is kept until the body is read"]
pub struct Download {
    status: StatusCode,
    version: Version,
    headers: HeaderMap,
    attempts: u32,
    total: Option<u64>,
    state: State,
    on_progress: Option<OnProgress>,
    call: CallContext,
}

/// The part that moves.
struct State {
    /// `None` once it has ended or failed.
    body: Option<AnyBody>,
    /// The guard against a body that stands still, while it is waited for.
    stall: Pin<Box<Option<Sleep>>>,
    decoder: Decoder,
    /// Bytes off the wire.
    read: u64,
    /// Bytes given out.
    decoded: usize,
    cap: usize,
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("call", &self.call)
            .field("status", &self.status)
            .field("version", &self.version)
            .field("headers", &HeaderNames(&self.headers))
            .field("wire_length", &self.total)
            .field("attempts", &self.attempts)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("ended", &self.body.is_none())
            .field("read", &self.read)
            .field("decoded", &self.decoded)
            .finish_non_exhaustive()
    }
}

impl Download {
    pub(crate) fn new(
        answer: Answer<AnyBody>,
        attempts: u32,
        cap: usize,
        call: CallContext,
    ) -> Result<Self> {
        let decoder = Decoder::streaming(&answer.headers)
            .map_err(|error| error.context(call.context()).after(attempts))?;
        let total = answer
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Self {
            status: answer.status,
            version: answer.version,
            headers: answer.headers,
            attempts,
            total,
            state: State {
                body: Some(answer.body),
                stall: Box::pin(None),
                decoder,
                read: 0,
                decoded: 0,
                cap,
            },
            on_progress: None,
            call,
        })
    }

    /// The status, always 2xx.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The HTTP version the answer comes in.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// How often the call was tried before the answer began.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Bytes on the wire, if the server announced them; compressed ones when the answer is.
    pub fn wire_length(&self) -> Option<u64> {
        self.total
    }

    /// Calls `hear` for each piece that came off the wire.
    pub fn on_progress(mut self, hear: impl Fn(TransferProgress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(OnProgress::new(hear));
        self
    }

    /// The next piece of the body, `None` at its end.
    ///
    /// # Errors
    /// The connection broke, the body stood still ([`Timeouts::read_idle`](crate::Timeouts)), is too large
    /// ([`SizeLimits`](crate::SizeLimits)) or damaged. What came before is a part only; the call is not repeated.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|context| self.poll_chunk(context)).await
    }

    /// Writes the whole body and flushes. Returns the number of bytes written.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk); and when writing fails ([`ErrorKind::Request`] with the
    /// writer's error as its cause).
    pub async fn write_to(mut self, writer: &mut (impl AsyncWrite + Unpin)) -> Result<u64> {
        let mut written = 0;
        while let Some(piece) = self.chunk().await? {
            let outcome = writer.write_all(&piece).await;
            outcome.map_err(|source| self.unwritable(source))?;
            written += piece.len() as u64;
        }
        let outcome = writer.flush().await;
        outcome.map_err(|source| self.unwritable(source))?;
        Ok(written)
    }

    fn unwritable(&self, source: std::io::Error) -> Error {
        let error = Error::request("the downloaded data cannot be written").source(source);
        error.context(self.call.context()).after(self.attempts)
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        let (total, on_progress) = (self.total, &self.on_progress);
        let tell = |read| {
            if let Some(hear) = on_progress {
                hear.tell(read, total);
            }
        };
        let outcome = ready!(self.state.poll(context, tell));
        if !matches!(outcome, Ok(Some(_))) {
            // Whoever asks again after the end or an error gets the end.
            self.state.body = None;
        }
        Poll::Ready(outcome.map_err(|error| {
            let error = error.without(self.call.secrets());
            error.context(self.call.context()).after(self.attempts)
        }))
    }
}

impl State {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        tell: impl Fn(u64),
    ) -> Poll<Result<Option<Bytes>>> {
        loop {
            let Some(body) = &mut self.body else {
                return Poll::Ready(Ok(None));
            };
            if let Some(piece) = self.decoder.pull()? {
                self.decoded += piece.len();
                if self.decoded > self.cap {
                    return Poll::Ready(Err(Error::new(ErrorKind::TooLarge).message(format!(
                        "more than {} bytes after decompression of {} bytes",
                        self.cap, self.read
                    ))));
                }
                return Poll::Ready(Ok(Some(piece)));
            }
            let Some(piece) = ready!(body.poll_piece(context, self.stall.as_mut()))? else {
                self.decoder.finish()?;
                if let Some(mut body) = self.body.take() {
                    body.finish();
                }
                return Poll::Ready(Ok(None));
            };
            self.read += piece.len() as u64;
            self.decoder.push(piece);
            tell(self.read);
        }
    }
}

impl Stream for Download {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        self.get_mut().poll_chunk(context).map(Result::transpose)
    }
}
