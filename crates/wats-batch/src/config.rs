//! What a batcher is told: limits, policy, priority. Limits are never zero, by type.

use std::num::NonZeroUsize;
use std::time::Duration;

/// A limit known at compile time; zero does not compile.
///
/// ```
/// assert_eq!(wats_batch::limit::<25>().get(), 25);
/// ```
/// ```compile_fail
/// wats_batch::limit::<0>();
/// ```
pub const fn limit<const N: usize>() -> NonZeroUsize {
    const {
        assert!(N > 0, "a limit of 0 would stop everything for ever");
    }
    NonZeroUsize::MIN.saturating_add(N - 1)
}

/// When a batch is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// The first item starts a window of [`max_wait`](BatchConfig::max_wait); what has gathered
    /// when it ends is sent. A full batch goes at once.
    #[default]
    Window,
    /// While a bulk slot is free an item waits for nothing but one turn of the scheduler; items
    /// gather only while every slot is busy. Never slower than the window, and as well batched
    /// under load.
    Eager,
    /// Nothing is sent before [`flush`](crate::RequestBatcher::flush) or
    /// [`close`](crate::RequestBatcher::close).
    Manual,
}

/// Which waiting items are taken first. Inside one priority, first come is first served.
///
/// A lower priority is never starved: a batch in eight begins with the items that were passed
/// over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Taken when nothing else waits.
    Low,
    /// What [`add`](crate::RequestBatcher::add) uses.
    #[default]
    Normal,
    /// Taken before all others.
    High,
}

/// The limits and the policy of a [`RequestBatcher`](crate::RequestBatcher).
///
/// ```
/// use std::time::Duration;
/// use wats_batch::{BatchConfig, Policy, limit};
///
/// let config = BatchConfig::default()
///     .max_batch_size(limit::<25>())
///     .max_wait(Duration::from_millis(20))
///     .policy(Policy::Window);
/// assert_eq!(config.max_concurrent_batches.get(), 5);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchConfig {
    /// The most items of one bulk call; never exceeded. 100.
    pub max_batch_size: NonZeroUsize,
    /// The longest an item waits for others under [`Policy::Window`] while a bulk slot is free.
    /// 100 ms.
    pub max_wait: Duration,
    /// The most bulk calls under way at a time. 5.
    pub max_concurrent_batches: NonZeroUsize,
    /// The most accepted items that wait to be sent. Beyond it `add` waits for room and `try_add`
    /// refuses. 10 000.
    pub max_pending: NonZeroUsize,
    /// When a batch is sent. [`Policy::Window`].
    pub policy: Policy,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            max_batch_size: limit::<100>(),
            max_wait: Duration::from_millis(100),
            max_concurrent_batches: limit::<5>(),
            max_pending: limit::<10_000>(),
            policy: Policy::Window,
        }
    }
}

impl BatchConfig {
    /// Sets the most items of one bulk call.
    pub fn max_batch_size(mut self, items: NonZeroUsize) -> Self {
        self.max_batch_size = items;
        self
    }

    /// Sets the longest an item waits for others.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// Sets the most bulk calls under way at a time.
    pub fn max_concurrent_batches(mut self, batches: NonZeroUsize) -> Self {
        self.max_concurrent_batches = batches;
        self
    }

    /// Sets the most accepted items that wait to be sent.
    pub fn max_pending(mut self, items: NonZeroUsize) -> Self {
        self.max_pending = items;
        self
    }

    /// Sets when a batch is sent.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }
}
