//! The boundary between the pipeline and the wire: one request out, one answer back.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HOST, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Version};
use tokio::time::Sleep;

use crate::body::{Bounds, Delivery, Moved, Payload};
use crate::config::{SizeLimits, Timeouts};
use crate::encoding;
use crate::error::{ErrorKind, Result};
use crate::pool::PooledBody;
use crate::proxy::Proxy;
use crate::redirect::Hop;

/// The headers of every call of a client, ready for each way of sending.
#[derive(Debug, Clone)]
pub(crate) struct CommonHeaders {
    /// With `Host`.
    pub(crate) http1: HeaderMap,
    /// Without.
    pub(crate) http2: HeaderMap,
}

impl CommonHeaders {
    pub(crate) fn new(headers: HeaderMap, host: &HeaderValue) -> Self {
        let mut http1 = headers.clone();
        http1.insert(HOST, host.clone());
        Self {
            http1,
            http2: headers,
        }
    }
}

/// A request in the form in which it can be sent any number of times.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    pub(crate) method: Method,
    /// Path and query, escaped.
    pub(crate) target: &'a str,
    /// Headers of every call of the client.
    pub(crate) common: &'a CommonHeaders,
    /// Headers of this call, which stand before common ones of the same name.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Payload,
    /// The body as it was before it was packed, if it was.
    pub(crate) plain: Option<Bytes>,
    /// Whether doing it twice is safe.
    pub(crate) may_repeat: bool,
    /// How much of the rate limit one try uses up.
    pub(crate) weight: u32,
    pub(crate) timeouts: &'a Timeouts,
    pub(crate) limits: &'a SizeLimits,
    pub(crate) sent: Sent,
}

/// How far a try got. One that never got anywhere may be made again whatever it does.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// A byte of the request may have reached the network.
    left: AtomicBool,
    /// A server has answered it, with a redirect: whatever happens to the request that follows, this one was done.
    answered: AtomicBool,
    /// A deadline ended it. One that its caller dropped tells nothing of the server.
    late: AtomicBool,
}

impl Prepared<'_> {
    /// What bounds the answer.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            wire: self.limits.wire,
            idle: self.timeouts.read_idle,
        }
    }

    /// Says that a try begins.
    pub(crate) fn begin_try(&self) {
        self.sent.left.store(false, Relaxed);
        self.sent.answered.store(false, Relaxed);
        self.sent.late.store(false, Relaxed);
    }

    /// Says that the try is dropped because its deadline passed.
    pub(crate) fn mark_late(&self) {
        self.sent.late.store(true, Relaxed);
    }

    pub(crate) fn is_late(&self) -> bool {
        self.sent.late.load(Relaxed)
    }

    /// Says that from here on the server may see the request, or that it did not after all.
    pub(crate) fn mark_sent(&self, sent: bool) {
        self.sent.left.store(sent, Relaxed);
    }

    /// Says that the request led to an answer, after which another is sent in the same try.
    pub(crate) fn mark_answered(&self) {
        self.sent.answered.store(true, Relaxed);
    }

    pub(crate) fn was_sent(&self) -> bool {
        self.sent.left.load(Relaxed) || self.sent.answered.load(Relaxed)
    }

    /// Whether there is a body to send.
    pub(crate) fn has_body(&self) -> bool {
        match &self.body {
            Payload::Whole(body) => !body.is_empty(),
            Payload::Stream(upload) => !upload.is_empty(),
        }
    }

    /// How far a streamed body has come.
    pub(crate) fn moved(&self) -> Moved {
        match &self.body {
            Payload::Whole(_) => Moved::default(),
            Payload::Stream(upload) => upload.moved(),
        }
    }

    /// Whether this try has given more of a streamed body since `last`, which is brought up to date.
    pub(crate) fn moved_on(&self, last: &mut Moved) -> bool {
        let now = self.moved();
        let moved_on = now.pieces > 0 && now != *last;
        *last = now;
        moved_on
    }

    /// Whether there is nothing left to send in a further try.
    pub(crate) fn is_used_up(&self) -> bool {
        match &self.body {
            Payload::Whole(_) => false,
            Payload::Stream(upload) => upload.is_used_up(),
        }
    }

    /// Sends the packed form of the body, which the headers describe already, from now on.
    pub(crate) fn pack(&mut self, packed: Bytes) {
        if let Payload::Whole(plain) = std::mem::replace(&mut self.body, Payload::Whole(packed)) {
            self.plain = Some(plain);
        }
    }

    /// Goes back to the body as it was.
    pub(crate) fn unpack(&mut self) {
        if let Some(plain) = self.plain.take() {
            self.body = Payload::Whole(plain);
            self.headers.remove(CONTENT_ENCODING);
        }
    }
}

