//! Tags, on every node and on the server.

use super::*;
use crate::testing::Server;

fn tagged(value: &str, tag: &'static str) -> Origin<String, &'static str> {
    let value = value.to_owned();
    Box::new(move |_| Box::pin(async move { Ok(Loaded::new(value).tags([tag])) }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_takes_what_carries_it_on_all_nodes_and_nothing_else() {
    let Some(server) = Server::start() else {
        return;
    };
    let (one, other) = (Node::new(&server.url()), Node::new(&server.url()));
    let long: &'static str = Box::leak("t".repeat(300).into_boxed_str());
    for tag in ["product:A", "*", long] {
        for node in [&one, &other] {
            assert_eq!(node.load("a", tagged("1", tag)).await, ok("1"));
            assert_eq!(node.load("b", tagged("1", "product:B")).await, ok("1"));
        }
        one.fence().await;
        assert_eq!(one.known("b").await, ok("1"));
        one.cache.invalidate_tag(tag).await;
        assert_eq!(one.in_memory("a"), None);
        assert_eq!(one.in_memory("b"), Some("1".to_owned()));
        other.fence().await;
        assert_eq!(other.in_memory("a"), None);
        // What stands on the server is over, too.
        assert_eq!(other.load("a", tagged("2", tag)).await, ok("2"));
        one.fence().await;
        assert_eq!(one.known("a").await, ok("2"));
        assert_eq!(one.known("b").await, ok("1"));
        assert_eq!(other.known("b").await, ok("1"));
        // A node that comes later knows of it.
        assert_eq!(Node::new(&server.url()).known("a").await, ok("2"));
        one.remove("a").await;
        other.fence().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_reads_that_was_not_there_when_the_tag_went_is_over() {
    let Some(server) = Server::start() else {
        return;
    };
    let one = Node::new(&server.url());
    assert_eq!(one.load("a", tagged("1", "t")).await, ok("1"));
    one.cache.invalidate_tag("t").await;
    let late = Node::new(&server.url());
    assert_eq!(late.load("a", tagged("2", "t")).await, ok("2"));
    one.cache.clear().await;
    let later = Node::new(&server.url());
    assert_eq!(later.load("a", tagged("3", "t")).await, ok("3"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clearing_takes_all_of_a_kind_and_no_other_kind() {
    let Some(server) = Server::start() else {
        return;
    };
    let (one, other) = (Node::new(&server.url()), Node::new(&server.url()));
    let codec = || ValueCodec::message_pack("text", 1);
    let of_other_kind: Cache = other.shared.cache("other", codec()).build().unwrap();
    let load = || async { Ok::<_, &str>(loaded("1")) };
    let key = || "a".to_owned();
    assert_eq!(of_other_kind.get_or_load_with(key(), load).await, ok("1"));
    for node in [&one, &other] {
        assert_eq!(node.load("a", gives("1")).await, ok("1"));
    }
    other.fence().await;
    let known = || async { panic!("the origin is asked") };
    let read = of_other_kind.get_or_load_with::<&str, _>(key(), known);
    assert_eq!(read.await, ok("1"));
    one.cache.clear().await;
    other.fence().await;
    assert_eq!((one.in_memory("a"), other.in_memory("a")), (None, None));
    assert_eq!(of_other_kind.get(&key()), Some("1".to_owned()));
    assert_eq!(other.load("a", gives("2")).await, ok("2"));
}

/// The connection is there before the first cache of a process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cache_that_comes_to_a_session_knows_of_tags_before_it_reads_and_keeps_what_it_reads() {
    let Some(server) = Server::start() else {
        return;
    };
    let one = Node::new(&server.url());
    assert_eq!(one.load("a", tagged("1", "t")).await, ok("1"));
    one.cache.invalidate_tag("t").await;
    for round in 0..10 {
        let shared = Shared::builder(&server.url())
            .namespace("n")
            .op_timeout(LONG)
            .max_staleness(LONG)
            .build()
            .unwrap();
        let link = shared.link_of_program().unwrap();
        eventually("a session", || link.session().is_ok());
        let codec = ValueCodec::message_pack("text", 1);
        let cache: Cache = shared.cache("text", codec).ttl(HOUR).build().unwrap();
        let node = Node { shared, cache };
        // What the tag has ended stands on the server still.
        assert_eq!(
            node.load("a", fails()).await,
            Err(LoadError::Failed("down"))
        );
        let key = format!("b{round}");
        node.warm(&key, "1").await;
    }
}
