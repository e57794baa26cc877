//! Servers that refuse, and what becomes of it: the table "When the server refuses" of the README.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use wats_cache::Loaded;

use super::{Notes, listen, member, up};
use crate::error::Error;
use crate::link::{Link, Value, cmd};
use crate::shared::Shared;
use crate::testing::{Server, block_on, eventually};
use crate::tier::{SharedCache, ValueCodec};
use crate::tracking::Tracking;

/// A session, and nothing in memory that is trusted.
#[track_caller]
fn untrusted_session(link: &Link) {
    eventually("a session", || link.session().is_ok());
    let session = link.session().unwrap();
    eventually("heartbeats", || link.stats().heartbeats >= 2);
    assert!(!link.is_trusted() && !link.is_told());
    assert!(block_on(session.run(cmd("PING"))).is_ok());
    assert!(session.is_current());
}

/// No session, whatever is tried, and an error with these words.
#[track_caller]
fn no_session(link: &Link, words: &str) {
    eventually("attempts", || link.stats().failed_attempts >= 2);
    assert_eq!(link.session().unwrap_err(), Error::NoSession);
    assert!(!link.is_trusted());
    let error = link.stats().last_error.unwrap();
    assert!(error.contains(words), "{error}");
}

#[test]
fn a_wrong_password_is_no_session_until_it_is_right() {
    let Some(server) = Server::start() else {
        return;
    };
    let _: Value = server.run(&["CONFIG", "SET", "requirepass", "right"]);
    let shared = Shared::builder(&server.url())
        .credentials("default", "wrong")
        .namespace("n")
        .build()
        .unwrap();
    let link = shared.link_of_program().unwrap();
    eventually("attempts", || link.stats().failed_attempts >= 2);
    let error = link.stats().last_error.unwrap();
    assert!(
        error.contains("WRONGPASS") || error.contains("authentication"),
        "{error}"
    );
    assert!(!error.contains("wrong"), "{error}");
    no_session(&link, "");
}

#[test]
fn without_the_right_to_track_nothing_in_memory_is_trusted() {
    let Some(server) = Server::start() else {
        return;
    };
    let rules = [
        "ACL", "SETUSER", "wats", "on", ">secret", "~w1:*", "+@all", "-client",
    ];
    let _: Value = server.run(&rules);
    let shared = Shared::builder(&server.url())
        .credentials("wats", "secret")
        .namespace("n")
        .build()
        .unwrap();
    untrusted_session(&shared.link_of_program().unwrap());
}

#[test]
fn the_rights_that_the_guide_names_are_enough() {
    let Some(server) = Server::start() else {
        return;
    };
    let rules = [
        "ACL",
        "SETUSER",
        "wats",
        "on",
        ">secret",
        "resetchannels",
        "&w1:*",
        "~w1:*",
        "-@all",
        "+@read",
        "+@write",
        "+@scripting",
        "+@transaction",
        "+@connection",
        "+@pubsub",
        "+time",
        "-@admin",
        "+client|tracking",
    ];
    let _: Value = server.run(&rules);
    for tracking in [Tracking::Broadcast, Tracking::Channel] {
        let shared = Shared::builder(&server.url())
            .credentials("wats", "secret")
            .tracking(tracking)
            .op_timeout(Duration::from_secs(20))
            .namespace("n")
            .build()
            .unwrap();
        let link = shared.link_of_program().unwrap();
        eventually("trusted", || up(&link));
        let codec = ValueCodec::message_pack("text", 1);
        let cache: SharedCache<String, String> = shared.cache("text", codec).build().unwrap();
        let key = || "a".to_owned();
        let load = || async { Ok::<_, ()>(Loaded::new("1".to_owned()).tags(["t"])) };
        block_on(async {
            assert_eq!(
                cache.get_or_load_with(key(), load).await,
                Ok("1".to_owned())
            );
            cache.put(key(), "2".to_owned()).await;
            shared.fence().await.unwrap();
            assert_eq!(cache.get(&key()), Some("2".to_owned()));
            cache.invalidate_tag("t").await;
            cache.remove(&key()).await;
            assert_eq!(
                cache.get_or_load_with(key(), load).await,
                Ok("1".to_owned())
            );
        });
        let stats = cache.stats();
        assert_eq!((stats.led, stats.refused, stats.without), (2, 0, 0));
    }
}

