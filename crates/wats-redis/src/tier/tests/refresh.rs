//! What is asked for when its time is nearly over is loaded anew, once for all, while what there is, is served.

use std::time::Instant;

use tokio::sync::Notify;

use super::*;
use crate::testing::Server;

/// 300 ms of a minute, and 18 s of an hour.
const EARLY: f64 = 0.005;

fn early(options: Builder) -> Builder {
    options.refresh_ahead(EARLY).jitter(0.0)
}

fn of_a_minute(value: &str) -> Origin<String, &'static str> {
    let loaded = loaded(value).ttl(Duration::from_secs(60));
    Box::new(move |_| Box::pin(async move { Ok(loaded) }))
}

/// Asks again and again, and is given what there is, until something is so.
async fn served_until(
    node: &Node,
    origin: impl Fn() -> Origin<String, &'static str>,
    is_so: impl Fn() -> bool,
) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(30));
        assert_eq!(node.load("a", origin()).await, ok("1"));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_refreshes_and_all_serve_what_there_is() {
    let Some(server) = Server::start() else {
        return;
    };
    let (one, other) = (
        Node::with(&server.url(), early),
        Node::with(&server.url(), early),
    );
    assert_eq!(one.load("a", of_a_minute("1")).await, ok("1"));
    let (asked, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let (count, gate) = (Arc::clone(&asked), Arc::clone(&go));
    let origin = move || -> Origin<String, &'static str> {
        let (count, gate) = (Arc::clone(&count), Arc::clone(&gate));
        Box::new(move |_| {
            Box::pin(async move {
                count.fetch_add(1, Ordering::SeqCst);
                gate.notified().await;
                Ok(loaded("2"))
            })
        })
    };
    served_until(&one, origin, || asked.load(Ordering::SeqCst) == 1).await;
    // The other finds that it is time as well, and that somebody is at it.
    served_until(&other, never, || other.cache.stats().shared_hits >= 2).await;
    assert_eq!(one.known("a").await, ok("1"));
    go.notify_one();
    eventually("refreshed", || one.in_memory("a") == Some("2".to_owned()));
    other.fence().await;
    assert_eq!(other.known("a").await, ok("2"));
    let led = |node: &Node| node.cache.stats().led;
    assert_eq!((led(&one), led(&other)), (2, 0));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_refreshed_is_served_to_its_end_and_the_others_are_held_back() {
    let Some(server) = Server::start() else {
        return;
    };
    let held_back = |options: Builder| early(options).hold_back(HOUR, HOUR);
    let (one, other) = (
        Node::with(&server.url(), held_back),
        Node::with(&server.url(), held_back),
    );
    assert_eq!(one.load("a", of_a_minute("1")).await, ok("1"));
    served_until(&one, fails, || one.cache.stats().led == 2).await;
    eventually("noted", || {
        server.run::<Option<String>>(&["GET", "w1:{n}:c:l:ktext:=a"]) == Some("!".to_owned())
    });
    served_until(&other, never, || other.cache.stats().shared_hits >= 2).await;
    served_until(&one, never, || one.cache.stats().shared_hits >= 1).await;
    let led = |node: &Node| node.cache.stats().led;
    assert_eq!((led(&one), led(&other)), (2, 0));
}
