//! What HTTP/2 servers do to clients, frame by frame.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

mod dead;
mod goaway;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use crate::common::*;
use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use wats_http::{
    BodySource, BreakerConfig, Call, Client, ClientBuilder, Deadline, ErrorKind, PoolConfig,
    RetryConfig, Timeouts, TlsConfig,
};

type Http2 = Connection<TlsStream<TcpStream>, Bytes>;

/// A server that hands each connection, with its number, to `behave`; and a client of it that tries twice.
async fn scripted_http2<F, Fut>(behave: F) -> (Client, Arc<AtomicUsize>)
where
    F: Fn(usize, Http2) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let (client, opened) = scripted_narrow(u32::MAX, behave).await;
    (client.build().unwrap(), opened)
}

/// The same for so many calls at a time, before the client is built.
async fn scripted_narrow<F, Fut>(streams: u32, behave: F) -> (ClientBuilder, Arc<AtomicUsize>)
where
    F: Fn(usize, Http2) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let (acceptor, pem) = tls_acceptor(Speaks::Tls);
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = opened.clone();
    let behave = Arc::new(behave);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let number = counted.fetch_add(1, SeqCst);
            let (acceptor, behave) = (acceptor.clone(), behave.clone());
            tokio::spawn(async move {
                let stream = acceptor.accept(stream).await.unwrap();
                // Windows that are small, so that one can be exhausted.
                let http2 = h2::server::Builder::new()
                    .initial_window_size(65_535)
                    .max_concurrent_streams(streams)
                    .handshake(stream)
                    .await;
                behave(number, http2.unwrap()).await;
            });
        }
    });
    let client = client(&url)
        .tls(TlsConfig::default().only_ca_pem(&pem).unwrap())
        .retry(
            RetryConfig::default()
                .max_attempts(2)
                .base_delay(Duration::from_millis(1)),
        );
    (client, opened)
}

fn answer(mut respond: SendResponse<Bytes>, body: &'static str) {
    let head = http::Response::new(());
    if let Ok(mut stream) = respond.send_response(head, body.is_empty()) {
        let _ = stream.send_data(Bytes::from_static(body.as_bytes()), true);
    }
}

/// Answers everything.
async fn answer_all(mut http2: Http2) {
    while let Some(Ok((_, respond))) = http2.accept().await {
        answer(respond, "fine");
    }
}

/// What a machine in between does that forgets a connection: nothing comes through any more, and nobody is told.
async fn black_hole(http2: Http2) {
    std::future::pending::<()>().await;
    drop(http2);
}

/// Deadlines that are out of the way of those for PINGs.
fn long_timeouts() -> Timeouts {
    let long = Duration::from_secs(3600);
    Timeouts::default()
        .connect(long)
        .pool(long)
        .attempt(long)
        .read_idle(long)
        .total(long)
}

#[tokio::test]
async fn a_refused_stream_is_sent_again_on_its_connection_whatever_it_is() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    let (client, opened) = scripted_http2(move |_, mut http2| {
        let counted = counted.clone();
        async move {
            while let Some(Ok((_, mut respond))) = http2.accept().await {
                match counted.fetch_add(1, SeqCst) {
                    0 => respond.send_reset(h2::Reason::REFUSED_STREAM),
                    _ => answer(respond, "fine"),
                }
            }
        }
    })
    .await;
    let answer = client.execute(Call::new(&POST)).await.unwrap();
    assert_eq!((answer.attempts(), seen.load(SeqCst)), (1, 2));
    assert_eq!(opened.load(SeqCst), 1);
    until_free(&client).await;
}

#[tokio::test]
async fn a_server_that_refuses_all_streams_is_asked_twice_at_once_and_then_after_a_wait() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    let (client, opened) = scripted_http2(move |_, mut http2| {
        let counted = counted.clone();
        async move {
            while let Some(Ok((_, mut respond))) = http2.accept().await {
                counted.fetch_add(1, SeqCst);
                respond.send_reset(h2::Reason::REFUSED_STREAM);
            }
        }
    })
    .await;
    let error = client.execute(Call::new(&POST)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error:#}");
    // Two tries, each of two requests.
    assert_eq!((error.attempts(), error.delays().len()), (2, 1));
    assert_eq!((seen.load(SeqCst), opened.load(SeqCst)), (4, 1));
    until_free(&client).await;
}

