//! The connection pool: a cap that truly caps, over HTTP/1.1 and HTTP/2.
//!
//! A call takes one of `max_connections` slots (a fair semaphore) for as long as it uses a connection. It then takes
//! the most recently used idle connection, or opens one only when none is idle, so live connections can never
//! outnumber slots:
//!
//! ```text
//! send ─► checkout: slot ─► open HTTP/2 connection? ─► a stream of it
//!                        ├► idle HTTP/1.1 connection? ─► take it (newest first)
//!                        ├► may one be dialled? ───────► dial (one at a time, except over HTTP/1.1)
//!                        └► queue                      ─► for a stream, or for the dial of another call
//!      ─► write request, read whole answer
//!      ─► park: back to idle, slot free │ on any failure: close, slot free when the socket is closed
//! ```
//!
//! A slot outlives its call when the connection is dropped: it lies with the connection's driver and is free again
//! only once the socket is closed. Over HTTP/2 the slot is the call's alone, and ends with it. The [reaper] closes
//! what stays idle too long.
//!
//! All decisions are made in [`state`], which does no IO and is checked by loom and by generated schedules; this module
//! does what was decided. The lock there is never held across an await point, and no other lock is taken under it but
//! that of a connection's `closing`. Handles of closed connections may be dropped under it; that takes a lock
//! of h2, under which nobody asks for the pool's, and wakes their drivers.

mod body;
mod connect_error;
mod connection;
mod cross_origin;
mod dial;
mod drive;
#[cfg(test)]
mod fakes;
mod http2;
mod idle;
mod keep_alive;
#[cfg(test)]
#[cfg(wats_loom)]
mod loom_tests;
mod outgoing;
mod reaper;
mod state;
#[cfg(test)]
#[cfg(not(wats_loom))]
mod state_tests;
mod stats;
mod streams;
mod sync;
mod unanswered;
mod upload;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::time::{Instant, timeout};

pub(crate) use self::body::PooledBody;
use self::connect_error::SharedConnectError;
use self::connection::{Connection, Failure, Http1, Lease};
use self::dial::{Dialer, Dialled};
use self::http2::Http2;
use self::idle::Exclusive;
use self::state::{Checkout, ConnectPermit, PoolState, QueuePosition, Shared as _};
pub use self::stats::PoolStats;
use self::stats::{Counters, Waiting};
use self::sync::Slot;
use self::unanswered::{Since, Unanswered};
use crate::address::BaseUrl;
use crate::body::{Delivery, WireBody};
use crate::config::{PoolConfig, Timeouts, or_forever};
use crate::error::{Deadline, Error, ErrorKind, Result};
use crate::proxy::{Proxies, Proxy};
use crate::request::{PreparedRequest, RedirectTarget};
use crate::tls::TlsConfig;
use crate::transport::{Answer, Transport};

/// How long a used connection may take to become ready again before it is closed instead.
const SETTLE: Duration = Duration::from_millis(500);

/// How many connections are opened at a time ahead of need: enough to make little of round trips, and no burst.
const DIALS_AHEAD: usize = 8;

/// How long a server that wants HTTP/1.1 is not asked for HTTP/2 again.
const HTTP1_FOR: Duration = Duration::from_secs(600);

fn http1_until() -> Instant {
    Instant::now() + HTTP1_FOR
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
    pool_state: PoolState<Http1, Http2>,
    counters: Counters,
}

impl Pool {
    pub(crate) fn new(
        base: Arc<BaseUrl>,
        proxies: Proxies,
        tls: TlsConfig,
        config: PoolConfig,
        timeouts: Timeouts,
    ) -> Self {
        let pool_state = PoolState::new(&config, base.tls && config.http2);
        let freed = Arc::clone(pool_state.freed());
        let dialer = Dialer::new(proxies, tls, &config, or_forever(timeouts.connect), freed);
        let shared = Shared {
            forwarder: dialer.forwarder(&base).cloned(),
            dialer,
            base,
            config,
            timeouts,
            pool_state,
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
            idle: shared.pool_state.idle(),
            in_use: shared.pool_state.taken(),
            waiting: counters.waiting.load(Relaxed),
            waits: counters.waits.load(Relaxed),
            wait_time: Duration::from_nanos(counters.wait_nanos.load(Relaxed)),
        }
    }

