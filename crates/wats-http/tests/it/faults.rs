//! What networks and servers do to clients, byte by byte: each fault with the kind of error, the number of tries, and
//! the proof that no slot is kept.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::format_collect,
    clippy::type_complexity,
    reason = "a panic here is the failing test, and nothing here is fast"
)]

use std::time::Duration;

use crate::common::*;
use bytes::Bytes;
use wats_http::http::StatusCode;
use wats_http::test_util::{Act, FaultServer};
use wats_http::{
    Call, Client, ClientBuilder, Deadline, Error, ErrorKind, RetryConfig, SizeLimits, Timeouts,
};

/// Two tries without a wait worth naming and small caps.
fn builder(server: &FaultServer) -> ClientBuilder {
    let retry = RetryConfig::default().max_attempts(2);
    Client::builder()
        .base_url(server.url())
        .token(TOKEN)
        .rate_limit(None)
        .breaker(None)
        .retry(retry.base_delay(Duration::from_millis(1)))
        .limits(SizeLimits::default().wire(64 << 10).decoded(64 << 10))
}

fn plain(server: &FaultServer) -> Client {
    builder(server).build().unwrap()
}

/// For servers that stand still: the deadlines are what ends the calls, so they are short, and the other one is not.
fn waiting_for(kind: ErrorKind, server: &FaultServer) -> Client {
    let timeouts = Timeouts::default();
    let short = Duration::from_millis(300);
    let timeouts = match kind {
        ErrorKind::Timeout(Deadline::ReadIdle) => timeouts.read_idle(short),
        ErrorKind::Timeout(_) => timeouts.attempt(short),
        _ => timeouts,
    };
    builder(server).timeouts(timeouts).build().unwrap()
}

/// Does the same to every connection, and checks what a safe and an unsafe call make of it.
async fn every_time(what: &str, script: Vec<Act>, kind: ErrorKind, safe_tries: u32) -> Error {
    let server = FaultServer::start([script]).await.unwrap();
    let client = waiting_for(kind, &server);
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (kind, safe_tries),
        "{what}: {error:#}"
    );
    until_free(&client).await;
    let requests = server.seen().requests;
    let error = client
        .execute(Call::new(&POST).body("{}", "application/json"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (kind, 1),
        "{what}, unsafe: {error:#}"
    );
    assert!(server.seen().requests <= requests + 1, "{what}: sent twice");
    until_free(&client).await;
    assert_eq!(
        client.pool_stats().idle,
        0,
        "{what}: nothing broken is kept"
    );
    server.until(|seen| seen.live == 0).await;
    error
}

fn head(rest: &str) -> Act {
    Act::send(format!("HTTP/1.1 200 OK\r\n{rest}"))
}

#[tokio::test]
async fn connections_that_end_too_early() {
    let transport = ErrorKind::Transport;
    let read = || Act::Read;
    for (what, script) in [
        ("closed before the answer", vec![read(), Act::Close]),
        ("reset before the answer", vec![read(), Act::Reset]),
        (
            "closed in the head",
            vec![read(), head("content-le"), Act::Close],
        ),
        (
            "reset in the head",
            vec![read(), head("content-le"), Act::Reset],
        ),
        (
            "closed in the body",
            vec![read(), head("content-length: 9\r\n\r\nhal"), Act::Close],
        ),
        (
            "reset in the body",
            vec![read(), head("content-length: 9\r\n\r\nhal"), Act::Reset],
        ),
        (
            "half-closed in the body",
            vec![read(), head("content-length: 9\r\n\r\nhal"), Act::HalfClose],
        ),
        (
            "closed in a chunk",
            vec![
                read(),
                head("transfer-encoding: chunked\r\n\r\n9\r\nhal"),
                Act::Close,
            ],
        ),
        (
            "closed between chunks",
            vec![
                read(),
                head("transfer-encoding: chunked\r\n\r\n3\r\nhal\r\n"),
                Act::Close,
            ],
        ),
    ] {
        every_time(what, script, transport, 2).await;
    }
}

