//! One level behind the other.

use std::borrow::Cow;

use wats_cache::{LoadError, LoadOptions, Read};

use super::*;
use crate::testing::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_asks_the_origin_and_all_have_the_answer() {
    let Some(server) = Server::start() else {
        return;
    };
    let nodes = [Node::new(&server.url()), Node::new(&server.url())];
    assert_eq!(nodes[0].load("a", gives("1")).await, ok("1"));
    assert_eq!(nodes[1].in_memory("a"), None);
    // Told of the write while it reads, it would not keep what it reads.
    nodes[1].fence().await;
    assert_eq!(nodes[1].known("a").await, ok("1"));
    assert_eq!(nodes[1].in_memory("a"), Some("1".to_owned()));
    let (one, other) = (nodes[0].cache.stats(), nodes[1].cache.stats());
    assert_eq!((one.led, one.shared_misses, one.shared_hits), (1, 1, 0));
    assert_eq!(
        (other.led, other.shared_misses, other.shared_hits),
        (0, 0, 1)
    );
    assert!(other.foreign.is_empty() && other.refused == 0);
    // Nobody tells the one that has loaded it of what it wrote: it need not read it again.
    nodes[0].fence().await;
    assert_eq!(nodes[0].in_memory("a"), Some("1".to_owned()));
    assert_eq!(nodes[0].cache.stats().shared_hits, 0);
    // A late one reads it, too.
    assert_eq!(Node::new(&server.url()).known("a").await, ok("1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_may_pass_over_memory_or_over_all() {
    let Some(server) = Server::start() else {
        return;
    };
    let (one, other) = (Node::new(&server.url()), Node::new(&server.url()));
    let read = |read| LoadOptions::new().read(read);
    assert_eq!(one.load("a", gives("1")).await, ok("1"));
    assert_eq!(one.load_as("a", read(Read::Shared), never()).await, ok("1"));
    assert_eq!(other.known("a").await, ok("1"));
    assert_eq!(
        one.load_as("a", read(Read::Origin), gives("2")).await,
        ok("2")
    );
    assert_eq!(one.known("a").await, ok("2"));
    other.fence().await;
    assert_eq!(other.in_memory("a"), None);
    assert_eq!(other.known("a").await, ok("2"));
    let failed = one.load_as("a", read(Read::Origin), fails()).await;
    assert_eq!(failed, Err(LoadError::Failed("down")));
    assert_eq!(one.known("a").await, ok("2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_is_read_here_at_once_and_everywhere_soon() {
    let Some(server) = Server::start() else {
        return;
    };
    let (one, other) = (Node::new(&server.url()), Node::new(&server.url()));
    assert_eq!(other.load("a", gives("0")).await, ok("0"));
    // Told of that while it writes, it would not keep what it writes.
    one.fence().await;
    for n in 1..50 {
        let value = n.to_string();
        assert_eq!(one.cache.put("a".to_owned(), loaded(&value)).await, value);
        one.fence().await;
        assert_eq!(one.in_memory("a"), Some(value.clone()));
        other.fence().await;
        assert_eq!(other.known("a").await, ok(&value));
    }
    assert_eq!(one.cache.stats().refused, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caches_of_one_process_know_of_each_other() {
    let Some(server) = Server::start() else {
        return;
    };
    let node = Node::new(&server.url());
    let codec = ValueCodec::message_pack("text", 1);
    let sibling: Cache = node.shared.cache("text", codec).build().unwrap();
    let key = || "a".to_owned();
    node.load("a", gives("1")).await.unwrap();
    let load = || async { panic!("the origin is asked") };
    let read = || sibling.get_or_load_with::<&str, _>(key(), load);
    assert_eq!(read().await, ok("1"));
    node.cache.put(key(), loaded("2")).await;
    assert_eq!(sibling.get(&key()), None);
    assert_eq!(read().await, ok("2"));
    node.remove("a").await;
    assert_eq!(sibling.get(&key()), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_of_two_versions_work_side_by_side() {
    let Some(server) = Server::start() else {
        return;
    };
    let url = server.url();
    let node = |version| {
        let shared = Shared::builder(&url)
            .namespace("n")
            .op_timeout(LONG)
            .max_staleness(LONG);
        let shared = shared.build().unwrap();
        let codec = ValueCodec::<String>::message_pack("text", version);
        let cache: Cache = shared.cache("text", codec).build().unwrap();
        eventually("trusted", || shared.is_trusted());
        (shared, cache)
    };
    let (old, new) = (node(1), node(2));
    let load = |value: &'static str| move || async move { Ok::<_, &str>(loaded(value)) };
    for _ in 0..3 {
        let key = || "a".to_owned();
        assert_eq!(old.1.get_or_load_with(key(), load("old")).await, ok("old"));
        assert_eq!(new.1.get_or_load_with(key(), load("new")).await, ok("new"));
        assert_eq!(server.run::<i64>(&["HLEN", "w1:{n}:c:ktext:=a"]), 2);
        // Each writes, and leaves the other's alone.
        old.0.fence().await.unwrap();
        assert_eq!(old.1.get_or_load_with(key(), load("x")).await, ok("old"));
        new.1.remove(&key()).await;
        assert_eq!(server.run::<i64>(&["EXISTS", "w1:{n}:c:ktext:=a"]), 0);
        old.0.fence().await.unwrap();
        assert_eq!(old.1.get(&key()), None);
    }
    assert!(old.1.stats().foreign.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_ours_is_a_miss_and_written_anew() {
    let Some(server) = Server::start() else {
        return;
    };
    let node = Node::new(&server.url());
    assert_eq!(node.load("a", gives("1")).await, ok("1"));
    let name = "w1:{n}:c:ktext:=a";
    let field: Vec<String> = server.run(&["HKEYS", name]);
    let other = Node::new(&server.url());
    let long = "W\x01".repeat(100);
    for garbage in ["", "x", "W\x01\x01\x01", long.as_str()] {
        let written: i64 = server.run(&["HSET", name, &field[0], garbage]);
        assert_eq!(written, 0);
        for node in [&node, &other] {
            node.fence().await;
            assert_eq!(node.in_memory("a"), None);
        }
        assert_eq!(other.load("a", gives("2")).await, ok("2"));
        node.fence().await;
        assert_eq!(node.known("a").await, ok("2"));
    }
    // A key of another type is an error of the server, and the origin answers.
    server.run::<i64>(&["DEL", name]);
    server.run::<String>(&["SET", name, "text"]);
    other.fence().await;
    assert_eq!(other.load("a", gives("3")).await, ok("3"));
    let met: u64 = other
        .cache
        .stats()
        .foreign
        .iter()
        .map(|(_, count)| count)
        .sum();
    assert_eq!(met, 4);
}

type Bytes = SharedCache<Cow<'static, [u8]>, Vec<u8>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_may_be_any_bytes() {
    let Some(server) = Server::start() else {
        return;
    };
    let node = || {
        let shared = Shared::builder(&server.url())
            .namespace("n")
            .op_timeout(LONG)
            .max_staleness(LONG)
            .build()
            .unwrap();
        let codec = ValueCodec::new(
            "bytes",
            1,
            |value: &Vec<u8>| Some(value.clone()),
            |bytes| Some(bytes.to_vec()),
        );
        let cache: Bytes = shared.cache("bytes", codec).build().unwrap();
        eventually("trusted", || shared.is_trusted());
        (shared, cache)
    };
    let (one, other) = (node(), node());
    let long = [b"a{b}:".repeat(100), b"a{b}:".repeat(101)].map(Cow::Owned);
    let short: [&[u8]; 5] = [b"", b"{x}", b"\xff\0\n", b":", b"=#"];
    for key in short.map(Cow::Borrowed).into_iter().chain(long) {
        let value = key.to_vec();
        let load = move || async move { Ok::<_, &str>(wats_cache::Loaded::new(value)) };
        let got = one.1.get_or_load_with(key.clone(), load).await.unwrap();
        assert_eq!(got, &*key);
        let load = || async { panic!("the origin is asked") };
        let got = other.1.get_or_load_with::<&str, _>(key.clone(), load).await;
        assert_eq!(got.unwrap(), &*key);
        one.1.remove(&key).await;
        other.0.fence().await.unwrap();
        assert_eq!(other.1.get(&key), None, "{key:?}");
    }
}

/// How often the server has run a command, by itself or in a script.
fn calls(server: &Server, command: &str) -> usize {
    let all: String = server.run(&["INFO", "commandstats"]);
    let start = format!("cmdstat_{command}:calls=");
    let of_command = all.lines().find_map(|line| line.strip_prefix(&start));
    let calls = of_command.and_then(|rest| rest.split(',').next());
    calls.map_or(0, |calls| calls.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_is_read_without_a_script_until_something_is_not() {
    let Some(server) = Server::start() else {
        return;
    };
    let node = Node::new(&server.url());
    let since = |(reads, scripts)| {
        (
            calls(&server, "hget") - reads,
            calls(&server, "evalsha") - scripts,
        )
    };
    let so_far = || since((0, 0));
    let shared = || LoadOptions::new().read(Read::Shared);
    node.warm("a", "1").await;
    // After a miss it begins with the script, and learns that there is something again.
    assert_eq!(node.load_as("a", shared(), never()).await, ok("1"));
    let before = so_far();
    for _ in 0..50 {
        assert_eq!(node.load_as("a", shared(), never()).await, ok("1"));
    }
    let (reads, scripts) = since(before);
    // Heartbeats are scripts, too.
    assert!(reads == 50 && scripts < 10, "{reads} {scripts}");
    // Also where they are under way together.
    let before = so_far();
    let keys: Vec<String> = (0..20).map(|n| format!("many-{n}")).collect();
    for key in &keys {
        node.cache.put(key.clone(), loaded("1")).await;
    }
    let (reads, scripts) = since(before);
    // Each is read when its lease is taken, and written by a script.
    assert!(reads == 20 && scripts >= 40, "{reads} {scripts}");
    let before = so_far();
    let look_ups = keys.iter().map(|key| node.load_as(key, shared(), never()));
    let all = futures_util::future::join_all(look_ups).await;
    assert!(all.iter().all(|found| *found == ok("1")));
    let (reads, scripts) = since(before);
    assert!(reads == 20 && scripts < 10, "{reads} {scripts}");
    // Who wants the origin asks the script for the lease, and reads nothing before.
    let (before, origin) = (so_far(), LoadOptions::new().read(Read::Origin));
    assert_eq!(node.load_as("a", origin, gives("1")).await, ok("1"));
    assert_eq!(since(before).0, 1);
    assert_eq!(node.load_as("a", shared(), never()).await, ok("1"));
    let before = so_far();
    for n in 0..50 {
        let failed = node.load(&n.to_string(), fails()).await;
        assert_eq!(failed, Err(LoadError::Failed("down")));
    }
    let (reads, scripts) = since(before);
    // The script reads, and the first one was read without it.
    assert!(reads == 51 && scripts >= 50, "{reads} {scripts}");
    assert_eq!(node.cache.stats().shared_hits, 72);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_is_not_served_by_a_plain_read() {
    let Some(server) = Server::start() else {
        return;
    };
    let node = Node::with(&server.url(), |options| {
        let options = options.ttl(Duration::from_millis(50)).jitter(0.0);
        options.stale_if_error(HOUR)
    });
    let other = Node::new(&server.url());
    other.load("there", gives("1")).await.unwrap();
    for n in 0..20 {
        let value = n.to_string();
        assert_eq!(node.load("a", gives(&value)).await, ok(&value));
        eventually("over", || node.in_memory("a").is_none());
        // Something that is there makes the next read a plain one.
        let shared = LoadOptions::new().read(Read::Shared);
        assert_eq!(node.load_as("there", shared, never()).await, ok("1"));
        let before = calls(&server, "hget");
        let next = format!("after {value}");
        assert_eq!(node.load("a", gives(&next)).await, ok(&next));
        assert_eq!(
            calls(&server, "hget") - before,
            2,
            "plain, and by the script"
        );
        node.remove("a").await;
    }
}
