//! The connection pool: a cap that truly caps, over HTTP/1.1 and HTTP/2.
//!
//! A call takes one of `max_connections` slots (a fair semaphore) for as long as it uses a connection. It then takes
//! the most recently used idle connection, or opens one only when none is idle, so live connections can never
//! outnumber slots:
//!
//! ```text
//! send ─► checkout: slot ─► open HTTP/2 connection? ─► a stream of it
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

mod body;
mod connection;
mod dial;
mod elsewhere;
mod idle;
mod outgoing;
mod route;
mod socks;
mod stats;

use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

pub(crate) use self::body::PooledBody;
use self::connection::{Connection, Failure, Http1, Http2, Lease, is_over};
use self::dial::{Dialer, Dialled};
use self::idle::Idle;
pub use self::stats::PoolStats;
use self::stats::{Counters, Waiting};
use crate::address::BaseUrl;
use crate::body::Payload;
use crate::config::{PoolConfig, Timeouts};
use crate::error::{Deadline, Error, ErrorKind, Result};
use crate::proxy::{Proxies, Proxy};
use crate::redirect::Hop;
use crate::tls::TlsConfig;
use crate::transport::{Answer, Prepared, Transport};

/// How long a call waits for the driver of its connection to come round.
const ONE_TURN: Duration = Duration::from_millis(5);

/// How long a used connection may take to become ready again before it is closed instead.
const SETTLE: Duration = Duration::from_millis(500);

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
    slots: Arc<Semaphore>,
    state: Mutex<State>,
    /// Held by the one dial that finds out which protocol the server speaks.
    first_dial: tokio::sync::Mutex<()>,
    /// Told when a call over HTTP/2 ends.
    stream_freed: Arc<Notify>,
    counters: Counters,
}

