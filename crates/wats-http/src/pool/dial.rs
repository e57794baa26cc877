//! Opening a connection: the [way](super::route) to the server, TLS, and the protocol ALPN chose.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper::rt::Executor;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::connection::{Closing, Http1};
use super::metered::Metered;
use super::route::Router;
use super::stats::{Counters, Live};
use super::streams::{Driven, Streams, UNKNOWN};
use super::sync::{Lock, Notify};
use crate::address::BaseUrl;
use crate::body::Outgoing;
use crate::config::PoolConfig;
use crate::error::{Deadline, Error, ErrorKind, Result};
use crate::proxy::{Proxies, Proxy};
use crate::tls::{Tls, TlsConfig};

/// A PING goes out after this much silence while calls are in flight …
const PING_AFTER: Duration = Duration::from_secs(20);
/// … and the connection is dead when it stays unanswered this long.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How many bytes of an answer a server may send ahead of its reader: two megabytes in flight fill a line of 160 Mbit/s
/// over a round trip of 100 ms.
const STREAM_WINDOW: u32 = 2 << 20;
/// The same for all answers of a connection together. It is far larger than that of a stream, because a few downloads
/// that nobody reads on must not stall the calls beside them.
const CONNECTION_WINDOW: u32 = 64 << 20;

/// A new connection, in the protocol that the server chose.
pub(super) enum Dialled {
    Http1(Http1),
    Http2 {
        sender: http2::SendRequest<Outgoing>,
        streams: Arc<Streams>,
        expires: Option<Instant>,
    },
}

/// How long a connection that nobody holds may take to close in order.
const GOODBYE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Dialer {
    router: Router,
    tls: Tls,
    /// For servers that a redirect leads to: they are shown no client certificate, have their own name, and are
    /// spoken to over HTTP/1.1.
    tls_elsewhere: Tls,
    deadline: Duration,
    max_lifetime: Option<Duration>,
    /// Told when there may be a stream for those who wait.
    freed: Arc<Notify>,
}

impl Dialer {
    pub(super) fn new(
        proxies: Proxies,
        tls: TlsConfig,
        config: &PoolConfig,
        deadline: Duration,
        freed: Arc<Notify>,
    ) -> Self {
        Self {
            router: Router::new(proxies, deadline),
            tls_elsewhere: Tls::new(tls.for_strangers(), false),
            tls: Tls::new(tls, config.http2),
            deadline,
            max_lifetime: config.max_lifetime,
            freed,
        }
    }

    /// The proxy that forwards plain requests to `base`.
    pub(super) fn forwarder(&self, base: &BaseUrl) -> Option<&Proxy> {
        self.router.forwarder(base)
    }

    pub(super) async fn dial(&self, base: &BaseUrl, counters: &Counters) -> Result<Dialled> {
        let _dialling = Live::new(&counters.dialling);
        timeout(self.deadline, self.open(base, &self.tls, counters))
            .await
            .unwrap_or_else(|_| Err(self.too_late(base)))
    }

    /// Dials a server that a redirect leads to.
    pub(super) async fn dial_elsewhere(
        &self,
        base: &BaseUrl,
        counters: &Counters,
    ) -> Result<Http1> {
        match timeout(
            self.deadline,
            self.open(base, &self.tls_elsewhere, counters),
        )
        .await
        {
            Ok(Ok(Dialled::Http1(http1))) => Ok(http1),
            Ok(Ok(Dialled::Http2 { .. })) => Err(Error::new(ErrorKind::Transport)
                .message("the server chose HTTP/2, which was not offered")),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(self.too_late(base)),
        }
    }

    fn too_late(&self, base: &BaseUrl) -> Error {
        Error::new(ErrorKind::Timeout(Deadline::Connect)).message(format!(
            "no connection to {}:{} within {:?}",
            base.host, base.port, self.deadline
        ))
    }

    async fn open(&self, base: &BaseUrl, tls: &Tls, counters: &Counters) -> Result<Dialled> {
        let tcp = self.router.connect(base).await?;
        let live = Live::open(&counters.live);
        counters.dialled.fetch_add(1, Relaxed);
        let expires = self.expiry();
        if !base.tls {
            return handshake_http1(tcp, live, expires).await;
        }
        let connector = TlsConnector::from(tls.client_config()?);
        let stream = connector
            .connect(tls.server_name(base)?, tcp)
            .await
            .map_err(|source| {
                Error::new(ErrorKind::Tls)
                    .message(format!("with {}:{}", base.host, base.port))
                    .source(source)
            })?;
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            handshake_http2(stream, live, expires, Streams::new(&self.freed)).await
        } else {
            handshake_http1(stream, live, expires).await
        }
    }

    /// When a connection that is opened now is too old. Up to a tenth earlier than asked for, so that connections that
    /// were opened together do not end together.
    fn expiry(&self) -> Option<Instant> {
        let lifetime = self.max_lifetime?;
        // A tenth of the longest time there is can be told in floats, the whole of it cannot.
        let earlier = lifetime.mul_f64(fastrand::f64() / 10.0);
        Instant::now().checked_add(lifetime.saturating_sub(earlier))
    }
}

