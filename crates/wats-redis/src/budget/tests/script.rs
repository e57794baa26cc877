//! The script on a real server, against a model that knows every call.
//!
//! Only its clock is replaced: two arguments more tell the time.

use std::sync::OnceLock;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use redis::Connection;

use crate::budget::own::Unbooked;
use crate::budget::script::{BOOK, Booked, Booking, PAUSE};
use crate::testing::Server;

/// The script, whose last two arguments are its clock.
fn with_clock() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let clock = "local clock = { table.remove(ARGV, #ARGV - 1), table.remove(ARGV, #ARGV) }";
        let text = BOOK.replace("local clock = redis.call('TIME')", clock);
        assert_ne!(text, BOOK);
        text
    })
}

/// Runs it at a time in microseconds.
fn run(connection: &mut Connection, booking: &Booking, now: i64) -> Booked {
    let answer: Vec<i64> = redis::cmd("EVAL")
        .arg(with_clock())
        .arg(3)
        .arg(&["log", "meta", "pause"])
        .arg(booking.args())
        .arg(now / 1_000_000)
        .arg(now % 1_000_000)
        .query(connection)
        .unwrap();
    Booked::read(&answer).unwrap()
}

fn times(connection: &mut Connection) -> Vec<i64> {
    let command = redis::cmd("LRANGE").arg("log").arg(0).arg(-1).clone();
    command.query(connection).unwrap()
}

fn flush(connection: &mut Connection) {
    redis::cmd("FLUSHALL").query::<()>(connection).unwrap();
}

fn booking(limit: u32, window: u64) -> Booking {
    Booking {
        limit,
        window: Duration::from_micros(window),
        calls: 1,
        most: 1,
        latest: None,
        epoch: None,
        has_booked: false,
        drawn: 77,
        grace: Duration::ZERO,
        ahead: 0,
        unbooked: Unbooked::default(),
    }
}

fn unbooked(ages: Vec<i64>) -> Unbooked {
    Unbooked {
        ages,
        ..Unbooked::default()
    }
}

/// Where time begins here: as late as it is, so that nothing is lost in a double.
const START: i64 = 1_800_000_000_000_000;

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Take {
        calls: u32,
        most: u32,
        ahead: u32,
        latest: Option<u32>,
    },
    /// Calls that were granted without the log, so long ago or so long from now.
    Return(Vec<i64>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_i64..400).prop_map(Step::Wait),
        6 => (1_u32..9, 1_u32..9, 0_u32..8, prop::option::of(0_u32..1500))
            .prop_map(|(calls, most, ahead, latest)| Step::Take { calls, most, ahead, latest }),
        1 => prop::collection::vec(-300_i64..600, 1..5).prop_map(Step::Return),
    ]
}

/// Every call ever: when it may be made.
#[derive(Debug, Default)]
struct Model {
    calls: Vec<i64>,
}

impl Model {
    /// The earliest time from `from` on, after all calls that there are, at which so many more fit into every window.
    fn earliest(&self, limit: usize, window: i64, calls: usize, from: i64) -> i64 {
        let mut at = self.calls.iter().copied().max().unwrap_or(from).max(from);
        // No window that ends there may hold more; those that end later hold what comes after.
        while self
            .calls
            .iter()
            .filter(|time| **time + window > at)
            .count()
            + calls
            > limit
        {
            at += 1;
        }
        at
    }
}