    /// Opens connections until `n` are idle, or one over HTTP/2, so that the first calls need not.
    pub(crate) async fn warm(&self, n: usize) -> Result<()> {
        let n = n.min(self.shared.config.max_connections);
        if n == 0 {
            return Ok(());
        }
        let checkout = || self.checkout(or_forever(self.shared.timeouts.pool));
        // The first one tells the protocol.
        let first = checkout().await?;
        let shared_by_all = matches!(first.connection, Connection::Http2(..));
        // All leases are held until the last is there; otherwise one connection would be taken n times.
        let mut leases = vec![first];
        let mut outcome = Ok(());
        if !shared_by_all {
            let others = stream::iter(1..n).map(|_| checkout());
            let mut others = pin!(others.buffer_unordered(DIALS_AHEAD));
            while let Some(next) = others.next().await {
                match next {
                    Ok(lease) => leases.push(lease),
                    Err(error) => {
                        outcome = Err(error);
                        break;
                    }
                }
            }
        }
        for lease in leases {
            self.shared.park(lease).await;
        }
        outcome
    }

    /// One of the slots, in the order in which calls ask for them.
    async fn slot(&self, acquire: &mut AcquireTimeout) -> Result<Slot> {
        let shared = &self.shared;
        if let Ok(slot) = Arc::clone(shared.pool_state.slots()).try_acquire_owned() {
            return Ok(slot);
        }
        let _waiting = Waiting::new(&shared.counters);
        timeout(
            acquire.left(),
            Arc::clone(shared.pool_state.slots()).acquire_owned(),
        )
        .await
        .map_err(|_| {
            let most = shared.config.max_connections;
            busy(
                &format!("all {most} connections stayed busy"),
                acquire.limit,
            )
        })?
        .map_err(|_| {
            Error::new(ErrorKind::Transport)
                .message("the pool is closed")
                .never_sent()
        })
    }

    async fn checkout(&self, limit: Duration) -> Result<Lease> {
        let shared = &self.shared;
        let mut acquire = AcquireTimeout::new(limit);
        let mut slot = self.slot(&mut acquire).await?;
        loop {
            let found = match shared.pool_state.find() {
                Checkout::Wait(position) => Box::pin(shared.wait(position, &mut acquire)).await?,
                found => found,
            };
            let connection = match found {
                Checkout::Shared(http2, stream) => Connection::Http2(http2, stream),
                Checkout::Exclusive(http1) => Connection::Http1(http1),
                Checkout::Expired(http1) => {
                    http1.hold(slot);
                    drop(http1);
                    slot = self.slot(&mut acquire).await?;
                    continue;
                }
                Checkout::Dial(permit) => {
                    let connection = shared.dial(permit).await?;
                    return Ok(Lease::new(connection, slot, false));
                }
                Checkout::ConnectFailed(failed) => return Err(failed.into_error()),
                // Waiting ends in something else; if it did not, it would have to go on.
                Checkout::Wait(_) => continue,
            };
            if let Some(connection) = connection.ready().await {
                return Ok(Lease::new(connection, slot, true));
            }
        }
    }

    /// A new connection whatever is idle.
    async fn fresh(&self, limit: Duration) -> Result<Lease> {
        let slot = self.slot_for_one_more(limit).await?;
        let connection = self.shared.dial(None).await?;
        Ok(Lease::new(connection, slot, false))
    }

