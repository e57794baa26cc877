//! Opening a connection: the [way](crate::connect) to the server, TLS, and the protocol ALPN chose.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
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
use super::stats::{Counters, Live};
use super::streams::{Driven, Streams, UNKNOWN};
use super::sync::{Lock, Notify};
use crate::address::BaseUrl;
use crate::body::Outgoing;
use crate::config::PoolConfig;
use crate::connect::{LARGEST_HEAD, Router, Socket, tls_error};
use crate::error::{Deadline, Error, ErrorKind, Result};
use crate::proxy::{Proxies, Proxy};
use crate::socket_state::SocketState;
use crate::tls::{Tls, TlsConfig};

/// A PING goes out when nothing came for so long while calls are in flight …
const PING_AFTER: Duration = Duration::from_secs(20);
/// … and the connection is dead when it stays unanswered this long.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// How many bytes of an answer a server may send ahead of its reader: two megabytes in flight fill a line of 160 Mbit/s
/// over a round trip of 100 ms.
const STREAM_WINDOW: u32 = 2 << 20;
/// The same for all answers of a connection together. It is far larger than that of a stream, because a few downloads
/// that nobody reads on must not stall the calls beside them.
const CONNECTION_WINDOW: u32 = 64 << 20;

/// How many headers an answer may have; together they may have [`LARGEST_HEAD`] bytes.
///
/// hyper has room for a hundred at no cost, and for more by two allocations for each answer. So connections over HTTP/1.1
/// begin with a hundred; when an answer has more, the pool opens wide ones from then on.
pub(super) const MOST_HEADERS: usize = 1000;

/// What hyper reads ahead over HTTP/1.1, more than the largest head.
const READ_BUFFER: usize = 408 << 10;

/// The largest frame that a server may send: what RFC 9113 begins with. Larger ones hold up the calls beside them.
const FRAME: u32 = 16 << 10;

/// How much of a request's body h2 takes ahead of the network.
const SEND_BUFFER: usize = 1 << 20;

/// For how many calls that ended early h2 remembers, for a second, that more of their answers may come.
const REMEMBERED_RESETS: usize = 1024;

/// A new connection, in the protocol that the server chose.
pub(super) enum Dialled {
    Http1(Http1),
    Http2 {
        sender: http2::SendRequest<Outgoing>,
        streams: Arc<Streams>,
        expires: Option<Instant>,
        socket_state: Arc<SocketState>,
    },
}

