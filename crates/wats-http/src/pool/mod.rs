//! The connection pool: a cap that truly caps, over HTTP/1.1 and HTTP/2.
//!
//! A call takes one of `max_connections` slots (a fair semaphore) for as long as it uses a connection. It then takes
//! the most recently used idle connection, or opens one only when none is idle, so live connections can never
//! outnumber slots:
//!
//! ```text
//! send ─► checkout: slot ─► open HTTP/2 connection? ─► share it
//!                        └► idle HTTP/1.1 connection? ─► take it (newest first)
//!                        └► dial                          (one at a time until the protocol is known)
//!      ─► write request, read whole answer
//!      ─► park: back to idle, slot free │ on any failure: close, slot free when the socket is closed
//! ```
//!
//! A slot outlives its call when the connection is dropped: it lies with the connection's driver and is free again
//! only once the socket is closed. The [reaper](idle) closes what stays idle too long.
//!
//! The state mutex is never held across an await point, and no other lock is taken under it but that of a connection's
//! `closing`. Handles of closed or refusing connections may be dropped under it; that only wakes their drivers.

mod dial;
mod idle;
mod route;
mod socks;

use std::error::Error as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{Request, Uri, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use self::dial::{Dialer, Dialled};
use self::idle::Idle;
use crate::address::BaseUrl;
use crate::body::Bounds;
use crate::config::{PoolConfig, SizeLimits, Timeouts};
use crate::error::{Deadline, Error, ErrorKind, Result};
use crate::proxy::{Proxies, Proxy};
use crate::tls::Tls;
use crate::transport::{Prepared, Received, Transport};

type Body = Full<Bytes>;

/// How long a call waits for the driver of its connection to come round.
const ONE_TURN: Duration = Duration::from_millis(5);

/// How long a used connection may take to become ready again before it is closed instead.
const SETTLE: Duration = Duration::from_millis(500);

/// What the pool did so far and holds now; see [`Client::pool_stats`](crate::Client::pool_stats).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Connections opened so far.
    pub dialled: u64,
    /// Requests sent on a connection that was open already.
    pub reused: u64,
    /// HTTP/1.1 connections idle now.
    pub idle: usize,
    /// Calls that have a connection now.
    pub in_use: usize,
}

/// The pool of connections to one server.
#[derive(Debug)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    base: Arc<BaseUrl>,
    dialer: Dialer,
    /// The proxy that takes requests for `base` and forwards them.
    forwarder: Option<Proxy>,
    config: PoolConfig,
    timeouts: Timeouts,
    limits: SizeLimits,
    slots: Arc<Semaphore>,
    state: Mutex<State>,
    /// Held by the one dial that finds out which protocol the server speaks.
    first_dial: tokio::sync::Mutex<()>,
    dialled: AtomicU64,
    reused: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    idle: Idle,
    reaper: Option<AbortHandle>,
    http2: Option<Http2>,
    /// Number of the last HTTP/2 connection.
    generation: u64,
    /// How many dials failed so far, and how the last one did.
    failed_dials: u64,
    last_failure: Option<(ErrorKind, String)>,
    /// Whether the last handshake chose HTTP/2; `None` until the first one.
    speaks_http2: Option<bool>,
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(reaper) = self.reaper.take() {
            reaper.abort();
        }
    }
}

/// An open connection, ready for one request.
enum Connection {
    Http1(Http1),
    Http2(Http2),
}

/// A handle on the one HTTP/2 connection that all calls share.
#[derive(Debug, Clone)]
struct Http2 {
    sender: http2::SendRequest<Body>,
    /// Tells a connection from the one that replaced it.
    generation: u64,
    /// When a call last took it.
    used: Instant,
}

/// An HTTP/1.1 connection with the place where a slot waits for the socket to close.
#[derive(Debug)]
struct Http1 {
    sender: http1::SendRequest<Body>,
    closing: Closing,
    /// Dropped with the connection, which tells its driver that nobody holds it any more.
    _alive: oneshot::Sender<()>,
}

