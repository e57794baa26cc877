//! What stands on the wire, byte by byte, and what is refused before it gets there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::*;
use bytes::Bytes;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wats_http::http::Method;
use wats_http::{
    Attempt, BodySource, BreakerConfig, Call, Capture, ClientBuilder, Deadline, ErrorKind,
    Idempotency, Intercept, Operation, PoolConfig, RateLimit, Refusal, RequestCompression,
    RetryConfig, SizeLimits, Timeouts,
};

/// A server that keeps the heads of its requests.
async fn keeping(heads: Arc<Mutex<Vec<String>>>) -> String {
    keeping_with(heads, "").await
}

/// The same with a body of its answers.
async fn keeping_with(heads: Arc<Mutex<Vec<String>>>, body: &'static str) -> String {
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
                        let length = body.len();
                        let answer =
                            format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
                        if stream.write_all(answer.as_bytes()).await.is_err() {
                            return;
                        }
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
        let operation = Operation::new(
            "test.empty",
            method.clone(),
            "/empty",
            Idempotency::NotIdempotent,
        );
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

/// What an option at one of its ends comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Means {
    /// A call succeeds.
    Works,
    /// `build()` names it.
    Refused(&'static str),
    /// A call fails in this way.
    Fails(ErrorKind),
    /// A call is rarely in time; if it is not, this deadline says so.
    Late(Deadline),
}

/// So small that it is there, so large that no clock reaches it, and nothing at all.
const TIMES: [Duration; 3] = [Duration::ZERO, Duration::from_nanos(1), Duration::MAX];

/// An option by its name, how it is set to its least, its next and its highest value, and what these mean.
type Ends = (
    &'static str,
    fn(ClientBuilder, usize) -> ClientBuilder,
    [Means; 3],
);

/// Every option of the client at 0, 1 and its highest value.
#[allow(clippy::too_many_lines, reason = "it is a table")]
fn ends_of_options() -> Vec<Ends> {
    use Means::{Fails, Late, Refused, Works};
    const COUNTS: [u32; 3] = [0, 1, u32::MAX];
    const SIZES: [usize; 3] = [0, 1, usize::MAX];
    let works = [Works; 3];
    vec![
        (
            "connect",
            |b, n| b.timeouts(Timeouts::default().connect(TIMES[n])),
            [Refused("Timeouts::connect"), Late(Deadline::Connect), Works],
        ),
        (
            "pool",
            |b, n| b.timeouts(Timeouts::default().pool(TIMES[n])),
            works,
        ),
        (
            "attempt",
            |b, n| b.timeouts(Timeouts::default().attempt(TIMES[n])),
            [Refused("Timeouts::attempt"), Late(Deadline::Attempt), Works],
        ),
        (
            "read_idle",
            |b, n| b.timeouts(Timeouts::default().read_idle(TIMES[n])),
            [
                Refused("Timeouts::read_idle"),
                Late(Deadline::ReadIdle),
                Works,
            ],
        ),
        (
            "total",
            |b, n| b.timeouts(Timeouts::default().total(TIMES[n])),
            [Refused("Timeouts::total"), Late(Deadline::Total), Works],
        ),
        (
            "max_connections",
            |b, n| b.pool(PoolConfig::default().max_connections(SIZES[n])),
            [Refused("PoolConfig::max_connections"), Works, Works],
        ),
        (
            "max_idle",
            |b, n| b.pool(PoolConfig::default().max_idle(SIZES[n])),
            works,
        ),
        (
            "idle_timeout",
            |b, n| b.pool(PoolConfig::default().idle_timeout(TIMES[n])),
            works,
        ),
        (
            "max_lifetime",
            |b, n| b.pool(PoolConfig::default().max_lifetime(TIMES[n])),
            [Refused("PoolConfig::max_lifetime"), Works, Works],
        ),
        (
            "http2_connections",
            |b, n| b.pool(PoolConfig::default().http2_connections(SIZES[n])),
            [Refused("PoolConfig::http2_connections"), Works, Works],
        ),
        ("redirects", |b, n| b.redirects(COUNTS[n]), works),
        (
            "request_compression",
            |b, n| {
                b.request_compression(
                    [
                        RequestCompression::Off,
                        RequestCompression::WhenAnnounced,
                        RequestCompression::Try,
                    ][n],
                )
            },
            works,
        ),
        (
            "max_attempts",
            |b, n| b.retry(RetryConfig::default().max_attempts(COUNTS[n])),
            [Refused("RetryConfig::max_attempts"), Works, Works],
        ),
        (
            "base_delay",
            |b, n| b.retry(RetryConfig::default().base_delay(TIMES[n])),
            works,
        ),
        (
            "max_delay",
            |b, n| {
                b.retry(
                    RetryConfig::default()
                        .base_delay(TIMES[n])
                        .max_delay(TIMES[n]),
                )
            },
            works,
        ),
        (
            "budget",
            |b, n| b.retry(RetryConfig::default().budget(COUNTS[n])),
            works,
        ),
        (
            "budget_percent",
            |b, n| b.retry(RetryConfig::default().budget_percent(COUNTS[n])),
            works,
        ),
        (
            "jitter_seed",
            |b, n| b.retry(RetryConfig::default().jitter_seed([0, 1, u64::MAX][n])),
            works,
        ),
        (
            "wire",
            |b, n| b.limits(SizeLimits::default().wire(SIZES[n])),
            [
                Fails(ErrorKind::TooLarge),
                Fails(ErrorKind::TooLarge),
                Works,
            ],
        ),
        (
            "decoded",
            |b, n| b.limits(SizeLimits::default().decoded(SIZES[n])),
            works,
        ),
        (
            "rate limit, calls",
            |b, n| b.rate_limit(RateLimit::new(COUNTS[n], Duration::from_nanos(1))),
            [Refused("RateLimit::calls"), Works, Works],
        ),
        (
            "rate limit, per",
            |b, n| b.rate_limit(RateLimit::new(2, TIMES[n])),
            [Refused("RateLimit::per"), Works, Works],
        ),
        (
            "failures",
            |b, n| b.breaker(BreakerConfig::default().failures(COUNTS[n])),
            [Refused("BreakerConfig::failures"), Works, Works],
        ),
        (
            "open_for",
            |b, n| b.breaker(BreakerConfig::default().open_for(TIMES[n])),
            works,
        ),
    ]
}

#[tokio::test]
async fn every_option_at_its_ends_has_a_meaning_or_is_refused_by_its_name() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let url = keeping_with(heads.clone(), "two").await;
    for (name, set, means) in ends_of_options() {
        for (n, means) in means.into_iter().enumerate() {
            let built = set(client(&url), n).build();
            let (client, allowed) = match (built, means) {
                (Err(error), Means::Refused(option)) => {
                    assert_eq!(error.kind(), ErrorKind::Config);
                    assert!(error.to_string().contains(option), "{name}: {error}");
                    continue;
                }
                (Ok(client), Means::Fails(kind)) => (client, [Err(kind); 2]),
                (Ok(client), Means::Works) => (client, [Ok(()); 2]),
                (Ok(client), Means::Late(deadline)) => {
                    (client, [Ok(()), Err(ErrorKind::Timeout(deadline))])
                }
                (built, means) => panic!("{name}, {n}: {means:?}, {built:?}"),
            };
            client.warm(0).await.unwrap();
            for _ in 0..2 {
                let outcome = client.execute(Call::new(&GET)).await.map(drop);
                let outcome = outcome.map_err(|error| error.kind());
                assert!(allowed.contains(&outcome), "{name}, {n}: {outcome:?}");
            }
        }
    }
}