/// How long a connection that nobody holds may take to close in order.
const GOODBYE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Dialer {
    router: Router,
    tls: Tls,
    /// The same without HTTP/2, for a server that wants none.
    tls_http1: Tls,
    /// For servers that a redirect leads to: they are shown no client certificate, have their own name, and are
    /// spoken to over HTTP/1.1.
    tls_cross_origin: Tls,
    deadline: Duration,
    max_lifetime: Option<Duration>,
    /// Whether the server was seen to send many headers.
    many_headers: AtomicBool,
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
            tls_cross_origin: Tls::new(tls.for_strangers(), false),
            tls_http1: Tls::new(tls.clone(), false),
            tls: Tls::new(tls, config.http2),
            deadline,
            max_lifetime: config.max_lifetime,
            many_headers: AtomicBool::new(false),
            freed,
        }
    }

    /// The proxy that forwards plain requests to `base`.
    pub(super) fn forwarder(&self, base: &BaseUrl) -> Option<&Proxy> {
        self.router.forwarder(base)
    }

    /// Opens connections with room for many headers from now on. Whether it did so already.
    pub(super) fn allow_many_headers(&self) -> bool {
        self.many_headers.swap(true, Relaxed)
    }

    /// Opens a connection, over HTTP/2 if that is offered and the server takes it.
    pub(super) async fn dial(
        &self,
        base: &BaseUrl,
        offer_http2: bool,
        counters: &Counters,
    ) -> Result<Dialled> {
        let _connecting = Live::new(&counters.connecting);
        let tls = if offer_http2 {
            &self.tls
        } else {
            &self.tls_http1
        };
        timeout(self.deadline, self.open(base, tls, counters))
            .await
            .unwrap_or_else(|_| Err(self.too_late(base)))
    }

    /// Dials a server that a redirect leads to.
    pub(super) async fn dial_cross_origin(
        &self,
        base: &BaseUrl,
        counters: &Counters,
    ) -> Result<Http1> {
        match timeout(
            self.deadline,
            self.open(base, &self.tls_cross_origin, counters),
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
        let wide = self.many_headers.load(Relaxed);
        if !base.tls {
            return handshake_http1(tcp, live, expires, wide).await;
        }
        let connector = TlsConnector::from(tls.client_config()?);
        let stream = connector
            .connect(tls.server_name(base)?, tcp)
            .await
            .map_err(|source| no_tls(source, base))?;
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            handshake_http2(stream, live, expires, Streams::new(&self.freed)).await
        } else {
            handshake_http1(stream, live, expires, wide).await
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

async fn handshake_http1<T>(
    stream: T,
    live: Live,
    expires: Option<Instant>,
    wide: bool,
) -> Result<Dialled>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let socket_state = Arc::new(SocketState::default());
    let socket = Socket::http1(stream, Arc::clone(&socket_state));
    let mut builder = http1::Builder::new();
    builder
        .max_header_size(LARGEST_HEAD)
        .max_buf_size(READ_BUFFER);
    if wide {
        socket_state.allow_many_headers();
        builder.max_headers(MOST_HEADERS);
    }
    let (sender, driver) = builder
        .handshake(TokioIo::new(socket))
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
        socket_state,
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
    // The driver ends when nobody has a handle any more. The rest of a request that the server answered early may have to
    // be sent even then.
    let (alive, dropped) = oneshot::channel::<()>();
    let socket_state = Arc::new(SocketState::default());
    let socket = Socket::http2(stream, Arc::clone(&socket_state));
    let spawner = Spawner {
        streams: Arc::clone(&streams),
        first: Arc::new(Lock::new(Some(First {
            live,
            dropped,
            socket_state: Arc::clone(&socket_state),
        }))),
    };
    let (sender, mut driver) = http2::Builder::new(spawner)
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_max_send_streams(UNKNOWN)
        .adaptive_window(false)
        .max_frame_size(FRAME)
        .max_header_list_size(16 * LARGEST_HEAD as u32)
        .max_concurrent_reset_streams(REMEMBERED_RESETS)
        .max_local_error_reset_streams(None)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_TIMEOUT)
        .keep_alive_while_idle(false)
        .handshake(TokioIo::new(socket))
        .await
        .map_err(handshake_failed)?;
    let driven = Driven(Arc::clone(&streams));
    let polled = Arc::clone(&socket_state);
    tokio::spawn(async move {
        let _ = poll_fn(|context| {
            driven.0.await_settings(context);
            polled.dispatch.begin(context);
            let ended = Pin::new(&mut driver).poll(context);
            polled.dispatch.end(ended.is_ready());
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
        socket_state,
    })
}

/// Spawns the tasks of an HTTP/2 connection: first the one that reads it, which is watched until the server's settings
/// are there, and then one for each call. They are boxed first, because a task is moved several times on its way to the
/// runtime.
#[derive(Clone)]
struct Spawner {
    streams: Arc<Streams>,
    /// Goes to the first task, which has the socket: it may go on after the driver has nothing left to send.
    first: Arc<Lock<Option<First>>>,
}

/// What the first task gets.
struct First {
    live: Live,
    /// Hears that nobody has a handle any more.
    dropped: oneshot::Receiver<()>,
    socket_state: Arc<SocketState>,
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
        let first = self.first.lock().take();
        tokio::spawn(async move {
            let watched = poll_fn(|context| {
                let ended = task.as_mut().poll(context);
                streams.something_came();
                ended
            });
            match first {
                Some(First {
                    live,
                    dropped,
                    socket_state,
                }) => {
                    drive(watched, dropped, || socket_state.written()).await;
                    drop((task, live));
                }
                None => {
                    watched.await;
                }
            }
        });
    }
}

/// Only what TLS itself has against the other side is an error of TLS. All else is the network's, or a server that comes
/// up or goes down just now: there is no connection, and the next may well be.
fn no_tls(source: io::Error, base: &BaseUrl) -> Error {
    let (host, port) = (&base.host, base.port);
    let error = if tls_error(&source).is_some() {
        Error::new(ErrorKind::Tls).message(format!("with {host}:{port}"))
    } else {
        let message = format!("{host}:{port}: the connection was cut in the TLS handshake");
        Error::new(ErrorKind::Connect).message(message)
    };
    error.source(source)
}

/// hyper has sent nothing but its own preface.
fn handshake_failed(source: hyper::Error) -> Error {
    Error::new(ErrorKind::Connect)
        .message("the connection was cut as soon as it was open")
        .source(source)
}

#[cfg(test)]
#[cfg(not(wats_loom))]
mod tests {
    use std::sync::atomic::AtomicUsize;

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

    type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

    /// Keeps the tasks of a connection, so that a test turns them in the order that it wants.
    #[derive(Clone, Default)]
    struct ByHand(Arc<std::sync::Mutex<Vec<Task>>>);

    impl<F: Future<Output = ()> + Send + 'static> Executor<F> for ByHand {
        fn execute(&self, task: F) {
            self.0.lock().unwrap().push(Box::pin(task));
        }
    }

    impl ByHand {
        /// Polls all tasks once.
        fn poll_all(&self, context: &mut std::task::Context<'_>) {
            let mut tasks = std::mem::take(&mut *self.0.lock().unwrap());
            tasks.retain_mut(|task| task.as_mut().poll(context).is_pending());
            self.0.lock().unwrap().extend(tasks);
        }
    }

    /// The reader of a connection is a whole round trip ahead of its dispatcher: it writes the head of a request, and reads
    /// the answer and the end of the connection, before the dispatcher has come back to what it began.
    #[tokio::test]
    async fn an_answer_is_heard_though_the_connection_ends_before_hyper_looks() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        // The server's settings: one stream, for which hyper waits until it is open. `:status: 413` with the end of the
        // stream, and without a goodbye or with one.
        let settings = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1];
        let head = [0, 0, 5, 1, 5, 0, 0, 0, 1, 8, 3, b'4', b'1', b'3'];
        let goodbye = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        for answer in [head.to_vec(), [&head[..], &goodbye].concat()] {
            let (near, mut far) = tokio::io::duplex(64 << 10);
            let socket_state = Arc::new(SocketState::default());
            let socket = Socket::http2(near, Arc::clone(&socket_state));
            let tasks = ByHand::default();
            let (mut sender, mut driver) = http2::Builder::new(tasks.clone())
                .handshake(TokioIo::new(socket))
                .await
                .unwrap();
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let mut dispatch = |context: &mut std::task::Context<'_>| {
                socket_state.dispatch.begin(context);
                let ended = Pin::new(&mut driver).poll(context).is_ready();
                socket_state.dispatch.end(ended);
            };
            far.write_all(&settings).await.unwrap();
            tasks.poll_all(&mut context);
            let request = http::Request::post("https://localhost/")
                .body(http_body_util::Full::new(bytes::Bytes::from_static(
                    b"body",
                )))
                .unwrap();
            let mut sent = pin!(sender.send_request(request));
            assert!(sent.as_mut().poll(&mut context).is_pending());
            dispatch(&mut context);
            tasks.poll_all(&mut context);
            let mut read = vec![0; 4096];
            assert!(far.read(&mut read).await.unwrap() > 0);
            far.write_all(&answer).await.unwrap();
            drop(far);
            for _ in 0..3 {
                tasks.poll_all(&mut context);
            }
            dispatch(&mut context);
            tasks.poll_all(&mut context);
            let Poll::Ready(answer) = sent.as_mut().poll(&mut context) else {
                panic!("no outcome");
            };
            assert_eq!(answer.unwrap().status(), 413);
        }
    }
}
