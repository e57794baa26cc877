//! When waiting ends.

use super::*;
use crate::token::TokenProvider;

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
