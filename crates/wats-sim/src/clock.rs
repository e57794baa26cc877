//! The clock of the server, which may be wrong on purpose.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use http::HeaderValue;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

/// The time of the machine, so many milliseconds off; copies are the same clock.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    skew_ms: Arc<AtomicI64>,
}

impl Clock {
    /// The time as the server has it.
    pub(crate) fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        let skew = SignedDuration::from_millis(self.skew_ms.load(Ordering::Relaxed));
        now.checked_add(skew).unwrap_or(now)
    }

    pub(crate) fn set_skew(&self, skew: SignedDuration) {
        let millis = skew
            .as_millis()
            .clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        self.skew_ms
            .store(i64::try_from(millis).unwrap_or_default(), Ordering::Relaxed);
    }

    /// The `Date` of an answer; none if the clock is right, since hyper writes that one.
    pub(crate) fn date(&self) -> Option<HeaderValue> {
        if self.skew_ms.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let text = DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&self.now())
            .ok()?;
        HeaderValue::try_from(text).ok()
    }
}
