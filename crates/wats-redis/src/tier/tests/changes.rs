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
