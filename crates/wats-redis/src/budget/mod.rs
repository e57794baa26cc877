//! The request budget of a token, which all its stations share.
//!
//! ```text
//! wats-http ─► SharedRateLimiter ─► Limiter ─► LinkedLog ─► the script on the link's session
//!              the link tells it of sessions    └► Granted: this station's share, while Redis is away
//!              and of pauses
//! ```
//!
//! | file | holds |
//! |---|---|
//! | `limiter` | when a call may be made: in a queue, by the log or the share, and no earlier than a pause ends |
//! | `own` | what this station was granted, as a pure state machine |
//! | `script`, `book.lua`, `pause.lua` | the log |
//! | `remote` | the log, as the limiter sees it |
//!
//! The log is a list of times by the server's clock, one for each of the last calls. A call is booked for the first time at
//! which no window holds more than the limit, after all that were booked before. So there is one order over all stations, and
//! nobody asks twice.

mod limiter;
mod own;
mod remote;
mod script;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;
use wats_http::{Acquire, RateLimit, RateLimiter};

pub use self::limiter::RateLimitStats;
use self::limiter::{Limiter, OTHER_LOGS, Options, SLACK};
use self::remote::{LinkedLog, Remote as _};
use crate::error::{Error, Result};
use crate::keys::Named;
use crate::link::{Changed, Link, Listener, Session};

/// Decides for all stations of a token together when calls may be made. Given to
/// [`ClientBuilder::rate_limiter`](wats_http::ClientBuilder::rate_limiter).
///
/// No window of the limit's length holds more calls than the limit, by the clock of the Redis that is shared, whichever
/// station makes them. They are let through in the order in which they asked. A 429 that one station gets stops all of them
/// for as long as the server says.
///
/// While Redis is away, each station keeps to its share: the limit divided by the most stations that there were in the ten
/// minutes before, with what it used in the last window counted. When Redis is back, or back with nothing in it, each station
/// first says what it was granted meanwhile.
#[derive(Debug)]
pub struct SharedRateLimiter {
    log: Arc<LinkedLog>,
    limiter: Limiter,
}

impl SharedRateLimiter {
    fn start(link: Arc<Link>, options: Options) -> Result<Arc<Self>> {
        let log = Arc::new(LinkedLog::new(link));
        let limiter = Arc::new(Self {
            limiter: Limiter::new(Arc::clone(&log) as _, options),
            log,
        });
        let listener: Weak<Self> = Arc::downgrade(&limiter);
        limiter.log.link().subscribe(listener)?;
        Ok(limiter)
    }

    /// What it did so far.
    pub fn stats(&self) -> RateLimitStats {
        self.limiter.stats()
    }

    /// On a session that nobody uses yet: says what was granted without one.
    async fn come_back(&self, session: &Arc<Session>) -> Result<()> {
        self.log.stations();
        for _ in 0..OTHER_LOGS {
            let booking = self.limiter.returning();
            let booked = LinkedLog::book_on(session, &booking).await?;
            if self.limiter.returned(&booking, booked) {
                break;
            }
        }
        let everywhere = LinkedLog::paused_on(session).await?;
        if let Some(here) = self.limiter.own_pause()
            && here > everywhere
        {
            self.log.pause_on(session, here);
        }
        if !everywhere.is_zero() {
            self.limiter.pause_here(everywhere);
        }
        Ok(())
    }
}

impl RateLimiter for SharedRateLimiter {
    fn try_acquire(&self, calls: u32, now: Instant) -> bool {
        self.limiter.try_acquire(calls, now)
    }

    fn acquire(&self, calls: u32, deadline: Option<Instant>) -> Acquire<'_> {
        self.limiter.acquire(calls, deadline)
    }

    fn pause(&self, wait: Duration) {
        self.limiter.pause(wait);
    }
}

impl Listener for SharedRateLimiter {
    fn prepare<'a>(&'a self, session: &'a Arc<Session>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            match self.come_back(session).await {
                // A server that does not allow this may still serve as a cache.
                Err(error @ (Error::Refused { .. } | Error::Protocol(_))) => {
                    tracing::warn!(%error, "the shared server keeps no request budget: this station keeps to its share");
                    Ok(())
                }
                other => other,
            }
        })
    }

    fn changed(&self, _: u64, what: Changed<'_>) {
        if let Changed::Key(name) = what
            && let Ok(session) = self.log.link().session()
            && session.keys().parse(name) == Some(Named::Pause)
        {
            self.limiter.pause_changed();
        }
    }

    fn session_ended(&self, _: u64) {
        // The link forgets it in ten minutes, and a station that makes no calls would not have asked.
        self.log.stations();
    }
}

/// What stations of a token may do together; made from a [`RateLimit`] where nothing else is to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedRateLimit {
    /// How many calls all stations together may make. They should all say the same.
    pub limit: RateLimit,
    /// How many of them this station may make in the window while it has never heard of the others, because Redis is away since it
    /// was started. Default all: a station that is alone must work.
    pub local_share: Option<u32>,
}

impl From<RateLimit> for SharedRateLimit {
    fn from(limit: RateLimit) -> Self {
        Self {
            limit,
            local_share: None,
        }
    }
}

impl SharedRateLimit {
    /// Sets what this station may do while it has never heard of the others.
    #[must_use]
    pub fn local_share(mut self, calls: u32) -> Self {
        self.local_share = Some(calls);
        self
    }
}

/// Limiters of one link: it has room for few who listen.
const MOST_LIMITERS: usize = 4;

/// The limiters of a process, for each link by their limits.
#[derive(Debug, Default)]
pub(crate) struct Limiters(Mutex<Vec<Arc<SharedRateLimiter>>>);

impl Limiters {
    /// Lets go of those that nobody holds.
    pub(crate) fn sweep(&self) {
        let mut limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        limiters.retain(|limiter| Arc::strong_count(limiter) > 1);
    }

    /// The one for a limit on a link.
    ///
    /// # Errors
    /// When the limit lets no call pass, or the link has too many others.
    pub(crate) fn get(
        &self,
        link: Arc<Link>,
        limit: SharedRateLimit,
    ) -> Result<Arc<SharedRateLimiter>> {
        let SharedRateLimit { limit, local_share } = limit;
        if limit.calls == 0 || limit.per.is_zero() {
            return Err(Error::config("rate_limit", "it lets no call pass"));
        }
        let options = Options {
            limit: RateLimit::new(limit.calls, limit.per),
            // An answer that takes its time must not come too late for its slot.
            slack: SLACK.max(link.op_timeout().saturating_mul(2)),
            local_share,
        };
        let mut limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut others = 0;
        for limiter in &*limiters {
            if Arc::ptr_eq(limiter.log.link(), &link) {
                if limiter.limiter.options() == &options {
                    return Ok(Arc::clone(limiter));
                }
                others += 1;
            }
        }
        if others >= MOST_LIMITERS {
            return Err(Error::Busy);
        }
        let limiter = SharedRateLimiter::start(link, options)?;
        limiters.push(Arc::clone(&limiter));
        Ok(limiter)
    }
}
