//! Many sessions, one after the other: nothing is left of them. A few in the normal run; `WATS_REDIS_SESSIONS` says how
//! many.

use std::time::Duration;

use crate::link::{Value, cmd};
use crate::shared::Shared;
use crate::testing::{Proxy, Server, block_on, eventually};

/// Threads of this process and KiB of memory, where the system tells.
fn used() -> (usize, usize) {
    let threads = std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|line| line.split_whitespace().next()?.parse().ok());
    (threads, memory.unwrap_or(0))
}

#[test]
fn of_many_sessions_nothing_is_left() {
    let sessions = std::env::var("WATS_REDIS_SESSIONS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(40_u64);
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::to(server.port());
    let shared = Shared::builder(&proxy.url())
        .namespace("n")
        // A heartbeat every 50 ms: a session that lasted for one makes the next attempt quick.
        .max_staleness(Duration::from_millis(200))
        .build()
        .unwrap();
    let link = shared.link_of_program().unwrap();
    let mut before = None;
    for round in 0..sessions {
        eventually("a session", || link.session().is_ok());
        let session = link.session().unwrap();
        let beats = link.stats().heartbeats;
        eventually("a heartbeat", || {
            link.stats().heartbeats > beats || !session.is_current()
        });
        // Under way while it is cut.
        let mut command = cmd("DEBUG");
        command.arg("SLEEP").arg("0.001");
        let _ = block_on(async {
            let run = session.run(command);
            proxy.cut();
            run.await
        });
        eventually("ended", || !session.is_current());
        if round == sessions / 2 {
            before = Some(used());
        }
    }
    eventually("a session", || link.session().is_ok());
    let (before, after) = (before.unwrap(), used());
    println!("{sessions} sessions: threads and KiB {before:?}, then {after:?}");
    // Two threads of the proxy may not have ended yet.
    assert!(after.0 <= before.0 + 8, "{before:?} {after:?}");
    assert!(after.1 <= before.1 + 20_000, "{before:?} {after:?}");
    eventually("closed at the server", || {
        let clients: String = server.run(&["CLIENT", "LIST"]);
        clients.lines().count() <= 2
    });
    let members: i64 = server.run(&["ZCARD", "w1:{n}:n:members"]);
    assert_eq!(members, 1);
    let _: Value = server.run(&["PING"]);
}
