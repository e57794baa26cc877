//! Bodies that are never whole in memory, both ways: replayed, once only, cut, slow, capped, with progress.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::*;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full};
use wats_http::http::Method;
use wats_http::{
    BodySource, Call, Client, Deadline, ErrorKind, Idempotency, Operation, RetryConfig, SizeLimits,
    Timeouts,
};

static UPLOAD: Operation =
    Operation::new("test.upload", Method::POST, "/up", Idempotency::Idempotent);

/// Answers with the number of bytes and their sum; the first `failures` uploads are answered with 503.
async fn counting(speaks: Speaks, failures: usize) -> Server {
    let left = Arc::new(AtomicUsize::new(failures));
    Server::start(speaks, move |request| {
        let left = left.clone();
        async move {
            let body = request.into_body();
            let failing = left
                .fetch_update(SeqCst, SeqCst, |n| n.checked_sub(1))
                .is_ok();
            let mut answer = ok(format!("{} {}", body.len(), sum(&body)));
            if failing {
                *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            }
            answer
        }
    })
    .await
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|b| u64::from(*b)).sum()
}

fn repeating(server: &Server) -> Client {
    let retry = RetryConfig::default().base_delay(Duration::from_millis(1));
    let mut builder = client(&server.url()).retry(retry);
    if let Some(pem) = &server.ca_pem {
        builder = builder.tls(wats_http::TlsConfig::default().only_ca_pem(pem).unwrap());
    }
    builder.build().unwrap()
}

fn some_pieces(count: usize) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send {
    stream::iter((0..count).map(|n| Ok(Bytes::from(vec![n as u8; 10_000]))))
}

#[tokio::test]
async fn a_file_is_sent_and_sent_again_over_both_protocols_with_its_length() {
    let content: Vec<u8> = (0..1_000_003_u32).map(|n| (n % 251) as u8).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &content).unwrap();
    for speaks in [Speaks::Plain, Speaks::Tls] {
        let server = counting(speaks, 1).await;
        let client = repeating(&server);
        let most = Arc::new(AtomicU64::new(0));
        let heard = most.clone();
        let call = Call::new(&UPLOAD)
            .stream(BodySource::file(file.path()), "application/json")
            .on_upload(move |progress| {
                assert_eq!(progress.total, Some(1_000_003));
                heard.fetch_max(progress.bytes, SeqCst);
            });
        let answer = client.execute(call).await.unwrap();
        assert_eq!(answer.attempts(), 2, "the second try began at the front");
        let expected = format!("{} {}", content.len(), sum(&content));
        assert_eq!(&answer.body()[..], expected.as_bytes());
        assert_eq!(most.load(SeqCst), 1_000_003);
        until_free(&client).await;
    }
}

#[tokio::test]
async fn a_body_that_can_be_sent_once_is_not_repeated_and_the_error_says_why() {
    let server = counting(Speaks::Plain, 1).await;
    let client = repeating(&server);
    let call = Call::new(&UPLOAD).stream(BodySource::once(some_pieces(50)), "text/plain");
    let error = client.execute(call).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(error.attempts(), 1);
    assert!(error.to_string().contains("only once"), "{error}");
    // The same as a source that can begin anew.
    let server = counting(Speaks::Plain, 1).await;
    let call =
        Call::new(&UPLOAD).stream(BodySource::repeatable(|| Ok(some_pieces(50))), "text/plain");
    let answer = repeating(&server).execute(call).await.unwrap();
    assert!(answer.body().starts_with(b"500000 "), "{:?}", answer.body());
}

#[tokio::test]
async fn a_once_only_body_survives_a_dial_that_fails_before_anything_is_sent() {
    let server = counting(Speaks::Plain, 0).await;
    // The first connection is refused, because nobody listens yet.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::builder()
        .base_url(format!("http://{address}"))
        .token(TOKEN)
        .retry(
            RetryConfig::default()
                .base_delay(Duration::from_millis(20))
                .max_attempts(100),
        )
        .build()
        .unwrap();
    let call = Call::new(&UPLOAD).stream(BodySource::once(some_pieces(2)), "text/plain");
    let sent = tokio::spawn(async move { client.execute(call).await });
    let listener = tokio::net::TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move {
        loop {
            let (mut here, _) = listener.accept().await.unwrap();
            let mut there = tokio::net::TcpStream::connect(server.address)
                .await
                .unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut here, &mut there).await });
        }
    });
    let answer = sent.await.unwrap().unwrap();
    assert!(answer.body().starts_with(b"20000 "));
}

