//! The server, or the origin, is away.

use wats_cache::LoadError;

use super::*;
use crate::testing::{Mode, Proxy, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_the_origin_answers_and_building_never_fails() {
    let node = Node::unconnected("redis://127.0.0.1:1", |options| {
        options.stale_if_error(HOUR)
    });
    assert_eq!(node.load("a", gives("1")).await, ok("1"));
    // Nothing in memory is proven.
    assert_eq!(node.in_memory("a"), None);
    assert_eq!(node.load("a", gives("2")).await, ok("2"));
    assert_eq!(node.load("a", fails()).await, ok("2"));
    assert_eq!(
        node.load("b", fails()).await,
        Err(LoadError::Failed("down"))
    );
    node.remove("a").await;
    assert_eq!(
        node.load("a", fails()).await,
        Err(LoadError::Failed("down"))
    );
    let stats = node.cache.stats();
    assert_eq!((stats.led, stats.stale_served), (0, 1));
    assert!(stats.without >= 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_costs_no_error_and_is_used_again() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let node = Node::with(&server.url(), |options| options.stale_if_error(HOUR));
    node.warm("a", "1").await;
    server.kill();
    eventually("untrusted", || !node.shared.is_trusted());
    assert_eq!(node.in_memory("a"), None);
    assert_eq!(node.load("a", fails()).await, ok("1"));
    assert_eq!(node.load("a", gives("2")).await, ok("2"));
    server.restart();
    eventually("trusted", || node.shared.is_trusted());
    // What was kept meanwhile is not proven.
    assert_eq!(node.in_memory("a"), None);
    assert_eq!(node.load("a", fails()).await, ok("2"));
    assert_eq!(node.load("a", gives("3")).await, ok("3"));
    assert_eq!(Node::new(&server.url()).known("a").await, ok("3"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_changed_without_a_session_is_told_with_the_next() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::to(server.port());
    let (away, other) = (Node::new(&proxy.url()), Node::new(&server.url()));
    let tagged: Origin<String, &'static str> =
        Box::new(|_| Box::pin(async { Ok(loaded("1").tags(["t"])) }));
    other.warm("a", "1").await;
    assert_eq!(other.load("b", tagged).await, ok("1"));
    assert_eq!(other.load("c", gives("1")).await, ok("1"));
    proxy.set(Mode::Swallow);
    proxy.cut();
    eventually("untrusted", || !away.shared.is_trusted());
    away.remove("a").await;
    away.cache.invalidate_tag("t").await;
    away.cache.put("c".to_owned(), loaded("2")).await;
    assert_eq!(
        other.in_memory("a"),
        Some("1".to_owned()),
        "nobody can know yet"
    );
    proxy.set(Mode::Pass);
    proxy.cut();
    eventually("trusted", || away.shared.is_trusted());
    other.fence().await;
    for key in ["a", "b", "c"] {
        assert_eq!(other.in_memory(key), None, "{key}");
        assert_eq!(other.load(key, gives("3")).await, ok("3"), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_would_wait_too_long_is_served_what_is_stale() {
    let Some(server) = Server::start() else {
        return;
    };
    let node = Arc::new(Node::with(&server.url(), |options| {
        options
            .stale_if_error(HOUR)
            .soft_timeout(Duration::from_millis(50))
    }));
    node.warm("a", "1").await;
    Tier::<_, _, &str>::expire(&node.cache, &"a".to_owned());
    // It is the server that knows of it still: so the origin is asked on purpose.
    let name = "w1:{n}:c:ktext:=a";
    server.run::<i64>(&["DEL", name]);
    node.fence().await;
    let (origin, asked, go) = held(loaded("2"));
    assert_eq!(node.load("a", origin).await, ok("1"));
    asked.await.unwrap();
    go.send(()).unwrap();
    eventually("loaded all the same", || {
        server.run::<i64>(&["EXISTS", name]) == 1
    });
    node.fence().await;
    assert_eq!(node.known("a").await, ok("2"));
    assert_eq!(node.cache.stats().stale_served, 1);
    // One that is fast, and one that has nothing to be served.
    Tier::<_, _, &str>::expire(&node.cache, &"a".to_owned());
    assert_eq!(node.known("a").await, ok("2"));
    let slow = counted("3", &Arc::default(), Duration::from_millis(200));
    assert_eq!(node.load("b", slow).await, ok("3"));
}
