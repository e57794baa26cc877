//! The client as a `tower::Service`: calls go through layers of the application's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic here is the failing test"
)]

use std::future::poll_fn;
use std::task::{Context, Poll};

use crate::common::*;
use tower_service::Service;
use wats_http::{Call, ErrorKind, Response};

/// A layer as applications write them.
struct Counting<S> {
    inner: S,
    calls: u32,
}

impl<S: Service<Call>> Service<Call> for Counting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, call: Call) -> S::Future {
        self.calls += 1;
        self.inner.call(call)
    }
}

async fn send<S>(service: &mut S) -> Result<Response, S::Error>
where
    S: Service<Call, Response = Response>,
{
    poll_fn(|context| service.poll_ready(context)).await?;
    service.call(Call::new(&GET)).await
}

#[tokio::test]
async fn calls_go_through_layers_to_the_server() {
    let server = Server::start(Speaks::Plain, |_| async { ok("hello") }).await;
    let client = client(&server.url()).build().unwrap();
    let mut shared = Counting {
        inner: &client,
        calls: 0,
    };
    for _ in 0..3 {
        assert_eq!(send(&mut shared).await.unwrap().body(), "hello");
    }
    assert_eq!(shared.calls, 3);
    let mut owned = Counting {
        inner: client.clone(),
        calls: 0,
    };
    assert_eq!(send(&mut owned).await.unwrap().body(), "hello");
    assert_eq!(client.pool_stats().dialled, 1, "clones share connections");
}

#[tokio::test]
async fn errors_come_through_as_they_are() {
    let answer = |_| async {
        let mut answer = ok("no such product");
        *answer.status_mut() = http::StatusCode::NOT_FOUND;
        answer
    };
    let server = Server::start(Speaks::Plain, answer).await;
    let mut client = client(&server.url()).build().unwrap();
    let error = send(&mut client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status(http::StatusCode::NOT_FOUND));
    assert!(
        error
            .body_excerpt()
            .is_some_and(|body| body.contains("no such product")),
        "{error:#}"
    );
}
