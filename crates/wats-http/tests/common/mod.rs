//! Servers for the tests: a counting HTTP server (plain or TLS, HTTP/1.1 or 2), and a scripted one that misbehaves.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

pub(crate) mod proxies;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use wats_http::{Client, ClientBuilder, Idempotency, Operation, RetryConfig, http::Method};

pub(crate) const TOKEN: &str = "c2VjcmV0OnRva2Vu";

pub(crate) static GET: Operation =
    Operation::new("test.get", Method::GET, "/get", Idempotency::Idempotent);
pub(crate) static POST: Operation = Operation::new(
    "test.post",
    Method::POST,
    "/post",
    Idempotency::NotIdempotent,
);
pub(crate) static ITEM: Operation = Operation::new(
    "test.item",
    Method::GET,
    "/item/{id}",
    Idempotency::Idempotent,
);

/// A client that never repeats, so that each failure shows, and that may make as many calls as it likes.
pub(crate) fn client(base_url: &str) -> ClientBuilder {
    Client::builder()
        .base_url(base_url)
        .token(TOKEN)
        .retry(RetryConfig::never())
        .rate_limit(None)
}

/// An HTTP server that counts connections.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) ca_pem: Option<String>,
    opened: Arc<AtomicUsize>,
    peak: Arc<AtomicUsize>,
    live: watch::Receiver<usize>,
    going_away: watch::Sender<u32>,
}

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    Plain,
    Tls,
    TlsHttp1Only,
    /// As `Tls`, and wants a client certificate of [`Authority`].
    MutualTls,
}

impl Server {
    pub(crate) async fn start<F, Fut>(speaks: Speaks, handler: F) -> Self
    where
        F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Response<Full<Bytes>>> + Send,
    {
        Self::start_with(speaks, None, handler).await
    }

    /// The same with a limit on HTTP/2 streams.
    pub(crate) async fn start_with<F, Fut>(speaks: Speaks, streams: Option<u32>, handler: F) -> Self
    where
        F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Response<Full<Bytes>>> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tls, ca_pem) = if speaks == Speaks::Plain {
            (None, None)
        } else {
            let (acceptor, pem) = tls_acceptor(speaks);
            (Some(acceptor), Some(pem))
        };
        let (live_tx, live) = watch::channel(0);
        let (going_away, told) = watch::channel(0);
        let live_tx = Arc::new(live_tx);
        let (opened, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let server = Self {
            address,
            ca_pem,
            opened: opened.clone(),
            peak: peak.clone(),
            live,
            going_away,
        };
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                opened.fetch_add(1, SeqCst);
                live_tx.send_modify(|n| {
                    *n += 1;
                    peak.fetch_max(*n, SeqCst);
                });
                let (tls, handler, live_tx) = (tls.clone(), handler.clone(), live_tx.clone());
                let mut told = told.clone();
                told.mark_unchanged();
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, handler, told, streams).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, handler, told, streams).await;
                            }
                        }
                    }
                    live_tx.send_modify(|n| *n -= 1);
                });
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.ca_pem.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    pub(crate) fn opened(&self) -> usize {
        self.opened.load(SeqCst)
    }

    pub(crate) fn peak(&self) -> usize {
        self.peak.load(SeqCst)
    }

    /// Tells all open connections to take no further calls.
    pub(crate) fn go_away(&self) {
        self.going_away.send_modify(|n| *n += 1);
    }

    /// Waits until the number of live connections is as wanted.
    pub(crate) async fn until_live(&self, wanted: impl Fn(usize) -> bool) {
        self.live.clone().wait_for(|n| wanted(*n)).await.unwrap();
    }
}

/// Starts a [`Server`] on a thread of its own, so that what its client costs can be told apart. Returns the address, and
/// the authority to trust.
pub(crate) fn on_own_thread<F, Fut>(speaks: Speaks, handler: F) -> (String, Option<String>)
where
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Full<Bytes>>> + Send,
{
    on_a_thread(async move {
        let server = Server::start(speaks, handler).await;
        (server.url(), server.ca_pem.clone())
    })
}

