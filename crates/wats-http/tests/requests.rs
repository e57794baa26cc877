//! What stands on the wire, byte by byte, and what is refused before it gets there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

mod common;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use common::*;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wats_http::http::Method;
use wats_http::{Attempt, BodySource, Call, ErrorKind, Intercept, Operation, Refusal, Repeat};

/// A server that keeps the heads of its requests.
async fn keeping(heads: Arc<Mutex<Vec<String>>>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let heads = heads.clone();
            tokio::spawn(async move {
                let mut read = Vec::new();
                let mut buffer = [0; 4096];
                while let Ok(n @ 1..) = stream.read(&mut buffer).await {
                    read.extend_from_slice(&buffer[..n]);
                    if read.windows(4).any(|w| w == b"\r\n\r\n") {
                        let head = String::from_utf8(std::mem::take(&mut read)).unwrap();
                        heads.lock().unwrap().push(head.to_ascii_lowercase());
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        stream.write_all(answer).await.unwrap();
                    }
                }
            });
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn a_request_without_a_body_says_so_where_servers_ask_for_it() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let client = client(&keeping(heads.clone()).await).build().unwrap();
    for method in [
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::GET,
        Method::DELETE,
    ] {
        let asks = !matches!(method, Method::GET | Method::DELETE);
        let operation = Operation::new("test.empty", method.clone(), "/empty", Repeat::Never);
        client.execute(Call::new(&operation)).await.unwrap();
        let head = heads.lock().unwrap().pop().unwrap();
        assert_eq!(
            head.matches("content-length: 0\r\n").count(),
            usize::from(asks),
            "{head}"
        );
        assert!(!head.contains("transfer-encoding"), "{head}");
    }
    // An empty file is a body without bytes as well.
    let file = tempfile::NamedTempFile::new().unwrap();
    let call = Call::new(&POST).stream(BodySource::file(file.path()), "text/plain");
    client.execute(call).await.unwrap();
    let head = heads.lock().unwrap().pop().unwrap();
    assert_eq!(head.matches("content-length: 0\r\n").count(), 1, "{head}");
}

/// Asks for a part, behind the back of the call.
#[derive(Debug)]
struct Part;

impl Intercept for Part {
    fn before_attempt(&self, attempt: &mut Attempt<'_>) -> Result<(), Refusal> {
        attempt.set_header("range", "bytes=0-1")?;
        Ok(())
    }
}

#[tokio::test]
async fn the_headers_of_a_call_stand_before_the_clients_and_are_not_contradicted() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let url = keeping(heads.clone()).await;
    let plain = client(&url).build().unwrap();
    let hooked = client(&url).intercept(Part).build().unwrap();
    let packed = |head: &str| head.contains("gzip");
    let get = || Call::new(&GET);
    for (client, call, line) in [
        (
            &plain,
            get().header("accept", "text/csv"),
            "accept: text/csv",
        ),
        (
            &plain,
            get().header("User-Agent", "mine"),
            "user-agent: mine",
        ),
        (
            &plain,
            get().header("authorization", "Bearer x"),
            "authorization: bearer x",
        ),
        (
            &plain,
            get().header("accept-encoding", "br"),
            "accept-encoding: br",
        ),
        (
            &plain,
            get().header("range", "bytes=0-1"),
            "accept-encoding: identity",
        ),
        (&hooked, get(), "accept-encoding: identity"),
        (
            &plain,
            get()
                .header("range", "bytes=0-1")
                .header("accept-encoding", "br"),
            "accept-encoding: br",
        ),
        (
            &plain,
            Call::new(&POST)
                .body("x", "text/plain")
                .header("content-type", "text/csv"),
            "content-type: text/csv",
        ),
        (
            &plain,
            Call::new(&POST)
                .header("content-type", "text/csv")
                .body("x", "text/plain"),
            "content-type: text/plain",
        ),
    ] {
        client.execute(call).await.unwrap();
        let head = heads.lock().unwrap().pop().unwrap();
        let (name, _) = line.split_once(':').unwrap();
        let same: Vec<_> = head
            .lines()
            .filter(|l| l.starts_with(&format!("{name}:")))
            .collect();
        assert_eq!(same, [line], "{head}");
        assert_eq!(packed(&head), name != "accept-encoding", "{head}");
    }
}

/// A hook that tries to frame the message itself.
#[derive(Debug)]
struct Framing;

impl Intercept for Framing {
    fn before_attempt(&self, attempt: &mut Attempt<'_>) -> Result<(), Refusal> {
        attempt.set_header("Content-Length", "3")?;
        Ok(())
    }
}

#[tokio::test]
async fn nobody_but_the_transport_frames_a_message() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let url = keeping(heads.clone()).await;
    let plain = client(&url).build().unwrap();
    let hooked = client(&url).intercept(Framing).build().unwrap();
    let body = || Call::new(&POST).body("ten bytes.", "text/plain");
    let outcomes = [
        plain.execute(body().header("content-length", "5")).await,
        plain
            .execute(body().header("Transfer-Encoding", "chunked"))
            .await,
        plain.execute(body().header("Expect", "100-continue")).await,
        plain.execute(body().header("te", "trailers")).await,
        plain
            .execute(body().header("proxy-authorization", "Basic x"))
            .await,
        hooked.execute(body()).await,
    ];
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{error:#}");
        assert!(
            format!("{error:#}").contains("written by the transport"),
            "{error:#}"
        );
    }
    let unsized_body = BodySource::once(stream::iter([Ok(Bytes::from_static(b"x"))]));
    let call = Call::new(&GET).stream(unsized_body, "text/plain");
    let error = plain.execute(call).await.unwrap_err();
    assert!(error.to_string().contains("BodySource::length"), "{error}");
    assert!(heads.lock().unwrap().is_empty(), "nothing was sent");
}
