//! One connection, a call's hold on it, and why a request on it may get no answer.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::client::conn::{TrySendError, http1};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::http2::{Http2, Unheard};
use super::idle::Exclusive;
use super::streams::Stream;
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
            Self::Http2(http2, _) => http2.socket_state(),
        }
    }

    /// Waits until a request can be written; `None` when the connection turns out to be closed.
    pub(super) async fn ready(mut self) -> Option<Self> {
        match &mut self {
            Self::Http1(http1) => http1.sender.ready().await.is_ok().then_some(self),
            // h2 says so when it is given the request.
            Self::Http2(..) => Some(self),
        }
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

    /// Sorts what hyper tells of an exchange over HTTP/1.1 by what it is. `before` is what had been written on the connection
    /// when it was given the request.
    pub(super) fn of_http1(
        mut failure: TrySendError<Request<Outgoing>>,
        socket_state: &SocketState,
        before: usize,
    ) -> Self {
        let not_taken = failure.take_message().is_some();
        let source = failure.into_error();
        if source.is_user() {
            let error = Error::new(ErrorKind::Transport).message("the request cannot be sent");
            return Self::Broken(error.source(source));
        }
        let (kind, message) = if socket_state.is_client_certificate_refused() {
            (ErrorKind::Tls, REFUSES_CLIENT)
        } else if source.is_parse_too_large() {
            (ErrorKind::TooLarge, TOO_LARGE)
        } else if source.is_incomplete_message() {
            let message = "the server closed the connection before it answered";
            (ErrorKind::Transport, message)
        } else if source.is_parse() {
            (ErrorKind::Transport, "the answer is not HTTP")
        } else {
            (ErrorKind::Transport, BROKE)
        };
        let ended = !source.is_parse();
        let error = because(kind, message, source, socket_state);
        if kind != ErrorKind::Transport {
            Self::Broken(error)
        } else if not_taken {
            Self::Unsent(error)
        } else if ended {
            Self::ended(error, socket_state, before)
        } else {
            Self::Broken(error)
        }
    }

    /// The same of what h2 tells of a stream.
    pub(super) fn of_http2(unheard: Unheard, socket_state: &SocketState, before: usize) -> Self {
        let Unheard {
            error: source,
            not_taken,
            stream,
        } = unheard;
        let said = Said::of(&source);
        let (kind, message) = match said {
            // In TLS 1.3 a server says so when the handshake is over for the client.
            _ if socket_state.is_client_certificate_refused() => (ErrorKind::Tls, REFUSES_CLIENT),
            Some(Said::Http1Required) => (ErrorKind::Transport, "the server requires HTTP/1.1"),
            Some(Said::Refused) => {
                let message = "the server takes no more requests just now";
                (ErrorKind::Transport, message)
            }
            Some(Said::Own) if socket_state.had_large_head() => (ErrorKind::TooLarge, TOO_LARGE),
            _ => (ErrorKind::Transport, BROKE),
        };
        let error = because(kind, message, source, socket_state);
        match said {
            _ if kind != ErrorKind::Transport => Self::Broken(error),
            Some(Said::Http1Required) => Self::WantsHttp1(error),
            _ if socket_state.requires_http1() => Self::WantsHttp1(error),
            _ if not_taken => Self::Unsent(error),
            // The server said that it does not work on it (RFC 9113, section 6.8).
            Some(Said::Goodbye)
                if stream.is_some_and(|stream| socket_state.is_past_goaway(stream)) =>
            {
                Self::Unsent(error)
            }
            // A request that was on its way when the announcement came may have been worked on.
            Some(Said::Goodbye) if !socket_state.is_goaway_announced() => Self::Unsent(error),
            Some(Said::Refused) => Self::Refused(error),
            _ => Self::ended(error, socket_state, before),
        }
    }

    fn ended(error: Error, socket_state: &SocketState, before: usize) -> Self {
        if socket_state.written() == before {
            // Not a byte of it has left.
            Self::Unsent(error)
        } else {
            Self::Ended(error)
        }
    }
}

fn because(
    kind: ErrorKind,
    message: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
    socket_state: &SocketState,
) -> Error {
    let error = Error::new(kind).message(message);
    match socket_state.failure() {
        // What HTTP saw is only that no answer came.
        Some(failure) if kind == ErrorKind::Transport => error.source(failure),
        _ => error.source(source),
    }
}

const REFUSES_CLIENT: &str = "the server does not accept this client";
const BROKE: &str = "the connection broke";

/// What is said of an answer whose head has no bounds.
pub(super) const TOO_LARGE: &str = "the head of the answer has too many or too long headers";

/// What the other side said, or h2 itself, behind an error of h2.
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

impl Said {
    fn of(error: &h2::Error) -> Option<Self> {
        let reason = error.reason();
        if error.is_library() {
            Some(Self::Own)
        } else if !error.is_remote() {
            None
        } else if reason == Some(h2::Reason::HTTP_1_1_REQUIRED) {
            Some(Self::Http1Required)
        } else if error.is_go_away() {
            Some(Self::Goodbye)
        } else if reason == Some(h2::Reason::REFUSED_STREAM) {
            Some(Self::Refused)
        } else {
            None
        }
    }
}
