//! The pipeline over a scripted transport, in paused time: what is tried, how often, and when. Here is what its tests
//! have in common; each file below holds those of one idea.

mod admission;
mod deadlines;
mod packing;
mod refusals;
mod repeats;
mod waits;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue, RETRY_AFTER};
use http::{Method, StatusCode, Version};
use tokio::time::Instant;

use super::*;
use crate::client::Client;
use crate::encoding::RequestCompression;
use crate::operation::{Idempotency, Operation};
use crate::request::{AttemptProgress, CommonHeaders, RedirectTarget};

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
        max_attempts: u32::MAX,
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