/// Shared by a connection and its driver task. While a call has the connection, the call's slot is in here, so it is
/// free again only when the driver has ended too: when the socket is closed, however the call ended.
type Closing = Arc<Mutex<Option<OwnedSemaphorePermit>>>;

/// One call's hold on a connection. Dropping it closes an HTTP/1.1 connection; [`Pool::park`] keeps it.
struct Lease {
    connection: Connection,
    /// The slot of a call over HTTP/2, which does not own the connection.
    _slot: Option<OwnedSemaphorePermit>,
    reused: bool,
}

impl Pool {
    pub(crate) fn new(
        base: Arc<BaseUrl>,
        proxies: Proxies,
        tls: Tls,
        config: PoolConfig,
        timeouts: Timeouts,
        limits: SizeLimits,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(
            config.max_connections.get().min(Semaphore::MAX_PERMITS),
        ));
        let dialer = Dialer::new(proxies, tls, timeouts.connect);
        let shared = Shared {
            forwarder: dialer.forwarder(&base).cloned(),
            dialer,
            base,
            config,
            timeouts,
            limits,
            slots,
            state: Mutex::default(),
            first_dial: tokio::sync::Mutex::default(),
            dialled: AtomicU64::new(0),
            reused: AtomicU64::new(0),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let shared = &*self.shared;
        let max = shared
            .config
            .max_connections
            .get()
            .min(Semaphore::MAX_PERMITS);
        PoolStats {
            dialled: shared.dialled.load(Relaxed),
            reused: shared.reused.load(Relaxed),
            idle: shared.lock().idle.len(),
            in_use: max.saturating_sub(shared.slots.available_permits()),
        }
    }

