//! Answers that come before the request was read to its end: a success must not cut what it calls received.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

#[path = "../common/hangs_up.rs"]
mod hangs_up;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use crate::common::*;
use bytes::Bytes;
use futures_util::stream;
use hangs_up::{Ending, HangsUp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wats_http::http::Method;
use wats_http::{BodySource, Call, Client, ErrorKind, Idempotency, Operation, RetryConfig};

static UPLOAD: Operation =
    Operation::new("test.upload", Method::POST, "/up", Idempotency::Idempotent);

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

/// A body that itself fails after the early answer.
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

/// The body of a call, whole in memory or streamed, with a length or without.
fn with_body(operation: &'static Operation, body: &Bytes, kind: usize) -> Call {
    let call = Call::new(operation);
    let pieces = {
        let body = body.clone();
        move || {
            let pieces = (0..body.len()).step_by(64 << 10);
            let body = body.clone();
            let piece = move |at: usize| Ok(body.slice(at..(at + (64 << 10)).min(body.len())));
            Ok(stream::iter(pieces.map(piece).collect::<Vec<_>>()))
        }
    };
    match kind {
        0 => call.body(body.clone(), "text/plain"),
        1 => {
            let source = BodySource::repeatable(pieces).length(body.len() as u64);
            call.stream(source, "text/plain")
        }
        _ => call.stream(BodySource::repeatable(pieces), "text/plain"),
    }
}

const KINDS: [&str; 3] = ["whole", "streamed", "streamed without a length"];

fn client_of(server: &HangsUp) -> Client {
    let mut builder = client(&server.url);
    if let Some(pem) = &server.ca_pem {
        builder = builder.tls(wats_http::TlsConfig::default().only_ca_pem(pem).unwrap());
    }
    builder.build().unwrap()
}

/// Whether the body goes out on a new connection or on one that was used before, whatever the server does after it has
/// answered, and however large the part of the body that it read: what it says is heard, and nothing is sent twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_of_a_server_that_hangs_up_is_heard_every_time() {
    let body = Bytes::from(vec![b'x'; 5 << 20]);
    for speaks in [Speaks::Plain, Speaks::TlsHttp1Only, Speaks::Tls] {
        for ending in Ending::all(speaks) {
            for status in [413, 401, 403, 429, 500, 302] {
                let server = HangsUp::start(speaks, status, ending).await;
                // What is a matter of chance shows in many runs only.
                let times = if status == 413 { 12 } else { 1 };
                for (kind, what) in KINDS.iter().enumerate() {
                    for n in 0..times {
                        let client = client_of(&server);
                        if n % 2 == 1 {
                            client.execute(Call::new(&GET)).await.unwrap();
                        }
                        let outcome = client.execute(with_body(&POST, &body, kind)).await;
                        let error = outcome.unwrap_err();
                        let case = format!("{speaks:?} {ending:?} {what} {n}: {error:#}");
                        assert_eq!(error.status().map(|s| s.as_u16()), Some(status), "{case}");
                        assert_eq!((error.attempts(), server.take_uploads()), (1, 1), "{case}");
                    }
                }
            }
        }
    }
}

/// The status is what the server has to say. A page about it that breaks off in the middle does not hide it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_whose_page_breaks_off_is_one_all_the_same() {
    let cut = "HTTP/1.1 413 Too Large\r\ncontent-length: 100\r\n\r\nonly the beginning";
    let url = answering(cut).await;
    let safe = RetryConfig::default().base_delay(Duration::from_millis(1));
    let client = client(&url).retry(safe).build().unwrap();
    for call in [
        Call::new(&GET),
        Call::new(&UPLOAD).body("abc", "text/plain"),
    ] {
        let error = client.execute(call).await.unwrap_err();
        assert_eq!(error.status().map(|s| s.as_u16()), Some(413), "{error:#}");
        assert_eq!(error.attempts(), 1, "{error:#}");
    }
}

/// A server that claims success and has not got the body has not received it, whatever it says; in every path.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_of_a_server_that_wanted_only_a_part_is_none() {
    let body = Bytes::from(vec![b'x'; LARGE]);
    for speaks in [Speaks::Plain, Speaks::TlsHttp1Only, Speaks::Tls] {
        for ending in Ending::all(speaks) {
            for status in [200, 204] {
                let server = HangsUp::start(speaks, status, ending).await;
                for (kind, what) in KINDS.iter().enumerate() {
                    for n in 0..3 {
                        let client = client_of(&server);
                        if n % 2 == 1 {
                            client.execute(Call::new(&GET)).await.unwrap();
                        }
                        let outcome = client.execute(with_body(&POST, &body, kind)).await;
                        let case = format!("{speaks:?} {ending:?} {status} {what} {n}");
                        if ending == Ending::ReadsOn {
                            assert!(outcome.is_ok(), "{case}: {:#}", outcome.unwrap_err());
                            assert_eq!(server.take_uploads(), 1, "{case}");
                            continue;
                        }
                        let error = outcome.expect_err(&case);
                        assert_eq!(error.kind(), ErrorKind::Transport, "{case}: {error:#}");
                        assert_eq!((error.attempts(), server.take_uploads()), (1, 1), "{case}");
                        until_free(&client).await;
                    }
                }
            }
        }
    }
}

/// What is safe to repeat is, since nothing of it counts.
#[tokio::test]
async fn a_success_that_is_none_may_be_repeated() {
    for (what, call) in calls() {
        let server = HangsUp::start(Speaks::Plain, 200, Ending::Closes).await;
        let retry = RetryConfig::default()
            .max_attempts(2)
            .base_delay(Duration::from_millis(1));
        let client = client(&server.url).retry(retry).build().unwrap();
        let error = client.execute(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport, "{what}: {error:#}");
        assert_eq!((error.attempts(), server.take_uploads()), (2, 2), "{what}");
        until_free(&client).await;
    }
}