#[tokio::test]
async fn a_reset_stream_is_repeated_only_when_that_is_safe() {
    for reason in [
        h2::Reason::INTERNAL_ERROR,
        h2::Reason::CANCEL,
        h2::Reason::ENHANCE_YOUR_CALM,
    ] {
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = seen.clone();
        let (client, opened) = scripted_http2(move |_, mut http2| {
            let counted = counted.clone();
            async move {
                while let Some(Ok((_, mut respond))) = http2.accept().await {
                    counted.fetch_add(1, SeqCst);
                    respond.send_reset(reason);
                }
            }
        })
        .await;
        let error = client.execute(Call::new(&GET)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Transport, 2),
            "{error:#}"
        );
        let error = client.execute(Call::new(&POST)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Transport, 1),
            "{error:#}"
        );
        assert_eq!(
            (seen.load(SeqCst), opened.load(SeqCst)),
            (3, 1),
            "{reason:?}"
        );
        until_free(&client).await;
    }
}

#[tokio::test]
async fn goaway_in_the_middle_of_a_call_lets_it_end_and_the_next_one_dials() {
    let (client, opened) = scripted_http2(|number, mut http2| async move {
        if number > 0 {
            return answer_all(http2).await;
        }
        let (_, respond) = http2.accept().await.unwrap().unwrap();
        http2.graceful_shutdown();
        let answering = async move {
            tokio::time::sleep(Duration::from_millis(50)).await;
            answer(respond, "fine");
        };
        tokio::spawn(answering);
        while http2.accept().await.is_some() {}
    })
    .await;
    let first = client.execute(Call::new(&POST)).await.unwrap();
    assert_eq!((&first.body()[..], first.attempts()), (&b"fine"[..], 1));
    client.execute(Call::new(&POST)).await.unwrap();
    assert_eq!(opened.load(SeqCst), 2);
    until_free(&client).await;
}

#[tokio::test]
async fn an_abrupt_goaway_breaks_what_was_in_flight() {
    let (client, _) = scripted_http2(|_, mut http2| async move {
        let _stream = http2.accept().await;
        http2.abrupt_shutdown(h2::Reason::INTERNAL_ERROR);
        while http2.accept().await.is_some() {}
    })
    .await;
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Transport, 2),
        "{error:#}"
    );
    let error = client.execute(Call::new(&POST)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Transport, 1),
        "{error:#}"
    );
    until_free(&client).await;
}

#[tokio::test]
async fn a_connection_that_vanishes_in_the_middle_of_a_body_is_replaced() {
    let (client, opened) = scripted_http2(|number, mut http2| async move {
        if number > 0 {
            return answer_all(http2).await;
        }
        let (_, mut respond) = http2.accept().await.unwrap().unwrap();
        let mut body = respond
            .send_response(http::Response::new(()), false)
            .unwrap();
        body.send_data(Bytes::from_static(b"hal"), false).unwrap();
        // Written, then cut.
        let _ = tokio::time::timeout(Duration::from_millis(50), http2.accept()).await;
    })
    .await;
    let answer = client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!((&answer.body()[..], answer.attempts()), (&b"fine"[..], 2));
    assert_eq!(opened.load(SeqCst), 2);
    until_free(&client).await;
}

#[tokio::test]
async fn streams_that_stand_still_end_by_their_deadlines_and_the_connection_lives_on() {
    let (client, opened) = scripted_http2(|_, mut http2| async move {
        let mut kept = Vec::new();
        while let Some(Ok((request, mut respond))) = http2.accept().await {
            match request.uri().path() {
                // Half an answer.
                "/item/half" => {
                    let head = http::Response::new(());
                    let mut body = respond.send_response(head, false).unwrap();
                    body.send_data(Bytes::from_static(b"hal"), false).unwrap();
                    kept.push((request, respond, Some(body)));
                }
                "/get" => answer(respond, "fine"),
                // No answer, nor is a body read, so its window fills up.
                _ => kept.push((request, respond, None)),
            }
        }
    })
    .await;
    // One deadline at a time, so that none can be the first by chance.
    let soon = Duration::from_millis(100);
    let item = |id| Call::new(&ITEM).path("id", id);
    let attempt = |call: Call| call.timeouts(Timeouts::default().attempt(soon));
    // On a connection that is new, no answer means a slow server.
    let error = client.execute(attempt(Call::new(&POST))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
    let read_idle = item("half").timeouts(Timeouts::default().read_idle(soon));
    let error = client.execute(read_idle).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::ReadIdle));
    let large = Call::new(&POST).body(vec![b'x'; 1 << 20], "text/plain");
    // Another call is answered meanwhile, so the connection is not taken for dead.
    let other = client.execute(Call::new(&GET));
    let (outcome, other) = tokio::join!(client.execute(attempt(large)), other);
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
    assert_eq!(error.attempts(), 1);
    assert_eq!(&other.unwrap().body()[..], b"fine");
    client.execute(Call::new(&GET)).await.unwrap();
    assert_eq!(opened.load(SeqCst), 1);
    until_free(&client).await;
}

