//! The way to a server, tried step by step: for programs that tell people what is wrong with it.

use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::address::BaseUrl;
use crate::connect::Router;
use crate::error::{Deadline, Error, ErrorKind, Result};
use crate::proxy::Proxies;
use crate::tls::{Tls, TlsConfig, issuer, not_after};

/// How long a step may take where the client has no deadline.
const LONGEST: Duration = Duration::from_secs(10);

/// The way from this computer to the server, as far as it could be gone; from [`Client::probe`](crate::Client::probe).
#[derive(Debug)]
#[non_exhaustive]
pub struct Probe {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The proxy that leads there, without its password.
    pub proxy: Option<String>,
    /// The addresses of the server's name, or of the proxy's if there is one.
    pub addresses: Result<Vec<IpAddr>>,
    /// How long looking them up took.
    pub lookup_time: Duration,
    /// How long the connection took, through the proxy if there is one; `None` when there is no address.
    pub connected: Option<Result<Duration>>,
    /// The TLS handshake; `None` without a connection, and with a server of plain HTTP.
    pub tls: Option<Result<TlsFacts>>,
}

/// What a TLS handshake came to. The certificate is one that the client trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsFacts {
    /// The version, such as `TLSv1_3`.
    pub version: String,
    /// The protocol that was agreed on, `h2` or `http/1.1`, if any was.
    pub protocol: Option<String>,
    /// How many certificates the server has shown.
    pub certificates: usize,
    /// Until when that of the server is valid, where it can be read.
    pub valid_until: Option<SystemTime>,
    /// The authority that issued it, by its common name or its organisation, where it can be read.
    pub issuer: Option<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// Goes the way, with connections of its own.
#[derive(Debug)]
pub(crate) struct Prober {
    proxies: Proxies,
    tls: TlsConfig,
    http2: bool,
    deadline: Duration,
}

impl Prober {
    pub(crate) fn new(
        proxies: &Proxies,
        tls: &TlsConfig,
        http2: bool,
        deadline: Option<Duration>,
    ) -> Self {
        Self {
            proxies: proxies.clone(),
            tls: tls.clone(),
            http2,
            deadline: deadline.unwrap_or(LONGEST),
        }
    }

    pub(crate) async fn probe(&self, base: &BaseUrl) -> Probe {
        let proxy = self.proxies.for_origin(base).ok().flatten();
        let (host, port) = match proxy {
            Some(proxy) => (&proxy.host, proxy.port),
            None => (&base.host, base.port),
        };
        let began = Instant::now();
        let addresses = self.within(base, lookup(host, port)).await;
        let lookup_time = began.elapsed();
        let (connected, tls) = if addresses.is_ok() {
            self.connect(base).await
        } else {
            (None, None)
        };
        Probe {
            host: base.host.clone(),
            port: base.port,
            proxy: proxy.map(crate::proxy::Proxy::display),
            addresses,
            lookup_time,
            connected,
            tls,
        }
    }

    async fn connect(
        &self,
        base: &BaseUrl,
    ) -> (Option<Result<Duration>>, Option<Result<TlsFacts>>) {
        let router = Router::new(self.proxies.clone(), self.deadline);
        let began = Instant::now();
        match self.within(base, router.connect(base)).await {
            Err(error) => (Some(Err(error)), None),
            Ok(stream) => {
                let elapsed = began.elapsed();
                let tls = if base.tls {
                    Some(self.within(base, self.handshake(base, stream)).await)
                } else {
                    None
                };
                (Some(Ok(elapsed)), tls)
            }
        }
    }

    async fn handshake(&self, base: &BaseUrl, stream: TcpStream) -> Result<TlsFacts> {
        let tls = Tls::new(self.tls.clone(), self.http2);
        let connector = TlsConnector::from(tls.client_config()?);
        let began = Instant::now();
        let stream = connector
            .connect(tls.server_name(base)?, stream)
            .await
            .map_err(|source| {
                Error::new(ErrorKind::Tls)
                    .message(format!("with {}:{}", base.host, base.port))
                    .source(source)
            })?;
        let session = stream.get_ref().1;
        let certificates = session.peer_certificates().unwrap_or_default();
        let version = session.protocol_version();
        Ok(TlsFacts {
            version: version
                .and_then(|version| version.as_str())
                .unwrap_or_default()
                .to_owned(),
            protocol: session
                .alpn_protocol()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
            certificates: certificates.len(),
            valid_until: certificates.first().and_then(|first| not_after(first)),
            issuer: certificates.first().and_then(|first| issuer(first)),
            elapsed: began.elapsed(),
        })
    }

    async fn within<T>(&self, base: &BaseUrl, step: impl Future<Output = Result<T>>) -> Result<T> {
        timeout(self.deadline, step).await.unwrap_or_else(|_| {
            Err(
                Error::new(ErrorKind::Timeout(Deadline::Connect)).message(format!(
                    "no answer on the way to {}:{} within {:?}",
                    base.host, base.port, self.deadline
                )),
            )
        })
    }
}

async fn lookup(host: &str, port: u16) -> Result<Vec<IpAddr>> {
    let unknown = || Error::new(ErrorKind::Connect).message(host.to_owned());
    let found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|source| unknown().source(source))?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.dedup();
    if addresses.is_empty() {
        return Err(unknown().message(format!("{host} has no address")));
    }
    Ok(addresses)
}
