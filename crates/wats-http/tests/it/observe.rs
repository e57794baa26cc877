//! Who may look on: interceptors, captures, spans and metrics, and that none of them is shown a secret.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::format_push_string,
    clippy::large_futures,
    reason = "a panic here is the failing test, and nothing here is fast"
)]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::*;
use tracing::instrument::WithSubscriber;
use tracing_subscriber::fmt::format::FmtSpan;
use wats_http::http::{Method, StatusCode};
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_http::{
    Attempt, BodySource, Call, Capture, Client, ClientBuilder, ErrorKind, Idempotency, Intercept,
    Operation, Outcome, PoolConfig, ProxyConfig, Refusal, RetryConfig, TlsConfig,
};

static SUBMIT: Operation = Operation::new(
    "report.submit",
    Method::POST,
    "/submit",
    Idempotency::Idempotent,
);

fn mocked(mock: &MockTransport) -> ClientBuilder {
    Client::builder()
        .base_url("http://mock.example")
        .token(TOKEN)
        .rate_limit(None)
        .retry(RetryConfig::default().jitter_seed(1))
        .transport(mock.clone())
}

/// Notes all it sees, names each try, and refuses what it is told to.
#[derive(Debug, Clone, Default)]
struct Hook {
    name: &'static str,
    seen: Arc<Mutex<Vec<String>>>,
    /// `Debug` of what it saw.
    shown: Arc<Mutex<String>>,
    refuses: bool,
}

impl Intercept for Hook {
    fn before_attempt(&self, attempt: &mut Attempt<'_>) -> Result<(), Refusal> {
        let (number, url) = (attempt.number(), attempt.url());
        self.note(&format!("before {number} {} {url}", attempt.operation()));
        attempt.set_header("x-try", number)?;
        if self.refuses {
            return Err("the line is stopped".into());
        }
        Ok(())
    }

    fn after_attempt(&self, attempt: &Attempt<'_>, outcome: &Outcome<'_>) {
        let (number, status) = (attempt.number(), outcome.status());
        let (status, error) = (status.map(|s| s.as_u16()), outcome.error().is_some());
        self.note(&format!("after {number} {status:?} {error}"));
        *self.shown.lock().unwrap() += &format!("{attempt:?} {outcome:?} {outcome:#?}");
    }
}

impl Hook {
    fn note(&self, what: &str) {
        self.seen
            .lock()
            .unwrap()
            .push(format!("{} {what}", self.name));
    }
}

