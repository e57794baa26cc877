//! The server of the HTTP rows: hyper on one thread, one small JSON body for every request.
//!
//! Started as `serve http PROTOCOL DELAY_MS`, the protocol being `plain`, `tls-http1` or `tls`. It answers `ca` with its certificate as a JSON text, `peak` with the
//! most connections it had at one time, how many it accepted and how many are open, and `reset` by counting anew.

use crate::{Result, server};
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Name of the child process.
pub(crate) const NAME: &str = "http";

/// What the child was asked to do.
struct Settings {
    tls: bool,
    http2: bool,
    delay: Duration,
}

/// Connections as the server sees them.
#[derive(Default)]
struct Connections {
    live: AtomicU64,
    peak: AtomicU64,
    opened: AtomicU64,
}

/// Is the server until the parent goes.
pub(crate) fn serve(arguments: &[String]) -> Result<()> {
    let [protocol, delay] = arguments else {
        return Err("usage: serve http PROTOCOL DELAY_MS".into());
    };
    let settings = Settings {
        tls: protocol.starts_with("tls"),
        http2: protocol == "tls",
        delay: Duration::from_millis(delay.parse()?),
    };
    let (acceptor, ca) = if settings.tls {
        make_tls(settings.http2).map(|(a, ca)| (Some(a), ca))?
    } else {
        (None, String::new())
    };
    let connections = Arc::new(Connections::default());

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listener = runtime.block_on(TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))))?;
    let scheme = if settings.tls { "https" } else { "http" };
    let address = format!("{scheme}://127.0.0.1:{}", listener.local_addr()?.port());
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || {
        runtime.block_on(accept(listener, acceptor, settings.delay, counted));
    });
    server::serve_until_closed(&address, |question| match question {
        "ca" => serde_json::Value::String(ca.clone()).to_string(),
        "peak" => {
            let Connections { peak, opened, live } = &*connections;
            let [peak, opened, live] = [peak, opened, live].map(|n| n.load(Ordering::Relaxed));
            format!("{peak} {opened} {live}")
        }
        "reset" => {
            connections.opened.store(0, Ordering::Relaxed);
            connections
                .peak
                .store(connections.live.load(Ordering::Relaxed), Ordering::Relaxed);
            "done".to_owned()
        }
        _ => "unknown question".to_owned(),
    })
}

async fn accept(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    delay: Duration,
    connections: Arc<Connections>,
) {
    loop {
        // A failed accept (no file handle left) is over soon or tells in the client's row.
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (acceptor, connections) = (acceptor.clone(), Arc::clone(&connections));
        tokio::spawn(async move {
            connections.opened.fetch_add(1, Ordering::Relaxed);
            let live = connections.live.fetch_add(1, Ordering::Relaxed) + 1;
            connections.peak.fetch_max(live, Ordering::Relaxed);
            match acceptor {
                None => answer(stream, delay).await,
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        answer(stream, delay).await;
                    }
                }
            }
            connections.live.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, delay: Duration) {
    let body = body();
    let service = service_fn(move |_: Request<Incoming>| {
        let body = body.clone();
        async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            let mut response = Response::new(Full::new(body));
            let json = hyper::header::HeaderValue::from_static("application/json");
            response
                .headers_mut()
                .insert(hyper::header::CONTENT_TYPE, json);
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(250);
    // The client closing its end is how every connection ends here.
    let _ = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// About 1.1 KB, the size of a product.
fn body() -> Bytes {
    let items: Vec<String> = (0..11)
        .map(|n| format!(r#"{{"uuid":"0d3f7c1e-55a1-4c55-9d3e-{n:012x}","partNumber":"PN-{n}","value":{n}.25}}"#))
        .collect();
    Bytes::from(format!("[{}]", items.join(",")))
}

fn make_tls(http2: bool) -> Result<(TlsAcceptor, String)> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certified = rcgen::generate_simple_self_signed(names)?;
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if http2 {
        config.alpn_protocols.insert(0, b"h2".to_vec());
    }
    Ok((TlsAcceptor::from(Arc::new(config)), certified.cert.pem()))
}
