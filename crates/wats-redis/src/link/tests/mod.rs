//! The link with a real server: here what it does when all is well and when the server goes away.
//!
//! `callers`: who sends and waits. `faults`: what breaks on the way. `outcomes`: servers that refuse. `topologies`: TLS, Sentinel, Cluster. `secrets`: what
//! is not written. `endurance`: many sessions. `fork`: the child of one.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is the failing test"
)]

mod callers;
mod endurance;
mod faults;
#[cfg(unix)]
mod fork;
mod outcomes;
mod secrets;
mod topologies;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use wats_background::forks;

use super::{Changed, Link, Listener, Script, Session, Value, cmd};
use crate::error::{Error, Result};
use crate::shared::Shared;
use crate::testing::{Server, block_on, eventually};

/// Notes what it is told.
#[derive(Debug, Default)]
struct Notes {
    told: Mutex<Vec<String>>,
}

impl Notes {
    fn note(&self, text: String) {
        self.told.lock().unwrap().push(text);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    fn has(&self, text: &str) -> bool {
        self.told.lock().unwrap().iter().any(|told| told == text)
    }
}

impl Listener for Notes {
    fn prepare<'a>(&'a self, session: &'a Arc<Session>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let value = session.run(cmd("PING")).await?;
            self.note(format!("prepare: {value:?}"));
            Ok(())
        })
    }

    fn session_begins(&self, session: u64) {
        self.note(format!("begins {session}"));
    }

    fn changed(&self, session: u64, what: Changed<'_>) {
        match what {
            Changed::All => self.note(format!("{session}: all")),
            Changed::Key(name) => {
                self.note(format!("{session}: {}", String::from_utf8_lossy(name)));
            }
        }
    }

    fn session_ended(&self, session: u64) {
        self.note(format!("ended {session}"));
    }
}

/// A member of the namespace `n`.
fn member(url: &str) -> (Shared, Arc<Link>) {
    let shared = Shared::builder(url).namespace("n").build().unwrap();
    let link = shared.link_of_program().unwrap();
    (shared, link)
}

/// Whether there is a session that is trusted. Trust comes first.
fn up(link: &Link) -> bool {
    link.session().is_ok() && link.is_trusted()
}

fn listen(link: &Link, notes: &Arc<Notes>) {
    let notes: Weak<Notes> = Arc::downgrade(notes);
    link.subscribe(notes).unwrap();
}

#[test]
fn a_session_comes_up_is_trusted_and_serves_any_runtime() {
    let Some(server) = Server::start() else {
        return;
    };
    let (shared, link) = member(&server.url());
    eventually("trusted", || up(&link));
    let session = link.session().unwrap();
    let pong = block_on(session.run(cmd("PING"))).unwrap();
    assert_eq!(pong, Value::SimpleString("PONG".to_owned()));
    let error = block_on(session.run(cmd("NONSENSE"))).unwrap_err();
    assert_eq!(error.code(), Some("ERR"));
    assert!(block_on(shared.fence()).is_ok());
    assert_eq!(link.members(), Some(1));
    let server_now = link.server_micros().unwrap();
    let here = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let apart = (server_now - here.as_micros() as i64).abs();
    assert!(apart < 60_000_000, "{apart} µs");
    let stats = &shared.stats()[0];
    assert!(stats.connected && stats.trusted, "{stats}");
    assert!(stats.bytes_in > 0 && stats.bytes_out > 0, "{stats}");
}

#[test]
fn a_script_is_found_again_after_the_server_has_forgotten_it() {
    static SCRIPT: Script = Script::new("return {KEYS[1], ARGV[1]}", 1);
    let Some(server) = Server::start() else {
        return;
    };
    let (_shared, link) = member(&server.url());
    eventually("a session", || link.session().is_ok());
    let session = link.session().unwrap();
    for _ in 0..2 {
        for _ in 0..2 {
            let value = block_on(session.script(SCRIPT.call().key(b"k").arg("a"))).unwrap();
            let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
            assert_eq!(value, Value::Array(vec![text("k"), text("a")]));
        }
        let _: Value = server.run(&["SCRIPT", "FLUSH"]);
    }
    assert_eq!(link.session().unwrap().number(), session.number());
}

