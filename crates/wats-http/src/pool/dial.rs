//! Opening a connection: the [way](super::route) to the server, TLS, and the protocol ALPN chose.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::route::Router;
use super::{Body, Http1};
use crate::address::BaseUrl;
use crate::error::{Deadline, Error, ErrorKind, Result};
use crate::proxy::{Proxies, Proxy};
use crate::tls::Tls;

/// A PING goes out after this much silence while calls are in flight …
const PING_AFTER: Duration = Duration::from_secs(20);
/// … and the connection is dead when it stays unanswered this long.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// A new connection, in the protocol that the server chose.
pub(super) enum Dialled {
    Http1(Http1),
    Http2(http2::SendRequest<Body>),
}

/// How long a connection that nobody holds may take to close in order.
const GOODBYE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Dialer {
    router: Router,
    tls: Tls,
    deadline: Duration,
}

impl Dialer {
    pub(super) fn new(proxies: Proxies, tls: Tls, deadline: Duration) -> Self {
        Self {
            router: Router::new(proxies, deadline),
            tls,
            deadline,
        }
    }

    /// The proxy that forwards plain requests to `base`.
    pub(super) fn forwarder(&self, base: &BaseUrl) -> Option<&Proxy> {
        self.router.forwarder(base)
    }

    pub(super) async fn dial(&self, base: &BaseUrl) -> Result<Dialled> {
        timeout(self.deadline, self.open(base))
            .await
            .unwrap_or_else(|_| {
                Err(
                    Error::new(ErrorKind::Timeout(Deadline::Connect)).message(format!(
                        "no connection to {}:{} within {:?}",
                        base.host, base.port, self.deadline
                    )),
                )
            })
    }

    async fn open(&self, base: &BaseUrl) -> Result<Dialled> {
        let tcp = self.router.connect(base).await?;
        if !base.tls {
            return handshake_http1(tcp).await;
        }
        let connector = TlsConnector::from(self.tls.client_config()?);
        let stream = connector
            .connect(self.tls.server_name(base)?, tcp)
            .await
            .map_err(|source| {
                Error::new(ErrorKind::Tls)
                    .message(format!("with {}:{}", base.host, base.port))
                    .source(source)
            })?;
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            handshake_http2(stream).await
        } else {
            handshake_http1(stream).await
        }
    }
}

async fn handshake_http1<T>(stream: T) -> Result<Dialled>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, driver) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(handshake_failed)?;
    let closing = Arc::new(Mutex::new(None));
    let slot_holder = Arc::clone(&closing);
    let (alive, dropped) = oneshot::channel::<()>();
    tokio::spawn(async move {
        // The outcome reaches the caller through the request; here it only tells that the socket is closed.
        drive(driver, dropped).await;
        drop(slot_holder);
    });
    Ok(Dialled::Http1(Http1 {
        sender,
        closing,
        _alive: alive,
    }))
}

/// Runs a connection to its end. Once nobody holds it any more, it may say goodbye for a moment; a peer that has
/// stopped reading would otherwise keep it, and the slot of its call, for ever.
async fn drive(driver: impl Future, dropped: oneshot::Receiver<()>) {
    let (mut driver, mut dropped) = (pin!(driver), pin!(dropped));
    let ended = poll_fn(|context| match driver.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => dropped.as_mut().poll(context).map(|_| false),
    });
    if !ended.await {
        let _ = timeout(GOODBYE, driver).await;
    }
}

async fn handshake_http2<T>(stream: T) -> Result<Dialled>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, driver) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .adaptive_window(true)
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_TIMEOUT)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(handshake_failed)?;
    tokio::spawn(async move {
        let _ = driver.await;
    });
    Ok(Dialled::Http2(sender))
}

fn handshake_failed(source: hyper::Error) -> Error {
    Error::new(ErrorKind::Transport)
        .message("the server does not speak HTTP")
        .source(source)
}
