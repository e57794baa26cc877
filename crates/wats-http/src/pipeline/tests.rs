//! The pipeline over a scripted transport, in paused time: what is tried, how often, and when.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode, Version};
use tokio::time::{Instant, timeout};

use super::*;
use crate::breaker::BreakerConfig;
use crate::client::Client;
use crate::encoding::RequestCompression;
use crate::operation::{Idempotency, Operation};
use crate::rate_limit::RateLimit;
use crate::request::{AttemptProgress, CommonHeaders, RedirectTarget};
use crate::token::TokenProvider;

/// What the scripted transport does with one attempt.
#[derive(Clone, Copy)]
enum Step {
    Answer(u16, &'static str),
    RetryAfter(u16, &'static str),
    Fail(fn() -> Error),
    Hang,
}

#[derive(Default)]
struct Script {
    steps: Mutex<VecDeque<Step>>,
    tries: Mutex<Vec<Instant>>,
    /// Which tries had a packed body.
    packed: Mutex<Vec<bool>>,
}

impl Transport for Script {
    type Body = Bytes;

    async fn send(
        &self,
        request: &PreparedRequest<'_>,
        _: Option<&RedirectTarget>,
    ) -> Result<Answer<Bytes>> {
        let says_packed = request.headers.contains_key(CONTENT_ENCODING);
        let Payload::Buffered(body) = &request.body else {
            panic!("no test streams");
        };
        assert_eq!(says_packed, body.starts_with(&[0x1f, 0x8b]));
        self.packed.lock().unwrap().push(says_packed);
        self.tries.lock().unwrap().push(Instant::now());
        let step = self
            .steps
            .lock()
            .unwrap()
            .pop_front()
            .expect("one more try than the script has");
        let (status, body, headers) = match step {
            Step::Answer(status, body) => (status, body, HeaderMap::new()),
            Step::RetryAfter(status, wait) => (
                status,
                "",
                HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(wait))]),
            ),
            Step::Fail(error) => return Err(error()),
            Step::Hang => std::future::pending().await,
        };
        Ok(Answer {
            status: StatusCode::from_u16(status).unwrap(),
            version: Version::HTTP_11,
            headers,
            body: Bytes::from_static(body.as_bytes()),
        })
    }
}

/// All defaults, without what tests share with each other.
fn plain() -> Pipeline {
    with(RetryConfig::default(), Timeouts::default())
}

fn with(retry: RetryConfig, timeouts: Timeouts) -> Pipeline {
    Pipeline {
        timeouts,
        budget: Budget::new(&retry),
        retry,
        limits: SizeLimits::default(),
        limiter: None,
        tokens: None,
        breaker: None,
        compression: CompressionState::new(RequestCompression::Off),
        intercepts: Vec::new(),
        redirects: 0,
        jitter: None,
    }
}

struct Outcome {
    result: Result<(Received, u32)>,
    /// Time of each attempt since the first.
    tries: Vec<Duration>,
    packed: Vec<bool>,
}

async fn run(
    pipeline: Pipeline,
    idempotency: Idempotency,
    steps: impl IntoIterator<Item = Step>,
) -> Outcome {
    run_on(&pipeline, idempotency, steps).await
}

async fn run_on(
    pipeline: &Pipeline,
    idempotency: Idempotency,
    steps: impl IntoIterator<Item = Step>,
) -> Outcome {
    run_with(pipeline, idempotency, Bytes::new(), steps).await
}

async fn run_with(
    pipeline: &Pipeline,
    idempotency: Idempotency,
    body: Bytes,
    steps: impl IntoIterator<Item = Step>,
) -> Outcome {
    let client = Client::builder()
        .base_url("http://h")
        .token("c2VjcmV0")
        .build()
        .unwrap();
    let call = CallContext {
        base: Arc::clone(&client.shared().base),
        identity: client.shared().identity.get(),
        refreshed: std::sync::OnceLock::new(),
        operation: Operation::new("test.op", Method::PUT, "/x", idempotency),
        target: "/x".to_owned(),
    };
    let common = CommonHeaders::new(HeaderMap::new(), &HeaderValue::from_static("h"));
    let mut request = PreparedRequest {
        method: Method::PUT,
        target: "/x",
        common: &common,
        headers: HeaderMap::new(),
        body: Payload::Buffered(body),
        plain: None,
        may_repeat: idempotency == Idempotency::Idempotent,
        weight: 1,
        timeouts: &pipeline.timeouts,
        limits: &pipeline.limits,
        progress: AttemptProgress::default(),
    };
    let script = Script {
        steps: Mutex::new(steps.into_iter().collect()),
        ..Script::default()
    };
    let result = pipeline
        .execute::<Buffered, _>(&script, &mut request, &call)
        .await;
    assert!(
        script.steps.lock().unwrap().is_empty(),
        "the script has steps that were not tried"
    );
    let tries = script.tries.into_inner().unwrap();
    Outcome {
        result,
        tries: tries.iter().map(|t| *t - tries[0]).collect(),
        packed: script.packed.into_inner().unwrap(),
    }
}