#[test]
fn changes_by_others_are_told_before_any_reply_behind_them() {
    let Some(server) = Server::start() else {
        return;
    };
    let (shared, link) = member(&server.url());
    let notes = Arc::new(Notes::default());
    listen(&link, &notes);
    eventually("begins", || notes.has("begins 1"));
    let told = notes.take();
    assert_eq!(told, ["prepare: simple-string(\"PONG\")", "begins 1"]);

    // Listeners are told first.
    eventually("a session", || link.session().is_ok());
    let session = link.session().unwrap();
    let entry = session.keys().entry("k", b"=a");
    let name = String::from_utf8(entry.clone()).unwrap();
    for round in 0..200 {
        let _: Value = server.run(&["SET", &name, &round.to_string()]);
        block_on(shared.fence()).unwrap();
        // The write was acknowledged before the fence was sent.
        assert_eq!(notes.take(), [format!("1: {name}")]);
    }
    // Own changes are not, nor those of other namespaces.
    let mut set = cmd("SET");
    set.arg(&entry[..]).arg("mine");
    block_on(session.run(set)).unwrap();
    let _: Value = server.run(&["SET", "w1:{m}:c:kk:=a", "1"]);
    block_on(shared.fence()).unwrap();
    assert_eq!(notes.take(), [""; 0]);
    let _: Value = server.run(&["FLUSHALL"]);
    block_on(shared.fence()).unwrap();
    assert_eq!(notes.take(), ["1: all"]);
    // The members were flushed with the rest, and are back with the fence.
    let count: i64 = server.run(&["ZCARD", "w1:{n}:n:members"]);
    assert_eq!(count, 1);
    let stats = link.stats();
    assert_eq!((stats.pushes, stats.changed_all), (201, 1));
}

/// Fails once, panics once, and is well from then on.
#[derive(Debug, Default)]
struct Unwell(AtomicU32);

impl Listener for Unwell {
    fn prepare<'a>(&'a self, _: &'a Arc<Session>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 => Err(Error::Protocol("to be told")),
                1 => panic!("to be caught"),
                _ => Ok(()),
            }
        })
    }

    fn session_begins(&self, _: u64) {
        assert!(self.0.fetch_add(1, Ordering::Relaxed) > 3, "to be caught");
    }

    fn changed(&self, _: u64, _: Changed<'_>) {
        panic!("to be caught");
    }
}

#[test]
fn a_listener_that_fails_ends_the_session_and_not_the_link() {
    let Some(server) = Server::start() else {
        return;
    };
    let (_shared, link) = member(&server.url());
    let unwell = Arc::new(Unwell::default());
    link.subscribe(Arc::downgrade(&unwell) as Weak<dyn Listener>)
        .unwrap();
    eventually("well", || unwell.0.load(Ordering::Relaxed) > 5 && up(&link));
    let session = link.session().unwrap();
    let _: Value = server.run(&["SET", "w1:{n}:c:kk:=a", "1"]);
    eventually("ended", || !session.is_current());
    assert!(block_on(session.run(cmd("PING"))).is_err());
    drop(unwell);
    eventually("another", || {
        up(&link)
            && link
                .session()
                .is_ok_and(|now| now.number() > session.number())
    });
}

#[test]
fn the_child_of_a_fork_has_a_thread_and_a_session_of_its_own() {
    let Some(server) = Server::start() else {
        return;
    };
    let (_shared, link) = member(&server.url());
    eventually("trusted", || up(&link));
    let parent = link.running_in(forks()).unwrap();
    // What a child would see; the thread of the parent is there still.
    let child = link.running_in(forks() + 1).unwrap();
    assert_ne!(child.member, parent.member);
    eventually("a session", || child.published.session().is_some());
    let (old, new) = (parent.published.session(), child.published.session());
    assert!(new.unwrap().number() > old.unwrap().number());
    eventually("both", || child.state.members() == Some(2));
    assert!(std::ptr::eq(child, link.running_in(forks() + 1).unwrap()));
}

