//! What breaks between the link and the server.
//!
//! In each of these a change is acknowledged to somebody else while the link cannot hear of it. From `max_staleness` after
//! that on, the link must not be trusted, however it looks to it.

use std::thread;
use std::time::{Duration, Instant};

use super::{member, up};
use crate::link::{Link, Value, cmd};
use crate::testing::{Mode, Proxy, Server, block_on, eventually};

/// The default of the option.
const BOUND: Duration = Duration::from_secs(2);

/// For a machine that is slow to run this thread, or the one of the coarse clock.
const SLACK: Duration = Duration::from_secs(1);

/// Watches the end of trust after a change that was acknowledged at `changed`.
#[track_caller]
fn untrusted_in_time(what: &str, link: &Link, changed: Instant) {
    loop {
        let since = changed.elapsed();
        if !link.is_trusted() {
            println!("{what}: untrusted {since:?} after a change that is not known here");
            return;
        }
        assert!(since < BOUND + SLACK, "{what}: trusted after {since:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Operations end in their time, and without a session at once.
#[track_caller]
fn nothing_waits(link: &Link) {
    let begin = Instant::now();
    for _ in 0..10 {
        if let Ok(session) = link.session() {
            let _ = block_on(session.run(cmd("PING")));
        }
    }
    // Three of them may run into the limit; then the session is over.
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
}

fn change(server: &Server) -> Instant {
    let _: Value = server.run(&["SET", "w1:{n}:c:kk:=a", "1"]);
    Instant::now()
}

#[test]
fn a_stopped_server_is_not_trusted_for_long() {
    let Some(server) = Server::start() else {
        return;
    };
    let (_shared, link) = member(&server.url());
    eventually("trusted", || up(&link));
    let changed = change(&server);
    server.freeze();
    nothing_waits(&link);
    untrusted_in_time("SIGSTOP", &link, changed);
    server.thaw();
    let took = eventually("trusted", || up(&link));
    println!("SIGSTOP: trusted again after {took:?}");
}

#[test]
fn a_server_that_is_busy_or_paused_is_not_trusted_for_long() {
    for (what, command) in [
        ("PAUSE ALL", &["CLIENT", "PAUSE", "3000", "ALL"][..]),
        ("PAUSE WRITE", &["CLIENT", "PAUSE", "3000", "WRITE"]),
        ("DEBUG SLEEP", &["DEBUG", "SLEEP", "3"]),
    ] {
        let Some(server) = Server::start() else {
            return;
        };
        let (_shared, link) = member(&server.url());
        eventually("trusted", || up(&link));
        let changed = change(&server);
        thread::scope(|scope| {
            scope.spawn(|| server.run::<Value>(command));
            untrusted_in_time(what, &link, changed);
            nothing_waits(&link);
        });
        let took = eventually("trusted", || up(&link));
        println!("{what}: trusted again after {took:?}");
    }
}

#[test]
fn a_script_that_does_not_end_is_not_trusted_for_long() {
    let Some(server) = Server::with(&["--lua-time-limit", "100"]) else {
        return;
    };
    let (_shared, link) = member(&server.url());
    eventually("trusted", || up(&link));
    let changed = change(&server);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut command = cmd("EVAL");
            command.arg("while true do end").arg(0);
            // It is killed, which is an error.
            command
                .query::<Value>(&mut server.connection())
                .unwrap_err()
        });
        untrusted_in_time("a Lua loop", &link, changed);
        nothing_waits(&link);
        eventually("killed", || {
            let mut command = cmd("SCRIPT");
            let killed = command.arg("KILL").query::<Value>(&mut server.connection());
            killed.is_ok()
        });
    });
    eventually("trusted", || up(&link));
}

#[test]
fn a_connection_that_swallows_is_given_up_and_another_one_opened() {
    for mode in [Mode::Swallow, Mode::SwallowRequests, Mode::SwallowAnswers] {
        let Some(server) = Server::start() else {
            return;
        };
        let proxy = Proxy::to(server.port());
        let (_shared, link) = member(&proxy.url());
        eventually("trusted", || up(&link));
        let first = link.session().unwrap().number();
        proxy.set(mode);
        let changed = change(&server);
        untrusted_in_time(&format!("{mode:?}"), &link, changed);
        nothing_waits(&link);
        proxy.set(Mode::Pass);
        let took = eventually("trusted", || up(&link));
        println!("{mode:?}: trusted again {took:?} after it was well");
        assert!(link.session().unwrap().number() > first);
    }
}

#[test]
fn a_connection_that_is_cut_within_a_frame_is_opened_anew() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::to(server.port());
    let (_shared, link) = member(&proxy.url());
    // The answer has seven bytes.
    for most in [0, 1, 2, 5, 6] {
        eventually("trusted", || up(&link));
        let session = link.session().unwrap();
        proxy.set(Mode::CutAfter(most));
        assert!(block_on(session.run(cmd("PING"))).is_err());
        proxy.set(Mode::Pass);
        eventually("another session", || {
            up(&link)
                && link
                    .session()
                    .is_ok_and(|now| now.number() > session.number())
        });
    }
}

#[test]
fn answers_that_come_late_end_the_session_and_healing_begins_another() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::to(server.port());
    let (_shared, link) = member(&proxy.url());
    eventually("trusted", || up(&link));
    let session = link.session().unwrap();
    proxy.set(Mode::Delay(Duration::from_millis(300)));
    let refused = (0..10).filter(|_| block_on(session.run(cmd("PING"))).is_err());
    assert_eq!(refused.count(), 10);
    eventually("ended", || !session.is_current());
    proxy.set(Mode::Pass);
    let took = eventually("trusted", || up(&link));
    println!("a delay of 300 ms: trusted again {took:?} after it was well");
}

#[test]
fn a_byte_at_a_time_is_as_good() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::to(server.port());
    proxy.set(Mode::OneByOne);
    let (_shared, link) = member(&proxy.url());
    eventually("trusted", || up(&link));
    let session = link.session().unwrap();
    let mut command = cmd("ECHO");
    command.arg("a".repeat(1000));
    let answer = block_on(session.run(command)).unwrap();
    assert_eq!(answer, Value::BulkString("a".repeat(1000).into_bytes()));
}

#[test]
fn a_kill_during_many_operations_costs_none_of_them_more_than_its_limit() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let (_shared, link) = member(&server.url());
    eventually("trusted", || up(&link));
    let limit = link.op_timeout();
    let (mut answered, mut refused, mut slowest) = (0, 0, Duration::ZERO);
    for number in 0..10_000 {
        if number == 3_000 {
            server.kill();
        }
        if number == 6_000 {
            server.restart();
            let took = eventually("a session", || link.session().is_ok());
            println!("a session {took:?} after the restart");
        }
        let begin = Instant::now();
        let outcome = match link.session() {
            Ok(session) => block_on(session.run(cmd("PING"))),
            Err(error) => Err(error),
        };
        slowest = slowest.max(begin.elapsed());
        if outcome.is_ok() {
            answered += 1;
        } else {
            refused += 1;
        }
    }
    println!("{answered} answered, {refused} without the server, slowest {slowest:?}");
    assert!(answered >= 3_000 + 3_000 && refused > 0);
    assert!(slowest < limit + SLACK * 5, "{slowest:?}");
}
