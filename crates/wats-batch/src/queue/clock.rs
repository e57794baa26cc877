//! Time as a number.

use std::time::Duration;

use tokio::time::Instant;

/// The time of the runtime this is called in, as a number. Numbers of one runtime can be compared with
/// each other; those of a paused one have nothing to do with those of others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> i64 {
        self.number(Instant::now())
    }

    pub(crate) fn number(self, at: Instant) -> i64 {
        let number = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        match at.checked_duration_since(self.0) {
            Some(later) => number(later),
            None => -number(self.0.saturating_duration_since(at)),
        }
    }

    /// The instant of a number; as far ahead as there can be one, if it is beyond.
    pub(crate) fn instant(self, nanos: i64) -> Instant {
        let distance = Duration::from_nanos(nanos.unsigned_abs());
        let at = if nanos < 0 {
            self.0.checked_sub(distance)
        } else {
            self.0.checked_add(distance)
        };
        at.unwrap_or_else(|| self.0 + Duration::from_secs(30 * 365 * 24 * 3600))
    }
}

/// Whether a window has ended. One that begins in the future was begun by another clock.
pub(crate) fn is_over(since: i64, now: i64, wait: i64) -> bool {
    since > now || now.saturating_sub(since) >= wait
}
