#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure"
)]

use std::time::Duration;

use serde_json::json;
use wats_http::http::Method;
use wats_http::test_util::{MockAnswer, MockTransport};
use wats_http::{Client, Operation, Repeat};

use super::*;

static CHANGES: Route = Route {
    operation: Operation::new(
        "test.change",
        Method::PUT,
        "/api/App/Processes",
        Repeat::Never,
    ),
    keeps: None,
    stales: &[Kept::Processes],
};

fn core(mock: &MockTransport) -> Arc<Core> {
    let client = Client::builder()
        .base_url("http://mock")
        .token("aHVudGVyMjpodW50ZXIy")
        .rate_limit(None)
        .transport(mock.clone())
        .build()
        .unwrap();
    let json = Serializer::new(wats_codec::Format::Json);
    let processes = ProcessCache::new(Some(Duration::from_secs(60)));
    Arc::new(Core::new(client, json, processes))
}

async fn listed(core: &Arc<Core>) -> usize {
    use crate::process::ProcessService;
    ProcessService::new(core).list().await.unwrap().len()
}

fn lists() -> MockTransport {
    let list = MockAnswer::json(&json!([{"code": 1}]));
    MockTransport::new().on(Method::GET, "/api/App/Processes", [list])
}

#[tokio::test]
async fn a_write_that_is_cancelled_leaves_no_stale_read() {
    let mock = lists().on(Method::PUT, "/*", [MockAnswer::never()]);
    let core = core(&mock);
    listed(&core).await;
    listed(&core).await;
    assert_eq!(mock.requests().len(), 1, "kept");
    {
        let mut write = std::pin::pin!(core.send(&CHANGES, CHANGES.call()));
        let asked = std::future::poll_fn(|context| {
            let polled = write.as_mut().poll(context);
            assert!(polled.is_pending());
            Poll::Ready(mock.requests().len())
        });
        assert_eq!(asked.await, 2, "sent");
    }
    listed(&core).await;
    assert_eq!(mock.requests().len(), 3, "read anew");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_began_before_a_write_is_not_kept() {
    let late = MockAnswer::json(&json!([])).after(Duration::from_secs(5));
    let new = MockAnswer::json(&json!([{"code": 1}]));
    let mock = MockTransport::new()
        .on(Method::GET, "/api/App/Processes", [late, new])
        .on(Method::PUT, "/*", [MockAnswer::status(200)]);
    let core = core(&mock);
    let (old, ()) = tokio::join!(listed(&core), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        core.send(&CHANGES, CHANGES.call()).await.unwrap();
    });
    assert_eq!(old, 0);
    assert_eq!(listed(&core).await, 1, "read anew");
}

#[test]
fn a_panic_goes_on_where_it_is_waited_for_and_the_thread_lives_on() {
    let mock = lists();
    let core = core(&mock);
    let panics = core.run(|_| async { panic!("of the user") as Result<()> });
    let waited = std::panic::catch_unwind(AssertUnwindSafe(|| panics.wait()));
    assert_eq!(
        *waited.unwrap_err().downcast::<&str>().unwrap(),
        "of the user"
    );
    let works = core.run(|core| async move { Ok(listed(&core).await) });
    assert_eq!(works.wait().unwrap(), 1);
}

#[test]
fn a_wait_inside_a_wait_is_an_error() {
    let core = core(&lists());
    let outer = core.run(|core| async move {
        let inner = core.run(|_| async { Ok(1) });
        Ok(inner.wait())
    });
    let inner = outer.wait().unwrap();
    assert!(matches!(inner, Err(Error::Wait(_))), "{inner:?}");
}

use std::panic::AssertUnwindSafe;
