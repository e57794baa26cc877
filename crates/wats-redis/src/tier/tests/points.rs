//! A change, or a cut, at each point of a load: when its read is on the way, when the answer is, when what it loaded is
//! being written, when the answer to that is. Nothing that was before the change is kept, in memory or on the server.

use std::sync::Mutex;

use super::*;
use crate::testing::{Mode, Proxy, Server};

/// What is read where the values come from.
type Truth = Arc<Mutex<&'static str>>;

fn reads(truth: &Truth) -> Origin<String, &'static str> {
    let truth = Arc::clone(truth);
    Box::new(move |_| {
        Box::pin(async move {
            let value = *truth.lock().unwrap();
            Ok(loaded(value).tags(["t"]))
        })
    })
}

/// What another process does, after it has changed the value.
const CHANGES: [&str; 4] = ["remove", "put", "tag", "clear"];

async fn change(change: &str, key: &str, other: &Node) {
    match change {
        "remove" => other.remove(key).await,
        "put" => drop(other.cache.put(key.to_owned(), loaded("new")).await),
        "tag" => other.cache.invalidate_tag("t").await,
        "clear" => other.cache.clear().await,
        _ => panic!("{change}"),
    }
}

/// The pieces of a load that is the first of its key: what is sent, and what comes back, each twice.
const POINTS: [(bool, usize); 4] = [(false, 0), (true, 0), (false, 1), (true, 1)];

/// How often each point is tried; the long version is by `WATS_REDIS_POINTS`.
fn rounds() -> usize {
    let given = std::env::var("WATS_REDIS_POINTS").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_at_any_point_of_a_load_is_not_undone_by_it() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::to(server.port());
    // A load that is cut off holds up the others for that long.
    let short = |options: Builder| options.lease(Duration::from_millis(100));
    let held = Arc::new(Node::with(&proxy.url(), short));
    let other = Node::with(&server.url(), short);
    // All scripts are known to the server from here on, so that each is one piece.
    for change_of in CHANGES {
        held.warm(change_of, "1").await;
        change(change_of, change_of, &other).await;
        held.fence().await;
    }
    for round in 0..rounds() {
        for (answers, pieces) in POINTS {
            for change_of in CHANGES {
                for cut in [false, true] {
                    let what = format!("{change_of} at {pieces} of {answers}, cut: {cut}");
                    let key = format!("{round} {what}");
                    let truth: Truth = Arc::new(Mutex::new("old"));
                    // Nothing else is on the way: heartbeats come every five seconds.
                    held.fence().await;
                    proxy.set(Mode::HoldAfter { answers, pieces });
                    let (node, of_task, origin) = (Arc::clone(&held), key.clone(), reads(&truth));
                    let load = tokio::spawn(async move { node.load(&of_task, origin).await });
                    eventually("held, or done before a heartbeat was held", || {
                        proxy.held() || load.is_finished()
                    });
                    *truth.lock().unwrap() = "new";
                    change(change_of, &key, &other).await;
                    let sessions = || held.shared.stats()[0].sessions;
                    let before = sessions();
                    if cut {
                        // What is held comes to nothing, whichever way it goes.
                        proxy.cut();
                    }
                    proxy.set(Mode::Pass);
                    let value = load.await.unwrap().unwrap();
                    assert!(value == "old" || value == "new", "{what}: {value}");
                    eventually("another session", || !cut || sessions() > before);
                    eventually("trusted", || held.shared.is_trusted());
                    held.fence().await;
                    other.fence().await;
                    for node in [&*held, &other] {
                        assert_eq!(node.load(&key, reads(&truth)).await, ok("new"), "{what}");
                    }
                }
            }
        }
    }
}
