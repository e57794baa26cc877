//! What is tried again, and how often.

use super::*;

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
    // A call may have fewer than the client, and no more.
    for (sent, most, tries) in [(false, u32::MAX, 3), (false, 2, 2), (true, u32::MAX, 1)] {
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
            max_attempts: most,
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
