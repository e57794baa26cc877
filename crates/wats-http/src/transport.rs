//! The boundary between the pipeline and the wire: one request out, one answer back.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::HeaderMap;
use http::{StatusCode, Version};
use tokio::time::Sleep;

use crate::body::Delivery;
use crate::error::Result;
use crate::proxy::Proxy;
use crate::request::{PreparedRequest, RedirectTarget};

/// An answer whose body is still on the wire: any status, encoded.
#[derive(Debug)]
pub(crate) struct Answer<B> {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: B,
}

impl<B> Answer<B> {
    /// The same with its body in another form.
    pub(crate) fn map<C>(self, body: impl FnOnce(B) -> C) -> Answer<C> {
        Answer {
            status: self.status,
            version: self.version,
            headers: self.headers,
            body: body(self.body),
        }
    }
}

/// The body of an answer, within the bounds of its request.
pub(crate) trait AnswerBody: Send {
    /// The body of the request, if the answer counts only when that is whole with the server.
    fn pending_delivery(&self) -> Option<Arc<Delivery>> {
        None
    }

    /// The whole body; the connection is free again then.
    fn read(&mut self) -> impl Future<Output = Result<Bytes>> + Send;

    /// The next piece, `None` at the end. `stall` is the timer of the wait, which belongs to the caller.
    fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
        stall: Pin<&mut Option<Sleep>>,
    ) -> Poll<Result<Option<Bytes>>>;

    /// Frees the connection of a body that was read to its end, so that the next call finds it.
    fn give_back(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// As [`give_back`](Self::give_back), without waiting for it.
    fn finish(&mut self) {}

    /// Lets go of a body of whose rest nobody wants to know.
    fn abandon(self)
    where
        Self: Sized,
    {
    }
}

/// A body that is scripted, or was read already.
#[cfg(any(test, feature = "test-util"))]
impl AnswerBody for Bytes {
    async fn read(&mut self) -> Result<Bytes> {
        Ok(std::mem::take(self))
    }

    fn poll_piece(
        &mut self,
        _: &mut Context<'_>,
        _: Pin<&mut Option<Sleep>>,
    ) -> Poll<Result<Option<Bytes>>> {
        let piece = std::mem::take(self);
        Poll::Ready(Ok((!piece.is_empty()).then_some(piece)))
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
    /// The bodies of its answers.
    type Body: AnswerBody;

    /// Whether a connection to the client's own server is being opened: whoever waits for one then waits for the server,
    /// and otherwise for other calls.
    fn is_connecting(&self) -> bool {
        false
    }

    /// The proxy that takes the request, or the one that a redirect leads to, and forwards it.
    fn forwarder(&self, redirect_target: Option<&RedirectTarget>) -> Option<&Proxy> {
        let _ = redirect_target;
        None
    }

    /// An error that is marked as never sent must mean that no byte of the request reached the network.
    /// `redirect_target` is where a redirect led, if one did.
    fn send(
        &self,
        request: &PreparedRequest<'_>,
        redirect_target: Option<&RedirectTarget>,
    ) -> impl Future<Output = Result<Answer<Self::Body>>> + Send;
}
