//! Any `Retry-After` through a whole call: the hint is what the header says, or nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_http::{Call, Client, Operation, Repeat, RetryConfig, http::Method};

static GET: Operation = Operation::new("fuzz.get", Method::GET, "/x", Repeat::Safe);

fuzz_target!(|text: &str| {
    let answer = MockAnswer::status(503).header("retry-after", text);
    let mock = MockTransport::new().on(Method::GET, "/x", [answer]);
    let client = Client::builder()
        .base_url("http://mock")
        .token("dXNlcjpwYXNz")
        .retry(RetryConfig::never())
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
        .expect_err("503");
    if let Ok(seconds) = text.trim().parse::<u32>()
        && text.is_ascii()
        && !text.contains(|c: char| c.is_control())
    {
        let wanted = std::time::Duration::from_secs(seconds.into());
        assert_eq!(error.retry_after_hint(), Some(wanted));
    }
});