fn broken() -> Error {
    Error::new(ErrorKind::Transport)
}

fn unsent() -> Error {
    Error::new(ErrorKind::Connect).never_sent()
}

#[tokio::test(start_paused = true)]
async fn a_safe_operation_is_repeated_until_it_succeeds() {
    let steps = [
        Step::Fail(broken),
        Step::Answer(503, ""),
        Step::Answer(200, "ok"),
    ];
    let outcome = run(plain(), Idempotency::Idempotent, steps).await;
    let (received, attempts) = outcome.result.unwrap();
    assert_eq!((&received.body[..], attempts), (&b"ok"[..], 3));
    assert!(
        outcome.tries[1] <= Duration::from_millis(101)
            && outcome.tries[2] <= Duration::from_millis(302)
    );
}

#[tokio::test(start_paused = true)]
async fn an_unsafe_operation_is_repeated_only_when_nothing_was_sent() {
    let error = run(plain(), Idempotency::NotIdempotent, [Step::Fail(broken)])
        .await
        .result
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 1));
    let outcome = run(
        plain(),
        Idempotency::NotIdempotent,
        [Step::Fail(unsent), Step::Answer(200, "")],
    )
    .await;
    assert_eq!(outcome.result.unwrap().1, 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_unsent_if_none_of_its_attempts_was_sent() {
    let is_unsent = async |steps: [fn() -> Error; 4]| {
        let steps = steps.map(Step::Fail);
        let outcome = run(plain(), Idempotency::Idempotent, steps).await;
        let error = outcome.result.unwrap_err();
        assert_eq!(error.attempts(), 4);
        error.is_unsent()
    };
    assert!(is_unsent([unsent; 4]).await);
    assert!(!is_unsent([broken; 4]).await);
    assert!(!is_unsent([broken, unsent, unsent, unsent]).await);
    assert!(!is_unsent([unsent, unsent, unsent, broken]).await);
    assert!(Error::request("a mistake").is_unsent());
}

#[tokio::test(start_paused = true)]
async fn tries_are_counted_and_bounded() {
    let steps = (0..4).map(|_| Step::Answer(500, r#"{"Message":"database is down"}"#));
    let error = run(plain(), Idempotency::Idempotent, steps)
        .await
        .result
        .unwrap_err();
    assert_eq!(
        (error.status(), error.attempts()),
        (Some(StatusCode::INTERNAL_SERVER_ERROR), 4)
    );
    let text = format!("{error:#}");
    assert!(
        text.starts_with(
            "test.op: PUT http://h/x: 500 Internal Server Error: database is down (after 4 attempts"
        ),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_servers_wait_is_kept_to() {
    let outcome = run(
        plain(),
        Idempotency::Idempotent,
        [Step::RetryAfter(429, "7"), Step::Answer(200, "")],
    )
    .await;
    assert!(outcome.result.is_ok());
    assert_eq!(outcome.tries[1].as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_fails_at_once_and_tells_the_cause() {
    let start = Instant::now();
    let error = run(
        plain(),
        Idempotency::Idempotent,
        [Step::RetryAfter(503, "600")],
    )
    .await
    .result
    .unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn each_deadline_has_its_own_error() {
    let start = Instant::now();
    let error = run(
        with(RetryConfig::never(), Timeouts::default()),
        Idempotency::Idempotent,
        [Step::Hang],
    )
    .await
    .result
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
    assert_eq!(start.elapsed().as_secs(), 30);

    let timeouts = Timeouts::default().total(Duration::from_secs(50));
    let pipeline = with(RetryConfig::default(), timeouts);
    let start = Instant::now();
    let error = run(pipeline, Idempotency::Idempotent, [Step::Hang, Step::Hang])
        .await
        .result
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Total));
    assert_eq!(start.elapsed().as_secs(), 50);
}

#[tokio::test(start_paused = true)]
async fn refusals_carry_the_servers_words() {
    for (body, words) in [
        (
            r#"{"Message":"root -> step A:\r\nname missing"}"#,
            "root -> step A: name missing",
        ),
        (
            r#"{"title":"One or more errors","detail":"bad filter"}"#,
            "bad filter",
        ),
        (r#""just text""#, "just text"),
    ] {
        let error = run(plain(), Idempotency::Idempotent, [Step::Answer(400, body)])
            .await
            .result
            .unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_words_of_the_server_are_printed_twice() {
    for (status, body, word) in [
        (400, r#"{"Message":"invalid $filter"}"#, "invalid $filter"),
        (
            400,
            r#"{"title":"invalid filter","status":400}"#,
            "invalid filter",
        ),
        (400, r#"{"Message":"said \"quoted\" words"}"#, "quoted"),
        (
            500,
            r#"{"Message":"a b","ModelState":{"x":["y is wrong"]}}"#,
            "y is wrong",
        ),
        (500, r#""bare words""#, "bare words"),
        (500, "plain words", "plain words"),
    ] {
        let pipeline = with(RetryConfig::never(), Timeouts::default());
        let outcome = run(
            pipeline,
            Idempotency::NotIdempotent,
            [Step::Answer(status, body)],
        )
        .await;
        let error = outcome.result.unwrap_err();
        let line = format!("{error:#}");
        assert_eq!(line.matches(word).count(), 1, "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(error.body_excerpt().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_echoes_the_token_does_not_make_us_print_it() {
    let body = r#"{"Message":"bad credentials c2VjcmV0"}"#;
    let error = run(plain(), Idempotency::Idempotent, [Step::Answer(401, body)])
        .await
        .result
        .unwrap_err();
    assert!(!format!("{error:#} {error:?} {:?}", error.body_excerpt()).contains("c2VjcmV0"));
}

#[tokio::test(start_paused = true)]
async fn no_deadline_is_no_deadline() {
    let timeouts = Timeouts::default()
        .total(Duration::MAX)
        .attempt(Duration::MAX);
    let pipeline = with(RetryConfig::default(), timeouts);
    let outcome = run(
        pipeline,
        Idempotency::Idempotent,
        [Step::Answer(503, ""), Step::Answer(200, "")],
    )
    .await;
    assert_eq!(outcome.result.unwrap().1, 2);
}

/// The waits that jitter seeded with `seed` gives, from upper bounds in milliseconds.
fn jittered(seed: u64, bounds: &[u64]) -> Vec<Duration> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let wait = |bound: &u64| Duration::from_millis(*bound).mul_f64(rng.f64());
    bounds.iter().map(wait).collect()
}

/// The timer wakes at the first whole millisecond after.
fn rounded_up(waits: &[Duration]) -> Duration {
    waits
        .iter()
        .map(|wait| Duration::from_millis(wait.as_nanos().div_ceil(1_000_000) as u64))
        .sum()
}

#[tokio::test(start_paused = true)]
async fn the_waits_are_exactly_those_of_the_seed() {
    let bounds = [100, 200, 400, 800, 1600, 3200, 5000];
    let retry = RetryConfig::default().max_attempts(8);
    for seed in [1, 2, 3, 0xdead_beef] {
        let expected = jittered(seed, &bounds);
        fastrand::seed(seed);
        let steps = (0..8).map(|_| Step::Answer(503, ""));
        let start = Instant::now();
        let outcome = run(
            with(retry.clone(), Timeouts::default()),
            Idempotency::Idempotent,
            steps,
        )
        .await;
        let error = outcome.result.unwrap_err();
        assert_eq!(error.delays(), expected);
        assert_eq!(
            (start.elapsed(), error.elapsed()),
            (rounded_up(&expected), Some(start.elapsed()))
        );
        for (n, at) in outcome.tries.iter().enumerate() {
            assert_eq!(*at, rounded_up(&expected[..n]));
        }
        let line = format!("{error:#}");
        assert!(
            line.contains(&format!(
                "waiting {:.1?} + {:.1?} + ",
                expected[0], expected[1]
            )),
            "{line}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn jitter_stands_above_what_the_server_asks_for() {
    let steps = || {
        [
            Step::RetryAfter(503, "2"),
            Step::RetryAfter(429, "0"),
            Step::Answer(502, ""),
            Step::Answer(200, ""),
        ]
    };
    let jitter = jittered(9, &[100, 200, 400]);
    let expected = [Duration::from_secs(2) + jitter[0], jitter[1], jitter[2]];
    fastrand::seed(9);
    let outcome = run(plain(), Idempotency::Idempotent, steps()).await;
    assert_eq!(outcome.result.unwrap().1, 4);
    assert_eq!(*outcome.tries.last().unwrap(), rounded_up(&expected));
}

#[tokio::test(start_paused = true)]
async fn an_empty_budget_ends_the_repeats_and_successes_refill_it() {
    let retry = RetryConfig::default().budget(4);
    let pipeline = with(retry, Timeouts::default());
    let down = |n| (0..n).map(|_| Step::Answer(503, ""));
    let attempts = async |n: usize| {
        let error = run_on(&pipeline, Idempotency::Idempotent, down(n))
            .await
            .result
            .unwrap_err();
        (error.attempts(), error.to_string().contains("retry budget"))
    };
    assert_eq!(attempts(4).await, (4, false));
    assert_eq!(attempts(2).await, (2, true), "the last of four");
    assert_eq!(attempts(1).await, (1, true));
    for _ in 0..5 {
        run_on(&pipeline, Idempotency::Idempotent, [Step::Answer(200, "")])
            .await
            .result
            .unwrap();
    }
    assert_eq!(attempts(2).await, (2, true));
}

#[tokio::test(start_paused = true)]
async fn unsent_is_sent_again_whatever_it_is() {
    let no_slot = || Error::new(ErrorKind::Timeout(Deadline::Pool)).never_sent();
    let outcome = run(
        plain(),
        Idempotency::NotIdempotent,
        [Step::Fail(no_slot), Step::Answer(200, "")],
    )
    .await;
    assert_eq!(outcome.result.unwrap().1, 2);
}

#[tokio::test(start_paused = true)]
async fn a_failing_server_opens_the_breaker_which_one_probe_closes() {
    let breaker = BreakerConfig::default().failures(4);
    let pipeline = Pipeline {
        breaker: Some(Breaker::new(&breaker)),
        ..plain()
    };
    let start = Instant::now();
    let error = run_on(
        &pipeline,
        Idempotency::Idempotent,
        (0..4).map(|_| Step::Answer(500, "")),
    )
    .await
    .result
    .unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::INTERNAL_SERVER_ERROR));
    let opened = start.elapsed();
    let error = run_on(&pipeline, Idempotency::Idempotent, [])
        .await
        .result
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::CircuitOpen, 0)
    );
    assert_eq!(start.elapsed(), opened, "at once");
    tokio::time::sleep(error.retry_after_hint().unwrap()).await;
    // A probe that is given up leaves its place to the next.
    let hangs = run_on(&pipeline, Idempotency::Idempotent, [Step::Hang]);
    assert!(timeout(Duration::from_secs(1), hangs).await.is_err());
    run_on(&pipeline, Idempotency::Idempotent, [Step::Answer(404, "")])
        .await
        .result
        .unwrap_err();
    run_on(&pipeline, Idempotency::Idempotent, [Step::Answer(200, "")])
        .await
        .result
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_breaker_that_opens_during_the_repeats_leaves_the_servers_own_error() {
    let breaker = BreakerConfig::default().failures(2);
    let pipeline = Pipeline {
        breaker: Some(Breaker::new(&breaker)),
        ..plain()
    };
    let steps = [
        Step::Answer(503, ""),
        Step::Answer(503, r#"{"Message":"down"}"#),
    ];
    let error = run(pipeline, Idempotency::Idempotent, steps)
        .await
        .result
        .unwrap_err();
    assert_eq!(error.attempts(), 2);
    assert!(
        error.to_string().contains("503 Service Unavailable: down"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn repeats_use_up_the_rate_limit_and_429_pauses_everybody() {
    let limit = RateLimit::new(3, Duration::from_secs(60));
    let limiter = Arc::new(Limiter::new(&limit));
    let pipeline = || Pipeline {
        limiter: Some(Arc::clone(&limiter)),
        ..plain()
    };
    let start = Instant::now();
    run(
        pipeline(),
        Idempotency::Idempotent,
        [Step::RetryAfter(429, "9"), Step::Answer(200, "")],
    )
    .await
    .result
    .unwrap();
    assert_eq!(start.elapsed().as_secs(), 9);
    run(pipeline(), Idempotency::Idempotent, [Step::Answer(200, "")])
        .await
        .result
        .unwrap();
    assert_eq!(start.elapsed().as_secs(), 9);
    run(pipeline(), Idempotency::Idempotent, [Step::Answer(200, "")])
        .await
        .result
        .unwrap();
    assert_eq!(
        start.elapsed().as_secs(),
        60,
        "the try at 0 s is out of the window"
    );

    let now = Instant::now();
    run(
        pipeline(),
        Idempotency::NotIdempotent,
        [Step::RetryAfter(429, "20")],
    )
    .await
    .result
    .unwrap_err();
    run(pipeline(), Idempotency::Idempotent, [Step::Answer(200, "")])
        .await
        .result
        .unwrap();
    assert!(
        now.elapsed() >= Duration::from_secs(20),
        "another call waited too"
    );
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_rate_limit_is_bounded_by_the_whole_calls_deadline() {
    let limit = RateLimit::new(1, Duration::from_secs(60));
    let timeouts = Timeouts::default().total(Duration::from_secs(59));
    let pipeline = Pipeline {
        limiter: Some(Arc::new(Limiter::new(&limit))),
        ..with(RetryConfig::default(), timeouts)
    };
    run_on(&pipeline, Idempotency::Idempotent, [Step::Answer(200, "")])
        .await
        .result
        .unwrap();
    let error = run_on(&pipeline, Idempotency::Idempotent, [])
        .await
        .result
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::RateLimit));
    assert_eq!(error.attempts(), 0);
    assert!(
        format!("{error:#}").contains("raise RateLimit"),
        "{error:#}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_packed_bodies_gets_plain_ones_ever_after() {
    let body = Bytes::from(vec![b'a'; 5000]);
    let pipeline = Pipeline {
        compression: CompressionState::new(RequestCompression::Try),
        ..plain()
    };
    for status in [415, 400] {
        // Refused for another reason: nothing is known then, and the error is the plain body's.
        let steps = [Step::Answer(status, ""), Step::Answer(status, "\"why\"")];
        let outcome = run_with(&pipeline, Idempotency::Idempotent, body.clone(), steps).await;
        let error = outcome.result.unwrap_err();
        assert!(error.to_string().contains("why"), "{error}");
        assert_eq!(outcome.packed, [true, false]);
    }
    // 400 may mean that something was done.
    let steps = [Step::Answer(400, "")];
    let outcome = run_with(&pipeline, Idempotency::NotIdempotent, body.clone(), steps).await;
    assert_eq!(outcome.result.unwrap_err().attempts(), 1);
    let steps = [Step::Answer(415, ""), Step::Answer(200, "")];
    let outcome = run_with(&pipeline, Idempotency::NotIdempotent, body.clone(), steps).await;
    assert_eq!(outcome.result.unwrap().1, 2);
    assert_eq!(outcome.packed, [true, false]);
    let outcome = run_with(
        &pipeline,
        Idempotency::NotIdempotent,
        body,
        [Step::Answer(200, "")],
    )
    .await;
    assert_eq!(outcome.packed, [false]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_took_a_packed_body_means_the_content_when_it_refuses_one() {
    let body = Bytes::from(vec![b'a'; 5000]);
    let pipeline = Pipeline {
        compression: CompressionState::new(RequestCompression::Try),
        ..plain()
    };
    let run = async |steps: &[Step]| {
        run_with(
            &pipeline,
            Idempotency::Idempotent,
            body.clone(),
            steps.iter().copied(),
        )
        .await
    };
    assert_eq!(run(&[Step::Answer(200, "")]).await.packed, [true]);
    assert_eq!(run(&[Step::Answer(400, "\"odd\"")]).await.packed, [true]);
    let changed_its_mind = [Step::Answer(415, ""), Step::Answer(200, "")];
    assert_eq!(run(&changed_its_mind).await.packed, [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_repeat_sends_the_same_packed_body() {
    let pipeline = Pipeline {
        compression: CompressionState::new(RequestCompression::Try),
        ..plain()
    };
    let steps = [Step::Answer(503, ""), Step::Answer(200, "")];
    let body = Bytes::from(vec![b'a'; 5000]);
    let outcome = run_with(&pipeline, Idempotency::Idempotent, body, steps).await;
    assert_eq!(outcome.packed, [true, true]);
}

/// The waits of three calls that fail four times each, for a seed, to the millisecond.
async fn waits(seed: u64) -> Vec<Vec<u128>> {
    let mut pipeline = plain();
    pipeline.jitter = Some(Mutex::new(fastrand::Rng::with_seed(seed)));
    let mut all = Vec::new();
    for _ in 0..3 {
        let steps = (0..4).map(|_| Step::Answer(503, ""));
        let outcome = run_on(&pipeline, Idempotency::Idempotent, steps).await;
        let error = outcome.result.unwrap_err();
        // What the error tells is what was slept; tokio's clock counts whole milliseconds, upwards.
        let slept: Vec<_> = outcome
            .tries
            .windows(2)
            .map(|pair| pair[1].saturating_sub(pair[0]))
            .collect();
        for (told, slept) in error.delays().iter().zip(&slept) {
            assert!(*slept >= *told && *slept <= *told + Duration::from_millis(1));
        }
        all.push(error.delays().iter().map(Duration::as_millis).collect());
    }
    all
}

#[tokio::test(start_paused = true)]
async fn seeded_waits_are_the_same_in_every_run() {
    assert_eq!(waits(7).await, [[77, 44, 287], [48, 23, 66], [79, 18, 55]],);
    assert_ne!(waits(7).await, waits(8).await);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_time_gets_at_least_that() {
    let mut pipeline = plain();
    pipeline.jitter = Some(Mutex::new(fastrand::Rng::with_seed(7)));
    let steps = [
        Step::RetryAfter(503, "2"),
        Step::RetryAfter(429, "0"),
        Step::Answer(200, ""),
    ];
    let outcome = run_on(&pipeline, Idempotency::Idempotent, steps).await;
    outcome.result.unwrap();
    let first = outcome.tries[1];
    assert!(
        first >= Duration::from_secs(2) && first <= Duration::from_millis(2101),
        "{first:?}"
    );
    assert!(outcome.tries[2].saturating_sub(first) <= Duration::from_millis(201));
}

/// A transport that stands still before or after the request has left.
struct Stuck {
    sent: bool,
    tries: Mutex<u32>,
}

impl Transport for Stuck {
    type Body = Bytes;

    async fn send(
        &self,
        request: &PreparedRequest<'_>,
        _: Option<&RedirectTarget>,
    ) -> Result<Answer<Bytes>> {
        *self.tries.lock().unwrap() += 1;
        request.mark_sent(self.sent);
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_try_that_timed_out_before_anything_left_is_made_again_whatever_it_does() {
    for (sent, tries) in [(false, 3), (true, 1)] {
        let retry = RetryConfig::default().max_attempts(3);
        let pipeline = with(retry, Timeouts::default().attempt(Duration::from_secs(1)));
        let client = Client::builder()
            .base_url("http://h")
            .token("c2VjcmV0")
            .build()
            .unwrap();
        let call = CallContext {
            base: Arc::clone(&client.shared().base),
            identity: client.shared().identity.get(),
            refreshed: std::sync::OnceLock::new(),
            operation: Operation::new("test.op", Method::POST, "/x", Idempotency::NotIdempotent),
            target: "/x".to_owned(),
        };
        let common = CommonHeaders::new(HeaderMap::new(), &HeaderValue::from_static("h"));
        let mut request = PreparedRequest {
            method: Method::POST,
            target: "/x",
            common: &common,
            headers: HeaderMap::new(),
            body: Payload::Buffered(Bytes::new()),
            plain: None,
            may_repeat: false,
            weight: 1,
            timeouts: &pipeline.timeouts,
            limits: &pipeline.limits,
            progress: AttemptProgress::default(),
        };
        let stuck = Stuck {
            sent,
            tries: Mutex::default(),
        };
        let outcome = pipeline
            .execute::<Buffered, _>(&stuck, &mut request, &call)
            .await;
        let error = outcome.map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
        assert_eq!(
            (error.is_unsent(), *stuck.tries.lock().unwrap()),
            (!sent, tries)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_waited_for_no_longer_than_the_deadlines_allow() {
    for (timeouts, after) in [
        (Timeouts::default().attempt(Duration::from_secs(7)), 7),
        (Timeouts::default().total(Duration::from_secs(5)), 5),
    ] {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let released = Mutex::new(released);
        let provider = TokenProvider::callback(move || {
            released.lock().unwrap().recv().map(|()| String::new())
        });
        let client = Client::builder().base_url("http://h").token("c2VjcmV0");
        let current = Arc::clone(&client.build().unwrap().shared().identity);
        let mut pipeline = with(RetryConfig::default(), timeouts);
        pipeline.tokens = Some(TokenRefresh::new(provider, current));
        let began = Instant::now();
        let steps = [Step::Answer(401, "")];
        let error = run_on(&pipeline, Idempotency::Idempotent, steps).await;
        let error = error.result.map(|_| ()).unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::UNAUTHORIZED));
        assert!(error.to_string().contains("in time"), "{error}");
        assert_eq!(began.elapsed().as_secs(), after);
        drop(release);
    }
}
