//! Repeats against a mock server over real TCP: what is sent again, and what is not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::time::Duration;

use crate::common::{GET, POST, TOKEN};
use wats_http::{Call, Client, ErrorKind, Idempotency, Operation, RetryConfig, http::Method};
use wiremock::matchers::{body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A POST that overwrites, as a report's does.
static OVERWRITE: Operation = Operation::new(
    "test.overwrite",
    Method::POST,
    "/post",
    Idempotency::Idempotent,
);

fn client(server: &MockServer) -> Client {
    let retry = RetryConfig::default().base_delay(Duration::from_millis(1));
    Client::builder()
        .base_url(server.uri())
        .token(TOKEN)
        .retry(retry)
        .build()
        .expect("valid")
}

#[tokio::test]
async fn overload_passes_and_the_call_succeeds() {
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(503).insert_header("retry-after", "0");
    Mock::given(path("/get"))
        .respond_with(busy)
        .up_to_n_times(2)
        .expect(2)
        .mount(&server)
        .await;
    let answer = ResponseTemplate::new(200).set_body_json([1, 2]);
    Mock::given(method("GET"))
        .and(path("/get"))
        .and(header("authorization", format!("Basic {TOKEN}").as_str()))
        .respond_with(answer)
        .expect(1)
        .mount(&server)
        .await;
    let response = client(&server)
        .execute(Call::new(&GET))
        .await
        .expect("third time");
    assert_eq!(
        (
            response.attempts(),
            response.json::<Vec<i32>>().expect("a list")
        ),
        (3, vec![1, 2])
    );
}

#[tokio::test]
async fn a_repeated_post_carries_the_same_bytes() {
    let server = MockServer::start().await;
    let body = r#"{"id":"one"}"#;
    let same = || {
        Mock::given(method("POST"))
            .and(path("/post"))
            .and(body_string(body))
    };
    same()
        .respond_with(ResponseTemplate::new(502))
        .up_to_n_times(1)
        .expect(1)
        .mount(&server)
        .await;
    same()
        .respond_with(ResponseTemplate::new(200))
        .expect(1)
        .mount(&server)
        .await;
    let call = Call::new(&OVERWRITE).body(body, "application/json");
    assert_eq!(
        client(&server)
            .execute(call)
            .await
            .expect("second time")
            .attempts(),
        2
    );
}

#[tokio::test]
async fn what_must_not_happen_twice_is_sent_once() {
    let server = MockServer::start().await;
    Mock::given(path("/post"))
        .respond_with(ResponseTemplate::new(503))
        .expect(1)
        .mount(&server)
        .await;
    let error = client(&server)
        .execute(Call::new(&POST))
        .await
        .expect_err("one try");
    assert_eq!(error.attempts(), 1);
}

/// A redirect is an answer: what failed behind it was done once already.
#[tokio::test]
async fn what_led_to_a_redirect_is_not_sent_again_because_its_target_is_dead() {
    static ONCE: Operation = Operation::new(
        "test.take",
        Method::GET,
        "/take",
        Idempotency::NotIdempotent,
    );
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("http://{}/x", dead.local_addr().unwrap());
    drop(dead);
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", target))
        .expect(1)
        .mount(&server)
        .await;
    let client = Client::builder()
        .base_url(server.uri())
        .token("dXNlcjpwYXNz")
        .redirects(2)
        .build()
        .unwrap();
    let error = client.execute(Call::new(&ONCE)).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1));
}