#[test]
fn without_tracking_there_is_a_session_without_trust() {
    let Some(server) = Server::start() else {
        return;
    };
    let shared = Shared::builder(&server.url())
        .tracking(Tracking::Off)
        .namespace("n")
        .build()
        .unwrap();
    untrusted_session(&shared.link_of_program().unwrap());
}

#[test]
fn changes_are_told_by_a_channel_where_that_is_chosen() {
    let Some(server) = Server::start() else {
        return;
    };
    let build = || {
        let builder = Shared::builder(&server.url()).tracking(Tracking::Channel);
        let shared = builder.namespace("n").build().unwrap();
        let link = shared.link_of_program().unwrap();
        eventually("trusted", || up(&link));
        (shared, link)
    };
    let (one, two) = (build(), build());
    let notes = [Arc::new(Notes::default()), Arc::new(Notes::default())];
    for ((_, link), notes) in [&one, &two].into_iter().zip(&notes) {
        listen(link, notes);
        eventually("begins", || notes.has("begins 1"));
        notes.take();
    }
    for what in ["w1:{n}:c:kk:=a", "*"] {
        let (channel, own) = one.1.publish().unwrap();
        let mut command = cmd("PUBLISH");
        command
            .arg(channel)
            .arg([&own[..], what.as_bytes()].concat());
        block_on(one.1.session().unwrap().run(command)).unwrap();
        for (shared, _) in [&one, &two] {
            block_on(shared.fence()).unwrap();
        }
        let expected = if what == "*" { "all" } else { what };
        assert_eq!(notes[1].take(), [format!("1: {expected}")]);
        // Own changes are not told.
        assert_eq!(notes[0].take(), [""; 0]);
    }
    assert_eq!(member(&server.url()).1.publish(), None);
}

#[test]
fn a_server_that_is_full_still_proves_the_session() {
    let Some(server) = Server::with(&["--maxmemory", "3mb", "--maxmemory-policy", "noeviction"])
    else {
        return;
    };
    let (_shared, link) = member(&server.url());
    eventually("trusted", || up(&link));
    let session = link.session().unwrap();
    let mut full = None;
    for number in 0..1000 {
        let mut set = cmd("SET");
        set.arg(format!("w1:{{n}}:c:kk:={number}"))
            .arg("x".repeat(10_000));
        if let Err(error) = block_on(session.run(set)) {
            full = Some(error);
            break;
        }
    }
    assert_eq!(full.unwrap().code(), Some("OOM"));
    // From here on it is full whatever is freed.
    let _: Value = server.run(&["CONFIG", "SET", "maxmemory", "1"]);
    let before = link.stats().heartbeats;
    eventually("heartbeats", || link.stats().heartbeats >= before + 2);
    assert!(session.is_current() && link.is_trusted());
}

#[test]
fn a_replica_ends_the_session_and_a_master_begins_another() {
    let Some(server) = Server::start() else {
        return;
    };
    let (_shared, link) = member(&server.url());
    eventually("trusted", || up(&link));
    let first = link.session().unwrap().number();
    let _: Value = server.run(&["REPLICAOF", "127.0.0.1", "1"]);
    eventually("untrusted", || {
        !link.is_trusted() && link.session().is_err()
    });
    no_session(&link, "");
    let _: Value = server.run(&["REPLICAOF", "NO", "ONE"]);
    eventually("trusted", || up(&link));
    assert!(link.session().unwrap().number() > first);
}

/// Answers everything with this, for ever.
fn always(answer: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(1..) = stream.read(&mut buffer) {
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    format!("redis://127.0.0.1:{port}")
}

#[test]
fn servers_that_cannot_be_used_are_no_session() {
    for (answer, words) in [
        ("-ERR unknown command 'HELLO'\r\n", "HELLO"),
        ("-NOPROTO unsupported protocol version\r\n", ""),
        (
            "-LOADING Redis is loading the dataset in memory\r\n",
            "LOADING",
        ),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", ""),
        ("+OK\r\n", ""),
        ("$-1\r\n", ""),
        ("*1000000000\r\n", ""),
        ("\0\0\0\0", ""),
        ("-ERR \u{fffd}\r\n", ""),
    ] {
        let (_shared, link) = member(&always(answer));
        no_session(&link, words);
    }
}
