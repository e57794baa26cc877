//! Packed bodies that a server takes or refuses.

use super::*;

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
