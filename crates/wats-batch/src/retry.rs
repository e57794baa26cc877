//! Which failures are tried again, how often, and after what pause.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Tries failed work again: only what failed, and only where the error allows it.
///
/// A panic and a wrong number of answers are faults of the program and are never retried.
///
/// ```
/// use std::time::Duration;
/// use wats_batch::Retry;
///
/// // Three attempts in all, with pauses of 100 and 200 ms.
/// let retry = Retry::<std::io::Error>::attempts(3)
///     .delay(Duration::from_millis(100))
///     .when(|error| error.kind() == std::io::ErrorKind::TimedOut);
/// # let _ = retry;
/// ```
#[must_use = "a retry does nothing before it is handed to a batcher"]
pub struct Retry<E> {
    attempts: u32,
    delay: Duration,
    max_delay: Duration,
    when: Option<Predicate<E>>,
}

pub(crate) type Predicate<E> = Arc<dyn Fn(&E) -> bool + Send + Sync>;

impl<E> Retry<E> {
    /// This many attempts in all, the first included, which is made in any case; every error is retried,
    /// without a pause.
    pub fn attempts(attempts: u32) -> Self {
        Self {
            attempts,
            delay: Duration::ZERO,
            max_delay: Duration::from_secs(30),
            when: None,
        }
    }

    /// The pause before the second try; it doubles with each further one, up to
    /// [`max_delay`](Self::max_delay).
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The longest pause. 30 s.
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Retries only the errors for which this is true.
    pub fn when(mut self, retryable: impl Fn(&E) -> bool + Send + Sync + 'static) -> Self {
        self.when = Some(Arc::new(retryable));
        self
    }

    /// Whether to try again after the try number `attempt`, from 1, failed with this error.
    pub(crate) fn again(&self, attempt: u32, error: &E) -> bool {
        attempt < self.attempts && self.when.as_ref().is_none_or(|when| when(error))
    }

    /// Whether there may be another try after this one.
    pub(crate) fn may_follow(&self, attempt: u32) -> bool {
        attempt < self.attempts
    }

    /// The pause after the try number `attempt`, from 1.
    pub(crate) async fn pause(&self, attempt: u32) {
        let factor = 1u32
            .checked_shl(attempt.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let pause = self.delay.saturating_mul(factor).min(self.max_delay);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}

impl<E> Clone for Retry<E> {
    fn clone(&self) -> Self {
        Self {
            when: self.when.clone(),
            ..*self
        }
    }
}

impl<E> fmt::Debug for Retry<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("attempts", &self.attempts)
            .field("delay", &self.delay)
            .field("max_delay", &self.max_delay)
            .finish_non_exhaustive()
    }
}