#[tokio::test]
async fn answers_that_are_not_http() {
    let flood = "HTTP/1.1 100 Continue\r\n\r\n".repeat(100);
    let large = format!("x: {}\r\n", "y".repeat(8 << 10));
    let many: String = (0..1001).map(|n| format!("x-{n}: y\r\n")).collect();
    for (what, script) in [
        ("noise", Act::send("SSH-2.0-OpenSSH_9.6\r\n\r\n")),
        (
            "a bad chunk",
            head("transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
        ),
        (
            "two lengths",
            head("content-length: 1\r\ncontent-length: 2\r\n\r\nab"),
        ),
        ("no length", head("content-length: many\r\n\r\nab")),
    ] {
        every_time(
            what,
            vec![Act::Read, script, Act::Close],
            ErrorKind::Transport,
            2,
        )
        .await;
    }
    let switch = vec![
        Act::Read,
        Act::send("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        Act::Hang,
    ];
    let status = ErrorKind::Status(StatusCode::SWITCHING_PROTOCOLS);
    every_time("a switch nobody asked for", switch, status, 1).await;
    // Informational answers without end are no progress; nor is a head without end.
    let endless = vec![Act::Read, Act::Flood(Bytes::from(flood))];
    every_time(
        "1xx without end",
        endless,
        ErrorKind::Timeout(Deadline::Attempt),
        2,
    )
    .await;
    let endless = vec![Act::Read, head(""), Act::Flood(Bytes::from(large.clone()))];
    every_time("a head without end", endless, ErrorKind::TooLarge, 1).await;
    for (what, head) in [
        ("too many headers", head(&format!("{many}\r\n"))),
        (
            "too long a head",
            head(&format!("{}\r\n", large.repeat(33))),
        ),
        (
            "far too long a head",
            head(&format!("{}\r\n", large.repeat(300))),
        ),
    ] {
        let script = vec![Act::Read, head, Act::Close];
        every_time(what, script, ErrorKind::TooLarge, 1).await;
    }
}

#[tokio::test]
async fn servers_that_stand_still_or_crawl() {
    let attempt = ErrorKind::Timeout(Deadline::Attempt);
    let idle = ErrorKind::Timeout(Deadline::ReadIdle);
    let crawl = |text: &str| Act::Trickle {
        bytes: Bytes::from(text.to_owned()),
        every: Duration::from_millis(20),
    };
    let long = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(10_000));
    for (what, script, kind) in [
        ("a black hole", vec![Act::Read, Act::Hang], attempt),
        ("one that does not even read", vec![Act::Hang], attempt),
        ("a head that crawls", vec![Act::Read, crawl(&long)], attempt),
        (
            "a body that stops",
            vec![Act::Read, head("content-length: 9\r\n\r\nhal"), Act::Hang],
            idle,
        ),
        (
            "a body that crawls",
            vec![
                Act::Read,
                head("content-length: 9000\r\n\r\n"),
                crawl(&"x".repeat(9000)),
            ],
            idle,
        ),
        (
            "chunks that stop",
            vec![
                Act::Read,
                head("transfer-encoding: chunked\r\n\r\n3\r\nhal\r\n"),
                Act::Hang,
            ],
            idle,
        ),
    ] {
        every_time(what, script, kind, 2).await;
    }
}

fn packed(coding: &str, body: &[u8]) -> Act {
    let mut wire = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    wire.extend_from_slice(body);
    Act::send(wire)
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, body).unwrap();
    encoder.finish().unwrap()
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, body).unwrap();
    encoder.finish().unwrap()
}

#[cfg(feature = "brotli")]
fn brotli(body: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    brotli::BrotliCompress(
        &mut &body[..],
        &mut packed,
        &brotli::enc::BrotliEncoderParams::default(),
    )
    .unwrap();
    packed
}

/// Not repeated: the same call would bring the same answer. The connection is sound, so the next call uses it.
async fn refused(what: &str, act: Act, kind: ErrorKind) {
    let server = FaultServer::start([vec![Act::Read, act, Act::Read, Act::answer(200, "fine")]])
        .await
        .unwrap();
    let client = plain(&server);
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (kind, 1),
        "{what}: {error:#}"
    );
    until_free(&client).await;
    let answer = client.execute(Call::new(&GET)).await;
    assert_eq!(&answer.unwrap().body()[..], b"fine", "{what}");
    assert_eq!(server.seen().connections, 1, "{what}");
    until_free(&client).await;
}

#[tokio::test]
async fn bodies_that_are_damaged_or_explode() {
    let zeros = vec![0; 4 << 20];
    let mut codings: Vec<(&str, fn(&[u8]) -> Vec<u8>)> = vec![("gzip", gzip), ("deflate", deflate)];
    #[cfg(feature = "brotli")]
    codings.push(("br", brotli));
    #[cfg(feature = "zstd")]
    codings.push(("zstd", |body| zstd::encode_all(body, 1).unwrap()));
    for (coding, pack) in codings {
        let whole = pack(b"a text that is long enough to be cut somewhere in its middle");
        let cut = &whole[..whole.len() - 5];
        refused(
            &format!("cut {coding}"),
            packed(coding, cut),
            ErrorKind::Decode,
        )
        .await;
        let mut trailing = whole.clone();
        trailing.extend_from_slice(b"garbage");
        refused(
            &format!("{coding} with garbage"),
            packed(coding, &trailing),
            ErrorKind::Decode,
        )
        .await;
        refused(
            &format!("no {coding}"),
            packed(coding, b"plain text"),
            ErrorKind::Decode,
        )
        .await;
        let bomb = pack(&zeros);
        assert!(bomb.len() < 64 << 10, "{coding}: {}", bomb.len());
        refused(
            &format!("a bomb of {coding}"),
            packed(coding, &bomb),
            ErrorKind::TooLarge,
        )
        .await;
    }
    refused(
        "a bomb in a bomb",
        packed("gzip, gzip", &gzip(&gzip(&zeros))),
        ErrorKind::TooLarge,
    )
    .await;
    refused(
        "four layers",
        packed("gzip, gzip, gzip, gzip", &gzip(b"x")),
        ErrorKind::Decode,
    )
    .await;
    refused("an unknown coding", packed("lzma", b"x"), ErrorKind::Decode).await;
    // Members one after the other are one body.
    let members: Vec<u8> = std::iter::repeat_n(gzip(b"ab"), 1000).flatten().collect();
    let server = FaultServer::start([vec![Act::Read, packed("gzip", &members)]])
        .await
        .unwrap();
    let answer = plain(&server).execute(Call::new(&GET)).await.unwrap();
    assert_eq!(answer.body().len(), 2000);
}

