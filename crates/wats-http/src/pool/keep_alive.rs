//! Whether the peer of an HTTP/2 connection is still there: a PING goes out when nothing came for a while, and the connection
//! is dead when that is not answered.
//!
//! PINGs go out only while calls are in flight. The timer is set once and looks back when it ends, so a call that is answered
//! costs no timer.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

use h2::{Ping, PingPong};
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

/// A PING goes out when nothing came for so long while calls are in flight …
const PING_AFTER: Duration = Duration::from_secs(20);
/// … and the connection is dead when it stays unanswered this long.
const PING_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct KeepAlive {
    pings: PingPong,
    /// When something of an answer came last, or the answer to a PING.
    heard: Instant,
    phase: Phase,
    timer: Pin<Box<Sleep>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No call is in flight, as far as is known.
    Idle,
    /// The timer ends when a PING may be due.
    Watching,
    /// The timer ends when the connection is dead.
    Pinged,
}

impl KeepAlive {
    pub(super) fn new(pings: PingPong) -> Self {
        Self {
            pings,
            heard: Instant::now(),
            phase: Phase::Idle,
            timer: Box::pin(sleep_until(Instant::now())),
        }
    }

    /// Looks whether a PING is due. `heard` is whether something came since the last look, `busy` whether calls are in
    /// flight.
    ///
    /// # Errors
    /// The peer is gone.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        heard: bool,
        busy: bool,
    ) -> io::Result<()> {
        if heard {
            self.heard = Instant::now();
        }
        if self.phase == Phase::Pinged && self.pings.poll_pong(context).is_ready() {
            self.heard = Instant::now();
            self.phase = Phase::Watching;
            self.set(self.heard + PING_AFTER, context);
        }
        if self.phase == Phase::Idle && busy {
            self.phase = Phase::Watching;
            self.set(self.heard + PING_AFTER, context);
        }
        // Each round but the last sets the timer anew.
        while self.phase != Phase::Idle && self.timer.is_elapsed() {
            if self.phase == Phase::Pinged {
                let message = "the server did not answer a PING";
                return Err(io::Error::new(io::ErrorKind::TimedOut, message));
            }
            let due = self.heard + PING_AFTER;
            if !busy {
                self.phase = Phase::Idle;
            } else if due > Instant::now() {
                self.set(due, context);
            } else {
                let _ = self.pings.send_ping(Ping::opaque());
                self.phase = Phase::Pinged;
                self.set(Instant::now() + PING_TIMEOUT, context);
            }
        }
        Ok(())
    }

    /// Sets the timer, and has the task woken when it ends.
    fn set(&mut self, end: Instant, context: &mut Context<'_>) {
        self.timer.as_mut().reset(end);
        // A task that used up its budget would not be registered.
        let timer = std::pin::pin!(unconstrained(self.timer.as_mut()));
        let _ = timer.poll(context);
    }
}
