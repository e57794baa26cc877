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

/// 8 MiB by default, and the most that can be shared by `WATS_REDIS_LONG=1`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_what_is_large_holds_up_others_for_no_longer_than_it_takes() {
    let Some(server) = Server::start() else {
        return;
    };
    let is_long = std::env::var_os("WATS_REDIS_LONG").is_some();
    let large = if is_long { 64 << 20 } else { 8 << 20 };
    let all = |options: Builder| options.max_value(usize::MAX);
    let (one, other) = (
        Node::with(&server.url(), all),
        Arc::new(Node::with(&server.url(), all)),
    );
    let value = "x".repeat(large - 5);
    assert!(one.load("large", gives(&value)).await == ok(&value));
    assert_eq!(one.cache.stats().too_large, 0);
    for key in 0..100 {
        assert_eq!(one.load(&key.to_string(), gives("1")).await, ok("1"));
    }
    let of_task = Arc::clone(&other);
    let reading = tokio::spawn(async move {
        let begin = std::time::Instant::now();
        let value = of_task.known("large").await;
        (value, begin.elapsed())
    });
    let mut slowest = Duration::ZERO;
    for key in 0..100 {
        let begin = std::time::Instant::now();
        assert_eq!(other.known(&key.to_string()).await, ok("1"));
        slowest = slowest.max(begin.elapsed());
    }
    let (read, took) = reading.await.unwrap();
    assert!(read == ok(&value));
    println!("{large} bytes were read in {took:?}; a small value meanwhile in {slowest:?} at most");
    // One of those who wait behind it may have begun before it.
    assert!(
        slowest <= took + Duration::from_secs(1),
        "{slowest:?}, {took:?}"
    );
    assert_eq!(other.shared.stats()[0].sessions, 1);
    // One byte more than may be shared at all stays here.
    if is_long {
        let value = "x".repeat(large);
        assert!(one.load("larger", gives(&value)).await == ok(&value));
        assert_eq!(one.cache.stats().too_large, 1);
    }
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
