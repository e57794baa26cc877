//! Clocks that are set: that of the server while it runs, and those of processes, by an hour and more.
//!
//! The programs are given a library in front of the system's, which is made here by the C compiler. That is why these tests
//! are for Linux: elsewhere a process cannot be given a clock of its own so. macOS binds a function to the library that it
//! comes from, whatever stands in front, and Windows has nothing of the kind. The clock of the whole machine is not for a
//! test to set. What is tested is the arithmetic with the times of the server and of stations, which is the same everywhere;
//! without a server it is tested in `entry`, `hub` and `budget::limiter`.

#![allow(clippy::print_stderr, reason = "what is skipped is said")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use super::*;
use crate::testing::Server;

const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long shift(void) {
    static int file = -2;
    char text[32] = {0};
    if (file == -2) file = open(getenv("WATS_REDIS_TEST_CLOCK"), O_RDONLY);
    if (pread(file, text, sizeof text - 1, 0) <= 0) return 0;
    return atol(text);
}
int gettimeofday(struct timeval *time, void *zone) {
    int result = syscall(SYS_gettimeofday, time, zone);
    if (time) time->tv_sec += shift();
    return result;
}
int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += shift();
    return result;
}
time_t time(time_t *place) {
    struct timeval now;
    gettimeofday(&now, 0);
    if (place) *place = now.tv_sec;
    return now.tv_sec;
}
"#;

/// A clock that can be set by whoever has it.
pub(super) struct SetClock {
    folder: TempDir,
}

impl SetClock {
    /// `None`, with a line that says so, where it cannot be made.
    pub(super) fn make() -> Option<Self> {
        let clock = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        std::fs::write(clock.path("clock.c"), SOURCE).unwrap();
        clock.set(0);
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([clock.path("clock.so"), clock.path("clock.c")])
            .status();
        if made.is_ok_and(|made| made.success()) {
            return Some(clock);
        }
        eprintln!("SKIPPED: there is no C compiler `cc` for a clock that can be set");
        None
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// To so many seconds beside the right time. In place, and as long each time, since it is read while it is written.
    pub(super) fn set(&self, seconds: i64) {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let mut file = options.open(self.path("seconds")).unwrap();
        file.write_all(format!("{seconds:<12}").as_bytes()).unwrap();
    }

    /// For a program that shall go by it.
    pub(super) fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [
            ("LD_PRELOAD", self.path("clock.so")),
            ("WATS_REDIS_TEST_CLOCK", self.path("seconds")),
        ]
    }
}

/// A server whose clock can be set.
fn start() -> Option<(SetClock, Server)> {
    let clock = SetClock::make()?;
    let server = Server::in_environment(clock.environment())?;
    set(&clock, &server, 1000);
    set(&clock, &server, 0);
    Some((clock, server))
}

/// Sets it, and waits until the server has looked at it: Valkey 9 does so a few times in a second.
fn set(clock: &SetClock, server: &Server, seconds: i64) {
    clock.set(seconds);
    eventually("the server goes by its clock", || {
        let told: Vec<i64> = server.run(&["TIME"]);
        let here = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        (told[0] - here.as_secs().cast_signed() - seconds).abs() < 10
    });
}

const STEP: i64 = 5400;

fn tagged(value: &str) -> Origin<String, &'static str> {
    let value = value.to_owned();
    Box::new(move |_| Box::pin(async move { Ok(Loaded::new(value).tags(["t"])) }))
}

fn plain(options: Builder) -> Builder {
    options.jitter(0.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_loaded_before_the_server_is_set_is_not_served_for_longer() {
    let Some((clock, server)) = start() else {
        return;
    };
    let (one, other) = (
        Node::with(&server.url(), plain),
        Node::with(&server.url(), plain),
    );
    assert_eq!(one.load("a", gives("1")).await, ok("1"));
    // Its time is over by that clock: asked for again, a little early.
    set(&clock, &server, STEP);
    assert_eq!(other.load("a", gives("2")).await, ok("2"));
    // Loaded in what is the future now, so nobody knows how old it is.
    set(&clock, &server, 0);
    let third = Node::with(&server.url(), plain);
    assert_eq!(third.load("a", gives("3")).await, ok("3"));
    other.fence().await;
    assert_eq!(other.known("a").await, ok("3"));
    // A short life ends, though the server keeps the entry for an hour and a half.
    let soon: Origin<String, &'static str> =
        Box::new(|_| Box::pin(async { Ok(loaded("1").ttl(Duration::from_millis(200))) }));
    assert_eq!(one.load("b", soon).await, ok("1"));
    set(&clock, &server, -STEP);
    eventually("over", || one.in_memory("b").is_none());
    assert_eq!(other.load("b", gives("2")).await, ok("2"));
    other.fence().await;
    one.fence().await;
    assert_eq!(one.known("b").await, ok("2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_tag_has_ended_stays_so_whatever_the_clock_does() {
    let Some((clock, server)) = start() else {
        return;
    };
    let (one, other) = (Node::new(&server.url()), Node::new(&server.url()));
    for step in [0, STEP, 0, -STEP] {
        set(&clock, &server, step);
        let value = step.to_string();
        assert_eq!(one.load("a", tagged("before")).await, ok("before"));
        one.cache.invalidate_tag("t").await;
        other.fence().await;
        // What is loaded now is right, and shared if it can be told from what was before.
        for node in [&one, &other, &Node::new(&server.url())] {
            assert_eq!(node.load("a", tagged(&value)).await, ok(&value), "{step}");
        }
        one.cache.invalidate_tag("t").await;
        other.fence().await;
    }
    // As soon as the clock is where it was, all is as usual.
    set(&clock, &server, 2 * STEP);
    assert_eq!(one.load("a", tagged("last")).await, ok("last"));
    assert_eq!(other.known("a").await, ok("last"));
}
