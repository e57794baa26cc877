//! The pipeline over a scripted transport, in paused time: what is tried, how often, and when.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode, Version};
use tokio::time::Instant;

use super::*;
use crate::client::Client;
use crate::operation::{Operation, Repeat};

/// What the scripted transport does with one try.
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
}

impl Transport for Script {
    async fn send(&self, _: &Prepared<'_>) -> Result<Received> {
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
        Ok(Received {
            status: StatusCode::from_u16(status).unwrap(),
            version: Version::HTTP_11,
            headers,
            body: Bytes::from_static(body.as_bytes()),
        })
    }
}

struct Outcome {
    result: Result<(Received, u32)>,
    /// Time of each try since the first.
    tries: Vec<Duration>,
}

async fn run(pipeline: Pipeline, repeat: Repeat, steps: impl IntoIterator<Item = Step>) -> Outcome {
    let client = Client::builder()
        .base_url("http://h")
        .token("c2VjcmV0")
        .build()
        .unwrap();
    let origin = Origin {
        shared: Arc::clone(client.shared()),
        operation: Operation::new("test.op", Method::PUT, "/x", repeat),
        target: "/x".to_owned(),
    };
    let common = HeaderMap::new();
    let request = Prepared {
        method: Method::PUT,
        target: "/x",
        common: &common,
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let script = Script {
        steps: Mutex::new(steps.into_iter().collect()),
        ..Script::default()
    };
    let result = pipeline.execute(&script, &request, &origin).await;
    assert!(
        script.steps.lock().unwrap().is_empty(),
        "the script has steps that were not tried"
    );
    let tries = script.tries.into_inner().unwrap();
    Outcome {
        result,
        tries: tries.iter().map(|t| *t - tries[0]).collect(),
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
    let outcome = run(Pipeline::default(), Repeat::Safe, steps).await;
    let (received, attempts) = outcome.result.unwrap();
    assert_eq!((&received.body[..], attempts), (&b"ok"[..], 3));
    assert!(
        outcome.tries[1] <= Duration::from_millis(101)
            && outcome.tries[2] <= Duration::from_millis(302)
    );
}

#[tokio::test(start_paused = true)]
async fn an_unsafe_operation_is_repeated_only_when_nothing_was_sent() {
    let error = run(Pipeline::default(), Repeat::Never, [Step::Fail(broken)])
        .await
        .result
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 1));
    let outcome = run(
        Pipeline::default(),
        Repeat::Never,
        [Step::Fail(unsent), Step::Answer(200, "")],
    )
    .await;
    assert_eq!(outcome.result.unwrap().1, 2);
}

#[tokio::test(start_paused = true)]
async fn tries_are_counted_and_bounded() {
    let steps = (0..4).map(|_| Step::Answer(500, r#"{"Message":"database is down"}"#));
    let error = run(Pipeline::default(), Repeat::Safe, steps)
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
        Pipeline::default(),
        Repeat::Safe,
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
        Pipeline::default(),
        Repeat::Safe,
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
    let pipeline = Pipeline {
        retry: RetryConfig::never(),
        ..Pipeline::default()
    };
    let start = Instant::now();
    let error = run(pipeline, Repeat::Safe, [Step::Hang])
        .await
        .result
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::Attempt));
    assert_eq!(start.elapsed().as_secs(), 30);

    let pipeline = Pipeline {
        timeouts: Timeouts::default().total(Duration::from_secs(50)),
        ..Pipeline::default()
    };
    let start = Instant::now();
    let error = run(pipeline, Repeat::Safe, [Step::Hang, Step::Hang])
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
        let error = run(Pipeline::default(), Repeat::Safe, [Step::Answer(400, body)])
            .await
            .result
            .unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_echoes_the_token_does_not_make_us_print_it() {
    let body = r#"{"Message":"bad credentials c2VjcmV0"}"#;
    let error = run(Pipeline::default(), Repeat::Safe, [Step::Answer(401, body)])
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
    let pipeline = Pipeline {
        timeouts,
        ..Pipeline::default()
    };
    let outcome = run(
        pipeline,
        Repeat::Safe,
        [Step::Answer(503, ""), Step::Answer(200, "")],
    )
    .await;
    assert_eq!(outcome.result.unwrap().1, 2);
}
