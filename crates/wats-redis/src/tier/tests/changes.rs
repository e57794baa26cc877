//! Whatever changes an entry, memory follows, and a load that was under way does not bring the old value back.

use wats_cache::{LoadOptions, Read};

use super::*;
use crate::testing::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_anybody_does_to_an_entry_is_followed() {
    let Some(server) = Server::start() else {
        return;
    };
    let nodes = [Node::new(&server.url()), Node::new(&server.url())];
    let name = "w1:{n}:c:ktext:=a";
    let operators: [&[&str]; 6] = [
        &["DEL", name],
        &["UNLINK", name],
        &["FLUSHALL"],
        &["FLUSHDB"],
        &["PEXPIRE", name, "1"],
        &["RENAME", name, "elsewhere"],
    ];
    for operator in operators {
        for node in &nodes {
            node.load("a", gives("1")).await.unwrap();
        }
        server.run::<redis::Value>(operator);
        eventually("gone", || {
            // A key that is over is told of when the server notices.
            server.run::<i64>(&["EXISTS", name]) == 0
                && nodes.iter().all(|node| node.in_memory("a").is_none())
        });
        assert_eq!(
            nodes[0].load("a", gives("2")).await,
            ok("2"),
            "{operator:?}"
        );
        assert_eq!(nodes[1].known("a").await, ok("2"), "{operator:?}");
        nodes[0].remove("a").await;
        nodes[1].fence().await;
    }
}

