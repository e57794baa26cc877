//! What the pipeline asks before each attempt, whoever keeps count: this process alone, or several of them together.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::RateLimit;
use crate::error::{Deadline, Error, ErrorKind};

/// What [`RateLimiter::acquire`] returns.
pub type Acquire<'a> = Pin<Box<dyn Future<Output = Result<(), RateLimited>> + Send + 'a>>;

/// Decides when the attempts of calls may be made; see
/// [`ClientBuilder::rate_limiter`](crate::ClientBuilder::rate_limiter).
///
/// A client asks before each attempt: first [`try_acquire`](Self::try_acquire), which costs one call through the table of
/// the trait, and only if that refuses [`acquire`](Self::acquire), which may wait. Several clients may share one.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use std::time::Duration;
///
/// use wats_http::{Acquire, RateLimited, RateLimiter};
///
/// /// So many calls, and no more.
/// #[derive(Debug)]
/// struct Quota(AtomicU32);
///
/// impl RateLimiter for Quota {
///     fn try_acquire(&self, calls: u32, _: tokio::time::Instant) -> bool {
///         let left = |left: u32| left.checked_sub(calls);
///         self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, left).is_ok()
///     }
///
///     fn acquire(&self, _: u32, _: Option<tokio::time::Instant>) -> Acquire<'_> {
///         Box::pin(async { Err(RateLimited::new("the quota is used up")) })
///     }
///
///     fn pause(&self, _: Duration) {}
/// }
/// # let _ = wats_http::Client::builder().rate_limiter(std::sync::Arc::new(Quota(AtomicU32::new(9))));
/// ```
pub trait RateLimiter: fmt::Debug + Send + Sync {
    /// Takes `calls` calls if they may be made now and nobody waits for them; otherwise takes nothing. `now` is the time, so
    /// that it need not be asked for again.
    fn try_acquire(&self, calls: u32, now: Instant) -> bool;

    /// Waits until `calls` calls may be made, and takes them. Dropped, it waits no longer; whether the calls are taken then,
    /// the limiter decides.
    ///
    /// # Errors
    /// As soon as it is sure that they may not be made before `deadline`; nothing is taken then.
    fn acquire(&self, calls: u32, deadline: Option<Instant>) -> Acquire<'_>;

    /// The server has answered 429 and wants no call for so long: five minutes at most, whatever it said.
    fn pause(&self, wait: Duration);
}

/// Makes the rate limiter of a token, when a client is built and when its token changes; see
/// [`ClientBuilder::make_rate_limiter`](crate::ClientBuilder::make_rate_limiter).
pub trait MakeRateLimiter: fmt::Debug + Send + Sync {
    /// The one for calls to a server (`host:port`) with a token, which it must not show to anybody.
    ///
    /// It is called within [`Client::set_token`](crate::Client::set_token), before the token is used and for one token after
    /// the other, and so must not wait for anybody nor change the token itself.
    ///
    /// # Errors
    /// Why there is none: the client is not built then. With a token that comes later, the limiter of the last one stays.
    fn make(
        &self,
        authority: &str,
        token: &str,
        limit: &RateLimit,
    ) -> Result<Arc<dyn RateLimiter>, Box<dyn StdError + Send + Sync>>;
}

/// Why a [`RateLimiter`] lets a call not be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimited {
    why: Cow<'static, str>,
    wait: Option<Duration>,
}

impl RateLimited {
    /// `why` in a few words, such as "the token's 500 calls per 60s are used up".
    pub fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self {
            why: why.into(),
            wait: None,
        }
    }

    /// When the call might be made, from now on.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// When the call might be made, if that is known.
    pub fn retry_after_hint(&self) -> Option<Duration> {
        self.wait
    }
}

impl fmt::Display for RateLimited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)?;
        match self.wait {
            Some(wait) => write!(
                f,
                "; there is room in {wait:.1?}, which is after the deadline of the call"
            ),
            None => Ok(()),
        }
    }
}

impl StdError for RateLimited {}

impl From<RateLimited> for Error {
    fn from(limited: RateLimited) -> Self {
        Self::new(ErrorKind::Timeout(Deadline::RateLimit))
            .message(limited.to_string())
            .retry_after(limited.wait)
            .never_sent()
    }
}