#[tokio::test]
async fn bodies_without_end_are_cut_off_errors_included() {
    let announced = head("content-length: 1000000000\r\n\r\n");
    let error = every_time(
        "a gigabyte announced",
        vec![Act::Read, announced],
        ErrorKind::TooLarge,
        1,
    )
    .await;
    assert!(error.to_string().contains("1000000000"), "{error}");
    let endless = vec![
        Act::Read,
        head("\r\n"),
        Act::Flood(Bytes::from(vec![b'x'; 4096])),
    ];
    every_time("a body without end", endless, ErrorKind::TooLarge, 1).await;
    let failing = Act::send("HTTP/1.1 500 Oops\r\n\r\n");
    let endless = vec![
        Act::Read,
        failing,
        Act::Flood(Bytes::from(vec![b'x'; 4096])),
    ];
    every_time("an error page without end", endless, ErrorKind::TooLarge, 1).await;
}

/// The classic race: the server closes an idle connection just as it is taken. A safe call never notices.
#[tokio::test]
async fn a_connection_that_closes_after_its_first_answer_costs_no_error() {
    let closes = vec![Act::Read, Act::answer(200, "one"), Act::Close];
    let server = FaultServer::start([closes]).await.unwrap();
    let client = plain(&server);
    for _ in 0..200 {
        client.execute(Call::new(&GET)).await.unwrap();
    }
    until_free(&client).await;
}

/// After its first answer the server takes the second request and resets: a safe call goes out again at once, on a new
/// connection, and another is not repeated.
#[tokio::test]
async fn a_used_connection_that_breaks_is_told_from_one_that_was_closed_unused() {
    let breaks = vec![Act::Read, Act::answer(200, "one"), Act::Read, Act::Reset];
    let server = FaultServer::start([breaks]).await.unwrap();
    let client = plain(&server);
    client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!(client.execute(Call::new(&GET)).await.unwrap().attempts(), 1);
    assert_eq!(server.seen().connections, 2);
    let error = client.execute(Call::new(&POST)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 1));
    assert_eq!(server.seen().requests, 4, "the POST was sent once");
    until_free(&client).await;
}

/// A server that refuses a large body before it has read it, and closes.
#[tokio::test]
async fn an_early_refusal_of_a_large_body_is_heard() {
    let refuses = vec![Act::ReadHead, Act::answer(413, "too large"), Act::HalfClose];
    let server = FaultServer::start([refuses]).await.unwrap();
    let client = plain(&server);
    let call = Call::new(&POST).body(vec![b'x'; 8 << 20], "text/plain");
    let error = client.execute(call).await.unwrap_err();
    assert_eq!(error.status().map(|s| s.as_u16()), Some(413), "{error:#}");
    until_free(&client).await;
}

#[tokio::test]
async fn informational_answers_before_the_real_one_are_passed_over() {
    let early = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(3);
    let server = FaultServer::start([vec![Act::Read, Act::send(early), Act::answer(200, "real")]])
        .await
        .unwrap();
    let answer = plain(&server).execute(Call::new(&GET)).await.unwrap();
    assert_eq!(&answer.body()[..], b"real");
}

/// What a server sends without being asked does not become the answer to the next call.
#[tokio::test]
async fn an_answer_nobody_asked_for_is_not_taken_for_another() {
    let twice = vec![
        Act::Read,
        Act::answer(200, "mine"),
        Act::answer(200, "nobody's"),
        Act::Hang,
    ];
    let once = vec![Act::Read, Act::answer(200, "mine too"), Act::Hang];
    let server = FaultServer::start([twice, once]).await.unwrap();
    let client = plain(&server);
    let first = client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!(&first.body()[..], b"mine");
    let second = client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!(&second.body()[..], b"mine too");
}

/// hyper has room for a hundred headers at no cost, and is asked for more when it turns out to be needed.
#[tokio::test]
async fn answers_may_have_many_headers() {
    let many: String = (0..900).map(|n| format!("x-{n}: y\r\n")).collect();
    let answer = head(&format!("{many}content-length: 2\r\n\r\nok"));
    let script = vec![
        Act::Read,
        answer.clone(),
        Act::Read,
        answer.clone(),
        Act::Read,
        answer,
    ];
    let server = FaultServer::start([script]).await.unwrap();
    let client = client(&server.url()).build().unwrap();
    for operation in [&GET, &POST, &GET, &POST] {
        let answer = client.execute(Call::new(operation)).await;
        let answer = answer.unwrap_or_else(|error| panic!("{error:#}"));
        assert_eq!((answer.headers().len(), answer.attempts()), (901, 1));
    }
    // One more for the first, which was safe to ask for again.
    assert_eq!(server.seen().requests, 5);
    until_free(&client).await;
}
