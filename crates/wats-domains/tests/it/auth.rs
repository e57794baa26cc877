//! Tokens: what is sent, that nothing makes them twice, and that nothing shows them.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing_subscriber::fmt::format::FmtSpan;
use wats_domains::auth::ApiToken;
use wats_domains::{CacheOptions, Result, Wats};
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};

use crate::golden::{client, golden, refused, refusing, with_caches};

const SECRET: &str = "c2VjcmV0LXRva2Vu";

#[tokio::test]
async fn each_operation_is_sent_as_the_server_has_it() {
    let (api, mock) = refusing();
    let auth = api.auth();
    golden! { mock;
        auth.new_token() => GET "/api/Auth/GetToken";
        auth.reset_token() => GET "/api/Auth/GetToken?reset=true";
        auth.new_token_for("line 1/a") => GET "/api/Auth/GetToken/line%201%2Fa";
        auth.reset_token_for("line 1/a") => GET "/api/Auth/GetToken/line%201%2Fa?reset=true";
    }
    refused! { mock;
        auth.new_token_for("") => "identifier is empty";
        auth.new_token_for("..") => "`identifier`";
        auth.reset_token_for("a\u{200b}") => "identifier";
    }
}

/// Both kinds of tokens of a server that gives this answer.
async fn tokens(answer: &MockAnswer) -> [Result<ApiToken>; 2] {
    let mock = MockTransport::new().on(Method::GET, "/*", [answer.clone()]);
    let api = client(&mock);
    let provisioning = api.scim().token(None).await;
    [
        api.auth().new_token().await,
        provisioning.map(|token| token.token),
    ]
}

#[tokio::test]
async fn a_token_is_read_from_every_form_of_answer() {
    for answer in [
        MockAnswer::json(SECRET),
        MockAnswer::json(&json!({ "token": SECRET })),
        MockAnswer::json(&json!({ "token": SECRET, "expires": null, "days": 90 })),
        MockAnswer::status(200).body(SECRET, "text/plain"),
        MockAnswer::status(200).body(format!("{SECRET}\r\n"), "application/json"),
    ] {
        for token in tokens(&answer).await {
            assert_eq!(token.unwrap().secret(), SECRET, "{answer:?}");
        }
    }
}

/// What was written to a log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_token_is_in_no_error_no_debug_output_and_no_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut shown = Vec::new();
    for answer in [
        MockAnswer::json(SECRET),
        MockAnswer::json(&json!({ "token": SECRET })),
        MockAnswer::status(200).body(SECRET, "text/plain"),
    ] {
        for token in tokens(&answer).await {
            shown.push(format!("{:?}", token.unwrap()));
        }
    }
    // Answers that hold a token where none is looked for.
    for answer in [
        MockAnswer::json(&json!([SECRET])),
        MockAnswer::json(&json!({ "a": SECRET, "b": SECRET })),
        MockAnswer::json(&json!({ "token": [SECRET] })),
        MockAnswer::status(200).body(format!("{{\"token\": \"{SECRET}\""), "application/json"),
        MockAnswer::status(200).body(format!("<p>{SECRET}</p>"), "text/html"),
        MockAnswer::status(200).body(format!("{SECRET} {SECRET}"), "text/plain"),
        MockAnswer::status(200).body([SECRET.as_bytes(), b"\xff"].concat(), "text/plain"),
    ] {
        for token in tokens(&answer).await {
            let error = token.unwrap_err();
            shown.push(format!("{error} {error:#} {error:?} {error:#?}"));
        }
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("auth.token") && log.contains("scim.token"),
        "{log}"
    );
    shown.push(log);
    for text in shown {
        assert!(!text.contains(&SECRET[..6]), "{text}");
    }
}

#[tokio::test]
async fn a_token_is_made_once_for_each_call_and_kept_nowhere() {
    let both = async |api: &Wats| {
        (
            api.auth().new_token().await.is_ok(),
            api.scim().token(None).await.is_ok(),
        )
    };
    let lost = MockTransport::new().on(Method::GET, "/*", [MockAnswer::broken()]);
    assert_eq!(both(&client(&lost)).await, (false, false));
    assert_eq!(lost.requests().len(), 2, "not repeated");
    let mock = MockTransport::new().on(Method::GET, "/*", [MockAnswer::json(SECRET)]);
    let api = with_caches(&mock, CacheOptions::default());
    assert_eq!(
        (both(&api).await, both(&api).await),
        ((true, true), (true, true))
    );
    assert_eq!(mock.requests().len(), 4, "not kept");
    assert!(!format!("{api:?}").contains(&SECRET[..6]));
}
