//! One connection, a call's hold on it, and why a request on it may get no answer.

use std::error::Error as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;
use http::Request;
use hyper::client::conn::{TrySendError, http1, http2};
use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use crate::body::Outgoing;
use crate::error::{Error, ErrorKind};

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
    /// Tells a connection from the others and from those before it.
    pub(super) generation: u64,
    /// When a call last took it.
    pub(super) used: Instant,
    /// From when on it takes no further calls.
    pub(super) expires: Option<Instant>,
    pub(super) streams: Arc<Streams>,
}

/// The calls in flight on an HTTP/2 connection, and how many there may be.
#[derive(Debug)]
pub(super) struct Streams {
    open: AtomicUsize,
    /// How many the server takes at a time.
    most: AtomicUsize,
    /// Whether that is what its settings say, which arrive soon after the handshake, and not a guess.
    settled: AtomicBool,
    /// Wakes a call that waits for a stream, of any connection of the pool.
    freed: Arc<Notify>,
    /// Wakes the driver to look at the settings, which another task reads off the wire.
    driver: AtomicWaker,
}

impl Streams {
    /// One call goes ahead of the server's settings; the others wait for them, as RFC 9113 (section 3.4) allows.
    pub(super) const FIRST: usize = 1;

    pub(super) fn new(freed: &Arc<Notify>) -> Arc<Self> {
        Arc::new(Self {
            open: AtomicUsize::new(0),
            most: AtomicUsize::new(Self::FIRST),
            settled: AtomicBool::new(false),
            freed: Arc::clone(freed),
            driver: AtomicWaker::new(),
        })
    }

    /// Hears from the driver how many the server takes now.
    pub(super) fn allow(&self, most: usize) {
        // A server that takes none at all gets one all the same: somebody has to hear that it changed its mind.
        let most = most.max(1);
        if self.most.swap(most, SeqCst) != most {
            self.settled.store(true, SeqCst);
            self.freed.notify_waiters();
        }
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(SeqCst)
    }

    pub(super) fn has_room(&self) -> bool {
        self.open() < self.most.load(SeqCst)
    }

    /// Has the driver look again when something came off the wire, for as long as the settings may be among it.
    pub(super) fn await_settings(&self, context: &Context<'_>) {
        if !self.is_settled() {
            self.driver.register(context.waker());
        }
    }

    pub(super) fn something_came(&self) {
        if !self.is_settled() {
            self.driver.wake();
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        self.settled.load(SeqCst)
    }
}

/// One call's place on an HTTP/2 connection.
#[derive(Debug)]
pub(super) struct Stream(Arc<Streams>);

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, SeqCst);
        // Whatever the settings say has come by now, be it the guess.
        if !self.0.is_settled() {
            self.0.settled.store(true, SeqCst);
        }
        self.0.freed.notify_one();
    }
}

impl Http2 {
    pub(super) fn new(
        sender: http2::SendRequest<Outgoing>,
        generation: u64,
        streams: Arc<Streams>,
        expires: Option<Instant>,
    ) -> Self {
        Self {
            sender,
            generation,
            used: Instant::now(),
            expires,
            streams,
        }
    }

    /// A place for one call.
    pub(super) fn stream(&self) -> Stream {
        self.streams.open.fetch_add(1, SeqCst);
        Stream(Arc::clone(&self.streams))
    }
}

/// An HTTP/1.1 connection with the place where a slot waits for the socket to close.
#[derive(Debug)]
pub(super) struct Http1 {
    pub(super) sender: http1::SendRequest<Outgoing>,
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
pub(super) type Closing = Arc<Mutex<Option<OwnedSemaphorePermit>>>;

impl Http1 {
    /// Keeps a slot taken until the socket is closed or the slot is taken back.
    pub(super) fn hold(&self, slot: OwnedSemaphorePermit) {
        *self.closing.lock().unwrap_or_else(PoisonError::into_inner) = Some(slot);
    }

    pub(super) fn take_slot(&self) -> Option<OwnedSemaphorePermit> {
        self.closing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    pub(super) fn is_expired(&self) -> bool {
        is_over(self.expires) || is_over(self.unused_until)
    }
}

/// Whether a time has come.
pub(super) fn is_over(time: Option<Instant>) -> bool {
    time.is_some_and(|time| Instant::now() >= time)
}

/// One call's hold on a connection. Dropping it closes an HTTP/1.1 connection; parking keeps it.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) connection: Connection,
    /// The slot of a call over HTTP/2, which does not own the connection.
    _slot: Option<OwnedSemaphorePermit>,
    pub(super) reused: bool,
}

impl Connection {
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
    pub(super) fn new(connection: Connection, slot: OwnedSemaphorePermit, reused: bool) -> Self {
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
    /// Waits until the request is off to the server, which may have answered before it had read it: to close the
    /// connection then would cut what it has just called received. Over HTTP/2 the request goes on without this.
    pub(super) async fn request_written(&mut self) {
        if let Connection::Http1(http1) = &mut self.connection
            && !http1.sender.is_ready()
        {
            // An error says that the server has closed.
            let _ = http1.sender.ready().await;
        }
    }
}

/// Why a request got no answer.
pub(super) enum Failure {
    /// The server has not seen it, or says that it has not worked on it.
    Unsent(Error),
    /// The connection ended. The server may have seen the request, though on one that was idle it rarely has.
    Ended(Error),
    /// The server may have seen it.
    Broken(Error),
}

impl Failure {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Unsent(error) => error.never_sent(),
            Self::Ended(error) | Self::Broken(error) => error,
        }
    }
}

impl From<TrySendError<Request<Outgoing>>> for Failure {
    fn from(mut failure: TrySendError<Request<Outgoing>>) -> Self {
        let handed_back = failure.take_message().is_some();
        let source = failure.into_error();
        let unsent = handed_back || is_refused(&source);
        let message = if source.is_incomplete_message() {
            "the server closed the connection before it answered"
        } else if source.is_parse() {
            "the answer is not HTTP"
        } else if source.is_user() {
            "the request cannot be sent"
        } else {
            "the connection broke"
        };
        let ended = !source.is_parse() && !source.is_user();
        let error = Error::new(ErrorKind::Transport)
            .message(message)
            .source(source);
        if unsent {
            Self::Unsent(error)
        } else if ended {
            Self::Ended(error)
        } else {
            Self::Broken(error)
        }
    }
}

/// Whether an HTTP/2 server says that it has not worked on the request: it refused the stream, or its GOAWAY came
/// before the stream (RFC 9113, sections 6.8 and 8.7).
fn is_refused(error: &hyper::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            let refused = error.reason() == Some(h2::Reason::REFUSED_STREAM);
            return error.is_remote() && (refused || error.is_go_away());
        }
        cause = error.source();
    }
    false
}
