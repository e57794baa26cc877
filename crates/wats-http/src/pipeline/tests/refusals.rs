//! The server's words in errors.

use super::*;

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