#[tokio::test(start_paused = true)]
async fn interceptors_see_every_try_set_headers_and_may_refuse() {
    let answers = [MockAnswer::status(503), MockAnswer::json(&1)];
    let mock = MockTransport::new().on(Method::GET, "/item/A%2FB", answers);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let hook = |name| Hook {
        name,
        seen: seen.clone(),
        ..Hook::default()
    };
    let client = mocked(&mock)
        .intercept(hook("a"))
        .intercept(hook("b"))
        .build()
        .unwrap();
    client
        .execute(Call::new(&ITEM).path("id", "A/B"))
        .await
        .unwrap();
    let url = "http://mock.example/item/A%2FB";
    assert_eq!(
        *seen.lock().unwrap(),
        [
            &format!("a before 1 test.item {url}"),
            &format!("b before 1 test.item {url}"),
            "b after 1 Some(503) true",
            "a after 1 Some(503) true",
            &format!("a before 2 test.item {url}"),
            &format!("b before 2 test.item {url}"),
            "b after 2 Some(200) false",
            "a after 2 Some(200) false",
        ]
    );
    let tries: Vec<_> = mock
        .requests()
        .iter()
        .map(|r| r.headers["x-try"].clone())
        .collect();
    assert_eq!(tries, ["1", "2"]);
    let refuses = Hook {
        refuses: true,
        ..Hook::default()
    };
    let client = mocked(&mock).intercept(refuses).build().unwrap();
    let error = client.execute(Call::new(&GET)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(
        format!("{error:#}").contains("the line is stopped"),
        "{error:#}"
    );
    assert_eq!(mock.requests().len(), 2, "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn a_capture_has_the_calls_of_its_own_code_only_and_replays() {
    let mock = MockTransport::new()
        .on(
            Method::GET,
            "/get",
            [MockAnswer::broken(), MockAnswer::json(&"got")],
        )
        .on(
            Method::POST,
            "/submit",
            [MockAnswer::status(400).body(r#"{"Message":"no"}"#, "application/json")],
        )
        .on(Method::GET, "/item/*", [MockAnswer::json(&"other")]);
    let client = mocked(&mock).build().unwrap();
    let other = {
        let client = client.clone();
        async move {
            for n in 0..20 {
                client
                    .execute(Call::new(&ITEM).path("id", n))
                    .await
                    .unwrap();
                tokio::task::yield_now().await;
            }
        }
    };
    let mine = async {
        client.execute(Call::new(&GET).query("q", 1)).await.unwrap();
        let submit = Call::new(&SUBMIT).body(r#"{"id":1}"#, "application/json");
        client.execute(submit).await.unwrap_err();
    };
    let (((), trace), ()) = tokio::join!(Capture::default().of(mine), other);
    let told: Vec<_> = trace
        .exchanges
        .iter()
        .map(|e| {
            (
                e.operation.as_str(),
                e.attempt,
                e.answer.as_ref().map(|a| a.status),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("test.get", 1, None),
            ("test.get", 2, Some(200)),
            ("report.submit", 1, Some(400))
        ]
    );
    let submit = &trace.exchanges[2];
    assert_eq!(submit.request_body.text, r#"{"id":1}"#);
    assert!(submit.request_body.exact);
    assert!(submit.error.as_ref().unwrap().contains("no"), "{submit:?}");
    let printed = trace.to_string();
    assert!(
        printed.contains("test.get try 2: GET http://mock.example/get?q=1"),
        "{printed}"
    );
    assert!(
        printed.contains(r#""got""#) && printed.contains("authorization: [redacted]"),
        "{printed}"
    );
    assert!(!printed.contains(TOKEN), "{printed}");

    // As a file, and back as a server: the same code runs into the same.
    let stored = serde_json::to_string(&trace).unwrap();
    let replay = MockTransport::replay(&serde_json::from_str(&stored).unwrap()).unwrap();
    let client = mocked(&replay).build().unwrap();
    let answer = client.execute(Call::new(&GET).query("q", 1)).await.unwrap();
    assert_eq!(
        (answer.json::<String>().unwrap().as_str(), answer.attempts()),
        ("got", 2)
    );
    let error = client.execute(Call::new(&SUBMIT)).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
    let error = client.execute(Call::new(&SUBMIT)).await.unwrap_err();
    assert!(error.to_string().contains("no answer (left)"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_capture_is_bounded_and_costs_nothing_when_it_is_over() {
    let large = MockAnswer::json(&"x".repeat(100_000));
    let mock = MockTransport::new().on(Method::GET, "/get", [large]);
    let client = mocked(&mock).build().unwrap();
    let capture = Capture::default().max_exchanges(3).max_body(100);
    let work = async {
        for _ in 0..10 {
            client.execute(Call::new(&GET)).await.unwrap();
        }
    };
    let ((), trace) = capture.of(work).await;
    assert_eq!((trace.exchanges.len(), trace.left_out), (3, 7));
    let body = &trace.exchanges[0].answer.as_ref().unwrap().body;
    assert_eq!(
        (body.text.len(), body.bytes, body.exact),
        (100, Some(100_002), false)
    );
    let error = MockTransport::replay(&trace).unwrap_err();
    assert!(
        error.to_string().contains("does not hold the whole answer"),
        "{error}"
    );
}

/// Collects what is written.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        let log = self.clone();
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn spans_have_the_names_of_the_semantic_conventions_and_no_raw_paths() {
    let answers = [MockAnswer::status(503), MockAnswer::json(&1)];
    let mock = MockTransport::new().on(Method::GET, "/item/*", answers);
    let client = mocked(&mock).build().unwrap();
    let log = Log::default();
    let call = client.execute(Call::new(&ITEM).path("id", "serial-4711"));
    call.with_subscriber(log.subscriber()).await.unwrap();
    let text = log.text();
    let closed = text
        .lines()
        .find(|line| line.contains("close") && !line.contains("http.attempt"))
        .unwrap();
    for field in [
        "http.call",
        r#"otel.kind="client""#,
        r#"operation="test.item""#,
        r#"http.request.method="GET""#,
        r#"url.template="/item/{id}""#,
        r#"server.address="mock.example""#,
        "server.port=80",
        "http.response.status_code=200",
        "http.request.resend_count=1",
    ] {
        assert!(closed.contains(field), "{field} is missing in {closed}");
    }
    let tries: Vec<_> = text
        .lines()
        .filter(|line| line.contains("close") && line.contains("http.attempt"))
        .collect();
    assert_eq!(tries.len(), 2, "{text}");
    assert!(
        tries[0].contains("attempt=1 http.response.status_code=503"),
        "{}",
        tries[0]
    );
    assert!(tries[0].contains(r#"error.type="status""#), "{}", tries[0]);
    assert!(
        tries[1].contains("attempt=2 http.response.status_code=200"),
        "{}",
        tries[1]
    );
    let spans = text.lines().filter(|line| line.contains("close"));
    assert!(
        !spans.into_iter().any(|line| line.contains("4711")),
        "{text}"
    );
}

/// Keeps counters and how often histograms were told, under name and labels.
#[derive(Default)]
struct Kept(Mutex<std::collections::BTreeMap<String, Arc<std::sync::atomic::AtomicU64>>>);

impl metrics::Recorder for Kept {
    fn describe_counter(
        &self,
        _: metrics::KeyName,
        _: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
    }
    fn describe_gauge(
        &self,
        _: metrics::KeyName,
        _: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
    }
    fn describe_histogram(
        &self,
        _: metrics::KeyName,
        _: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
    }
    fn register_counter(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        let mut cells = self.0.lock().unwrap();
        metrics::Counter::from_arc(cells.entry(key.to_string()).or_default().clone())
    }
    fn register_gauge(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        let mut cells = self.0.lock().unwrap();
        // Whole numbers within a gauge are the bits of a float.
        metrics::Gauge::from_arc(cells.entry(key.to_string()).or_default().clone())
    }
    fn register_histogram(
        &self,
        key: &metrics::Key,
        _: &metrics::Metadata<'_>,
    ) -> metrics::Histogram {
        self.0.lock().unwrap().entry(key.to_string()).or_default();
        metrics::Histogram::noop()
    }
}

#[test]
fn metrics_count_calls_by_operation_and_outcome() {
    let kept = Kept::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    metrics::with_local_recorder(&kept, || {
        runtime.block_on(async {
            let mock = MockTransport::new()
                .on(
                    Method::GET,
                    "/item/*",
                    [MockAnswer::status(503), MockAnswer::json(&1)],
                )
                .on(Method::GET, "/get", [MockAnswer::status(404)]);
            let client = mocked(&mock).build().unwrap();
            client
                .execute(Call::new(&ITEM).path("id", "4711"))
                .await
                .unwrap();
            client.execute(Call::new(&GET)).await.unwrap_err();
        });
    });
    let cells = kept.0.lock().unwrap();
    let names: Vec<_> = cells.keys().collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let has = |parts: &[&str]| {
        names
            .iter()
            .any(|n| parts.iter().all(|part| n.contains(part)))
    };
    assert!(
        has(&["http.client.request.duration", "test.item", "200", "ok"]),
        "{names:?}"
    );
    assert!(
        has(&["http.client.request.duration", "test.get", "404", "status"]),
        "{names:?}"
    );
    assert!(
        has(&["http.client.request.resend_count", "test.item"]),
        "{names:?}"
    );
    assert!(!names.iter().any(|n| n.contains("4711")), "{names:?}");
}

#[test]
fn metrics_know_of_open_connections_and_of_waits() {
    let kept = Kept::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let open = || {
        let cells = kept.0.lock().unwrap();
        let key = |name: &str| cells.iter().find(|(key, _)| key.contains(name));
        key("http.client.open_connections")
            .map(|(_, bits)| f64::from_bits(bits.load(std::sync::atomic::Ordering::SeqCst)))
    };
    let queued = || {
        let cells = kept.0.lock().unwrap();
        cells
            .keys()
            .any(|key| key.contains("http.client.request.time_in_queue"))
    };
    metrics::with_local_recorder(&kept, || {
        runtime.block_on(async {
            let server = Server::start(Speaks::Plain, |_| async { ok("1") }).await;
            let pool = PoolConfig::default().max_connections(2);
            let client = client(&server.url()).pool(pool).build().unwrap();
            assert_eq!((open(), queued()), (None, false));
            client.warm(2).await.unwrap();
            assert_eq!((open(), queued()), (Some(2.0), false));
            let calls = (0..5).map(|_| client.execute(Call::new(&GET)));
            for outcome in futures_util::future::join_all(calls).await {
                outcome.unwrap();
            }
            assert_eq!((open(), queued()), (Some(2.0), true));
            drop(client);
            server.until_live(|live| live == 0).await;
            tokio::time::timeout(Duration::from_secs(60), async {
                while open() != Some(0.0) {
                    tokio::task::yield_now().await;
                }
            })
            .await
            .unwrap();
        });
    });
}

/// A text as servers write it into addresses, JSON and web pages.
fn spellings(text: &str) -> [String; 3] {
    let each = |spell: fn(u8) -> String| text.bytes().map(spell).collect();
    [
        each(|b| format!("%{b:02x}")),
        each(|b| format!("\\u{b:04X}")),
        each(|b| format!("&#x{b:x};")),
    ]
}

/// A server that echoes the token in every place it can.
async fn echoing(speaks: Speaks) -> Server {
    Server::start(speaks, |request| async move {
        let echo = format!("you sent {:?} to {}", request.headers(), request.uri());
        let token = request.headers()["authorization"]
            .to_str()
            .unwrap()
            .to_owned();
        let (status, body) = match request.uri().path() {
            "/item/1" => (
                400,
                serde_json::json!({ "Message": echo, "token": token }).to_string(),
            ),
            "/item/2" => (500, spellings(&token).join(" ")),
            "/item/3" => (302, String::new()),
            "/item/4" => (200, format!("{{ {token}")),
            _ => (200, format!("\"{token}\"")),
        };
        let mut answer = ok(body);
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        let location = format!("/x?t={token}").parse().unwrap();
        answer.headers_mut().insert("location", location);
        answer
            .headers_mut()
            .insert("set-cookie", token.parse().unwrap());
        answer
            .headers_mut()
            .insert("x-echo", token.parse().unwrap());
        answer
    })
    .await
}

/// Such servers, and everything that could print it, over both protocols.
#[tokio::test]
async fn no_secret_leaks_in_debug_errors_spans_logs_or_captures() {
    let spelled = spellings(TOKEN);
    let authority = Authority::new();
    let mine = authority.issue(&["station"]);
    let key_line = mine.key_pem.lines().nth(1).unwrap().to_owned();
    let password = "hunter2-of-the-proxy";
    let log = Log::default();
    let mut shown = String::new();
    let hook = Hook::default();
    let work = async {
        for speaks in [Speaks::Plain, Speaks::Tls] {
            let server = echoing(speaks).await;
            let mut tls = TlsConfig::default();
            if let Some(pem) = &server.ca_pem {
                tls = tls.only_ca_pem(pem).unwrap();
            }
            let tls = tls
                .client_certificate_pem(&mine.chain_pem, &mine.key_pem)
                .unwrap();
            let retry = RetryConfig::default()
                .max_attempts(2)
                .base_delay(Duration::from_millis(1));
            let builder = client(&server.url())
                .retry(retry)
                .tls(tls)
                .intercept(hook.clone());
            shown += &format!("{builder:?} {builder:#?}");
            let client = builder.build().unwrap();
            for id in 1..=5 {
                let call = Call::new(&ITEM).path("id", id).query("mine", TOKEN);
                shown += &format!("{call:?}").replace(TOKEN, "the caller's own");
                match client.execute(call).await {
                    Ok(answer) => {
                        shown += &format!("{answer:?} {answer:#?}");
                        // The body itself is the caller's; what is told about it is not.
                        if let Err(error) = answer.json::<u8>() {
                            shown += &format!("{error} {error:#} {error:?} {error:#?}");
                        }
                    }
                    Err(error) => {
                        shown += &format!("{error} {error:#} {error:?} {error:#?}");
                        shown += error.server_message().unwrap_or_default();
                        shown += error.body_excerpt().unwrap_or_default();
                    }
                }
            }
            let call = Call::new(&ITEM).path("id", 6).query("mine", TOKEN);
            let download = client.download(call).await.unwrap();
            shown += &format!("{download:?} {download:#?}");
            drop(download);
            shown += &format!("{client:?} {client:#?} {:?}", client.pool_stats());
        }
        let proxy = ProxyConfig::url(&format!("http://u:{password}@127.0.0.1:9")).unwrap();
        let behind = client("http://far.example").proxy(proxy);
        shown += &format!("{behind:?}");
        let behind = behind.build().unwrap();
        shown += &format!("{behind:?}");
        let error = behind.execute(Call::new(&GET)).await.unwrap_err();
        shown += &format!("{error:#} {error:#?}");
    };
    let ((), trace) = Capture::default()
        .max_body(1 << 20)
        .of(work.with_subscriber(log.subscriber()))
        .await;
    assert!(trace.exchanges.len() >= 12, "{}", trace.exchanges.len());
    let stored = serde_json::to_string(&trace).unwrap();
    for (place, text) in [
        ("Debug or error", shown),
        ("interceptor", hook.shown.lock().unwrap().clone()),
        ("log", log.text()),
        ("capture", format!("{trace} {trace:?} {stored}")),
    ] {
        let spelled = spelled.iter().map(String::as_str);
        for secret in spelled.chain([TOKEN, password, &key_line]) {
            let found = text
                .find(secret)
                .map(|at| &text[at.saturating_sub(200)..at]);
            assert!(found.is_none(), "{place} shows {secret} after {found:?}");
        }
    }
}

#[test]
fn sources_and_hooks_are_debug() {
    let shown = format!("{:?}", BodySource::file("x").length(3));
    assert!(shown.contains('x') && shown.contains('3'), "{shown}");
}
