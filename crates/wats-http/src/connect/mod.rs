//! The way to a server: a TCP socket, opened directly or through a proxy, and the [`Socket`] that lies between it, or TLS
//! over it, and HTTP.
//!
//! | server | no proxy | HTTP proxy | SOCKS5 proxy |
//! |---|---|---|---|
//! | `https://` | socket to the server | CONNECT, then TLS with the server | handshake, then TLS with the server |
//! | `http://` | socket to the server | socket to the proxy, which forwards requests | handshake |

mod frames;
mod socket;
mod socks;

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

pub(crate) use self::frames::LARGEST_HEAD;
pub(crate) use self::socket::{Socket, tls_error};
use crate::address::BaseUrl;
use crate::error::{Error, ErrorKind, Result};
use crate::proxy::{Proxies, Proxy, Speaks};

/// Opens sockets.
#[derive(Debug)]
pub(crate) struct Router {
    tcp: HttpConnector,
    proxies: Proxies,
}

impl Router {
    pub(crate) fn new(proxies: Proxies, deadline: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // The deadline is shared out among the addresses of a name, so that a dead one does not use it up.
        tcp.set_connect_timeout(Some(deadline));
        Self { tcp, proxies }
    }

    /// The proxy that forwards plain requests to `origin`, which must name the server in each of them.
    pub(crate) fn forwarder(&self, origin: &BaseUrl) -> Option<&Proxy> {
        let proxy = self.proxies.for_origin(origin).ok().flatten();
        proxy.filter(|proxy| !origin.tls && proxy.speaks == Speaks::Http)
    }

    /// A socket at whose other end the server speaks, or a proxy that forwards to it.
    pub(crate) async fn connect(&self, origin: &BaseUrl) -> Result<TcpStream> {
        let Some(proxy) = self.proxies.for_origin(origin)? else {
            return self.tcp(&origin.host, origin.port).await;
        };
        let mut socket = self.tcp(&proxy.host, proxy.port).await.map_err(|error| {
            let said = error.said().unwrap_or_default();
            let message = format!("the proxy at {said}");
            error.message(message)
        })?;
        match proxy.speaks {
            Speaks::Http if !origin.tls => Ok(socket),
            Speaks::Http => tunnel(socket, proxy, origin).await,
            Speaks::Socks5 { local_names } => {
                let host = if local_names {
                    lookup(origin).await?
                } else {
                    origin.host.clone()
                };
                let login = proxy.login.as_ref();
                socks::connect(&mut socket, login, &host, origin.port).await?;
                Ok(socket)
            }
        }
    }

    async fn tcp(&self, host: &str, port: u16) -> Result<TcpStream> {
        // Both address families are raced by hyper-util.
        let address = authority(host, port);
        let uri = Uri::builder()
            .scheme("http")
            .authority(address.as_str())
            .path_and_query("/")
            .build()
            .map_err(|source| Error::config(format!("`{address}` is not a host")).source(source))?;
        let stream = self.tcp.clone().call(uri).await.map_err(|source| {
            Error::new(ErrorKind::Connect)
                .message(address)
                .source(source)
        })?;
        Ok(stream.into_inner())
    }
}

fn authority(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// The first address of a server's name, for proxies that want no names.
async fn lookup(origin: &BaseUrl) -> Result<String> {
    let unknown =
        || Error::new(ErrorKind::Connect).message(format!("{}:{}", origin.host, origin.port));
    let mut found = tokio::net::lookup_host((origin.host.as_str(), origin.port))
        .await
        .map_err(|source| unknown().source(source))?;
    let first = found
        .next()
        .ok_or_else(|| unknown().message("the name has no address"))?;
    Ok(first.ip().to_string())
}

/// Has an HTTP proxy connect the socket to the server (RFC 9110, section 9.3.6).
async fn tunnel(socket: TcpStream, proxy: &Proxy, origin: &BaseUrl) -> Result<TcpStream> {
    let target = authority(&origin.host, origin.port);
    let illegal = |source: http::Error| {
        Error::config(format!("`{target}` cannot be asked of a proxy")).source(source)
    };
    let uri = Uri::builder()
        .authority(target.as_str())
        .build()
        .map_err(illegal)?;
    let host = HeaderValue::try_from(&target).map_err(|source| illegal(source.into()))?;
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = uri;
    request.headers_mut().insert(HOST, host);
    if let Some(login) = &proxy.login {
        let header = login.header.clone();
        request.headers_mut().insert(PROXY_AUTHORIZATION, header);
    }

    let broke = |source: hyper::Error| {
        Error::new(ErrorKind::Connect)
            .message(format!(
                "the proxy {} did not connect to {target}",
                proxy.display()
            ))
            .source(source)
    };
    let (mut sender, driver) = http1::handshake(TokioIo::new(socket))
        .await
        .map_err(broke)?;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(broke)?;
        if !answer.status().is_success() {
            return Err(refusal(answer.status(), proxy, &target));
        }
        hyper::upgrade::on(answer).await.map_err(broke)
    };
    // The driver runs only as long as somebody waits for the tunnel, so a cancelled dial leaves no socket behind.
    let mut driver = pin!(driver.with_upgrades());
    let mut exchange = pin!(exchange);
    let mut driving = true;
    let upgraded = poll_fn(|context| {
        if driving && driver.as_mut().poll(context).is_ready() {
            driving = false;
        }
        exchange.as_mut().poll(context)
    })
    .await?;
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().map_err(|_| {
        Error::new(ErrorKind::Connect).message("the tunnel through the proxy is not a socket")
    })?;
    if !parts.read_buf.is_empty() {
        return Err(Error::new(ErrorKind::Proxy)
            .message("the proxy sent data before the server was spoken to"));
    }
    Ok(parts.io.into_inner())
}

/// What a proxy's status means. A gateway error may be over in a moment; all else stays until somebody mends it.
fn refusal(status: StatusCode, proxy: &Proxy, target: &str) -> Error {
    let kind = match status.as_u16() {
        408 | 429 | 500..=599 => ErrorKind::Connect,
        _ => ErrorKind::Proxy,
    };
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return proxy.wants_login();
    }
    let proxy = proxy.display();
    Error::new(kind).message(format!(
        "the proxy {proxy} did not connect to {target}: {status}"
    ))
}
