//! What calls send, and what is refused before anything is sent.

use serde_json::Value;
use wats_domains::{CacheOptions, Wats};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockRequest, MockTransport};

pub(crate) const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
];

pub(crate) fn client(mock: &MockTransport) -> Wats {
    with_caches(mock, CacheOptions::off())
}

pub(crate) fn with_caches(mock: &MockTransport, cache: CacheOptions) -> Wats {
    let mock = mock.clone();
    Wats::builder()
        .http(|client| client.transport(mock))
        .base_url("http://mock")
        .token("dTpw")
        .rate_limit(None)
        .cache(cache)
        .build()
        .unwrap()
}

/// A server that refuses whatever it is asked.
pub(crate) fn refusing() -> (Wats, MockTransport) {
    let rules = METHODS.into_iter();
    let mock = rules.fold(MockTransport::new(), |mock, method| {
        mock.on(method, "/*", [MockAnswer::status(400)])
    });
    (client(&mock), mock)
}

/// A client whose server gives this answer to one method and path.
pub(crate) fn answering(method: Method, path: &str, answer: &Value) -> Wats {
    client(&MockTransport::new().on(method, path, [MockAnswer::json(answer)]))
}

pub(crate) fn is_sent(call: &str, sent: &[MockRequest], method: &str, target: &str, body: &str) {
    let [request] = sent else {
        panic!("{call}: {} requests", sent.len());
    };
    let asked = format!("{} {}", request.method, request.target);
    assert_eq!(asked, format!("{method} {target}"), "{call}");
    let internal = target.starts_with("/api/internal/");
    let referer = request
        .headers
        .get("referer")
        .map(|value| value.to_str().unwrap());
    assert_eq!(referer, internal.then_some("http://mock"), "{call}");
    let is_json = request
        .headers
        .get("content-type")
        .is_some_and(|kind| kind == "application/json");
    if is_json {
        let read = |text| serde_json::from_slice::<Value>(text).unwrap();
        assert_eq!(read(&request.body), read(body.as_bytes()), "{call}");
    } else {
        assert_eq!(String::from_utf8_lossy(&request.body), body, "{call}");
    }
}

/// `call => METHOD "target", body;` for each call: what it sends.
macro_rules! golden {
    ($mock:expr; $( $call:expr => $method:ident $target:literal $(, $body:expr)?; )+) => { $(
        let before = $mock.requests().len();
        drop($call.await);
        let sent = $mock.requests().split_off(before);
        #[allow(unused_mut, unused_assignments, reason = "not each call has a body")]
        let mut body = String::new();
        $( body = $body.to_string(); )?
        $crate::golden::is_sent(stringify!($call), &sent, stringify!($method), $target, &body);
    )+ };
}

/// `call => "words";` for each call: nothing is sent, and the error has the words.
macro_rules! refused {
    ($mock:expr; $( $call:expr => $words:literal; )+) => { $(
        let before = $mock.requests().len();
        let error = $call.await.unwrap_err();
        assert!(error.to_string().contains($words), "{}: {error}", stringify!($call));
        assert_eq!(error.attempts(), 0, "{}: {error}", stringify!($call));
        assert_eq!($mock.requests().len(), before, "{}", stringify!($call));
    )+ };
}

/// `call, METHOD "path";` for each call that deletes: what a repeat does not find is gone, what the first try does not
/// find was never there.
macro_rules! deletes {
    ($( $api:ident => $call:expr, $path:literal; )+) => { $(
        let server = |answers: &[MockAnswer]| MockTransport::new().on(Method::DELETE, $path, answers.to_vec());
        let lost = server(&[MockAnswer::broken(), MockAnswer::status(404)]);
        let $api = $crate::golden::client(&lost);
        $call.await.unwrap();
        assert_eq!(lost.requests().len(), 2, "{}", $path);
        let never = server(&[MockAnswer::status(404)]);
        let $api = $crate::golden::client(&never);
        let error = $call.await.unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(404), "{}", $path);
        assert_eq!(never.requests().len(), 1, "{}", $path);
    )+ };
}

pub(crate) use {deletes, golden, refused};
