//! The body of an answer as it comes over either protocol.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, RecvStream};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Response};
use hyper::body::{Body, Frame, Incoming, SizeHint};

#[derive(Debug)]
pub(crate) enum WireBody {
    Http1(Incoming),
    Http2 {
        stream: RecvStream,
        /// What the server announced and has not come yet.
        announced: u64,
    },
}

impl WireBody {
    pub(crate) fn http2(stream: RecvStream, headers: &HeaderMap) -> Self {
        let length = headers.get(CONTENT_LENGTH);
        // h2 has checked it.
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        Self::Http2 {
            stream,
            announced: length.unwrap_or(0),
        }
    }

    /// An answer over HTTP/2 with such a body.
    pub(crate) fn answer(answer: Response<RecvStream>) -> Response<Self> {
        let (head, stream) = answer.into_parts();
        let body = Self::http2(stream, &head.headers);
        Response::from_parts(head, body)
    }
}

/// Why a body broke off.
#[derive(Debug)]
pub(crate) enum WireError {
    Http1(hyper::Error),
    Http2(h2::Error),
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http1(error) => error.fmt(f),
            Self::Http2(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WireError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Http1(error) => error.source(),
            Self::Http2(error) => error.source(),
        }
    }
}

impl Body for WireBody {
    type Data = Bytes;
    type Error = WireError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, WireError>>> {
        match self.get_mut() {
            Self::Http1(body) => Pin::new(body).poll_frame(context).map_err(WireError::Http1),
            Self::Http2 { stream, announced } => {
                Poll::Ready(match ready!(stream.poll_data(context)) {
                    Some(Ok(data)) => {
                        // It fails when the stream has ended, and then nobody needs the room.
                        let _ = stream.flow_control().release_capacity(data.len());
                        *announced = announced.saturating_sub(data.len() as u64);
                        Some(Ok(Frame::data(data)))
                    }
                    // The answer is whole, and the rest of the request is not wanted (RFC 9113, section 8.1).
                    Some(Err(error))
                        if error.is_reset() && error.reason() == Some(Reason::NO_ERROR) =>
                    {
                        None
                    }
                    Some(Err(error)) => Some(Err(WireError::Http2(error))),
                    // Trailers, which tell nothing that is needed here, are read by then.
                    None => None,
                })
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Http1(body) => body.size_hint(),
            Self::Http2 { announced, .. } => {
                let mut hint = SizeHint::new();
                hint.set_lower(*announced);
                hint
            }
        }
    }
}
