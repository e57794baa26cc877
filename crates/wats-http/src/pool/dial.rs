//! Opening a connection: the [way](crate::connect) to the server, TLS, and the protocol ALPN chose.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::connection::{Closing, Http1};
use super::drive::drive;
use super::http2::{self, Http2};
use super::stats::{Counters, Live};
use super::streams::Streams;
use super::sync::Notify;
use crate::address::BaseUrl;
use crate::config::PoolConfig;
use crate::connect::{LARGEST_HEAD, Router, Socket, tls_error};
use crate::error::{Deadline, Error, ErrorKind, Result};
use crate::proxy::{Proxies, Proxy};
use crate::socket_state::SocketState;
use crate::tls::{Tls, TlsConfig};

/// How many headers an answer may have; together they may have [`LARGEST_HEAD`] bytes.
///
/// hyper has room for a hundred at no cost, and for more by two allocations for each answer. So connections over HTTP/1.1
/// begin with a hundred; when an answer has more, the pool opens wide ones from then on.
pub(super) const MOST_HEADERS: usize = 1000;

/// What hyper reads ahead over HTTP/1.1, more than the largest head.
const READ_BUFFER: usize = 408 << 10;

/// A new connection, in the protocol that the server chose.
pub(super) enum Dialled {
    Http1(Http1),
    Http2(Http2),
}

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
            Ok(Ok(Dialled::Http2(_))) => Err(Error::new(ErrorKind::Transport)
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
            let streams = Streams::new(&self.freed);
            let http2 = http2::handshake(stream, live, expires, streams).await;
            http2.map(Dialled::Http2).map_err(handshake_failed)
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

/// Nothing was sent but the preface.
fn handshake_failed(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Connect)
        .message("the connection was cut as soon as it was open")
        .source(source)
}