/// An answer whose body is still on the wire: any status, encoded.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: AnswerBody,
}

impl Answer {
    /// A refusal with its body read and decompressed, at most `cap` bytes. A page that is damaged, or of which the server
    /// that hung up sent a part only, must not hide the status: it counts as none.
    pub(crate) async fn refused(mut self, cap: usize) -> Result<Received> {
        let body = match encoding::receive(&mut self.body, &self.headers, cap).await {
            Ok(body) => body.unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Transport => Bytes::new(),
            Err(error) => return Err(error),
        };
        Ok(Received {
            status: self.status,
            version: self.version,
            headers: self.headers,
            body,
        })
    }
}

/// The body of an answer, within the bounds of its request.
#[derive(Debug)]
pub(crate) enum AnswerBody {
    /// Scripted, or read already.
    Whole(Bytes),
    Pooled(PooledBody),
}

impl AnswerBody {
    /// The body of the request, if the answer counts only when that is whole with the server.
    pub(crate) fn owed(&self) -> Option<Arc<Delivery>> {
        match self {
            Self::Whole(_) => None,
            Self::Pooled(body) => body.owed(),
        }
    }

    /// The whole body; the connection is free again then.
    pub(crate) async fn read(&mut self) -> Result<Bytes> {
        match self {
            Self::Whole(bytes) => Ok(std::mem::take(bytes)),
            Self::Pooled(body) => body.read().await,
        }
    }

    /// The next piece, `None` at the end. `stall` is the timer of the wait, which belongs to the caller.
    pub(crate) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        stall: Pin<&mut Option<Sleep>>,
    ) -> Poll<Result<Option<Bytes>>> {
        match self {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(Ok(None)),
            Self::Whole(bytes) => Poll::Ready(Ok(Some(std::mem::take(bytes)))),
            Self::Pooled(body) => body.poll_piece(context, stall),
        }
    }

    /// Frees the connection of a body that was read to its end, so that the next call finds it.
    pub(crate) async fn give_back(&mut self) {
        if let Self::Pooled(body) = self {
            body.give_back().await;
        }
    }

    /// Lets go of a body of whose rest nobody wants to know.
    pub(crate) fn abandon(&mut self) {
        if let Self::Pooled(body) = std::mem::replace(self, Self::Whole(Bytes::new())) {
            body.abandon();
        }
    }

    /// As [`give_back`](Self::give_back), without waiting for it.
    pub(crate) fn finish(&mut self) {
        if let Self::Pooled(body) = self {
            body.finish();
        }
    }
}

/// An answer that is whole: any status, decompressed, within the caps.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Sends one request once. The pool is the real one; tests script others.
pub(crate) trait Transport {
    /// Whether a connection to the client's own server is being opened: whoever waits for one then waits for the server,
    /// and otherwise for other calls.
    fn is_dialling(&self) -> bool {
        false
    }

    /// The proxy that takes the request, or the one that a redirect leads to, and forwards it.
    fn forwarder(&self, hop: Option<&Hop>) -> Option<&Proxy> {
        let _ = hop;
        None
    }

    /// An error that is marked as never sent must mean that no byte of the request reached the network.
    /// `hop` is where a redirect led, if one did.
    fn send(
        &self,
        request: &Prepared<'_>,
        hop: Option<&Hop>,
    ) -> impl Future<Output = Result<Answer>> + Send;
}
