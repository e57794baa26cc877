//! What a batcher is told: limits, policy, priority.

use std::time::Duration;

use crate::ConfigError;

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

/// The limits and the policy of a [`RequestBatcher`](crate::RequestBatcher). A limit of 0 would stop
/// everything for ever; the batcher is not made with it.
///
/// ```
/// use std::time::Duration;
/// use wats_batch::{BatchConfig, Policy};
///
/// let config = BatchConfig::default()
///     .max_batch_size(25)
///     .max_wait(Duration::from_millis(20))
///     .policy(Policy::Window);
/// assert_eq!(config.max_concurrent_batches, 5);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchConfig {
    /// The most items of one bulk call; never exceeded. 100.
    pub max_batch_size: usize,
    /// The longest an item waits for others under [`Policy::Window`] while a bulk slot is free.
    /// 100 ms.
    pub max_wait: Duration,
    /// The most bulk calls under way at a time. 5.
    pub max_concurrent_batches: usize,
    /// The most accepted items that wait to be sent. Beyond it `add` waits for room and `try_add`
    /// refuses. 10 000.
    pub max_pending: usize,
    /// When a batch is sent. [`Policy::Window`].
    pub policy: Policy,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            max_batch_size: 100,
            max_wait: Duration::from_millis(100),
            max_concurrent_batches: 5,
            max_pending: 10_000,
            policy: Policy::Window,
        }
    }
}

impl BatchConfig {
    /// Sets the most items of one bulk call.
    pub fn max_batch_size(mut self, items: usize) -> Self {
        self.max_batch_size = items;
        self
    }

    /// Sets the longest an item waits for others.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// Sets the most bulk calls under way at a time.
    pub fn max_concurrent_batches(mut self, batches: usize) -> Self {
        self.max_concurrent_batches = batches;
        self
    }

    /// Sets the most accepted items that wait to be sent.
    pub fn max_pending(mut self, items: usize) -> Self {
        self.max_pending = items;
        self
    }

    /// Sets when a batch is sent.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        refuse_zero([
            ("max_batch_size", self.max_batch_size),
            ("max_concurrent_batches", self.max_concurrent_batches),
            ("max_pending", self.max_pending),
        ])
    }
}

/// The first of these options that is 0 is an error.
pub(crate) fn refuse_zero(
    options: impl IntoIterator<Item = (&'static str, usize)>,
) -> Result<(), ConfigError> {
    match options.into_iter().find(|(_, value)| *value == 0) {
        Some((option, _)) => Err(ConfigError { option }),
        None => Ok(()),
    }
}