#[tokio::test]
async fn who_waits_for_a_stream_of_a_connection_that_ends_does_not_wait_on_when_the_next_cannot_be_opened()
 {
    let (cut, cuts) = tokio::sync::watch::channel(false);
    let (client, _) = scripted_narrow(1, move |number, mut http2| {
        let mut cuts = cuts.clone();
        async move {
            if number == 0 {
                let _call = http2.accept().await;
                let gone = cuts.wait_for(|cut| *cut);
                tokio::select! { _ = gone => {} _ = http2.accept() => {} }
            }
            // Later ones are closed before they say anything.
        }
    })
    .await;
    let client = client.build().unwrap();
    let calls: Vec<_> = (0..6)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                client
                    .execute(Call::new(&POST).timeouts(long_timeouts()))
                    .await
            })
        })
        .collect();
    while client.pool_stats().waiting < 5 {
        tokio::task::yield_now().await;
    }
    cut.send_replace(true);
    for call in calls {
        let error = tokio::time::timeout(Duration::from_secs(60), call)
            .await
            .expect("a call is forgotten")
            .unwrap()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport, "{error:#}");
    }
    until_free(&client).await;
}

/// What was refused has not been worked on, but of a body that can be sent once a part is gone.
#[tokio::test]
async fn a_refused_body_that_can_be_sent_once_is_not_sent_in_part() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    let (client, _) = scripted_http2(move |_, mut http2| {
        let counted = counted.clone();
        async move {
            while let Some(Ok((request, mut respond))) = http2.accept().await {
                if counted.fetch_add(1, SeqCst) > 0 {
                    answer(respond, "fine");
                    continue;
                }
                let mut body = request.into_body();
                tokio::select! { _ = body.data() => {} _ = http2.accept() => {} }
                respond.send_reset(h2::Reason::REFUSED_STREAM);
            }
        }
    })
    .await;
    let pieces = futures_util::stream::iter([Ok(Bytes::from_static(b"part"))]);
    let pieces = futures_util::StreamExt::chain(pieces, futures_util::stream::pending());
    let call = Call::new(&POST).stream(BodySource::once(pieces), "text/plain");
    let error = client.execute(call).await.unwrap_err();
    assert_eq!((error.attempts(), seen.load(SeqCst)), (1, 1), "{error:#}");
    until_free(&client).await;
}

/// A call that was refused, and whose time is up while it waits for another connection, has not been sent.
#[tokio::test]
async fn a_refused_call_whose_time_is_up_before_it_is_sent_again_may_be_repeated() {
    let (refuse, refusals) = tokio::sync::watch::channel(false);
    let (told, mut tell) = tokio::sync::mpsc::unbounded_channel();
    let (client, _) = scripted_narrow(9, move |_, mut http2| {
        let (mut refusals, told) = (refusals.clone(), told.clone());
        async move {
            let (_request, mut respond) = http2.accept().await.unwrap().unwrap();
            told.send(0).unwrap();
            refusals.wait_for(|now| *now).await.unwrap();
            respond.send_reset(h2::Reason::REFUSED_STREAM);
            let _next = http2.accept().await;
            told.send(1).unwrap();
            black_hole(http2).await;
        }
    })
    .await;
    let one = PoolConfig::default().max_connections(1);
    let client = client.pool(one).build().unwrap();
    let call = |operation, timeouts| {
        let client = client.clone();
        tokio::spawn(async move {
            client
                .execute(Call::new(operation).timeouts(timeouts))
                .await
        })
    };
    // Less than a PING takes to find the black hole out.
    let refused = call(&POST, long_timeouts().attempt(Duration::from_secs(10)));
    assert_eq!(tell.recv().await, Some(0));
    let next = call(&POST, long_timeouts());
    while client.pool_stats().waiting < 1 {
        tokio::task::yield_now().await;
    }
    refuse.send_replace(true);
    // It has the slot now.
    assert_eq!(tell.recv().await, Some(1));
    tokio::time::pause();
    let error = refused.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
    assert_eq!(error.attempts(), 2, "{error:#}");
    next.abort();
}

