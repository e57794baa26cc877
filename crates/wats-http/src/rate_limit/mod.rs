//! The rate limit of a token: so many calls per stretch of time, shared by all clients of the process that use it.
//!
//! ```text
//! try_acquire ─► nobody waits and there is room: granted (one short lock)
//!             └► else acquire: queue (fair) ─► first in the queue: sleep until there is room ─► granted
//! ```
//!
//! [`limiter`] is what the pipeline knows of it; a program may put another in its place. [`rules`] decides as a pure state
//! machine, from a [`window`] for each limit; the queue is tokio's fair mutex, so whoever is dropped while waiting leaves
//! it, and the next one moves up. [`registry`] finds what clients of a token share, [`made`] holds what a program makes for it.

mod limiter;
mod made;
mod registry;
mod rules;
mod window;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use self::rules::{Rules, Wait};
use crate::error::{Error, Result};

pub use self::limiter::{Acquire, MakeRateLimiter, RateLimited, RateLimiter};
pub(crate) use self::made::MadeLimiter;
pub(crate) use self::registry::{OfToken, shared};

/// The longest pause that a server can impose; a wrong header must not stop a process for a day.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How many calls a token may make in any stretch of time.
///
/// All clients of the process with the same token and server share one budget. When they ask for different ones, each
/// holds for all of them for as long as a client that asked for it exists. Repeats count too. Calls that find no room
/// queue, within the deadline of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Most calls in any stretch of [`per`](Self::per). Default 500; at most 100 000 are kept track of, and 0 is
    /// refused by `build()`.
    pub calls: u32,
    /// The stretch of time. Default 60 s; zero is refused by `build()`.
    pub per: Duration,
}

/// So many grants are remembered at most for each limit: 1.6 MB.
const MOST_CALLS: u32 = 100_000;

impl Default for RateLimit {
    fn default() -> Self {
        Self {
            calls: 500,
            per: Duration::from_secs(60),
        }
    }
}

impl RateLimit {
    /// At most `calls` in any stretch of `per`. More than 100 000 calls count as 100 000 in a stretch that is shorter in
    /// proportion, which is at least as strict.
    pub fn new(calls: u32, per: Duration) -> Self {
        Self { calls, per }.bounded()
    }

    /// What no limit can be.
    pub(crate) fn check(&self) -> Result<()> {
        if self.calls == 0 {
            return Err(Error::config(
                "RateLimit::calls is 0, so no call could be made; for no limit say rate_limit(None)",
            ));
        }
        if self.per.is_zero() {
            return Err(Error::config(
                "RateLimit::per is zero, in which there is no limit; say so with rate_limit(None)",
            ));
        }
        Ok(())
    }

    /// The same rule, or one that is at least as strict, with a bounded memory.
    fn bounded(&self) -> Self {
        if self.calls <= MOST_CALLS {
            return self.clone();
        }
        // Rounded up, so as never to allow more than was asked for.
        let nanos = (self.per.as_nanos() * u128::from(MOST_CALLS)).div_ceil(self.calls.into());
        Self {
            calls: MOST_CALLS,
            per: Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)),
        }
    }
}

/// One client's part in the budget of its token: its limit holds for as long as this exists.
#[derive(Debug)]
pub(crate) struct TokenLimiter {
    token: RwLock<Arc<TokenBudget>>,
    limit: RateLimit,
}

/// What all clients of one token share.
#[derive(Debug, Default)]
struct TokenBudget {
    rules: Mutex<Rules>,
    /// Calls that queue, the first included.
    waiting: AtomicUsize,
    queue: tokio::sync::Mutex<()>,
    /// Told when a limit holds no longer, so that the first in the queue need not wait for it.
    lifted: Notify,
}

impl TokenBudget {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a waiting call for as long as it waits, however that ends.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl TokenLimiter {
    /// A limiter that shares its budget with no other.
    #[cfg(test)]
    pub(crate) fn new(limit: &RateLimit) -> Self {
        Self::of(Arc::default(), limit)
    }

    fn of(token: Arc<TokenBudget>, limit: &RateLimit) -> Self {
        let limit = limit.bounded();
        token.rules().add(&limit);
        let token = RwLock::new(token);
        Self { token, limit }
    }

    fn token(&self) -> Arc<TokenBudget> {
        Arc::clone(&self.token.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes over to another budget. Calls that queue stay in theirs.
    fn go_over_to(&self, token: Arc<TokenBudget>) {
        token.rules().add(&self.limit);
        let mut own = self.token.write().unwrap_or_else(PoisonError::into_inner);
        let left = std::mem::replace(&mut *own, token);
        drop(own);
        left.leave(&self.limit);
    }
}

impl RateLimiter for TokenLimiter {
    fn try_acquire(&self, calls: u32, now: Instant) -> bool {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner);
        token.waiting.load(SeqCst) == 0 && token.rules().take(calls, now).is_ok()
    }

    fn acquire(&self, calls: u32, deadline: Option<Instant>) -> Acquire<'_> {
        let token = self.token();
        Box::pin(async move { token.wait(calls, deadline).await })
    }

    fn pause(&self, wait: Duration) {
        if let Some(until) = Instant::now().checked_add(wait) {
            self.token().rules().pause(until);
        }
    }
}

impl TokenBudget {
    async fn wait(&self, weight: u32, deadline: Option<Instant>) -> Result<(), RateLimited> {
        let token = self;
        token.waiting.fetch_add(1, SeqCst);
        let _waiting = Waiting(&token.waiting);
        let first = match deadline {
            None => token.queue.lock().await,
            Some(deadline) => timeout_at(deadline, token.queue.lock())
                .await
                .map_err(|_| too_late(None))?,
        };
        loop {
            let Err(wait) = token.rules().take(weight, Instant::now()) else {
                drop(first);
                return Ok(());
            };
            if deadline.is_some_and(|deadline| wait.until >= deadline) {
                return Err(too_late(Some(&wait)));
            }
            // A pause may come in the meantime, or a limit go, so this asks again.
            let _ = timeout_at(wait.until, token.lifted.notified()).await;
        }
    }

    /// A limit holds no longer.
    fn leave(&self, limit: &RateLimit) {
        self.rules().remove(limit);
        self.lifted.notify_one();
    }
}

impl Drop for TokenLimiter {
    fn drop(&mut self) {
        self.token().leave(&self.limit);
    }
}

fn too_late(wait: Option<&Wait>) -> RateLimited {
    let Some(wait) = wait else {
        return RateLimited::new(
            "other calls of the token wait already; the queue was longer than the deadline of the call",
        );
    };
    let limited = match &wait.limit {
        Some(RateLimit { calls, per }) => {
            RateLimited::new(format!("the token's {calls} calls per {per:?} are used up"))
        }
        None => RateLimited::new("the server asked the token to wait"),
    };
    limited.retry_after(wait.until.saturating_duration_since(Instant::now()))
}

#[cfg(test)]
mod tests;