#[tokio::test]
async fn bodies_that_cannot_be_given_are_mistakes_of_the_request_and_name_their_cause() {
    for speaks in [Speaks::Plain, Speaks::Tls] {
        let server = counting(speaks, 0).await;
        let client = repeating(&server);
        let broken = stream::iter([
            Ok(Bytes::from_static(b"start")),
            Err(io::Error::other("the disk is gone")),
        ]);
        for (source, cause) in [
            (BodySource::once(broken), "the disk is gone"),
            (
                BodySource::once(some_pieces(1)).length(9_999),
                "more than 9999 bytes",
            ),
            (
                BodySource::once(some_pieces(1)).length(10_001),
                "less than 10001 bytes",
            ),
            (
                BodySource::once(some_pieces(2)).length(10_000),
                "more than 10000 bytes",
            ),
            (BodySource::file("/no/such/file"), "/no/such/file"),
            (BodySource::file(std::env::temp_dir()), "folder"),
            (
                BodySource::repeatable(|| Err::<stream::Empty<_>, _>(io::Error::other("no way"))),
                "no way",
            ),
        ] {
            let call = Call::new(&UPLOAD).stream(source, "text/plain");
            let error = client.execute(call).await.unwrap_err();
            let told = format!("{error:#}");
            assert_eq!(error.kind(), ErrorKind::Request, "{told}");
            assert!(
                error.attempts() <= 1 && told.contains(cause),
                "{cause}: {told}"
            );
        }
        until_free(&client).await;
    }
}

#[tokio::test]
async fn a_reader_without_a_length_is_sent_in_chunks() {
    let server = counting(Speaks::Plain, 0).await;
    let call = Call::new(&UPLOAD).stream(
        BodySource::reader(std::io::Cursor::new(vec![7; 300_000])),
        "text/plain",
    );
    let answer = repeating(&server).execute(call).await.unwrap();
    assert_eq!(&answer.body()[..], b"300000 2100000");
    let empty = Call::new(&UPLOAD).stream(BodySource::reader(&[][..]), "text/plain");
    assert_eq!(
        &repeating(&server).execute(empty).await.unwrap().body()[..],
        b"0 0"
    );
}

/// Sends a source with POST, and tells what the server counted or why it was not sent.
async fn counted(server: &Server, source: BodySource) -> Result<String, String> {
    let call = Call::new(&UPLOAD).stream(source, "text/plain");
    let answer = repeating(server).execute(call).await;
    let answer = answer.map_err(|error| format!("{error:#}"))?;
    Ok(String::from_utf8_lossy(answer.body()).into_owned())
}

#[cfg(unix)]
fn named_pipe() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    (folder, path)
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_sent_as_it_comes_and_once() {
    for failures in [0, 1] {
        let server = counting(Speaks::Plain, failures).await;
        let (_folder, path) = named_pipe();
        let writer = path.clone();
        let written = std::thread::spawn(move || std::fs::write(writer, vec![1; 300_000]).unwrap());
        let told = counted(&server, BodySource::file(path)).await;
        written.join().unwrap();
        match (failures, told) {
            (0, told) => assert_eq!(told.as_deref(), Ok("300000 300000")),
            (_, told) => assert!(told.clone().unwrap_err().contains("only once"), "{told:?}"),
        }
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_nobody_writes_to_ends_with_the_deadline_and_keeps_no_runtime() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_folder, path) = named_pipe();
    let outcome = runtime.block_on(async {
        let server = counting(Speaks::Plain, 0).await;
        let timeouts = Timeouts::default().attempt(Duration::from_millis(200));
        let client = client(&server.url()).timeouts(timeouts).build().unwrap();
        let call = Call::new(&UPLOAD).stream(BodySource::file(path), "text/plain");
        client.execute(call).await
    });
    let kind = outcome.unwrap_err().kind();
    assert_eq!(kind, ErrorKind::Timeout(Deadline::Attempt));
    // Waits for what tokio's own threads do.
    drop(runtime);
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_no_regular_file_is_sent_or_refused_but_never_taken_for_empty() {
    let server = counting(Speaks::Plain, 0).await;
    assert_eq!(
        counted(&server, BodySource::file("/dev/null")).await,
        Ok("0 0".to_owned())
    );
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _listens = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let told = counted(&server, BodySource::file(&socket)).await;
    assert!(told.as_ref().unwrap_err().contains("socket"), "{told:?}");
    let endless = BodySource::file("/dev/zero").length(10);
    let told = counted(&server, endless).await;
    assert!(
        told.as_ref().unwrap_err().contains("more than 10"),
        "{told:?}"
    );
}

/// Files in `/proc` are regular by their metadata, and empty.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_says_it_is_empty_and_is_not_is_sent() {
    let server = counting(Speaks::Plain, 0).await;
    let version = std::fs::read("/proc/version").unwrap();
    let expected = format!("{} {}", version.len(), sum(&version));
    for source in [
        BodySource::file("/proc/version"),
        BodySource::file("/proc/version").length(version.len() as u64),
    ] {
        assert_eq!(counted(&server, source).await.as_ref(), Ok(&expected));
    }
}