/// A gateway that relays a chunked answer ends it with a frame that is empty and then the end of the stream. h2 counts
/// such frames over the whole life of a connection, and breaks it with all calls on it.
#[tokio::test]
async fn a_server_that_sends_empty_frames_with_each_answer_costs_no_call() {
    for before in [1, 300] {
        let (client, opened) = scripted_narrow(u32::MAX, move |_, mut http2| async move {
            while let Some(Ok((_, mut respond))) = http2.accept().await {
                let head = http::Response::new(());
                let Ok(mut stream) = respond.send_response(head, false) else {
                    continue;
                };
                for _ in 0..before {
                    stream.send_data(Bytes::new(), false).unwrap();
                }
                stream
                    .send_data(Bytes::from_static(b"fine"), false)
                    .unwrap();
                stream.send_data(Bytes::new(), false).unwrap();
                stream.send_data(Bytes::new(), true).unwrap();
            }
        })
        .await;
        let client = client.retry(RetryConfig::never()).build().unwrap();
        for n in 0..150 {
            let answer = client.execute(Call::new(&POST)).await;
            let answer = answer.unwrap_or_else(|error| panic!("call {n}: {error:#}"));
            assert_eq!(&answer.body()[..], b"fine");
        }
        let calls = (0..20).map(|_| async {
            for _ in 0..10 {
                client.execute(Call::new(&POST)).await.unwrap();
            }
        });
        futures_util::future::join_all(calls).await;
        assert_eq!(opened.load(SeqCst), 1);
        until_free(&client).await;
    }
}

/// The other counter that is never reset: answers that go on after their calls were dropped.
#[tokio::test]
async fn answers_to_calls_that_were_dropped_do_not_add_up() {
    let opened = Arc::new(AtomicUsize::new(0));
    let counted = opened.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let (acceptor, pem) = tls_acceptor(Speaks::Tls);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            counted.fetch_add(1, SeqCst);
            let acceptor = acceptor.clone();
            tokio::spawn(
                async move { deaf_to_resets(acceptor.accept(stream).await.unwrap()).await },
            );
        }
    });
    let client = client(&url)
        .tls(TlsConfig::default().only_ca_pem(&pem).unwrap())
        .build()
        .unwrap();
    for _ in 0..1300 {
        let download = client.download(Call::new(&GET)).await.unwrap();
        drop(download);
    }
    assert_eq!(
        client.download(Call::new(&GET)).await.unwrap().status(),
        200
    );
    assert_eq!(opened.load(SeqCst), 1);
}

/// Begins an answer to each call, and goes on with it when the client has reset it.
async fn deaf_to_resets(mut stream: TlsStream<TcpStream>) -> std::io::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let frame = |kind: u8, flags: u8, id: u32, payload: &[u8]| {
        let length = (payload.len() as u32).to_be_bytes();
        let header = [&length[1..], &[kind, flags], &id.to_be_bytes()].concat();
        [&header, payload].concat()
    };
    stream.write_all(&frame(4, 0, 0, b"")).await?;
    stream.read_exact(&mut [0; 24]).await?;
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).await?;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        stream.read_exact(&mut vec![0; length as usize]).await?;
        let id = u32::from_be_bytes(header[5..].try_into().unwrap());
        let said = match header[3] {
            // `:status: 200` as HPACK has it in its table; the answer does not end here.
            1 => frame(1, 4, id, &[0x88]),
            3 => frame(0, 0, id, b"x").repeat(2),
            4 if header[4] == 0 => frame(4, 1, 0, b""),
            _ => continue,
        };
        stream.write_all(&said).await?;
        stream.flush().await?;
    }
}

