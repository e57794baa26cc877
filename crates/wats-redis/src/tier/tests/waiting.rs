//! How long a call waits for the server that is away: no longer, in all, than the limit of one operation. Three seconds
//! without it cost no error.
//!
//! What is measured is printed. That a call is not late is checked by `WATS_REDIS_LONG=1`, since it depends on the machine.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use super::*;
use crate::testing::{Mode, Proxy, Server};

const ORIGIN: Duration = Duration::from_millis(20);
const LIMIT: Duration = Duration::from_millis(100);

fn is_long() -> bool {
    std::env::var_os("WATS_REDIS_LONG").is_some()
}

/// With the times that users have, unless the machine may be slow.
fn usual(url: &str) -> Arc<Node> {
    let shared = Shared::builder(url)
        .namespace("n")
        .op_timeout(LIMIT)
        .build()
        .unwrap();
    let codec = ValueCodec::message_pack("text", 1);
    let cache = shared.cache("text", codec).ttl(HOUR).build().unwrap();
    let node = Node { shared, cache };
    eventually("trusted", || node.shared.is_trusted());
    Arc::new(node)
}

/// Calls of several tasks while something happens: none fails, and none is told what is not so.
async fn calls(what: &str, node: &Arc<Node>, happens: impl FnOnce() + Send + 'static) {
    let stop = Arc::new(AtomicBool::new(false));
    let mut all = tokio::task::JoinSet::new();
    for task in 0..8_usize {
        let (node, stop) = (Arc::clone(node), Arc::clone(&stop));
        all.spawn(async move {
            let (mut slowest, mut made) = (Duration::ZERO, 0);
            while !stop.load(Ordering::Relaxed) {
                // New ones, and some that all ask for.
                let key = match made % 3 {
                    0 => format!("{}", made % 30),
                    _ => format!("{task} {made}"),
                };
                let begin = Instant::now();
                let value = node
                    .load(&key, counted(&key, &Arc::default(), ORIGIN))
                    .await;
                slowest = slowest.max(begin.elapsed());
                assert_eq!(value, ok(&key));
                made += 1;
            }
            (slowest, made)
        });
    }
    let happens = tokio::task::spawn_blocking(happens);
    happens.await.unwrap();
    stop.store(true, Ordering::Relaxed);
    let all = all.join_all().await;
    let slowest = all.iter().map(|(slowest, _)| *slowest).max().unwrap();
    let made: usize = all.iter().map(|(_, made)| made).sum();
    println!("{what}: {made} calls, the slowest took {slowest:?}");
    assert!(made > 0);
    if is_long() {
        // That of the origin, of one operation, and of a machine that is doing something else.
        let most = ORIGIN + LIMIT + Duration::from_millis(30);
        assert!(slowest <= most, "{what}: {slowest:?}");
    }
}

/// Long enough for a session to be given up, and for the whole of it by `WATS_REDIS_LONG=1`.
fn away() -> Duration {
    Duration::from_millis(if is_long() { 3_000 } else { 700 })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_costs_no_call_more_than_one_limit() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let node = usual(&server.url());
    calls("killed", &node, move || {
        std::thread::sleep(Duration::from_millis(100));
        server.kill();
        std::thread::sleep(away());
        server.restart();
        std::thread::sleep(Duration::from_millis(200));
        drop(server);
    })
    .await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_costs_no_call_more_than_one_limit() {
    let Some(server) = Server::start() else {
        return;
    };
    let node = usual(&server.url());
    calls("frozen", &node, move || {
        std::thread::sleep(Duration::from_millis(100));
        server.freeze();
        std::thread::sleep(away());
        server.thaw();
        std::thread::sleep(Duration::from_millis(200));
        drop(server);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_swallows_costs_no_call_more_than_one_limit() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::to(server.port());
    let node = usual(&proxy.url());
    let of_test = Arc::clone(&node);
    calls("swallowed", &node, move || {
        std::thread::sleep(Duration::from_millis(100));
        proxy.set(Mode::Swallow);
        let took = eventually("untrusted", || !of_test.shared.is_trusted());
        println!("untrusted after {took:?}");
        std::thread::sleep(away());
        proxy.set(Mode::Pass);
        eventually("trusted", || of_test.shared.is_trusted());
        drop(proxy);
    })
    .await;
    drop(server);
}

/// An answer that comes late twice in a call would be twice the limit: what the first has used is not there for the second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_operations_of_a_call_have_one_limit() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::to(server.port());
    let limit = Duration::from_secs(2);
    let shared = Shared::builder(&proxy.url())
        .namespace("n")
        .op_timeout(limit)
        .max_staleness(LONG)
        .build()
        .unwrap();
    let codec = ValueCodec::message_pack("text", 1);
    let cache: Cache = shared.cache("text", codec).ttl(HOUR).build().unwrap();
    let node = Node { shared, cache };
    eventually("trusted", || node.shared.is_trusted());
    node.warm("first", "1").await;
    // Each way takes so long: a round trip is 1.5 s, and two are 3 s.
    proxy.set(Mode::Delay(Duration::from_millis(750)));
    let begin = Instant::now();
    assert_eq!(node.load("a", gives("1")).await, ok("1"));
    let took = begin.elapsed();
    assert!(took < Duration::from_millis(2_900), "{took:?}");
    // It was not known in time whether it could be written: so it is not kept.
    assert_eq!(node.in_memory("a"), None);
    assert_eq!(node.cache.stats().refused, 1);
}

/// Who waits for another process finds out that the server is away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_another_does_not_wait_for_a_server_that_is_away() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::to(server.port());
    let node = usual(&proxy.url());
    // Led by somebody who is heard of for an hour.
    server.run::<String>(&["SET", "w1:{n}:c:l:ktext:=a", "another", "PX", "3600000"]);
    let of_task = Arc::clone(&node);
    let waiting = tokio::spawn(async move { of_task.load("a", gives("own")).await });
    eventually("waits", || node.cache.stats().waited == 1);
    proxy.set(Mode::Swallow);
    let begin = Instant::now();
    assert_eq!(waiting.await.unwrap(), ok("own"));
    println!("asked for itself after {:?}", begin.elapsed());
    assert_eq!(node.cache.stats().without, 1);
}
