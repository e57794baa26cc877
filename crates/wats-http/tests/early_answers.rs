//! Answers that come before the request was read to its end: a success must not cut what it calls received.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

mod common;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use common::*;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wats_http::http::Method;
use wats_http::{BodySource, Call, ErrorKind, Operation, Repeat, RetryConfig};

static UPLOAD: Operation = Operation::new("test.upload", Method::POST, "/up", Repeat::Safe);

/// More than the buffers of both ends hold.
const LARGE: usize = 24 << 20;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A server that answers 200 as soon as it has the head, then reads on: everything, after a word from the test.
async fn early(read_on: Arc<tokio::sync::Notify>, received: Arc<AtomicUsize>) -> String {
    scripted(move |mut stream| {
        let (read_on, received) = (read_on.clone(), received.clone());
        async move {
            stream.write_all(OK).await.unwrap();
            read_on.notified().await;
            let mut buffer = vec![0; 256 << 10];
            while let Ok(n @ 1..) = stream.read(&mut buffer).await {
                received.fetch_add(n, SeqCst);
            }
        }
    })
    .await
}

fn pieces() -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send {
    stream::iter((0..LARGE >> 17).map(|_| Ok(Bytes::from(vec![b'x'; 128 << 10]))))
}

fn calls() -> [(&'static str, Call); 2] {
    let source = BodySource::repeatable(|| Ok(pieces())).length(LARGE as u64);
    [
        (
            "whole",
            Call::new(&UPLOAD).body(vec![b'x'; LARGE], "text/plain"),
        ),
        ("streamed", Call::new(&UPLOAD).stream(source, "text/plain")),
    ]
}

#[tokio::test]
async fn a_success_counts_once_the_whole_body_is_on_its_way() {
    for (what, call) in calls() {
        let read_on = Arc::new(tokio::sync::Notify::new());
        let received = Arc::new(AtomicUsize::new(0));
        let url = early(read_on.clone(), received.clone()).await;
        let client = client(&url).build().unwrap();
        let sent = tokio::spawn({
            let client = client.clone();
            async move { client.execute(call).await }
        });
        // Far longer than a connection that is given up was kept for.
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(!sent.is_finished(), "{what}");
        read_on.notify_one();
        assert_eq!(&sent.await.unwrap().unwrap().body()[..], b"ok", "{what}");
        drop(client);
        while received.load(SeqCst) < LARGE - 1024 {
            tokio::task::yield_now().await;
        }
    }
}

/// A server that answers 200 and closes without having read the body has not received it, whatever it says.
#[tokio::test]
async fn a_success_of_a_server_that_wanted_only_a_part_is_none() {
    let url = scripted(|mut stream| async move {
        stream.write_all(OK).await.unwrap();
        stream.shutdown().await.unwrap();
    })
    .await;
    let retry = RetryConfig::default()
        .max_attempts(2)
        .base_delay(Duration::from_millis(1));
    let client = client(&url).retry(retry).build().unwrap();
    let [_, (_, streamed)] = calls();
    let error = client.execute(streamed).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error:#}");
    assert_eq!(error.attempts(), 2, "it may be repeated");
    until_free(&client).await;
}

/// The same when the body itself fails after the early answer.
#[tokio::test]
async fn a_body_that_fails_after_an_early_success_is_an_error() {
    for speaks in [Speaks::Plain, Speaks::Tls] {
        let go_on = Arc::new(tokio::sync::Notify::new());
        let failing = go_on.clone();
        // The server answers at once and never looks at the body.
        let server = EarlyServer::start(speaks, go_on).await;
        let mut builder = client(&server.url);
        if let Some(pem) = &server.ca_pem {
            builder = builder.tls(wats_http::TlsConfig::default().only_ca_pem(pem).unwrap());
        }
        let client = builder.build().unwrap();
        let pieces = stream::unfold(0, move |n| {
            let failing = failing.clone();
            async move {
                if n == 0 {
                    return Some((Ok(Bytes::from_static(b"first")), 1));
                }
                failing.notified().await;
                Some((Err(io::Error::other("the disk is gone")), 2))
            }
        });
        let call = Call::new(&UPLOAD).stream(BodySource::once(pieces), "text/plain");
        let error = client.execute(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{speaks:?}: {error:#}");
        assert!(
            format!("{error:#}").contains("the disk is gone"),
            "{error:#}"
        );
        until_free(&client).await;
    }
}

/// A real server that answers before it looks at the body, and then tells.
struct EarlyServer {
    url: String,
    ca_pem: Option<String>,
}

impl EarlyServer {
    async fn start(speaks: Speaks, answered: Arc<tokio::sync::Notify>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tls = (speaks != Speaks::Plain).then(|| tls_acceptor(speaks));
        let ca_pem = tls.as_ref().map(|(_, pem)| pem.clone());
        let scheme = if tls.is_some() { "https" } else { "http" };
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let service = hyper::service::service_fn(move |request| {
                let answered = answered.clone();
                async move {
                    tokio::spawn(async move {
                        // Kept, so that nobody tells the client that the body is not wanted.
                        let _request: http::Request<hyper::body::Incoming> = request;
                        answered.notify_one();
                        std::future::pending::<()>().await;
                    });
                    Ok::<_, std::convert::Infallible>(ok("early"))
                }
            });
            let builder =
                hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
            match tls {
                None => {
                    let io = hyper_util::rt::TokioIo::new(stream);
                    let _ = builder.serve_connection(io, service).await;
                }
                Some((acceptor, _)) => {
                    let io = hyper_util::rt::TokioIo::new(acceptor.accept(stream).await.unwrap());
                    let _ = builder.serve_connection(io, service).await;
                }
            }
        });
        Self {
            url: format!("{scheme}://{address}"),
            ca_pem,
        }
    }
}
