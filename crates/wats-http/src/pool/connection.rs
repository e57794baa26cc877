//! One connection, a call's hold on it, and why a request on it may get no answer.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::client::conn::{TrySendError, http1, http2};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::idle::Exclusive;
use super::state::Shared;
use super::streams::{Stream, Streams};
use super::sync::{Lock, Slot};
use crate::body::Outgoing;
use crate::error::{Error, ErrorKind};
use crate::socket_state::SocketState;

/// How long a call waits for the driver of its connection to be polled.
const ONE_POLL: Duration = Duration::from_millis(5);

/// An open connection, ready for one request.
#[derive(Debug)]
pub(super) enum Connection {
    Http1(Http1),
    Http2(
        Http2,
        #[expect(dead_code, reason = "held for its drop")] Stream,
    ),
}

/// A handle on an HTTP/2 connection, which calls share.
#[derive(Debug, Clone)]
pub(super) struct Http2 {
    pub(super) sender: http2::SendRequest<Outgoing>,
    /// When a call last took it.
    used: Instant,
    /// From when on it takes no further calls.
    expires: Option<Instant>,
    pub(super) streams: Arc<Streams>,
    pub(super) socket_state: Arc<SocketState>,
}

impl Http2 {
    pub(super) fn new(
        sender: http2::SendRequest<Outgoing>,
        streams: Arc<Streams>,
        expires: Option<Instant>,
        socket_state: Arc<SocketState>,
    ) -> Self {
        Self {
            sender,
            used: Instant::now(),
            expires,
            streams,
            socket_state,
        }
    }
}

impl Shared for Http2 {
    fn streams(&self) -> &Arc<Streams> {
        &self.streams
    }

    fn is_over(&self) -> bool {
        self.streams.is_ended()
            || self.sender.is_closed()
            || self.socket_state.is_exhausted()
            || self.socket_state.is_closed()
            || is_over(self.expires)
    }

    fn used(&mut self) -> &mut Instant {
        &mut self.used
    }
}

/// An HTTP/1.1 connection with the place where a slot waits for the socket to close.
#[derive(Debug)]
pub(super) struct Http1 {
    pub(super) sender: http1::SendRequest<Outgoing>,
    pub(super) socket_state: Arc<SocketState>,
    pub(super) closing: Closing,
    /// From when on it is not used again, because it is old.
    pub(super) expires: Option<Instant>,
    /// From when on it is not used again unless it is used before: the server said that it will close it.
    pub(super) unused_until: Option<Instant>,
    /// Dropped with the connection, which tells its driver that nobody holds it any more.
    pub(super) _alive: oneshot::Sender<()>,
}

/// Shared by a connection and its driver task. While a call has the connection, the call's slot is in here, so it is
/// free again only when the driver has ended too: when the socket is closed, however the call ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Closing(Arc<Lock<Option<Slot>>>);

impl Closing {
    pub(super) fn hold(&self, slot: Slot) {
        *self.0.lock() = Some(slot);
    }

    pub(super) fn take_slot(&self) -> Option<Slot> {
        self.0.lock().take()
    }
}

impl Exclusive for Http1 {
    fn is_closed(&self) -> bool {
        self.sender.is_closed() || self.socket_state.is_closed()
    }

    fn is_expired(&self) -> bool {
        is_over(self.expires) || is_over(self.unused_until)
    }

    fn hold(&self, slot: Slot) {
        self.closing.hold(slot);
    }

    fn take_slot(&self) -> Option<Slot> {
        self.closing.take_slot()
    }
}

/// Whether a time has come.
fn is_over(time: Option<Instant>) -> bool {
    time.is_some_and(|time| Instant::now() >= time)
}

/// One call's hold on a connection. Dropping it closes an HTTP/1.1 connection; parking keeps it.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) connection: Connection,
    /// The slot of a call over HTTP/2, which does not own the connection.
    _slot: Option<Slot>,
    pub(super) reused: bool,
}

impl Connection {
    pub(super) fn socket_state(&self) -> &Arc<SocketState> {
        match self {
            Self::Http1(http1) => &http1.socket_state,
            Self::Http2(http2, _) => &http2.socket_state,
        }
    }

    /// Waits until a request can be written; `None` when the connection turns out to be closed.
    pub(super) async fn ready(mut self) -> Option<Self> {
        let ready = match &mut self {
            Self::Http1(http1) => http1.sender.ready().await,
            Self::Http2(http2, _) => http2.sender.ready().await,
        };
        ready.is_ok().then_some(self)
    }
}

impl Lease {
    pub(super) fn new(connection: Connection, slot: Slot, reused: bool) -> Self {
        let slot = match &connection {
            Connection::Http1(http1) => {
                http1.hold(slot);
                None
            }
            Connection::Http2(..) => Some(slot),
        };
        Self {
            connection,
            _slot: slot,
            reused,
        }
    }
}