    /// Opens connections until `n` are idle, or one over HTTP/2, so that the first calls need not.
    pub(crate) async fn warm(&self, n: usize) -> Result<()> {
        // All leases are held until the last is there; otherwise one connection would be taken n times.
        let mut leases = Vec::new();
        let mut outcome = Ok(());
        for _ in 0..n.min(self.shared.config.max_connections.get()) {
            match self.checkout().await {
                Ok(lease) => {
                    let shared_by_all = matches!(lease.connection, Connection::Http2(_));
                    leases.push(lease);
                    if shared_by_all {
                        break;
                    }
                }
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        for lease in leases {
            self.park(lease).await;
        }
        outcome
    }

    async fn checkout(&self) -> Result<Lease> {
        let shared = &self.shared;
        let slots = Arc::clone(&shared.slots);
        let slot = match Arc::clone(&slots).try_acquire_owned() {
            Ok(slot) => slot,
            Err(_) => timeout(shared.timeouts.pool, slots.acquire_owned())
                .await
                .map_err(|_| {
                    Error::new(ErrorKind::Timeout(Deadline::Pool))
                        .message(format!(
                            "all {} connections stayed busy for {:?}",
                            shared.config.max_connections, shared.timeouts.pool
                        ))
                        .never_sent()
                })?
                .map_err(|_| {
                    Error::new(ErrorKind::Transport)
                        .message("the pool is closed")
                        .never_sent()
                })?,
        };
        loop {
            if let Some(connection) = shared.open_connection() {
                match connection.ready().await {
                    Some(connection) => {
                        return Ok(Lease::new(connection, slot, true));
                    }
                    None => continue,
                }
            }
            let protocol_is_known = !shared.base.tls
                || !shared.config.http2
                || shared.lock().speaks_http2 == Some(false);
            if protocol_is_known {
                let connection = shared.dial().await?;
                return Ok(Lease::new(connection, slot, false));
            }
            // One dial decides for all who wait for it, whether it succeeds or fails.
            let failed_before = shared.lock().failed_dials;
            let gate = shared.first_dial.lock().await;
            if let Some(error) = shared.failed_since(failed_before) {
                return Err(error);
            }
            if shared.has_open_connection() || shared.lock().speaks_http2 == Some(false) {
                continue;
            }
            let connection = shared.dial().await?;
            drop(gate);
            return Ok(Lease::new(connection, slot, false));
        }
    }

    /// Gives a connection back after a whole answer was read.
    async fn park(&self, lease: Lease) {
        // Over HTTP/2 the pool has its own handle; only the slot goes back.
        let Connection::Http1(mut http1) = lease.connection else {
            return;
        };
        // The driver usually is ready, or needs one more turn.
        if !http1.sender.is_ready() {
            let _ = timeout(ONE_TURN, http1.sender.ready()).await;
        }
        if http1.sender.is_ready() {
            self.shared.keep(http1);
        } else {
            // A server that answered before it had read the whole request; that must not hold up its answer.
            let shared = Arc::clone(&self.shared);
            tokio::spawn(async move {
                if let Ok(Ok(())) = timeout(SETTLE, http1.sender.ready()).await {
                    shared.keep(http1);
                }
            });
        }
    }

    async fn exchange(
        &self,
        lease: &mut Lease,
        request: &Prepared<'_>,
    ) -> Result<http::Response<Incoming>, Failure> {
        let http2 = matches!(lease.connection, Connection::Http2(_));
        let outgoing = self
            .shared
            .outgoing(request, http2)
            .map_err(Failure::Broken)?;
        let sent = match &mut lease.connection {
            Connection::Http1(http1) => http1.sender.try_send_request(outgoing).await,
            Connection::Http2(http2) => http2.sender.try_send_request(outgoing).await,
        };
        sent.map_err(Failure::from)
    }
}

impl Transport for Pool {
    async fn send(&self, request: &Prepared<'_>) -> Result<Received> {
        let mut refused_when_new = false;
        loop {
            let mut lease = self.checkout().await?;
            let reused = lease.reused;
            if reused {
                self.shared.reused.fetch_add(1, Relaxed);
            }
            let response = match self.exchange(&mut lease, request).await {
                Ok(response) => response,
                // Nothing was done yet, so take another connection: the server closed this one just as it was taken.
                // This ends, because each round uses up one open connection, and only one may be new.
                Err(Failure::Unsent(error)) => {
                    self.shared.retire(&lease);
                    if !reused && refused_when_new {
                        return Err(error.never_sent());
                    }
                    refused_when_new |= !reused;
                    continue;
                }
                Err(Failure::Broken(error)) => return Err(error),
            };
            let (head, body) = response.into_parts();
            let bounds = Bounds {
                wire: self.shared.limits.wire,
                idle: self.shared.timeouts.read_idle,
            };
            let body = crate::body::read(body, bounds).await?;
            self.park(lease).await;
            return Ok(Received {
                status: head.status,
                version: head.version,
                headers: head.headers,
                body,
            });
        }
    }
}

impl Shared {
    /// Makes a connection available to other calls.
    fn keep(self: &Arc<Self>, http1: Http1) {
        let slot = http1.take_slot();
        let mut state = self.lock();
        state.idle.push(http1);
        idle::ensure_reaper(&mut state, self);
        drop(state);
        // Only now: whoever gets the slot must find the connection.
        drop(slot);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_open_connection(&self) -> bool {
        let state = self.lock();
        state.http2.as_ref().is_some_and(|c| !c.sender.is_closed()) || state.idle.len() > 0
    }

    /// An open connection that can be used at once, if there is one.
    fn open_connection(&self) -> Option<Connection> {
        let mut state = self.lock();
        if let Some(http2) = &mut state.http2 {
            if !http2.sender.is_closed() {
                http2.used = Instant::now();
                return Some(Connection::Http2(http2.clone()));
            }
            state.http2 = None;
        }
        state.idle.pop().map(Connection::Http1)
    }

    async fn dial(self: &Arc<Self>) -> Result<Connection> {
        let outcome = self
            .dialer
            .dial(&self.base)
            .await
            .map_err(Error::never_sent);
        let mut state = self.lock();
        let dialled = outcome.inspect_err(|error| {
            state.failed_dials += 1;
            state.last_failure = Some((error.kind(), format!("{error}")));
        })?;
        self.dialled.fetch_add(1, Relaxed);
        state.speaks_http2 = Some(matches!(dialled, Dialled::Http2(_)));
        Ok(match dialled {
            Dialled::Http1(http1) => Connection::Http1(http1),
            Dialled::Http2(sender) => {
                state.generation += 1;
                let http2 = Http2 {
                    sender,
                    generation: state.generation,
                    used: Instant::now(),
                };
                state.http2 = Some(http2.clone());
                idle::ensure_reaper(&mut state, self);
                Connection::Http2(http2)
            }
        })
    }

    /// The failure of a dial that ended after `before` was read, as an error for those who waited for it.
    fn failed_since(&self, before: u64) -> Option<Error> {
        let state = self.lock();
        if state.failed_dials == before {
            return None;
        }
        let (kind, message) = state.last_failure.as_ref()?;
        Some(Error::new(*kind).message(message.as_str()).never_sent())
    }

    /// Takes no further calls to a shared connection that refused one, such as after GOAWAY: it may stay open for the
    /// calls it still serves.
    fn retire(&self, lease: &Lease) {
        if let Connection::Http2(refused) = &lease.connection {
            let mut state = self.lock();
            if state
                .http2
                .as_ref()
                .is_some_and(|c| c.generation == refused.generation)
            {
                state.http2 = None;
            }
        }
    }

    /// The request in the form that the way wants: HTTP/1.1 has `Host` and a bare path, HTTP/2 and a proxy that
    /// forwards have a whole address.
    fn outgoing(&self, request: &Prepared<'_>, http2: bool) -> Result<Request<Body>> {
        let illegal =
            |source: http::Error| Error::request("the address cannot be sent").source(source);
        let uri = if http2 || self.forwarder.is_some() {
            Uri::builder()
                .scheme(self.base.scheme())
                .authority(self.base.authority.as_str())
                .path_and_query(request.target)
                .build()
                .map_err(illegal)?
        } else {
            Uri::try_from(request.target).map_err(|source| illegal(source.into()))?
        };
        let mut outgoing = Request::new(Full::new(request.body.clone()));
        *outgoing.method_mut() = request.method.clone();
        *outgoing.uri_mut() = uri;
        *outgoing.headers_mut() = request.common.clone();
        for (name, value) in &request.headers {
            outgoing.headers_mut().insert(name, value.clone());
        }
        if http2 {
            *outgoing.version_mut() = Version::HTTP_2;
        } else {
            let host = self.base.host_header.clone();
            outgoing.headers_mut().insert(HOST, host);
        }
        if let Some(login) = self.forwarder.as_ref().and_then(|p| p.login.as_ref()) {
            let header = login.header.clone();
            outgoing.headers_mut().insert(PROXY_AUTHORIZATION, header);
        }
        Ok(outgoing)
    }
}

impl Connection {
    /// Waits until a request can be written; `None` when the connection turns out to be closed.
    async fn ready(mut self) -> Option<Self> {
        let ready = match &mut self {
            Self::Http1(http1) => http1.sender.ready().await,
            Self::Http2(http2) => http2.sender.ready().await,
        };
        ready.is_ok().then_some(self)
    }
}

impl Lease {
    fn new(connection: Connection, slot: OwnedSemaphorePermit, reused: bool) -> Self {
        let slot = match &connection {
            Connection::Http1(http1) => {
                http1.hold(slot);
                None
            }
            Connection::Http2(_) => Some(slot),
        };
        Self {
            connection,
            _slot: slot,
            reused,
        }
    }
}

impl Http1 {
    /// Keeps a slot taken until the socket is closed or the slot is taken back.
    fn hold(&self, slot: OwnedSemaphorePermit) {
        *self.closing.lock().unwrap_or_else(PoisonError::into_inner) = Some(slot);
    }

    fn take_slot(&self) -> Option<OwnedSemaphorePermit> {
        self.closing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// Why a request got no answer.
enum Failure {
    /// The server has not seen it, or says that it has not worked on it.
    Unsent(Error),
    /// The server may have seen it.
    Broken(Error),
}

impl From<TrySendError<Request<Body>>> for Failure {
    fn from(mut failure: TrySendError<Request<Body>>) -> Self {
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
        let error = Error::new(ErrorKind::Transport)
            .message(message)
            .source(source);
        if unsent {
            Self::Unsent(error)
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