/// What a server does where it wants a client certificate, or Windows authentication: such calls go out over HTTP/1.1,
/// whatever they do, and so do those after them.
#[tokio::test]
async fn a_server_that_requires_http1_gets_it() {
    for goaway in [false, true] {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (acceptor, pem) = tls_acceptor(Speaks::Tls);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, counted) = (acceptor.clone(), counted.clone());
                tokio::spawn(async move {
                    let stream = acceptor.accept(stream).await.unwrap();
                    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                        wants_http1(stream, goaway, &counted).await;
                    } else {
                        let service = hyper::service::service_fn(
                            |request: http::Request<hyper::body::Incoming>| async move {
                                let body = http_body_util::BodyExt::collect(request.into_body())
                                    .await?
                                    .to_bytes();
                                Ok::<_, hyper::Error>(ok(format!("{} bytes", body.len())))
                            },
                        );
                        let io = hyper_util::rt::TokioIo::new(stream);
                        let _ = hyper::server::conn::http1::Builder::new()
                            .serve_connection(io, service)
                            .await;
                    }
                });
            }
        });
        let client = client(&url)
            .tls(TlsConfig::default().only_ca_pem(&pem).unwrap())
            .build()
            .unwrap();
        let calls = (0..5).map(|_| {
            let call = Call::new(&POST).body("abc", "text/plain");
            client.execute(call)
        });
        for answer in futures_util::future::join_all(calls).await {
            let answer = answer.unwrap_or_else(|error| panic!("{goaway}: {error:#}"));
            assert_eq!(&answer.body()[..], b"3 bytes");
            assert_eq!(
                (answer.attempts(), answer.version()),
                (1, http::Version::HTTP_11)
            );
        }
        let before = asked.load(SeqCst);
        assert!((1..=5).contains(&before), "{goaway}: {before}");
        for operation in [&GET, &POST] {
            client.execute(Call::new(operation)).await.unwrap();
        }
        // It is remembered.
        assert_eq!(asked.load(SeqCst), before, "{goaway}");
        until_free(&client).await;
    }
}

/// Says so of a call, or of the connection, and then closes.
async fn wants_http1(stream: TlsStream<TcpStream>, goaway: bool, asked: &AtomicUsize) {
    let mut http2 = h2::server::handshake(stream).await.unwrap();
    let mut refused = Vec::new();
    while let Some(Ok((request, mut respond))) = http2.accept().await {
        asked.fetch_add(1, SeqCst);
        if goaway {
            http2.abrupt_shutdown(h2::Reason::HTTP_1_1_REQUIRED);
        } else {
            respond.send_reset(h2::Reason::HTTP_1_1_REQUIRED);
        }
        refused.push((request, respond));
    }
}

/// Over HTTP/1.1 the same bounds hold; see `answers_may_have_many_headers` there.
#[tokio::test]
async fn a_head_beyond_the_bounds_is_too_large_and_asked_for_once() {
    for (what, number, length, fits) in [
        ("as many as there may be", 999, 100, true),
        ("more than a few kilobytes", 10, 20_000, true),
        ("too many", 1001, 10, false),
        ("too long", 30, 10_000, false),
        ("far too long", 600, 10_000, false),
    ] {
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = seen.clone();
        let (client, _) = scripted_narrow(u32::MAX, move |_, mut http2| {
            let counted = counted.clone();
            async move {
                while let Some(Ok((request, mut respond))) = http2.accept().await {
                    if request.uri().path() != "/get" {
                        answer(respond, "fine");
                        continue;
                    }
                    counted.fetch_add(1, SeqCst);
                    let mut head = http::Response::new(());
                    for n in 0..number {
                        let name = http::HeaderName::try_from(format!("x-{n}")).unwrap();
                        let value = http::HeaderValue::try_from("y".repeat(length)).unwrap();
                        head.headers_mut().append(name, value);
                    }
                    let _ = respond.send_response(head, true);
                }
            }
        })
        .await;
        let one_failure = BreakerConfig::default().failures(1);
        let client = client.breaker(Some(one_failure)).build().unwrap();
        let outcome = client.execute(Call::new(&GET)).await;
        if fits {
            let answer = outcome.unwrap_or_else(|error| panic!("{what}: {error:#}"));
            assert_eq!(answer.headers().len(), number, "{what}");
        } else {
            let error = outcome.unwrap_err();
            assert_eq!(
                (error.kind(), error.attempts()),
                (ErrorKind::TooLarge, 1),
                "{what}: {error:#}"
            );
        }
        assert_eq!(seen.load(SeqCst), 1, "{what}");
        // Nothing that the breaker would count.
        client.execute(Call::new(&POST)).await.unwrap();
        until_free(&client).await;
    }
}