impl Lease {
    /// Waits until the connection is ready, which it usually is at once, or after one more poll of its driver.
    pub(super) async fn one_head(&mut self) {
        if let Connection::Http1(http1) = &mut self.connection
            && !http1.sender.is_ready()
        {
            let _ = timeout(ONE_POLL, http1.sender.ready()).await;
        }
    }
}

/// Why a request got no answer.
pub(super) enum Failure {
    /// The server has not seen it, or has sent a GOAWAY before it; the connection takes no further requests.
    Unsent(Error),
    /// The server has not worked on it, and has nothing against others on the same connection (`REFUSED_STREAM`).
    Refused(Error),
    /// The server has not worked on it, and wants it over HTTP/1.1.
    WantsHttp1(Error),
    /// The connection ended. The server may have seen the request, though on one that was idle it rarely has.
    Ended(Error),
    /// The server may have seen it.
    Broken(Error),
}

impl Failure {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Unsent(error) | Self::Refused(error) | Self::WantsHttp1(error) => {
                error.never_sent()
            }
            Self::Ended(error) | Self::Broken(error) => error,
        }
    }

    /// Sorts what hyper tells by what it is. `before` is what had been written on the connection when it was given the
    /// request.
    pub(super) fn of(
        mut failure: TrySendError<Request<Outgoing>>,
        socket_state: &SocketState,
        before: usize,
    ) -> Self {
        let handed_back = failure.take_message().is_some();
        let source = failure.into_error();
        // hyper also calls it so when a connection that ends takes a request with it.
        if source.is_user() && !socket_state.is_exhausted() {
            let error = Error::new(ErrorKind::Transport).message("the request cannot be sent");
            return Self::Broken(error.source(source));
        }
        let said = said(&source);
        let (kind, message) = match said {
            // In TLS 1.3 a server says so when the handshake is over for the client.
            _ if socket_state.is_client_certificate_refused() => {
                (ErrorKind::Tls, "the server does not accept this client")
            }
            Some(Said::Http1Required) => (ErrorKind::Transport, "the server requires HTTP/1.1"),
            Some(Said::Refused) => {
                let message = "the server takes no more requests just now";
                (ErrorKind::Transport, message)
            }
            _ if source.is_parse_too_large() || (is_own(said) && socket_state.had_large_head()) => {
                (ErrorKind::TooLarge, TOO_LARGE)
            }
            _ if source.is_incomplete_message() => {
                let message = "the server closed the connection before it answered";
                (ErrorKind::Transport, message)
            }
            _ if source.is_parse() => (ErrorKind::Transport, "the answer is not HTTP"),
            _ => (ErrorKind::Transport, "the connection broke"),
        };
        let ended = !source.is_parse();
        let error = Error::new(kind).message(message);
        let error = match socket_state.failure() {
            // What hyper saw is only that no answer came.
            Some(failure) if kind == ErrorKind::Transport => error.source(failure),
            _ => error.source(source),
        };
        match said {
            _ if matches!(kind, ErrorKind::TooLarge | ErrorKind::Tls) => Self::Broken(error),
            Some(Said::Http1Required) => Self::WantsHttp1(error),
            _ if socket_state.requires_http1() => Self::WantsHttp1(error),
            _ if handed_back => Self::Unsent(error),
            // A request that was on its way when the announcement came may have been worked on.
            Some(Said::Goodbye) if !socket_state.is_goaway_announced() => Self::Unsent(error),
            Some(Said::Refused) => Self::Refused(error),
            // Not a byte of it has left.
            _ if ended && socket_state.written() == before => Self::Unsent(error),
            _ if ended => Self::Ended(error),
            _ => Self::Broken(error),
        }
    }
}

/// What is said of an answer whose head has no bounds.
pub(super) const TOO_LARGE: &str = "the head of the answer has too many or too long headers";

/// What the other side said, or a library here, behind an error of hyper.
#[derive(Debug, Clone, Copy)]
enum Said {
    /// The server has not worked on the request and refuses its stream (RFC 9113, section 8.7).
    Refused,
    /// Its GOAWAY came before the stream (section 6.8).
    Goodbye,
    /// It wants HTTP/1.1 (section 7).
    Http1Required,
    /// h2 has: what came is not HTTP/2, or too much.
    Own,
}

fn is_own(said: Option<Said>) -> bool {
    matches!(said, Some(Said::Own))
}

fn said(error: &hyper::Error) -> Option<Said> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            let reason = error.reason();
            return if error.is_library() {
                Some(Said::Own)
            } else if !error.is_remote() {
                None
            } else if reason == Some(h2::Reason::HTTP_1_1_REQUIRED) {
                Some(Said::Http1Required)
            } else if error.is_go_away() {
                Some(Said::Goodbye)
            } else if reason == Some(h2::Reason::REFUSED_STREAM) {
                Some(Said::Refused)
            } else {
                None
            };
        }
        cause = error.source();
    }
    None
}