    /// A slot for a new connection beside the idle ones. If all connections of the cap are open, the one that has been
    /// idle for longest makes room first.
    async fn slot_for_one_more(&self, limit: Duration) -> Result<Slot> {
        let shared = &self.shared;
        let mut acquire = AcquireTimeout::new(limit);
        loop {
            let slot = self.slot(&mut acquire).await?;
            let Some(surplus) = shared.pool_state.surplus() else {
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
        request: &PreparedRequest<'_>,
        redirect_target: Option<&RedirectTarget>,
    ) -> Result<(http::Response<WireBody>, Option<Arc<Delivery>>), Failure> {
        let shared = &self.shared;
        let http2 = matches!(lease.connection, Connection::Http2(..));
        let forwarder = shared.forwarder.as_ref();
        let socket_state = lease.connection.socket_state();
        let delivery = request.has_body().then(|| Delivery::new(socket_state));
        let to = delivery.as_ref();
        let outgoing =
            outgoing::build(request, redirect_target, &shared.base, forwarder, http2, to)
                .map_err(Failure::Broken)?;
        let before = socket_state.written();
        request.mark_sent(true);
        let pool_state = &shared.pool_state;
        let sent = match &mut lease.connection {
            Connection::Http1(http1) => {
                let since = Since::sent(lease.reused);
                let unanswered = Unanswered::new(pool_state, request, since);
                let sent = http1.sender.try_send_request(outgoing).await;
                unanswered.ended();
                sent.map(|answer| answer.map(WireBody::Http1))
                    .map_err(|failure| Failure::of_http1(failure, &http1.socket_state, before))
            }
            Connection::Http2(http2, _) => {
                let link = &http2.link;
                let streams = &link.streams;
                let since = Since::last_answer(lease.reused, streams);
                let unanswered = Unanswered::new(pool_state, request, since);
                let sent = match http2::send(link, outgoing) {
                    Ok(mut sent) => sent.answer().await,
                    Err(unheard) => Err(unheard),
                };
                unanswered.ended();
                if sent.is_ok() {
                    streams.answered();
                    if link.socket_state.requires_http1() {
                        pool_state.share_nothing_until(http1_until());
                    }
                }
                sent.map_err(|failure| Failure::of_http2(failure, &link.socket_state, before))
            }
        };
        match sent {
            Ok(response) => Ok((response, delivery)),
            // A body that could not be given is why, whatever else is told.
            Err(error) => Err(
                match delivery.and_then(|delivery| delivery.take_failure()) {
                    Some(failure) => Failure::Broken(failure),
                    None => error,
                },
            ),
        }
    }
}

impl Transport for Pool {
    type Body = PooledBody;

    fn is_connecting(&self) -> bool {
        self.shared.counters.connecting.load(Relaxed) > 0
    }

    fn forwarder(&self, redirect_target: Option<&RedirectTarget>) -> Option<&Proxy> {
        match redirect_target.and_then(|redirect_target| redirect_target.other_origin.as_ref()) {
            Some(base) => self.shared.dialer.forwarder(base),
            None => self.shared.forwarder.as_ref(),
        }
    }

    async fn send(
        &self,
        request: &PreparedRequest<'_>,
        redirect_target: Option<&RedirectTarget>,
    ) -> Result<Answer<PooledBody>> {
        if let Some(redirect_target) = redirect_target
            && let Some(base) = &redirect_target.other_origin
        {
            return Box::pin(self.send_cross_origin(base, redirect_target, request)).await;
        }
        let limit = or_forever(request.timeouts.pool);
        let (mut refused_when_new, mut refused_before) = (false, false);
        let mut wanted_http1 = false;
        let mut lease = self.checkout(limit).await?;
        loop {
            let reused = lease.reused;
            if reused {
                self.shared.counters.reused.fetch_add(1, Relaxed);
            }
            match self.exchange(&mut lease, request, redirect_target).await {
                Ok((response, delivery)) => {
                    let pool = &self.shared;
                    return PooledBody::answer(response, lease, pool, request, delivery);
                }
                // Nothing was done yet, so take another connection: the server closed this one just as it was taken.
                // This ends, because each round uses up one open connection, and only one may be new.
                Err(Failure::Unsent(error)) => {
                    request.mark_sent(false);
                    self.shared.drain(&lease);
                    if (!reused && refused_when_new) || request.is_used_up() {
                        return Err(error.never_sent());
                    }
                    refused_when_new |= !reused;
                    drop(lease);
                    lease = Box::pin(self.checkout(limit)).await?;
                }
                // The server has more calls than it wants at the moment. One more may be luck, further ones wait.
                Err(Failure::Refused(error)) => {
                    request.mark_sent(false);
                    if refused_before || request.is_used_up() {
                        return Err(error.never_sent());
                    }
                    refused_before = true;
                    drop(lease);
                    lease = Box::pin(self.checkout(limit)).await?;
                }
                // Over HTTP/1.1 then, and for a while all others too.
                Err(Failure::WantsHttp1(error)) => {
                    request.mark_sent(false);
                    self.shared.pool_state.share_nothing_until(http1_until());
                    if wanted_http1 || request.is_used_up() {
                        return Err(error.never_sent());
                    }
                    wanted_http1 = true;
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
                // The answer may only have had more headers than there was room for at first.
                Err(Failure::Broken(error)) if error.kind() == ErrorKind::TooLarge => {
                    let http1 = matches!(lease.connection, Connection::Http1(_));
                    if !http1 || lease.connection.socket_state().allows_many_headers() {
                        return Err(error);
                    }
                    if !self.shared.dialer.allow_many_headers() {
                        self.shared.pool_state.mark_stale(Instant::now());
                    }
                    if !request.may_repeat || request.is_used_up() {
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
        lease.one_head().await;
        self.park_later(lease);
    }

    /// The same without waiting.
    fn park_later(self: &Arc<Self>, lease: Lease) {
        // Over HTTP/2 the pool has its own handle; only the slot and the stream go back.
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
        self.pool_state.keep(http1);
        reaper::ensure(self);
    }

    /// Queues for a stream or for the outcome of a dial.
    async fn wait<'a>(
        &'a self,
        position: QueuePosition<'a, Http1, Http2>,
        acquire: &mut AcquireTimeout,
    ) -> Result<Checkout<'a, Http1, Http2>> {
        let (what, extra) = if position.for_dial {
            // The dial has a deadline of its own.
            ("no connection was open", or_forever(self.timeouts.connect))
        } else {
            let what = "the server takes no more calls at a time, and all stayed busy";
            (what, Duration::ZERO)
        };
        let _waiting = Waiting::new(&self.counters);
        let left = acquire.left().saturating_add(extra);
        timeout(left, self.pool_state.wait(position))
            .await
            .map_err(|_| busy(what, acquire.limit.saturating_add(extra)))
    }

    async fn dial(
        self: &Arc<Self>,
        permit: Option<ConnectPermit<'_, Http1, Http2>>,
    ) -> Result<Connection> {
        // Boxed, because it is large and rare: the future of every call would have room for it, and is moved about.
        let offer_http2 = self.pool_state.may_share();
        let dial = self.dialer.dial(&self.base, offer_http2, &self.counters);
        let outcome = Box::pin(dial).await;
        let connection = match outcome.map_err(Error::never_sent) {
            Err(error) => {
                self.pool_state.dial_failed(SharedConnectError::of(&error));
                return Err(error);
            }
            Ok(Dialled::Http1(http1)) => {
                self.pool_state.dialled_exclusive();
                Connection::Http1(http1)
            }
            Ok(Dialled::Http2(http2)) => {
                let stream = self.pool_state.add(&http2, permit);
                reaper::ensure(self);
                Connection::Http2(http2, stream)
            }
        };
        Ok(connection)
    }

    /// Takes no further calls to a shared connection that refused one, such as after GOAWAY: it may stay open for the
    /// calls it still serves.
    fn drain(&self, lease: &Lease) {
        if let Connection::Http2(refused, _) = &lease.connection {
            self.pool_state.drain(refused.streams());
        }
    }
}

/// How long a call waits for a connection, all its waits together.
#[derive(Debug)]
struct AcquireTimeout {
    limit: Duration,
    /// When it first had to wait.
    since: Option<Instant>,
}

impl AcquireTimeout {
    fn new(limit: Duration) -> Self {
        Self { limit, since: None }
    }

    /// Begins a wait, or goes on with it, and tells how long it may last.
    fn left(&mut self) -> Duration {
        let waited = self.since.get_or_insert_with(Instant::now).elapsed();
        self.limit.saturating_sub(waited)
    }
}

fn busy(what: &str, limit: Duration) -> Error {
    Error::new(ErrorKind::Timeout(Deadline::Pool))
        .message(format!("{what} for {limit:?}"))
        .never_sent()
}