/// How many keys live on while others end. The server takes long to notice among many, so memory counts for itself.
fn living() -> usize {
    let given = std::env::var("WATS_REDIS_LIVING").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ends_among_many_that_live_is_over_in_memory_and_on_the_server() {
    let Some(server) = Server::start() else {
        return;
    };
    // With a life, as all of ours: those without are not looked through.
    let script =
        "for key = 1, ARGV[1] do redis.call('SET', 'other:' .. key, '', 'PX', 3600000) end";
    let living = living().to_string();
    server.run::<redis::Value>(&["EVAL", script, "0", &living]);
    let short = |options: Builder| options.ttl(Duration::from_millis(300)).jitter(0.0);
    let (one, other) = (
        Node::with(&server.url(), short),
        Node::with(&server.url(), short),
    );
    let keys: Vec<_> = (0..20).map(|key| key.to_string()).collect();
    for key in &keys {
        assert_eq!(one.load(key, gives("1")).await, ok("1"));
        let _ = other.load(key, gives("1")).await;
    }
    for key in &keys {
        let took = eventually("over", || {
            one.in_memory(key).is_none() && other.in_memory(key).is_none()
        });
        assert!(took < Duration::from_secs(20), "{took:?}");
        // Over by the clock, told or not: what stood there is not served.
        assert_eq!(other.load(key, gives("2")).await, ok("2"));
    }
}

/// No server tells of that: what is in memory has its own time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_memory_when_databases_are_swapped_ends_by_its_time() {
    let Some(server) = Server::start() else {
        return;
    };
    let node = Node::with(&server.url(), |options| {
        options.ttl(Duration::from_millis(300)).jitter(0.0)
    });
    assert_eq!(node.load("a", gives("1")).await, ok("1"));
    server.run::<redis::Value>(&["SWAPDB", "0", "1"]);
    eventually("over", || node.in_memory("a").is_none());
    assert_eq!(node.load("a", gives("2")).await, ok("2"));
    server.run::<redis::Value>(&["SWAPDB", "0", "1"]);
    eventually("over", || node.in_memory("a").is_none());
    assert_eq!(node.load("a", gives("3")).await, ok("3"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_evicted_goes_from_memory_too() {
    let args = ["--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru"];
    let Some(server) = Server::with(&args) else {
        return;
    };
    let node = Node::with(&server.url(), |options| {
        options.memory(|memory| memory.max_entries(10_000))
    });
    let value = "x".repeat(2000);
    for key in 0..2000 {
        assert_eq!(node.load(&key.to_string(), gives(&value)).await, ok(&value));
    }
    node.fence().await;
    let mut gone = 0;
    for key in 0..2000 {
        let exists = server.run::<i64>(&["EXISTS", &format!("w1:{{n}}:c:ktext:={key}")]) == 1;
        gone += usize::from(!exists);
        if !exists {
            eventually("gone", || node.in_memory(&key.to_string()).is_none());
        }
    }
    assert!(gone > 100, "{gone} were evicted");
}

/// What may happen to a key while it is loaded.
const EVENTS: [&str; 6] = ["remove", "put", "tag", "clear", "flush", "delete"];

async fn happen(event: &str, other: &Node, server: &Server) {
    match event {
        "remove" => other.remove("a").await,
        "put" => drop(other.cache.put("a".to_owned(), loaded("new")).await),
        "tag" => other.cache.invalidate_tag("t").await,
        "clear" => other.cache.clear().await,
        "flush" => server.run::<()>(&["FLUSHALL"]),
        "delete" => {
            server.run::<i64>(&["DEL", "w1:{n}:c:l:ktext:=a"]);
        }
        _ => panic!("{event}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_that_was_overtaken_does_not_bring_the_old_value_back() {
    let Some(server) = Server::start() else {
        return;
    };
    let one = Arc::new(Node::new(&server.url()));
    let other = Node::new(&server.url());
    for event in EVENTS {
        for options in [LoadOptions::new(), LoadOptions::new().read(Read::Origin)] {
            server.run::<()>(&["FLUSHALL"]);
            one.fence().await;
            other.fence().await;
            let (origin, asked, go) = held(loaded("old").tags(["t"]));
            let leading = Arc::clone(&one);
            let leading = tokio::spawn(async move { leading.load_as("a", options, origin).await });
            asked.await.unwrap();
            happen(event, &other, &server).await;
            go.send(()).unwrap();
            assert_eq!(leading.await.unwrap(), ok("old"), "{event}");
            one.fence().await;
            for node in [&*one, &other] {
                let value = node.load("a", gives("new")).await;
                assert_eq!(value, ok("new"), "{event}");
            }
        }
    }
}

/// Nobody tells a process of what it has written itself: so it sees to it that what it read meanwhile goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_process_reads_while_it_loads_anew_does_not_stay_in_its_memory() {
    let Some(server) = Server::start() else {
        return;
    };
    let node = Arc::new(Node::new(&server.url()));
    node.warm("a", "old").await;
    let (origin, asked, go) = held(loaded("new"));
    let of_task = Arc::clone(&node);
    let anew = LoadOptions::new().read(Read::Origin);
    let leading = tokio::spawn(async move { of_task.load_as("a", anew, origin).await });
    asked.await.unwrap();
    // What is on the server still, read by a load that began later.
    let shared = LoadOptions::new().read(Read::Shared);
    assert_eq!(node.load_as("a", shared, never()).await, ok("old"));
    assert_eq!(node.in_memory("a"), Some("old".to_owned()));
    go.send(()).unwrap();
    assert_eq!(leading.await.unwrap(), ok("new"));
    assert_eq!(node.in_memory("a"), None);
    assert_eq!(node.known("a").await, ok("new"));
    node.fence().await;
    assert_eq!(node.in_memory("a"), Some("new".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_while_an_overtaken_load_goes_on_gets_the_new_value() {
    let Some(server) = Server::start() else {
        return;
    };
    let (one, other) = (Arc::new(Node::new(&server.url())), Node::new(&server.url()));
    let (origin, asked, go) = held(loaded("old"));
    let of_task = Arc::clone(&one);
    let leading = tokio::spawn(async move { of_task.load("a", origin).await });
    asked.await.unwrap();
    other.remove("a").await;
    one.fence().await;
    assert_eq!(one.load("a", gives("new")).await, ok("new"));
    assert_eq!(other.known("a").await, ok("new"));
    go.send(()).unwrap();
    assert_eq!(leading.await.unwrap(), ok("old"));
    assert_eq!(one.known("a").await, ok("new"));
    // The same within one process.
    let (origin, asked, go) = held(loaded("old"));
    let of_task = Arc::clone(&one);
    let leading = tokio::spawn(async move { of_task.load("b", origin).await });
    asked.await.unwrap();
    one.remove("b").await;
    assert_eq!(one.load("b", gives("new")).await, ok("new"));
    go.send(()).unwrap();
    assert_eq!(leading.await.unwrap(), ok("old"));
    assert_eq!(one.known("b").await, ok("new"));
}
