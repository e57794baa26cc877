//! The rate limit of a token: so many calls per stretch of time, shared by all clients of the process that use it.
//!
//! ```text
//! take ─► nobody waits and there is room: granted (one short lock)
//!      └► else: stand in line (fair) ─► first in line: sleep until there is room ─► granted
//! ```
//!
//! [`window`] is the rule as a pure state machine; the line is tokio's fair mutex, so whoever is dropped while waiting
//! leaves it, and the next one moves up. [`registry`] finds the limiter of a token.

mod registry;
mod window;

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use self::window::Window;
use crate::error::{Deadline, Error, ErrorKind, Result};

pub(crate) use self::registry::shared;

/// The longest pause that a server can impose; a wrong header must not stop a process for a day.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How many calls a token may make in any stretch of time.
///
/// All clients of the process with the same token and server share one budget; when they ask for different ones, the
/// stricter holds. Repeats count too. Calls that find no room wait in line, within the deadline of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Most calls in any stretch of [`per`](Self::per). Default 500; at most 100 000 are kept track of.
    pub calls: NonZeroU32,
    /// The stretch of time. Default 60 s.
    pub per: Duration,
}

/// So many grants are remembered at most: 1.6 MB.
const MOST_CALLS: u32 = 100_000;

impl Default for RateLimit {
    fn default() -> Self {
        Self {
            calls: NonZeroU32::new(500).unwrap_or(NonZeroU32::MIN),
            per: Duration::from_secs(60),
        }
    }
}

impl RateLimit {
    /// At most `calls` in any stretch of `per`. More than 100 000 calls count as 100 000 in a stretch that is shorter in
    /// proportion, which is at least as strict.
    pub fn new(calls: NonZeroU32, per: Duration) -> Self {
        Self { calls, per }.bounded()
    }

    /// The same rule, or one that is at least as strict, with a bounded memory.
    fn bounded(&self) -> Self {
        let Some(most) = NonZeroU32::new(MOST_CALLS).filter(|most| self.calls > *most) else {
            return self.clone();
        };
        // Rounded up, so as never to allow more than was asked for.
        let nanos =
            (self.per.as_nanos() * u128::from(most.get())).div_ceil(self.calls.get().into());
        Self {
            calls: most,
            per: Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)),
        }
    }
}

/// The budget of one token.
#[derive(Debug)]
pub(crate) struct Limiter {
    window: Mutex<Window>,
    /// Calls that stand in line, the first included.
    waiting: AtomicUsize,
    line: tokio::sync::Mutex<()>,
}

/// Counts a waiting call for as long as it waits, however that ends.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Limiter {
    pub(crate) fn new(limit: &RateLimit) -> Self {
        Self {
            window: Mutex::new(Window::new(&limit.bounded())),
            waiting: AtomicUsize::new(0),
            line: tokio::sync::Mutex::default(),
        }
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `weight` calls may be made, and tells when that is: `now`, if there is room; fails as soon as it is sure that this is after `deadline`.
    pub(crate) async fn take(
        &self,
        weight: u32,
        now: Instant,
        deadline: Option<Instant>,
    ) -> Result<Instant> {
        if self.waiting.load(SeqCst) == 0 && self.window().take(weight, now).is_ok() {
            return Ok(now);
        }
        self.wait(weight, deadline).await?;
        Ok(Instant::now())
    }

    async fn wait(&self, weight: u32, deadline: Option<Instant>) -> Result<()> {
        self.waiting.fetch_add(1, SeqCst);
        let _waiting = Waiting(&self.waiting);
        let first = match deadline {
            None => self.line.lock().await,
            Some(deadline) => tokio::time::timeout_at(deadline, self.line.lock())
                .await
                .map_err(|_| self.too_late(None))?,
        };
        loop {
            let Err(ready) = self.window().take(weight, Instant::now()) else {
                drop(first);
                return Ok(());
            };
            if deadline.is_some_and(|deadline| ready >= deadline) {
                return Err(self.too_late(Some(ready)));
            }
            // A pause may come in the meantime, so this asks again.
            sleep_until(ready).await;
        }
    }

    fn too_late(&self, ready: Option<Instant>) -> Error {
        let (calls, per) = self.window().limit();
        let wait = ready.map(|ready| ready.saturating_duration_since(Instant::now()));
        let room = match wait {
            Some(wait) => {
                format!("; there is room in {wait:.1?}, which is after the deadline of the call")
            }
            None => "; the line was longer than the deadline of the call".to_owned(),
        };
        Error::new(ErrorKind::Timeout(Deadline::RateLimit))
            .message(format!(
                "the token's {calls} calls per {per:?} are used up{room}"
            ))
            .retry_after(wait)
            .never_sent()
    }

    /// The server said that the token has to wait.
    pub(crate) fn pause(&self, wait: Duration) {
        if let Some(until) = Instant::now().checked_add(wait.min(LONGEST_PAUSE)) {
            self.window().pause(until);
        }
    }

    fn tighten(&self, limit: &RateLimit) {
        self.window().tighten(&limit.bounded());
    }
}

#[cfg(test)]
mod tests;
