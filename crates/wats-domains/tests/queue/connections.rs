//! What stands between a queue and its server: certificates that have expired, and proxies that want a name. An outage, for everybody.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wats_domains::Wats;
use wats_domains::queue::{Reason, State};
use wats_http::{ClientBuilder, ProxyConfig, TlsConfig};
use wats_queue::ManualClock;

use crate::common::{id, one_at_a_time, open, read, test, unchecked, until};

/// Serves each connection, and says where.
async fn serving<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = Option<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// A server whose certificate was good until the year 2000; its address and the certificate.
async fn expired() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(1999, 1, 1);
    params.not_after = rcgen::date_time_ymd(2000, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let address = serving(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let mut stream = acceptor.accept(stream).await.ok()?;
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.ok()
        }
    })
    .await;
    (
        format!("https://localhost:{}", address.port()),
        certificate.pem(),
    )
}

/// Three reports by a client that cannot reach its server: all wait, and none is blamed.
async fn pauses_and_blames_no_report(
    url: &str,
    configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
    says: &str,
) {
    let builder = Wats::builder().base_url(url).token("token");
    let api = builder.rate_limit(None).http(configure).build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(1_800_000_000_000));
    let queue = open(&api, folder.path(), &clock).await;
    for n in 0..3 {
        let report = read(&test(id(n), &format!("unit {n}")));
        queue.enqueue_with(&report, &unchecked()).await.unwrap();
    }
    let drain = queue.drain(one_at_a_time()).unwrap();
    for _ in 0..3 {
        until(|| async {
            let health = queue.health().await.unwrap();
            health.pause.is_some() && health.items(State::Ready) == 3
        })
        .await;
        let pause = queue.health().await.unwrap().pause.unwrap();
        assert_eq!(pause.reason, Reason::Unreachable, "{pause:?}");
        assert!(pause.text.contains(says), "{pause:?}");
        // The next probe is answered in the same way.
        clock.advance(5 * 60_000);
        until(|| async { queue.health().await.unwrap().pause.unwrap().until > pause.until }).await;
    }
    assert!(drain.stop(crate::common::LONG).await.unwrap());
    let items = queue
        .list(wats_domains::queue::Filter::all())
        .await
        .unwrap();
    let untouched = |item: &wats_domains::queue::Item| {
        item.state == State::Ready && item.tries == 0 && item.fault.is_none()
    };
    assert!(items.len() == 3 && items.iter().all(untouched), "{items:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_has_expired_blames_no_report() {
    let (url, pem) = expired().await;
    // It is trusted: only its time is over.
    let tls = TlsConfig::default().only_ca_pem(&pem).unwrap();
    pauses_and_blames_no_report(&url, |client| client.tls(tls), "xpired").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_wants_a_name_blames_no_report() {
    let proxy = serving(|mut stream| async move {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            read.push(stream.read_u8().await.ok()?);
        }
        let page = "<html>Who are you?</html>";
        let answer = format!(
            "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"x\"\r\n\
             content-type: text/html\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{page}",
            page.len()
        );
        stream.write_all(answer.as_bytes()).await.ok()?;
        // What it sends beside is read, or the answer could be lost with it.
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        Some(())
    })
    .await;
    // To a server without TLS the request goes through the proxy as it is, to one with TLS by CONNECT.
    for url in ["http://wats.example", "https://wats.example"] {
        let proxy = ProxyConfig::url(&format!("http://{proxy}")).unwrap();
        pauses_and_blames_no_report(url, |client| client.proxy(proxy), "407").await;
    }
}