#[derive(Debug, Default)]
struct State {
    idle: Idle,
    reaper: Option<AbortHandle>,
    http2: Vec<Http2>,
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

/// What there is for a call that has a slot.
enum Found {
    /// Usable at once.
    Open(Connection),
    /// Has to be closed, which takes a slot until its socket is.
    Expired(Http1),
    /// All streams of all HTTP/2 connections are taken, and there may be no further connection.
    Full,
    /// A connection has to be opened.
    Nothing,
}

impl Pool {
    pub(crate) fn new(
        base: Arc<BaseUrl>,
        proxies: Proxies,
        tls: TlsConfig,
        config: PoolConfig,
        timeouts: Timeouts,
    ) -> Self {
        let slots = config.max_connections.get().min(Semaphore::MAX_PERMITS);
        let stream_freed = Arc::default();
        let freed = Arc::clone(&stream_freed);
        let dialer = Dialer::new(proxies, tls, &config, timeouts.connect, freed);
        let shared = Shared {
            forwarder: dialer.forwarder(&base).cloned(),
            dialer,
            base,
            config,
            timeouts,
            slots: Arc::new(Semaphore::new(slots)),
            state: Mutex::default(),
            first_dial: tokio::sync::Mutex::default(),
            stream_freed,
            counters: Counters::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let shared = &*self.shared;
        let counters = &shared.counters;
        PoolStats {
            dialled: counters.dialled.load(Relaxed),
            reused: counters.reused.load(Relaxed),
            live: counters.live.load(Relaxed),
            idle: shared.lock().idle.len(),
            in_use: shared
                .most()
                .saturating_sub(shared.slots.available_permits()),
            waiting: counters.waiting.load(Relaxed),
            waits: counters.waits.load(Relaxed),
            wait_time: Duration::from_nanos(counters.wait_nanos.load(Relaxed)),
        }
    }

    /// Opens connections until `n` are idle, or one over HTTP/2, so that the first calls need not.
    pub(crate) async fn warm(&self, n: usize) -> Result<()> {
        // All leases are held until the last is there; otherwise one connection would be taken n times.
        let mut leases = Vec::new();
        let mut outcome = Ok(());
        for _ in 0..n.min(self.shared.config.max_connections.get()) {
            match self.checkout(self.shared.timeouts.pool).await {
                Ok(lease) => {
                    let shared_by_all = matches!(lease.connection, Connection::Http2(..));
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
            self.shared.park(lease).await;
        }
        outcome
    }

    /// One of the slots, in the order in which calls ask for them.
    async fn slot(&self, limit: Duration) -> Result<OwnedSemaphorePermit> {
        let shared = &self.shared;
        if let Ok(slot) = Arc::clone(&shared.slots).try_acquire_owned() {
            return Ok(slot);
        }
        let _waiting = Waiting::new(&shared.counters);
        timeout(limit, Arc::clone(&shared.slots).acquire_owned())
            .await
            .map_err(|_| {
                let most = shared.config.max_connections;
                busy(&format!("all {most} connections stayed busy"), limit)
            })?
            .map_err(|_| {
                Error::new(ErrorKind::Transport)
                    .message("the pool is closed")
                    .never_sent()
            })
    }

    async fn checkout(&self, limit: Duration) -> Result<Lease> {
        let shared = &self.shared;
        let mut slot = self.slot(limit).await?;
        loop {
            match shared.find() {
                Found::Open(connection) => match connection.ready().await {
                    Some(connection) => return Ok(Lease::new(connection, slot, true)),
                    None => continue,
                },
                Found::Expired(http1) => {
                    http1.hold(slot);
                    drop(http1);
                    slot = self.slot(limit).await?;
                    continue;
                }
                Found::Full => {
                    shared.stream(limit).await?;
                    continue;
                }
                Found::Nothing => {}
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
            if !shared.wants_dial() || shared.lock().speaks_http2 == Some(false) {
                continue;
            }
            let connection = shared.dial().await?;
            drop(gate);
            return Ok(Lease::new(connection, slot, false));
        }
    }

    /// A new connection whatever is idle.
    async fn fresh(&self, limit: Duration) -> Result<Lease> {
        let slot = self.slot_for_one_more(limit).await?;
        let connection = self.shared.dial().await?;
        Ok(Lease::new(connection, slot, false))
    }

    /// A slot for a new connection beside the idle ones. If all connections of the cap are open, the one that has been
    /// idle for longest makes room first.
    async fn slot_for_one_more(&self, limit: Duration) -> Result<OwnedSemaphorePermit> {
        let shared = &self.shared;
        loop {
            let slot = self.slot(limit).await?;
            let surplus = {
                let mut state = shared.lock();
                let taken = shared.most() - shared.slots.available_permits();
                let full = state.idle.len() + taken > shared.most();
                full.then(|| state.idle.pop_oldest()).flatten()
            };
            let Some(surplus) = surplus else {
                return Ok(slot);
            };
            // The slot is free again when the socket is closed.
            surplus.hold(slot);
            drop(surplus);
        }
    }

    async fn exchange(
        &self,
        lease: &mut Lease,
        request: &Prepared<'_>,
        hop: Option<&Hop>,
    ) -> Result<http::Response<Incoming>, Failure> {
        let shared = &self.shared;
        let http2 = matches!(lease.connection, Connection::Http2(..));
        let forwarder = shared.forwarder.as_ref();
        let outgoing = outgoing::build(request, hop, &shared.base, forwarder, http2)
            .map_err(Failure::Broken)?;
        request.mark_sent(true);
        let sent = match &mut lease.connection {
            Connection::Http1(http1) => http1.sender.try_send_request(outgoing).await,
            Connection::Http2(http2, _) => http2.sender.try_send_request(outgoing).await,
        };
        sent.map_err(|error| match &request.body {
            // A body that could not be given is why, whatever else is told.
            Payload::Stream(upload) => match upload.take_failure() {
                Some(failure) => Failure::Broken(failure),
                None => error.into(),
            },
            Payload::Whole(_) => error.into(),
        })
    }
}

impl Transport for Pool {
    fn is_dialling(&self) -> bool {
        self.shared.counters.dialling.load(Relaxed) > 0
    }

    async fn send(&self, request: &Prepared<'_>, hop: Option<&Hop>) -> Result<Answer> {
        if let Some(hop) = hop
            && let Some(base) = &hop.elsewhere
        {
            return Box::pin(self.send_elsewhere(base, hop, request)).await;
        }
        let limit = request.timeouts.pool;
        let mut refused_when_new = false;
        let mut lease = self.checkout(limit).await?;
        loop {
            let reused = lease.reused;
            if reused {
                self.shared.counters.reused.fetch_add(1, Relaxed);
            }
            match self.exchange(&mut lease, request, hop).await {
                Ok(response) => {
                    return PooledBody::answer(response, lease, &self.shared, request);
                }
                // Nothing was done yet, so take another connection: the server closed this one just as it was taken.
                // This ends, because each round uses up one open connection, and only one may be new.
                Err(Failure::Unsent(error)) => {
                    request.mark_sent(false);
                    self.shared.retire(&lease);
                    if (!reused && refused_when_new) || request.is_used_up() {
                        return Err(error.never_sent());
                    }
                    refused_when_new |= !reused;
                    drop(lease);
                    lease = Box::pin(self.checkout(limit)).await?;
                }
                // The same race, lost a moment later: the server closed while the request was on its way. What may be
                // done twice goes out at once on a new connection; other idle ones may be about to be closed as well.
                Err(Failure::Ended(error)) => {
                    let idle_before = reused && matches!(lease.connection, Connection::Http1(_));
                    if !idle_before || !request.may_repeat || request.is_used_up() {
                        return Err(error);
                    }
                    drop(lease);
                    lease = Box::pin(self.fresh(limit)).await?;
                }
                Err(Failure::Broken(error)) => return Err(error),
            }
        }
    }
}

impl Shared {
    /// Gives a connection back after a whole answer was read.
    async fn park(self: &Arc<Self>, mut lease: Lease) {
        // Over HTTP/2 the pool has its own handle; only the slot and the stream go back.
        if let Connection::Http1(http1) = &mut lease.connection {
            // The driver usually is ready, or needs one more turn.
            if !http1.sender.is_ready() {
                let _ = timeout(ONE_TURN, http1.sender.ready()).await;
            }
            self.park_later(lease);
        }
    }

    /// The same without waiting.
    fn park_later(self: &Arc<Self>, lease: Lease) {
        let Connection::Http1(mut http1) = lease.connection else {
            return;
        };
        if http1.sender.is_ready() {
            self.keep(http1);
        } else {
            // A server that answered before it had read the whole request; that must not hold up its answer.
            let shared = Arc::clone(self);
            tokio::spawn(async move {
                if let Ok(Ok(())) = timeout(SETTLE, http1.sender.ready()).await {
                    shared.keep(http1);
                }
            });
        }
    }

    /// Makes a connection available to other calls.
    fn keep(self: &Arc<Self>, http1: Http1) {
        if http1.is_expired() {
            return;
        }
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

    fn most(&self) -> usize {
        self.config
            .max_connections
            .get()
            .min(Semaphore::MAX_PERMITS)
    }

    /// What there is for a call that has a slot.
    fn find(&self) -> Found {
        let mut state = self.lock();
        if !state.http2.is_empty() {
            state.forget_ended();
            let emptiest = state.http2.iter_mut().min_by_key(|c| c.streams.open());
            if let Some(http2) = emptiest
                && http2.streams.has_room()
            {
                http2.used = Instant::now();
                let stream = http2.stream();
                return Found::Open(Connection::Http2(http2.clone(), stream));
            }
            if self.is_full(&state) {
                return Found::Full;
            }
        }
        match state.idle.pop() {
            Some(http1) if http1.is_expired() => Found::Expired(http1),
            Some(http1) => Found::Open(Connection::Http1(http1)),
            None => Found::Nothing,
        }
    }

    fn is_full(&self, state: &State) -> bool {
        let enough = state.http2.len() >= self.config.http2_connections.get();
        // Of one whose settings are on their way it is not known yet whether it is full.
        let unsettled = || state.http2.iter().any(|c| !c.streams.is_settled());
        !state.http2.is_empty() && !state.has_room() && (enough || unsettled())
    }

    /// Whether a call needs a connection that is not there yet.
    fn wants_dial(&self) -> bool {
        let mut state = self.lock();
        state.forget_ended();
        let room = state.has_room();
        !room && !self.is_full(&state) && state.idle.len() == 0
    }

    /// Waits until a call over HTTP/2 ends.
    async fn stream(&self, limit: Duration) -> Result<()> {
        let mut freed = pin!(self.stream_freed.notified());
        freed.as_mut().enable();
        // One may have ended before this began to listen.
        if !self.is_full(&self.lock()) {
            return Ok(());
        }
        let _waiting = Waiting::new(&self.counters);
        timeout(limit, freed).await.map_err(|_| {
            busy(
                "the server takes no more calls at a time, and all stayed busy",
                limit,
            )
        })
    }

    async fn dial(self: &Arc<Self>) -> Result<Connection> {
        // Boxed, because it is large and rare: the future of every call would have room for it, and is moved about.
        let outcome = Box::pin(self.dialer.dial(&self.base, &self.counters))
            .await
            .map_err(Error::never_sent);
        let mut state = self.lock();
        let dialled = outcome.inspect_err(|error| {
            state.failed_dials += 1;
            state.last_failure = Some((error.kind(), format!("{error}")));
        })?;
        state.speaks_http2 = Some(matches!(dialled, Dialled::Http2 { .. }));
        Ok(match dialled {
            Dialled::Http1(http1) => Connection::Http1(http1),
            Dialled::Http2 {
                sender,
                streams,
                expires,
            } => {
                state.generation += 1;
                let http2 = Http2::new(sender, state.generation, streams, expires);
                let stream = http2.stream();
                state.http2.push(http2.clone());
                idle::ensure_reaper(&mut state, self);
                Connection::Http2(http2, stream)
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
        if let Connection::Http2(refused, _) = &lease.connection {
            let mut state = self.lock();
            state.http2.retain(|c| c.generation != refused.generation);
            drop(state);
            // There may be a new one now.
            self.stream_freed.notify_waiters();
        }
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.http2.iter().any(|c| c.streams.has_room())
    }

    /// Takes no further calls to HTTP/2 connections that are closed or too old; calls on them go on.
    fn forget_ended(&mut self) {
        self.http2
            .retain(|c| !c.sender.is_closed() && !is_over(c.expires));
    }
}

fn busy(what: &str, limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout(Deadline::Pool))
        .message(format!("{what} for {limit:?}"))
        .never_sent()
}