#[test]
fn the_script_grants_what_an_exact_window_grants() {
    let Some(server) = Server::start() else {
        return;
    };
    let connection = std::cell::RefCell::new(server.connection());
    let config = Config {
        cases: 96,
        failure_persistence: None,
        ..Config::default()
    };
    let limits = prop_oneof![1_u32..7, 7_u32..80];
    let runs = (limits, 1_u32..1000, prop::collection::vec(step(), 1..40));
    let outcome = TestRunner::new(config).run(&runs, |(limit, window, steps)| {
        let connection = &mut *connection.borrow_mut();
        flush(connection);
        let (mut model, mut now, mut epoch) = (Model::default(), START, None);
        let mut overbooked = false;
        for step in steps {
            let mut booking = Booking {
                epoch,
                has_booked: epoch.is_some(),
                ..booking(limit, window.into())
            };
            match step {
                Step::Wait(time) => now += time,
                Step::Return(ages) => {
                    model.calls.extend(ages.iter().map(|age| now - age));
                    overbooked = true;
                    booking.most = 0;
                    booking.unbooked = unbooked(ages);
                    let Booked::Refused { epoch: log, .. } = run(connection, &booking, now) else {
                        return Err(TestCaseError::fail("not taken"));
                    };
                    epoch = Some(log);
                }
                Step::Take {
                    calls,
                    most,
                    ahead,
                    latest,
                } => {
                    let calls = calls.min(limit);
                    booking.calls = calls;
                    booking.most = most;
                    booking.ahead = ahead;
                    booking.latest = latest.map(|latest| Duration::from_micros(latest.into()));
                    let (calls, limit) = (calls as usize, limit as usize);
                    let window = i64::from(window);
                    let at = model.earliest(limit, window, calls, now);
                    let used = model.calls.iter().filter(|time| **time + window > now);
                    let more = calls * (most + ahead) as usize;
                    let most = if at == now && used.count() + more <= limit / 2 {
                        most + ahead
                    } else {
                        most
                    };
                    let in_time = latest.is_none_or(|latest| at - now <= i64::from(latest));
                    match run(connection, &booking, now) {
                        Booked::Granted {
                            wait,
                            times,
                            epoch: log,
                        } => {
                            prop_assert!(in_time);
                            prop_assert_eq!(now + wait.as_micros() as i64, at);
                            prop_assert!(times >= 1 && times <= most);
                            for _ in 0..times {
                                prop_assert_eq!(model.earliest(limit, window, calls, at), at);
                                model.calls.extend(std::iter::repeat_n(at, calls));
                            }
                            // No fewer than there is room for.
                            prop_assert!(
                                times == most || model.earliest(limit, window, calls, at) > at
                            );
                            epoch = Some(log);
                        }
                        Booked::Refused { wait, paused, .. } => {
                            prop_assert!(!in_time && !paused);
                            prop_assert_eq!(now + wait.as_micros() as i64, at);
                        }
                        other => return Err(TestCaseError::fail(format!("{other:?}"))),
                    }
                }
            }
            let kept = times(connection);
            prop_assert!(kept.is_sorted() && kept.len() <= limit as usize);
            if !overbooked {
                let mut calls = model.calls.clone();
                calls.sort_unstable();
                for pair in calls.windows(limit as usize + 1) {
                    prop_assert!(pair[limit as usize] - pair[0] >= i64::from(window));
                }
            }
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn another_log_is_told_and_takes_what_was_granted() {
    let Some(server) = Server::start() else {
        return;
    };
    let mut connection = server.connection();
    let granted = |wait, times, epoch| Booked::Granted {
        wait: Duration::from_micros(wait),
        times,
        epoch,
    };
    let first = booking(3, 1_000_000);
    assert_eq!(run(&mut connection, &first, START), granted(0, 1, 77));
    flush(&mut connection);
    let next = Booking {
        epoch: Some(77),
        has_booked: true,
        drawn: 78,
        ..booking(3, 1_000_000)
    };
    assert_eq!(run(&mut connection, &next, START + 10), Booked::OtherLog);
    assert!(times(&mut connection).is_empty(), "nothing was done");
    let told = Booking {
        epoch: None,
        has_booked: false,
        drawn: 79,
        most: 2,
        unbooked: unbooked(vec![20, -1_000]),
        ..booking(3, 1_000_000)
    };
    // Only one more fits, and it comes after all that were granted.
    assert_eq!(
        run(&mut connection, &told, START + 20),
        granted(1_000, 1, 79)
    );
    assert_eq!(
        times(&mut connection),
        [START, START + 1_020, START + 1_020]
    );
}

/// What is left when a window has passed without a call is the same log, and needs no grace.
#[test]
fn a_log_that_has_run_out_is_the_same_and_one_that_was_lost_is_young() {
    let Some(server) = Server::start() else {
        return;
    };
    let mut connection = server.connection();
    let several = |drawn| Booking {
        grace: Duration::from_secs(2),
        drawn,
        ..booking(3, 1_000_000)
    };
    let young = |epoch| Booked::NewLog { epoch };
    assert_eq!(run(&mut connection, &several(1), START), young(1));
    let second = 1_000_000;
    assert_eq!(run(&mut connection, &several(2), START + second), young(1));
    let booked = run(&mut connection, &several(3), START + 2 * second);
    assert!(
        matches!(booked, Booked::Granted { epoch: 1, .. }),
        "{booked:?}"
    );
    // It has run out.
    redis::cmd("DEL")
        .arg("log")
        .query::<()>(&mut connection)
        .unwrap();
    let booked = run(&mut connection, &several(4), START + 4 * second);
    assert!(
        matches!(booked, Booked::Granted { epoch: 1, .. }),
        "{booked:?}"
    );
    // It was lost, for it had a call that counts.
    redis::cmd("DEL")
        .arg("log")
        .query::<()>(&mut connection)
        .unwrap();
    assert_eq!(
        run(&mut connection, &several(5), START + 4 * second + 9),
        young(5)
    );
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait_for_it() {
    let Some(server) = Server::start() else {
        return;
    };
    let mut connection = server.connection();
    let hour = 3_600_000_000;
    let take = Booking {
        most: 2,
        ..booking(3, 1_000_000)
    };
    run(&mut connection, &take, START);
    let booked = run(&mut connection, &take, START + 500_000 - hour);
    assert!(
        matches!(
            booked,
            Booked::Granted {
                wait: Duration::ZERO,
                times: 1,
                ..
            }
        ),
        "{booked:?}"
    );
    let booked = run(&mut connection, &take, START + 600_000 - hour);
    let Booked::Granted { wait, .. } = booked else {
        panic!("{booked:?}");
    };
    // As if no time had passed when it was set.
    assert_eq!(wait, Duration::from_millis(900));
}

#[test]
fn a_pause_holds_for_as_long_as_the_longest_and_is_told_as_the_reason() {
    let Some(server) = Server::start() else {
        return;
    };
    let mut connection = server.connection();
    let pause = |millis: u64| -> i64 {
        let command = redis::cmd("EVAL")
            .arg(PAUSE)
            .arg(1)
            .arg("pause")
            .arg(millis)
            .clone();
        command.query(&mut server.connection()).unwrap()
    };
    assert_eq!(pause(0), -2);
    assert!(pause(60_000) > 50_000);
    assert!(pause(1_000) > 50_000);
    assert!(pause(0) > 50_000);
    let hurried = Booking {
        latest: Some(Duration::from_secs(1)),
        ..booking(3, 1_000_000)
    };
    let booked = run(&mut connection, &hurried, START);
    assert!(
        matches!(booked, Booked::Refused { paused: true, .. }),
        "{booked:?}"
    );
    let booked = run(&mut connection, &booking(3, 1_000_000), START);
    let Booked::Granted { wait, .. } = booked else {
        panic!("{booked:?}");
    };
    assert!(wait > Duration::from_secs(50) && wait <= Duration::from_secs(60));
}

/// A log is as long as its limit, and no key outlives its use.
#[test]
fn keys_are_bounded_and_end_by_themselves() {
    let Some(server) = Server::start() else {
        return;
    };
    let mut connection = server.connection();
    for n in 0..40 {
        run(&mut connection, &booking(7, 1_000_000), START + n * 10);
    }
    assert_eq!(times(&mut connection).len(), 7);
    // Another station with a larger limit counts what is there, and keeps more from then on.
    for n in 0..20 {
        run(&mut connection, &booking(9, 1_000_000), START + 1_000 + n);
        run(&mut connection, &booking(7, 1_000_000), START + 1_000 + n);
    }
    assert_eq!(times(&mut connection).len(), 9);
    let life = |key: &str| -> i64 { server.run(&["PTTL", key]) };
    assert!(life("log") > 0 && life("meta") > life("log"));
    assert!(life("meta") <= 8 * 86_400_000);
}
