//! For the tests of this crate: a real server that can be killed and stopped, and a TCP proxy that misbehaves to order.
//!
//! Also processes of their own, which are this program again.
//!
//! | what happens | tests |
//! |---|---|
//! | the server is killed, stopped, busy, silent, slow | `link::tests::faults`, `tier::tests::{outages, waiting}` |
//! | it refuses, is another one, is one of several | `link::tests::{outcomes, topologies}` |
//! | an entry is changed, evicted, over, flushed | `tier::tests::changes` |
//! | a change, or a cut, at each point of a load | `tier::tests::points` |
//! | processes change and read the same at the same time, and one of them dies or stops | `tier::tests::{races, processes, leases}` |
//! | clocks are set | `tier::tests::clocks` |
//! | other versions, damaged values, sizes, lives | `tier::tests::{reading, limits, refresh, tags}`, `envelope::tests` |
//! | stations share a limit | `budget::tests` |
//! | nothing is written that tells a token; nothing is left of a session | `link::tests::{secrets, endurance}` |
//!
//! Where there is no `redis-server`, tests that need one say so and pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "test code: what cannot be set up has failed"
)]

mod proxy;
mod server;
mod worker;

pub(crate) use self::proxy::{Mode, Proxy};
pub(crate) use self::server::{Server, free_port, has_tls, major};
pub(crate) use self::worker::{Lines, Worker, orders};

use std::pin::pin;
use std::process::{Child, Command};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Looks until something is so; fails when it is not within half a minute. How long it took.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let begin = Instant::now();
    while !is_so() {
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "not within 30 s: {what}"
        );
        thread::sleep(Duration::from_millis(1));
    }
    begin.elapsed()
}

/// Sends a signal, by the program that is everywhere where there are any.
fn signal(process: &Child, signal: &str) {
    let id = process.id().to_string();
    let status = Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(status.success());
}

/// Runs a future without any runtime.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        thread::park();
    }
}
