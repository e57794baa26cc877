//! One load for all processes, whatever becomes of the one that leads.

use wats_cache::{LoadError, LoadOptions};

use super::*;
use crate::testing::Server;

/// Nodes with so many callers each, for so many keys.
async fn herd(nodes: usize, callers: usize, keys: usize, delay: Duration) {
    let Some(server) = Server::start() else {
        return;
    };
    let nodes: Vec<_> = (0..nodes)
        .map(|_| Arc::new(Node::new(&server.url())))
        .collect();
    let asked: Vec<_> = (0..keys).map(|_| Arc::new(AtomicUsize::new(0))).collect();
    let begin = std::time::Instant::now();
    let mut all = tokio::task::JoinSet::new();
    for node in &nodes {
        for _ in 0..callers {
            for (key, asked) in asked.iter().enumerate() {
                let (node, asked) = (Arc::clone(node), Arc::clone(asked));
                all.spawn(async move {
                    let name = key.to_string();
                    let value = node.load(&name, counted(&name, &asked, delay)).await;
                    assert_eq!(value, ok(&name));
                });
            }
        }
    }
    all.join_all().await;
    println!("the last caller had its value after {:?}", begin.elapsed());
    let asked: Vec<_> = asked
        .iter()
        .map(|asked| asked.load(Ordering::SeqCst))
        .collect();
    assert_eq!(asked, vec![1; keys]);
    let led: u64 = nodes.iter().map(|node| node.cache.stats().led).sum();
    assert_eq!(led, keys as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_herd_asks_the_origin_once_for_each_key() {
    herd(4, 10, 5, Duration::from_millis(50)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "many more callers than in the test above: run it by name"]
async fn a_large_herd_asks_the_origin_once_for_each_key() {
    herd(8, 100, 20, Duration::from_millis(100)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_gives_up_lets_another_lead() {
    let Some(server) = Server::start() else {
        return;
    };
    let (one, other) = (Node::new(&server.url()), Node::new(&server.url()));
    let (origin, asked, _go) = held(loaded("1"));
    let mut leading = Box::pin(one.load("a", origin));
    tokio::select! {
        _ = &mut leading => panic!("it is held"),
        _ = asked => {}
    }
    let waiting = tokio::spawn(async move {
        let value = other.load("a", gives("2")).await;
        (value, other)
    });
    eventually("waits", || {
        server.run::<i64>(&["EXISTS", "w1:{n}:c:l:ktext:=a"]) == 1
    });
    drop(leading);
    let (value, other) = waiting.await.unwrap();
    assert_eq!(value, ok("2"));
    assert_eq!(other.cache.stats().led, 1);
    assert_eq!(one.known("a").await, ok("2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_of_a_process_that_died_ends_by_itself() {
    let Some(server) = Server::start() else {
        return;
    };
    let node = Node::new(&server.url());
    let lease = "w1:{n}:c:l:ktext:=a";
    server.run::<String>(&["SET", lease, "of nobody", "PX", "300"]);
    assert_eq!(node.load("a", gives("1")).await, ok("1"));
    assert!(node.cache.stats().waited >= 1);
    assert_eq!(server.run::<i64>(&["EXISTS", lease]), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_leader_keeps_its_lease() {
    let Some(server) = Server::start() else {
        return;
    };
    let short = |options: Builder| options.lease(Duration::from_millis(200));
    let one = Node::with(&server.url(), short);
    let other = Node::with(&server.url(), short);
    let (origin, asked, go) = held(loaded("1"));
    let leading = tokio::spawn(async move { one.load("a", origin).await });
    asked.await.unwrap();
    let waiting = tokio::spawn(async move { other.known("a").await });
    // Several lives of the lease.
    let lease = "w1:{n}:c:l:ktext:=a";
    let token: String = server.run(&["GET", lease]);
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(
            server.run::<Option<String>>(&["GET", lease]),
            Some(token.clone())
        );
    }
    go.send(()).unwrap();
    assert_eq!(leading.await.unwrap(), ok("1"));
    assert_eq!(waiting.await.unwrap(), ok("1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_each_callers_own_where_nothing_stale_is_left() {
    let Some(server) = Server::start() else {
        return;
    };
    let (one, other) = (Node::new(&server.url()), Node::new(&server.url()));
    assert_eq!(one.load("a", fails()).await, Err(LoadError::Failed("down")));
    assert_eq!(
        other.load("a", fails()).await,
        Err(LoadError::Failed("down"))
    );
    let own = LoadOptions::new().stale_if_error(false);
    assert!(one.load_as("b", own, fails()).await.is_err());
    eventually("released", || {
        server.run::<i64>(&["EXISTS", "w1:{n}:c:l:ktext:=b"]) == 0
    });
    assert_eq!(other.load("b", gives("1")).await, ok("1"));
    // The load that failed does not hold this one up, and this one is shared.
    assert_eq!(other.load("a", gives("1")).await, ok("1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_holds_others_back_who_have_something_stale() {
    let Some(server) = Server::start() else {
        return;
    };
    let stale = |options: Builder| {
        options
            .stale_if_error(HOUR)
            .hold_back(HOUR, HOUR)
            .jitter(0.0)
    };
    let (one, other) = (
        Node::with(&server.url(), stale),
        Node::with(&server.url(), stale),
    );
    let short: Origin<String, &'static str> =
        Box::new(|_| Box::pin(async { Ok(loaded("1").ttl(Duration::from_millis(50))) }));
    assert_eq!(one.load("a", short).await, ok("1"));
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(one.load("a", fails()).await, ok("1"));
    eventually("noted", || {
        server.run::<Option<String>>(&["GET", "w1:{n}:c:l:ktext:=a"]) == Some("!".to_owned())
    });
    // It never asks.
    assert_eq!(other.known("a").await, ok("1"));
    assert_eq!(other.in_memory("a"), None);
    assert_eq!(other.known("a").await, ok("1"));
    assert_eq!(other.cache.stats().led, 0);
}

/// What a server was sent before it was stopped it carries out when it goes on: leases for loads that nobody makes.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_that_a_stopped_server_gives_later_are_nobodys() {
    let Some(server) = Server::start() else {
        return;
    };
    let shared = Shared::builder(&server.url()).namespace("n").build();
    let shared = shared.unwrap();
    let codec = ValueCodec::message_pack("text", 1);
    let cache: Builder = shared.cache("text", codec).ttl(HOUR).lease(LONG);
    let node = Node {
        cache: cache.build().unwrap(),
        shared,
    };
    eventually("trusted", || node.shared.is_trusted());
    // The server must know the script by its hash, or it carries out nothing.
    assert_eq!(node.load("known", gives("1")).await, ok("1"));
    server.freeze();
    // Until the session has ended.
    let mut loads = 0;
    while loads < 10 || node.shared.is_trusted() {
        let key = loads.to_string();
        assert_eq!(node.load(&key, gives("1")).await, ok("1"));
        loads += 1;
    }
    server.thaw();
    eventually("trusted", || node.shared.is_trusted());
    for key in 0..loads {
        let key = key.to_string();
        assert_eq!(node.load(&key, gives("2")).await, ok("2"));
    }
    assert_eq!(node.cache.stats().waited, 0);
}