async fn handshake_http1<T>(stream: T, live: Live, expires: Option<Instant>) -> Result<Dialled>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, driver) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(handshake_failed)?;
    let closing = Closing::default();
    let slot_holder = closing.clone();
    let (alive, dropped) = oneshot::channel::<()>();
    tokio::spawn(async move {
        // The outcome reaches the caller through the request; here it only tells that the socket is closed.
        drive(driver, dropped, || 0).await;
        drop((slot_holder, live));
    });
    Ok(Dialled::Http1(Http1 {
        sender,
        closing,
        expires,
        unused_until: None,
        _alive: alive,
    }))
}

/// Runs a connection to its end. Once nobody holds it any more, it may say goodbye for a moment, and for a further one as
/// long as something is `written`; a peer that has stopped reading would otherwise keep it, and the slot of its call, for
/// ever.
async fn drive(driver: impl Future, dropped: oneshot::Receiver<()>, written: impl Fn() -> usize) {
    let (mut driver, mut dropped) = (pin!(driver), pin!(dropped));
    let ended = poll_fn(|context| match driver.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => dropped.as_mut().poll(context).map(|_| false),
    });
    if ended.await {
        return;
    }
    loop {
        let before = written();
        if timeout(GOODBYE, driver.as_mut()).await.is_ok() || written() == before {
            return;
        }
    }
}

async fn handshake_http2<T>(
    stream: T,
    live: Live,
    expires: Option<Instant>,
    streams: Arc<Streams>,
) -> Result<Dialled>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    // The driver ends when nobody has a handle any more. The server may be owed the rest of a request that it answered
    // early even then.
    let (alive, dropped) = oneshot::channel::<()>();
    let written = Arc::new(AtomicUsize::new(0));
    let stream = Metered {
        stream,
        written: Arc::clone(&written),
    };
    let spawner = Spawner {
        streams: Arc::clone(&streams),
        socket: Arc::new(Lock::new(Some(Socket {
            live,
            dropped,
            written: Arc::clone(&written),
        }))),
    };
    let (sender, mut driver) = http2::Builder::new(spawner)
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_max_send_streams(UNKNOWN)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_TIMEOUT)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(handshake_failed)?;
    let driven = Driven(Arc::clone(&streams));
    tokio::spawn(async move {
        let _ = poll_fn(|context| {
            driven.0.await_settings(context);
            let ended = Pin::new(&mut driver).poll(context);
            // Settings of the server can come at any time.
            driven.0.allow(driver.current_max_send_streams());
            ended
        })
        .await;
        drop((driven, driver, alive));
    });
    Ok(Dialled::Http2 {
        sender,
        streams,
        expires,
    })
}

/// Spawns the tasks of an HTTP/2 connection: first the one that reads it, which is watched until the server's settings
/// are there, and then one for each call. They are boxed first, because a task is moved several times on its way to the
/// runtime.
#[derive(Clone)]
struct Spawner {
    streams: Arc<Streams>,
    /// Goes to the first task, which has the socket: it may go on after the driver has nothing left to send.
    socket: Arc<Lock<Option<Socket>>>,
}

struct Socket {
    live: Live,
    /// Hears that nobody has a handle any more.
    dropped: oneshot::Receiver<()>,
    written: Arc<AtomicUsize>,
}

impl<F> Executor<F> for Spawner
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        let mut task = Box::pin(task);
        if self.streams.is_settled() {
            tokio::spawn(task);
            return;
        }
        let streams = Arc::clone(&self.streams);
        let socket = self.socket.lock().take();
        tokio::spawn(async move {
            let watched = poll_fn(|context| {
                let ended = task.as_mut().poll(context);
                streams.something_came();
                ended
            });
            match socket {
                Some(Socket {
                    live,
                    dropped,
                    written,
                }) => {
                    drive(watched, dropped, || written.load(Relaxed)).await;
                    drop((task, live));
                }
                None => {
                    watched.await;
                }
            }
        });
    }
}

fn handshake_failed(source: hyper::Error) -> Error {
    Error::new(ErrorKind::Transport)
        .message("the server does not speak HTTP")
        .source(source)
}

#[cfg(test)]
#[cfg(not(wats_loom))]
mod tests {
    use tokio::time::sleep;

    use super::*;

    /// How long a connection that nobody holds lives, and how far it comes, when it does something every so often.
    async fn goodbye(pace: Duration, writes: bool) -> (Duration, usize) {
        let done = AtomicUsize::new(0);
        let written = || if writes { done.load(Relaxed) } else { 0 };
        let (alive, dropped) = oneshot::channel();
        drop(alive);
        let began = Instant::now();
        let driver = async {
            for _ in 0..10 {
                sleep(pace).await;
                done.fetch_add(1, Relaxed);
            }
        };
        drive(driver, dropped, written).await;
        (began.elapsed(), done.load(Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_nobody_holds_lives_as_long_as_it_gets_something_written() {
        let second = Duration::from_secs(1);
        assert_eq!(goodbye(second, true).await.1, 10);
        let (lived, done) = goodbye(second, false).await;
        assert!(lived < GOODBYE + second && done <= 2, "{lived:?}, {done}");
        let (lived, done) = goodbye(2 * GOODBYE, true).await;
        assert!(lived < GOODBYE + second && done == 0, "{lived:?}, {done}");
    }
}
