//! How long answers of one class are kept, and how many.

use std::time::Duration;

/// For how long lists are kept that people maintain.
pub(super) const LISTS: Duration = Duration::from_secs(300);

/// How answers of one class are kept.
///
/// ```
/// use std::time::Duration;
/// use wats_domains::{CacheOptions, ClassOptions, Wats};
///
/// let minute = ClassOptions::default().ttl(Duration::from_secs(60));
/// let wats = Wats::builder().cache(CacheOptions::default().products(minute));
/// # let _ = wats;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassOptions {
    /// For how long: 5 minutes by default, for [some classes](super::CacheOptions) longer or not at all. `None` is
    /// until it is
    /// refreshed, and zero is not at all.
    pub ttl: Option<Duration>,
    /// Most bytes of all answers together, each counted as the text that the server sent; 8 MiB by default.
    pub max_bytes: usize,
    /// For how long after its time an answer is still given when the server is away; zero, not at all, by default.
    pub stale_if_error: Duration,
}

impl Default for ClassOptions {
    fn default() -> Self {
        Self::kept_for(LISTS)
    }
}

impl ClassOptions {
    pub(super) const fn kept_for(ttl: Duration) -> Self {
        Self {
            ttl: Some(ttl),
            max_bytes: 8 << 20,
            stale_if_error: Duration::ZERO,
        }
    }

    /// Sets for how long answers are kept: a time, or `None` until they are refreshed. Zero keeps nothing.
    pub fn ttl(mut self, ttl: impl Into<Option<Duration>>) -> Self {
        self.ttl = ttl.into();
        self
    }

    /// Sets the most bytes of all answers together.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets for how long after its time an answer is still given when the server is away (RFC 5861): it cannot be
    /// reached,
    /// does not answer in time, fails with a status from 500 on, or is not called because it keeps failing. Zero is
    /// not at
    /// all.
    ///
    /// It is given after all repeats of the call. What this client has changed meanwhile is never given, nor is
    /// anything
    /// given in the place of a refusal (a status of 4xx). [`CacheStats::stale_served`](crate::CachesStats) counts such
    /// answers, and each is an event of `tracing` with the error.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wats_domains::{CacheOptions, ClassOptions};
    ///
    /// let day = Duration::from_secs(86_400);
    /// let processes = ClassOptions::default().stale_if_error(day);
    /// let one = CacheOptions::default().processes(processes);
    /// let all = CacheOptions::default().stale_if_error(day);
    /// # let _ = (one, all);
    /// ```
    pub fn stale_if_error(mut self, time: Duration) -> Self {
        self.stale_if_error = time;
        self
    }
}
