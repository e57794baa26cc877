//! Nodes that change and read the same keys at the same time: nobody reads what was before its own write, and at the end
//! all have the last value.

use std::sync::atomic::AtomicU64;

use super::*;
use crate::testing::Server;

/// What the values come from: a database without a cache.
#[derive(Default)]
struct Source {
    values: Vec<AtomicU64>,
}

impl Source {
    fn new(keys: usize) -> Arc<Self> {
        let values = (0..keys).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self { values })
    }

    fn origin(self: &Arc<Self>, key: usize) -> Origin<String, &'static str> {
        let source = Arc::clone(self);
        Box::new(move |_| {
            Box::pin(async move {
                let value = source.values[key].load(Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok(Loaded::new(value.to_string()).tags(["all"]))
            })
        })
    }
}

/// Each node counts its own keys up and reads those of others; the server is killed so often meanwhile.
async fn updates(rounds: u64, keys: usize, kills: u32) {
    let Some(mut server) = Server::start() else {
        return;
    };
    let nodes = [0, 1].map(|_| Arc::new(Node::new(&server.url())));
    let source = Source::new(keys);
    let mut all = tokio::task::JoinSet::new();
    for (number, node) in nodes.iter().enumerate() {
        for task in 0..4_usize {
            let (node, source) = (Arc::clone(node), Arc::clone(&source));
            all.spawn(async move {
                let mut stale = 0_u64;
                for round in 0..rounds {
                    // Of a task's own, so that it knows what it wrote.
                    let own =
                        (round as usize * 8 + number * 4 + task) % keys / 8 * 8 + number * 4 + task;
                    let name = own.to_string();
                    source.values[own].fetch_add(1, Ordering::SeqCst);
                    let written = source.values[own].load(Ordering::SeqCst);
                    if round % 5 == 0 {
                        node.cache.invalidate_tag("all").await;
                    } else if round % 5 == 1 {
                        node.cache
                            .put(name.clone(), loaded(&written.to_string()))
                            .await;
                    } else {
                        node.remove(&name).await;
                    }
                    let read = node.load(&name, source.origin(own)).await.unwrap();
                    stale += u64::from(read != written.to_string());
                    let other = (own + 5) % keys;
                    let _ = node
                        .load(&other.to_string(), source.origin(other))
                        .await
                        .unwrap();
                }
                stale
            });
        }
    }
    for _ in 0..kills {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill();
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.restart();
    }
    let stale: u64 = all.join_all().await.iter().sum();
    for node in &nodes {
        eventually("trusted", || node.shared.is_trusted());
    }
    for node in &nodes {
        node.fence().await;
        for key in 0..keys {
            let value = source.values[key].load(Ordering::SeqCst).to_string();
            let read = node.load(&key.to_string(), source.origin(key)).await;
            assert_eq!(read, Ok(value), "key {key} is stuck");
        }
        println!("{}", node.cache.stats());
    }
    assert_eq!(stale, 0, "reads of what was before an own write");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reads_what_was_before_its_own_write() {
    updates(150, 64, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_where_the_server_is_killed_meanwhile() {
    updates(150, 64, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the long version"]
async fn nobody_reads_what_was_before_its_own_write_in_a_hundred_thousand() {
    updates(12_500, 104, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the long version"]
async fn nor_where_the_server_is_killed_twice_in_a_hundred_thousand() {
    updates(12_500, 104, 2).await;
}