/// Starts something on a thread of its own that serves as long as the process lives.
pub(crate) fn on_a_thread<T: Send + 'static>(start: impl Future<Output = T> + Send + 'static) -> T {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            tell.send(start.await).unwrap();
            std::future::pending::<()>().await;
        });
    });
    told.recv().unwrap()
}

async fn serve<T, F, Fut>(
    stream: T,
    handler: F,
    mut told: watch::Receiver<u32>,
    streams: Option<u32>,
) where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Bytes>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Full<Bytes>>> + Send,
{
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let handler = handler.clone();
        async move {
            let (head, body) = request.into_parts();
            // A client that goes in the middle of its body wants no answer.
            let body = match body.collect().await {
                Ok(body) => body.to_bytes(),
                Err(_) => Bytes::new(),
            };
            Ok::<_, Infallible>(handler(Request::from_parts(head, body)).await)
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    if let Some(streams) = streams {
        builder.http2().max_concurrent_streams(streams);
    }
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        changed = told.changed() => if changed.is_ok() {
            connection.as_mut().graceful_shutdown();
        },
    }
    let _ = connection.await;
}

/// Waits until no call holds a slot, which is a moment after the last one ended; panics when one never is free again.
pub(crate) async fn until_free(client: &Client) {
    let free = async {
        while client.pool_stats().in_use > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), free)
        .await
        .expect("a slot is kept");
}

/// A private certificate authority.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

/// A certificate and its key.
pub(crate) struct Issued {
    pub(crate) chain_pem: String,
    pub(crate) key_pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = rcgen::Issuer::new(params, key);
        Self { pem, issuer }
    }

    pub(crate) fn issuer(&self) -> &rcgen::Issuer<'static, rcgen::KeyPair> {
        &self.issuer
    }

    pub(crate) fn issue(&self, names: &[&str]) -> Issued {
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let params = rcgen::CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Issued {
            chain_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        }
    }
}

/// The one authority of a test process.
pub(crate) fn authority() -> &'static Authority {
    static ONE: std::sync::LazyLock<Authority> = std::sync::LazyLock::new(Authority::new);
    &ONE
}

pub(crate) fn tls_acceptor(speaks: Speaks) -> (tokio_rustls::TlsAcceptor, String) {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    // Each server has an authority of its own, except where clients have one too.
    let own = Authority::new();
    let signing = if speaks == Speaks::MutualTls {
        authority()
    } else {
        &own
    };
    let issued = signing.issue(&["127.0.0.1", "localhost", "pinned.example"]);
    let chain = vec![CertificateDer::from_pem_slice(issued.chain_pem.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(issued.key_pem.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = if speaks == Speaks::MutualTls {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(signing.pem.as_bytes()).unwrap())
            .unwrap();
        let verifier =
            rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_single_cert(chain, key).unwrap();
    if speaks != Speaks::TlsHttp1Only {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    (
        tokio_rustls::TlsAcceptor::from(Arc::new(config)),
        signing.pem.clone(),
    )
}

/// A server that reads one request head per connection and then does what `behave` says with the socket.
pub(crate) async fn scripted<F, Fut>(behave: F) -> String
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.windows(4).any(|w| w == b"\r\n\r\n") {
                let mut buffer = [0; 1024];
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(n) => head.extend_from_slice(&buffer[..n]),
                }
            }
            tokio::spawn(behave(stream));
        }
    });
    format!("http://{address}")
}

/// A scripted server that answers with these bytes and closes.
pub(crate) async fn answering(wire: impl Into<Vec<u8>>) -> String {
    let wire: Arc<[u8]> = wire.into().into();
    scripted(move |mut stream| {
        let wire = wire.clone();
        async move {
            let _ = stream.write_all(&wire).await;
            let _ = stream.shutdown().await;
        }
    })
    .await
}

pub(crate) fn ok(body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    Response::new(Full::new(body.into()))
}