#[tokio::test]
async fn every_option_that_can_be_off_is() {
    let url = keeping_with(Arc::default(), "two").await;
    let endless = Timeouts::default()
        .connect(None)
        .pool(None)
        .attempt(None)
        .read_idle(None)
        .total(None);
    let kept = PoolConfig::default().idle_timeout(None).max_lifetime(None);
    let client = client(&url)
        .timeouts(endless.clone())
        .pool(kept.http2(false))
        .retry(RetryConfig::default().no_budget())
        .rate_limit(None)
        .breaker(None)
        .redirects(0)
        .build()
        .unwrap();
    for call in [Call::new(&GET), Call::new(&GET).timeouts(endless)] {
        client.execute(call).await.unwrap();
    }
    assert_eq!(client.timeouts().total, None);
}

#[tokio::test]
async fn every_option_of_a_call_at_its_ends_has_a_meaning_or_is_refused_by_its_name() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let url = keeping_with(heads.clone(), "two").await;
    let per_hour = RateLimit::new(u32::MAX, Duration::from_secs(3600));
    let client = client(&url).rate_limit(per_hour).build().unwrap();
    let call = || Call::new(&GET);
    for weight in [0, 1] {
        client.execute(call().weight(weight)).await.unwrap();
    }
    for (timeouts, option) in [
        (
            Timeouts::default().attempt(Duration::ZERO),
            "Timeouts::attempt",
        ),
        (Timeouts::default().total(Duration::ZERO), "Timeouts::total"),
        (
            Timeouts::default().read_idle(Duration::ZERO),
            "Timeouts::read_idle",
        ),
    ] {
        let error = client.execute(call().timeouts(timeouts)).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Request, 0));
        assert!(error.to_string().contains(option), "{error}");
    }
    let max = Duration::MAX;
    let endless = Timeouts::default()
        .attempt(max)
        .total(max)
        .read_idle(max)
        .pool(max);
    let all = SizeLimits::default().wire(usize::MAX).decoded(usize::MAX);
    client
        .execute(call().timeouts(endless).limits(all))
        .await
        .unwrap();
    for (n, kept) in [(0, 0), (1, 1), (usize::MAX, 1)] {
        let capture = Capture::default().max_exchanges(n).max_body(n);
        let (outcome, trace) = capture.of(client.execute(call())).await;
        outcome.unwrap();
        assert_eq!(trace.exchanges.len(), kept, "{n}");
        assert_eq!(trace.left_out, 1 - kept as u64, "{n}");
    }
    // The whole window at once, and then none is left in time.
    let few = RateLimit::new(5, Duration::MAX);
    let client = self::client(&url).token("b3RoZXI6dG9rZW4=").rate_limit(few);
    let client = client.build().unwrap();
    client.execute(call().weight(u32::MAX)).await.unwrap();
    let error = client.execute(call()).await.unwrap_err();
    let late = ErrorKind::Timeout(Deadline::RateLimit);
    assert_eq!(error.kind(), late, "{error}");
}

#[tokio::test]
async fn a_call_in_a_box_is_the_same_call_and_outlives_its_client() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let client = client(&keeping_with(heads.clone(), "[1]").await)
        .build()
        .unwrap();
    let plain = client.execute(Call::new(&GET)).await.unwrap();
    let boxed = client.execute_boxed(Call::new(&GET));
    let download = client.download_boxed(Call::new(&GET));
    drop(client);
    assert_eq!(
        heads.lock().unwrap().len(),
        1,
        "it begins when it is polled"
    );
    let boxed = boxed.await.unwrap();
    assert_eq!((boxed.body(), boxed.attempts()), (plain.body(), 1));
    let mut file = Vec::new();
    let bytes = download.await.unwrap().write_to(&mut file).await.unwrap();
    assert_eq!((&file[..], bytes), (&b"[1]"[..], 3));
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 3);
    assert!(heads.iter().all(|head| *head == heads[0]), "{heads:?}");
}