#[test]
fn without_a_server_nothing_waits_and_with_one_it_comes_up() {
    let Some(mut server) = Server::start() else {
        return;
    };
    server.kill();
    let (shared, link) = member(&server.url());
    assert_eq!(link.session().unwrap_err(), Error::NoSession);
    assert_eq!(block_on(shared.fence()), Err(Error::NoSession));
    eventually("attempts", || shared.stats()[0].failed_attempts >= 3);
    assert!(!link.is_trusted());
    server.restart();
    let took = eventually("trusted", || up(&link));
    println!("trusted {took:?} after the start of the server");
}

#[test]
fn the_thread_ends_with_the_last_handle_and_says_so_to_the_others() {
    let Some(server) = Server::start() else {
        return;
    };
    let (one, link) = member(&server.url());
    let (other, other_link) = member(&server.url());
    // The heartbeat that makes it a member comes before its session is there for callers.
    eventually("two members", || {
        let members = [link.members(), other_link.members()];
        up(&link) && up(&other_link) && members.contains(&Some(2))
    });
    let session = link.session().unwrap();
    drop((one, link));
    // Otherwise the others would find out in five seconds.
    eventually("leave", || {
        let commands: String = server.run(&["INFO", "commandstats"]);
        commands.contains("cmdstat_zrem:")
    });
    eventually("one member", || {
        server.run::<i64>(&["ZCARD", "w1:{n}:n:members"]) == 1
    });
    eventually("closed", || {
        let clients: String = server.run(&["CLIENT", "LIST"]);
        clients.lines().count() == 2
    });
    let error = block_on(session.run(cmd("PING"))).unwrap_err();
    assert!(matches!(error, Error::SessionEnded(_)), "{error}");
    assert!(!other.stats().is_empty());
}

#[test]
fn a_killed_server_ends_trust_and_a_started_one_begins_it_anew() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let (_shared, link) = member(&server.url());
    let notes = Arc::new(Notes::default());
    listen(&link, &notes);
    eventually("trusted", || up(&link) && notes.has("begins 1"));
    let old = link.session().unwrap();
    server.kill();
    let took = eventually("untrusted", || !link.is_trusted());
    println!("untrusted after {took:?}");
    eventually("no session", || link.session().is_err());
    assert!(block_on(old.run(cmd("PING"))).is_err());
    notes.take();
    server.restart();
    eventually("trusted", || up(&link));
    let number = link.session().unwrap().number();
    assert!(number > old.number());
    assert!(notes.has(&format!("begins {number}")));
    assert!(!old.is_current());
    assert!(block_on(old.run(cmd("PING"))).is_err());
}

#[test]
fn an_answer_that_comes_when_its_session_is_over_does_not_count() {
    let Some(server) = Server::start() else {
        return;
    };
    let (_shared, link) = member(&server.url());
    eventually("trusted", || up(&link));
    let session = link.session().unwrap();
    // The connection is there still, and answers.
    link.running().unwrap().state.end_session();
    let error = block_on(session.run(cmd("PING"))).unwrap_err();
    assert!(matches!(error, Error::SessionEnded(_)), "{error}");
    eventually("another", || {
        up(&link)
            && link
                .session()
                .is_ok_and(|now| now.number() > session.number())
    });
}

#[test]
fn timeouts_end_in_time_and_three_in_a_row_end_the_session() {
    let Some(server) = Server::start() else {
        return;
    };
    let shared = Shared::builder(&server.url())
        .namespace("n")
        .op_timeout(Duration::from_millis(50))
        .max_staleness(Duration::from_secs(60))
        .build()
        .unwrap();
    let link = shared.link_of_program().unwrap();
    eventually("trusted", || up(&link));
    let session = link.session().unwrap();
    server.freeze();
    for _ in 0..3 {
        assert!(session.is_current() && link.is_trusted());
        let error = block_on(session.run(cmd("PING"))).unwrap_err();
        assert_eq!(error, Error::Timeout(Duration::from_millis(50)));
    }
    eventually("ended", || !link.is_trusted() && link.session().is_err());
    server.thaw();
    eventually("trusted", || up(&link));
    assert!(block_on(session.run(cmd("PING"))).is_err());
    assert_eq!(link.stats().timeouts, 3);
}
