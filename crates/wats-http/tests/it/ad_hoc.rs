//! Calls without an operation: what is sent, what is repeated, what is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::*;
use http::{Method, Request, StatusCode};
use wats_http::{
    Client, Deadline, ErrorKind, Idempotency, Multipart, RetryConfig, SizeLimits, Timeouts,
};

type Requests = Arc<Mutex<Vec<Request<bytes::Bytes>>>>;

/// Echoes the body, or says what it was asked; fails every first request of `/flaky`, and does not answer `/never`.
async fn echoing() -> (Server, Requests) {
    let requests = Requests::default();
    let (kept, failures) = (requests.clone(), Arc::new(AtomicUsize::new(0)));
    let server = Server::start(Speaks::Plain, move |request| {
        let flaky = request.uri().path() == "/flaky" && failures.fetch_add(1, SeqCst) % 2 == 0;
        let mut answer = ok(if request.body().is_empty() {
            format!("{:?}", request.uri().to_string()).into()
        } else {
            request.body().clone()
        });
        let never = request.uri().path() == "/never";
        kept.lock().unwrap().push(request);
        async move {
            if never {
                std::future::pending::<()>().await;
            }
            if flaky {
                *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            }
            answer
        }
    })
    .await;
    (server, requests)
}

fn below(server: &Server, prefix: &str) -> Client {
    let retry = RetryConfig::default().base_delay(Duration::from_millis(1));
    let url = format!("{}{prefix}", server.url());
    client(&url).retry(retry).build().unwrap()
}

#[tokio::test]
async fn path_and_query_are_sent_as_given_and_what_is_added_is_escaped() {
    let (server, _) = echoing().await;
    let client = below(&server, "/sub");
    let get = |path: &str| client.get(path);
    let url = server.url();
    for (request, target) in [
        (get("/api/x"), "/sub/api/x"),
        (get("/api/A%2FB?a=1"), "/sub/api/A%2FB?a=1"),
        (
            get("/api/x").query("$filter", "a eq 'b&c'").query("n", 7),
            "/sub/api/x?$filter=a%20eq%20%27b%26c%27&n=7",
        ),
        (
            get("/api/x?a=1")
                .query("b=", "é")
                .query_opt("c", None::<u8>)
                .query_opt("d", Some(1)),
            "/sub/api/x?a=1&b%3D=%C3%A9&d=1",
        ),
        (
            get(&format!("/api/{}", wats_http::encoded("A/B #1"))),
            "/sub/api/A%2FB%20%231",
        ),
        (get(&format!("{url}/sub/next?page=2")), "/sub/next?page=2"),
    ] {
        let answer: String = request.send().await.unwrap().json().unwrap();
        assert_eq!(answer, target);
    }
}

#[tokio::test]
async fn every_method_sends_its_body_and_headers() {
    let (server, requests) = echoing().await;
    let client = below(&server, "");
    let answer = client.post("/a").json(&[1, 2]).send().await.unwrap();
    assert_eq!(answer.json::<Vec<u8>>().unwrap(), [1, 2]);
    let csv = format!("text/{}", "csv");
    let put = client
        .put("/a")
        .body("a;b", csv)
        .header(format!("x-{}", "own"), 7);
    assert_eq!(put.send().await.unwrap().text().unwrap(), "a;b");
    let form = Multipart::new().text("name", "value");
    client.post("/a").multipart(form).send().await.unwrap();
    client.delete("/a").send().await.unwrap();
    client.request(Method::PATCH, "/a").send().await.unwrap();
    let requests = requests.lock().unwrap();
    let methods: Vec<_> = requests.iter().map(|r| r.method().as_str()).collect();
    assert_eq!(methods, ["POST", "PUT", "POST", "DELETE", "PATCH"]);
    let header = |n: usize, name: &str| requests[n].headers()[name].to_str().unwrap();
    assert_eq!(header(0, "content-type"), "application/json");
    assert_eq!(
        (header(1, "content-type"), header(1, "x-own")),
        ("text/csv", "7")
    );
    assert!(header(2, "content-type").starts_with("multipart/form-data; boundary="));
    assert_eq!(header(3, "authorization"), format!("Basic {TOKEN}"));
}

#[tokio::test]
async fn get_and_head_are_repeated_and_the_rest_only_when_told_so() {
    let (server, _) = echoing().await;
    let client = below(&server, "");
    let flaky = |method| client.request(method, "/flaky");
    for safe in [
        flaky(Method::GET),
        flaky(Method::HEAD),
        flaky(Method::PUT).idempotency(Idempotency::Idempotent),
        flaky(Method::POST)
            .json("x")
            .idempotency(Idempotency::Idempotent),
    ] {
        assert_eq!(safe.send().await.unwrap().attempts(), 2);
    }
    for once in [
        flaky(Method::GET).idempotency(Idempotency::NotIdempotent),
        flaky(Method::POST),
        flaky(Method::PUT),
        flaky(Method::DELETE),
        flaky(Method::PATCH),
    ] {
        let error = once.send().await.unwrap_err();
        assert_eq!(error.attempts(), 1);
        assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(error.operation(), Some("request"));
        // The next one is answered.
        client.post("/flaky").send().await.unwrap();
    }
}

#[tokio::test]
async fn what_would_go_elsewhere_or_cannot_be_sent_never_leaves() {
    let (server, requests) = echoing().await;
    let client = below(&server, "");
    for (path, why) in [
        ("api/x", "begin with `/`"),
        ("/a/../b", "folder step"),
        ("/a\r\nx: y", "'\\r'"),
        ("/a b", "' '"),
        ("//other.example/a", "another server"),
        ("http://other.example/a", "http://other.example"),
        ("http://u:hunter2@other.example/a", "cannot be read"),
    ] {
        let error = client.get(path).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        let told = format!("{error:#}");
        assert!(told.contains(why), "{path}: {told}");
        assert!(!format!("{told} {error:?}").contains("hunter2"));
    }
    let mistakes = [
        client.get("/a").query("x", f64::NAN),
        client.get("/a").header("host", "x"),
        client.post("/a").body("x", "none"),
        client.post("/a").json(&f64::NAN),
        client
            .get("/a")
            .timeouts(Timeouts::default().total(Duration::ZERO)),
    ];
    for mistake in mistakes {
        let error = mistake.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{error}");
    }
    assert!(requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn deadlines_caps_and_downloads_are_those_of_a_call() {
    let (server, _) = echoing().await;
    let client = below(&server, "");
    let small = SizeLimits::default().wire(2);
    let error = client.get("/a").limits(small).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let soon = Timeouts::default().total(Duration::from_millis(20));
    let late = client
        .get("/never")
        .timeouts(soon)
        .send()
        .await
        .unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout(Deadline::Total));
    let mut whole = Vec::new();
    let download = client.post("/a").body(vec![b'x'; 70_000], "text/plain");
    let download = download.download().await.unwrap();
    download.write_to(&mut whole).await.unwrap();
    assert_eq!(whole, vec![b'x'; 70_000]);
}