#[tokio::test]
async fn a_length_of_zero_is_checked_like_any_other() {
    let server = counting(Speaks::Plain, 0).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let repeatable = |count| BodySource::repeatable(move || Ok(some_pieces(count)));
    for empty in [
        BodySource::file(file.path()),
        BodySource::file(file.path()).length(0),
        BodySource::once(some_pieces(0)).length(0),
        repeatable(0).length(0),
    ] {
        assert_eq!(counted(&server, empty).await.as_deref(), Ok("0 0"));
    }
    std::fs::write(file.path(), b"x").unwrap();
    for full in [
        BodySource::file(file.path()).length(0),
        BodySource::once(some_pieces(1)).length(0),
        repeatable(1).length(0),
    ] {
        let told = counted(&server, full).await.unwrap_err();
        assert!(told.contains("more than 0 bytes"), "{told}");
    }
    // Nothing can be sent again.
    let server = counting(Speaks::Plain, 1).await;
    let nothing = BodySource::once(some_pieces(0)).length(0);
    assert_eq!(counted(&server, nothing).await.as_deref(), Ok("0 0"));
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_sent_is_an_error_and_never_a_part() {
    for (change, words) in [(100, "less than"), (2_000_000, "more than")] {
        let server = counting(Speaks::Plain, 0).await;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![1; 1_000_000]).unwrap();
        let path = file.path().to_owned();
        let call = Call::new(&UPLOAD)
            .stream(BodySource::file(file.path()), "text/plain")
            .on_upload(move |_| std::fs::write(&path, vec![1; change]).unwrap());
        let error = repeating(&server).execute(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{error:#}");
        assert!(format!("{error:#}").contains(words), "{error:#}");
    }
}

/// The deadline of a try is for what stands still, not for what is large.
#[tokio::test]
async fn an_upload_that_moves_outlives_the_deadline_of_a_try_and_one_that_stands_still_does_not() {
    let server = counting(Speaks::Plain, 0).await;
    // Long beside the pauses between pieces, so that a busy machine is not taken for an upload that stands still.
    let attempt = Duration::from_secs(3);
    let client = client(&server.url())
        .timeouts(Timeouts::default().attempt(attempt))
        .build()
        .unwrap();
    let slowly = |count: usize| {
        some_pieces(count).then(move |piece| async move {
            tokio::time::sleep(attempt / 12).await;
            piece
        })
    };
    let call = Call::new(&UPLOAD).stream(BodySource::once(slowly(14)), "text/plain");
    let answer = client.execute(call).await.unwrap();
    assert!(answer.body().starts_with(b"140000 "));
    let stuck = slowly(1).chain(stream::pending());
    let call = Call::new(&UPLOAD).stream(BodySource::once(stuck), "text/plain");
    let error = client.execute(call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
    until_free(&client).await;
}

/// A body of 16 MiB that compresses well.
async fn large(speaks: Speaks) -> Server {
    Server::start(speaks, |request| async move {
        let body = vec![b'x'; 16 << 20];
        if request.uri().path() != "/get" {
            return ok(body);
        }
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut encoder, &body).unwrap();
        let packed = encoder.finish().unwrap();
        let answer = Response::builder().header("content-encoding", "gzip");
        answer.body(Full::new(packed.into())).unwrap()
    })
    .await
}

#[tokio::test]
async fn an_answer_comes_piece_by_piece_decompressed_with_progress_and_frees_its_connection() {
    for speaks in [Speaks::Plain, Speaks::Tls] {
        let server = large(speaks).await;
        let client = repeating(&server);
        for call in [Call::new(&GET), Call::new(&ITEM).path("id", 1)] {
            let progress = Arc::new(Mutex::new(Vec::new()));
            let heard = progress.clone();
            let download = client.download(call).await.unwrap();
            assert_eq!(download.status(), StatusCode::OK);
            let length = download.wire_length();
            let mut body = Vec::new();
            let written = download
                .on_progress(move |p| heard.lock().unwrap().push(p))
                .write_to(&mut body)
                .await
                .unwrap();
            assert_eq!((written, body.len()), (16 << 20, 16 << 20));
            assert!(body.iter().all(|b| *b == b'x'));
            let progress = progress.lock().unwrap();
            let last = progress.last().unwrap();
            assert_eq!((Some(last.bytes), last.total), (length, length));
            assert!(progress.is_sorted_by_key(|p| p.bytes));
        }
        until_free(&client).await;
        assert_eq!(server.opened(), 1, "the connection was used again");
    }
}

#[tokio::test]
async fn a_dropped_download_frees_its_slot_and_a_capped_one_ends() {
    let server = large(Speaks::Plain).await;
    let client = repeating(&server);
    let mut download = client
        .download(Call::new(&ITEM).path("id", 1))
        .await
        .unwrap();
    assert!(download.chunk().await.unwrap().is_some());
    assert_eq!(client.pool_stats().in_use, 1);
    drop(download);
    until_free(&client).await;
    // 16 MiB in a few KiB: the cap on what comes out holds, however little came in.
    let call = Call::new(&GET).limits(SizeLimits::default().decoded(1 << 20));
    let download = client.download(call).await.unwrap();
    let mut given = 0;
    let outcome = download
        .try_for_each(|piece| {
            given += piece.len();
            async { Ok(()) }
        })
        .await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error:#}");
    assert!(given <= 1 << 20, "{given}");
    let call = Call::new(&ITEM)
        .path("id", 1)
        .limits(SizeLimits::default().wire(1000));
    let error = client.download(call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    until_free(&client).await;
}

/// Over HTTP/2 a download that nobody reads on fills its own window, not that of the calls beside it.
#[tokio::test]
async fn a_download_that_nobody_reads_on_stalls_no_other_call() {
    let server = large(Speaks::Tls).await;
    let client = repeating(&server);
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut download = client
            .download(Call::new(&ITEM).path("id", 1))
            .await
            .unwrap();
        assert!(download.chunk().await.unwrap().is_some());
        held.push(download);
    }
    for _ in 0..20 {
        let answer = client
            .execute(Call::new(&ITEM).path("id", 2))
            .await
            .unwrap();
        assert_eq!(answer.body().len(), 16 << 20);
    }
    for mut download in held {
        while download.chunk().await.unwrap().is_some() {}
    }
    assert_eq!(server.opened(), 1);
}

#[tokio::test]
async fn a_refusal_is_an_error_before_the_download_begins_and_a_cut_is_one_during_it() {
    let refusing = Server::start(Speaks::Plain, |_| async {
        let mut answer = ok(r#"{"Message":"no such report"}"#);
        *answer.status_mut() = StatusCode::NOT_FOUND;
        answer
    })
    .await;
    let error = repeating(&refusing)
        .download(Call::new(&GET))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no such report"), "{error}");
    let url = answering("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
    let client = client(&url).build().unwrap();
    let mut download = client.download(Call::new(&GET)).await.unwrap();
    let mut got = Vec::new();
    let error = loop {
        match download.chunk().await {
            Ok(Some(piece)) => got.extend_from_slice(&piece),
            Ok(None) => panic!("the cut was not noticed"),
            Err(error) => break error,
        }
    };
    assert_eq!(
        (&got[..], error.kind()),
        (&b"half"[..], ErrorKind::Transport)
    );
    assert!(error.to_string().contains("test.get"), "{error}");
    assert!(download.chunk().await.unwrap().is_none(), "it has ended");
    drop(download);
    until_free(&client).await;
}

/// What a hundred megabytes cost in memory is a few pieces, both ways.
#[tokio::test]
async fn a_hundred_megabytes_go_out_without_being_held() {
    const PIECES: usize = 800;
    let taken = Arc::new(AtomicUsize::new(0));
    let received = Arc::new(AtomicUsize::new(0));
    let at_server = received.clone();
    // A server that counts what it reads and holds nothing.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service =
            hyper::service::service_fn(|request: http::Request<hyper::body::Incoming>| {
                let counted = at_server.clone();
                async move {
                    let mut body = request.into_body();
                    while let Some(frame) = body.frame().await {
                        counted.fetch_add(frame.unwrap().into_data().unwrap().len(), SeqCst);
                    }
                    Ok::<_, std::convert::Infallible>(ok("done"))
                }
            });
        let io = hyper_util::rt::TokioIo::new(stream);
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(io, service)
            .await;
    });
    let (counting, read) = (taken.clone(), received.clone());
    let furthest = Arc::new(AtomicUsize::new(0));
    let ahead = furthest.clone();
    let pieces = stream::iter(0..PIECES).map(move |_| {
        let taken = counting.fetch_add(128 << 10, SeqCst);
        ahead.fetch_max(taken.saturating_sub(read.load(SeqCst)), SeqCst);
        Ok(Bytes::from(vec![0; 128 << 10]))
    });
    let source = BodySource::once(pieces).length((PIECES as u64) * (128 << 10));
    let client = client(&url).build().unwrap();
    client
        .execute(Call::new(&UPLOAD).stream(source, "application/octet-stream"))
        .await
        .unwrap();
    assert_eq!(received.load(SeqCst), PIECES * (128 << 10));
    // Sockets and hyper buffer some; the body never gathers.
    let furthest = furthest.load(SeqCst);
    assert!(
        furthest < 16 << 20,
        "{furthest} bytes were taken ahead of the server"
    );
}
