//! What the criteria share: a client that shows every failure, and a runtime to run it on.

use std::future::Future;

use wats_http::test_util::MockTransport;
use wats_http::{
    Client, ClientBuilder, Error, Idempotency, Operation, RetryConfig, SizeLimits, http::Method,
};

/// A secret that no text may show.
pub(crate) const TOKEN: &str = "aHVudGVyMjpodW50ZXIy";

pub(crate) static GET: Operation =
    Operation::new("fuzz.get", Method::GET, "/x", Idempotency::Idempotent);

/// Caps that small inputs can reach.
pub(crate) const WIRE: usize = 64 << 10;
pub(crate) const DECODED: usize = 128 << 10;

/// A client that never repeats and whose answers are capped.
pub(crate) fn client(base_url: &str) -> ClientBuilder {
    Client::builder()
        .base_url(base_url)
        .token(TOKEN)
        .retry(RetryConfig::never())
        .rate_limit(None)
        .limits(SizeLimits::default().wire(WIRE).decoded(DECODED))
}

/// The same with a mock for a server.
pub(crate) fn mocked(mock: &MockTransport) -> Client {
    client("http://mock")
        .transport(mock.clone())
        .build()
        .expect("a valid configuration")
}

/// Runs it to its end.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(work))
}

/// What holds of every error: one line, and no secret.
pub(crate) fn check(error: &Error) {
    let told = format!("{error:#}");
    assert_eq!(told.lines().count(), 1, "{told}");
    let shown = format!(
        "{told} {error} {error:?} {:?} {:?}",
        error.server_message(),
        error.body_excerpt()
    );
    assert!(!shown.contains(TOKEN), "{shown}");
}
