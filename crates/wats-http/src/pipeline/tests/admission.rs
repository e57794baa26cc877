//! What keeps an attempt from being made: the rate limit and the circuit breaker.

use tokio::time::timeout;

use super::*;
use crate::breaker::BreakerConfig;
use crate::rate_limit::{Acquire, RateLimit, RateLimited, TokenLimiter};

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
    let limiter = Arc::new(TokenLimiter::new(&limit));
    let pipeline = || Pipeline {
        limiter: Some(limiter.clone()),
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
        limiter: Some(Arc::new(TokenLimiter::new(&limit))),
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

/// A rate limiter that writes down what it is asked, and lets calls pass while it has some left.
#[derive(Debug, Default)]
struct Noted {
    left: Mutex<u32>,
    asked: Mutex<Vec<String>>,
}

impl Noted {
    fn with(left: u32) -> Arc<Self> {
        Arc::new(Self {
            left: Mutex::new(left),
            ..Self::default()
        })
    }

    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl RateLimiter for Noted {
    fn try_acquire(&self, calls: u32, _: Instant) -> bool {
        self.note(format!("try {calls}"));
        let mut left = self.left.lock().unwrap();
        let rest = left.checked_sub(calls);
        *left = rest.unwrap_or(*left);
        rest.is_some()
    }

    fn acquire(&self, calls: u32, deadline: Option<Instant>) -> Acquire<'_> {
        let wait = deadline.map(|deadline| deadline - Instant::now());
        self.note(format!("acquire {calls} within {wait:?}"));
        Box::pin(async { Err(RateLimited::new("used up").retry_after(Duration::from_secs(9))) })
    }

    fn pause(&self, wait: Duration) {
        self.note(format!("pause {wait:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_limiter_of_the_program_is_asked_before_each_attempt_and_told_of_each_429() {
    let limiter = Noted::with(3);
    let pipeline = Pipeline {
        limiter: Some(limiter.clone()),
        ..plain()
    };
    let steps = [
        Step::RetryAfter(503, "1"),
        Step::RetryAfter(429, "7"),
        Step::Answer(200, ""),
    ];
    run_on(&pipeline, Idempotency::Idempotent, steps)
        .await
        .result
        .unwrap();
    assert_eq!(limiter.asked(), ["try 1", "try 1", "pause 7s", "try 1"]);

    let error = run_on(&pipeline, Idempotency::Idempotent, [])
        .await
        .result
        .unwrap_err();
    assert_eq!(limiter.asked(), ["try 1", "acquire 1 within Some(120s)"]);
    assert_eq!(error.kind(), ErrorKind::Timeout(Deadline::RateLimit));
    assert_eq!(error.retry_after_hint(), Some(Duration::from_secs(9)));
    assert!(error.is_unsent() && error.to_string().contains("used up; there is room in 9.0s"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_repeated_pauses_too_and_no_pause_is_longer_than_five_minutes() {
    let limiter = Noted::with(9);
    let pipeline = Pipeline {
        limiter: Some(limiter.clone()),
        ..plain()
    };
    for (step, told) in [
        (Step::RetryAfter(429, "20"), &["try 1", "pause 20s"][..]),
        (
            Step::RetryAfter(429, "99999999"),
            &["try 1", "pause 300s"][..],
        ),
        // It does not say how long, or is about the server and not the token.
        (Step::Answer(429, ""), &["try 1"][..]),
        (Step::RetryAfter(503, "20"), &["try 1"][..]),
    ] {
        let outcome = run_on(&pipeline, Idempotency::NotIdempotent, [step]).await;
        outcome.result.unwrap_err();
        assert_eq!(limiter.asked(), told);
    }
}
