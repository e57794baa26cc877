//! Lives and sizes.

use super::*;
use crate::testing::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_keeps_a_value_for_the_time_that_is_left() {
    let Some(server) = Server::start() else {
        return;
    };
    let short = |options: Builder| options.ttl(Duration::from_millis(400)).jitter(0.0);
    let one = Node::with(&server.url(), short);
    let other = Node::with(&server.url(), short);
    let begin = std::time::Instant::now();
    assert_eq!(one.load("a", gives("1")).await, ok("1"));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let second = other.load("a", gives("2")).await;
    let early = begin.elapsed() < Duration::from_millis(350);
    // A machine that is busy enough may be too late for the first.
    assert!(second == ok("1") || !early, "{second:?}");
    let of_clock = Duration::from_millis(100);
    eventually("over", || other.in_memory("a").is_none());
    if second == ok("1") {
        let lived = begin.elapsed();
        assert!(lived + of_clock >= Duration::from_millis(400), "{lived:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn negative_values_have_a_life_of_their_own() {
    let Some(server) = Server::start() else {
        return;
    };
    let node = Node::with(&server.url(), |options| {
        options.negative(Duration::from_millis(100), String::is_empty)
    });
    assert_eq!(node.load("a", gives("")).await, ok(""));
    assert_eq!(node.load("b", gives("1")).await, ok("1"));
    let left = |key| server.run::<i64>(&["PTTL", &format!("w1:{{n}}:c:ktext:={key}")]);
    assert!(left("a") <= 100 && left("b") > 3_000_000);
    eventually("over", || {
        server.run::<i64>(&["EXISTS", "w1:{n}:c:ktext:=a"]) == 0
    });
    node.fence().await;
    assert_eq!(node.load("a", gives("2")).await, ok("2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_and_keys_of_all_sizes_are_answered_and_small_ones_shared() {
    let Some(server) = Server::start() else {
        return;
    };
    let (one, other) = (Node::new(&server.url()), Node::new(&server.url()));
    let most = 1 << 20;
    // MessagePack adds five bytes.
    for (length, shared) in [
        (0, true),
        (1, true),
        (most - 5, true),
        (most, false),
        (8 << 20, false),
    ] {
        let (key, value) = (length.to_string(), "x".repeat(length));
        assert_eq!(one.load(&key, gives(&value)).await, ok(&value));
        assert!(one.known(&key).await == ok(&value), "{length}");
        assert!(
            shared || one.in_memory(&key) == Some(value.clone()),
            "{length}: kept here"
        );
        let second = other.load(&key, gives("other")).await;
        assert!(
            second == ok(if shared { &value } else { "other" }),
            "{length}"
        );
        // What stays in memory is told of as well.
        one.remove(&key).await;
        other.fence().await;
        assert_eq!(other.in_memory(&key), None, "{length}");
    }
    let key = "k".repeat(10_000);
    assert_eq!(one.load(&key, gives("1")).await, ok("1"));
    assert_eq!(one.in_memory(&key), Some("1".to_owned()));
    assert_eq!(other.load(&key, gives("2")).await, ok("2"));
    assert!(one.cache.stats().too_large >= 3);
}

#[test]
fn a_kind_is_a_short_name_of_letters() {
    let name = |kind: &str| {
        let shared = Shared::builder("redis://127.0.0.1:1")
            .namespace("n")
            .build()
            .unwrap();
        let codec = ValueCodec::message_pack("text", 1);
        shared.cache::<String, String>(kind, codec).build()
    };
    assert!(name("a-Z9").is_ok());
    for kind in ["", "a b", "a:b", "ä", &"a".repeat(65)] {
        assert!(name(kind).is_err(), "{kind}");
    }
}
