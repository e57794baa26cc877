//! What is kept: the answer of a read, and what it is found by.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

/// What tells a read from others: method, escaped address and body.
pub(crate) type Key = Cow<'static, [u8]>;

/// An answer that is kept.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) value: Arc<dyn Any + Send + Sync>,
    pub(super) bytes: usize,
    pub(super) since: Instant,
}

impl Answer {
    pub(super) fn new<T: Send + Sync + 'static>(value: T, bytes: usize) -> Self {
        Self::shared(Arc::new(value), bytes)
    }

    pub(super) fn shared<T: Send + Sync + 'static>(value: Arc<T>, bytes: usize) -> Self {
        Self::of(value, bytes, Instant::now())
    }

    pub(super) fn of(value: Arc<dyn Any + Send + Sync>, bytes: usize, since: Instant) -> Self {
        Self {
            value,
            bytes,
            since,
        }
    }

    pub(super) fn is_within(&self, max_age: Duration) -> bool {
        // Nearly all callers take any; it spares them a look at the clock.
        max_age == Duration::MAX || self.since.elapsed() <= max_age
    }
}
