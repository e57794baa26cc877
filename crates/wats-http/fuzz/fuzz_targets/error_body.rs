//! Any body of a refusal: the error keeps the status, prints one line, and never shows the token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_http::{Call, Client, Operation, Repeat, http::Method};

static GET: Operation = Operation::new("fuzz.get", Method::GET, "/x", Repeat::Safe);
const TOKEN: &str = "dXNlcjpwYXNz";

fuzz_target!(|body: &[u8]| {
    let body = body.to_vec();
    let answer = MockAnswer::status(400).body(body, "application/json");
    let mock = MockTransport::new().on(Method::GET, "/x", [answer]);
    let client = Client::builder()
        .base_url("http://mock")
        .token(TOKEN)
        .rate_limit(None)
        .transport(mock)
        .build()
        .expect("valid");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let error = runtime
        .block_on(client.execute(Call::new(&GET)))
        .expect_err("400");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(400));
    let told = format!("{error:#}");
    assert_eq!(told.lines().count(), 1, "{told}");
    let shown = format!("{told} {error:?} {:?}", error.server_message());
    assert!(!shown.contains(TOKEN), "{shown}");
});
