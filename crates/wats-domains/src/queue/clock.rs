//! How far the server's clock is from ours, from the `Date` of its answers: the server cannot store a report whose start lies
//! in its future.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::server::ClockSkew;

/// So many answers are looked at.
const ANSWERS: usize = 9;

/// An answer tells too little if it was longer under way.
const LONGEST: Duration = Duration::from_secs(10);

/// From here on somebody should look at the clock.
const WARN: Duration = Duration::from_secs(300);

#[derive(Debug, Default)]
pub(super) struct ServerClock(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    offsets: VecDeque<SignedDuration>,
    warned: bool,
}

impl ServerClock {
    /// Takes what one answer has told.
    pub(super) fn note(&self, skew: ClockSkew) {
        if skew.uncertainty > LONGEST {
            return;
        }
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.offsets.len() >= ANSWERS {
            seen.offsets.pop_front();
        }
        seen.offsets.push_back(skew.offset);
        let far = median(&seen.offsets).filter(|offset| offset.unsigned_abs() > WARN);
        let news = far.filter(|_| !seen.warned);
        seen.warned = far.is_some();
        drop(seen);
        if let Some(offset) = news {
            tracing::warn!(
                seconds = offset.as_secs(),
                "the server's clock is far from this computer's: set the clock"
            );
        }
    }

    /// By how much the server's clock is ahead: the median of the last answers, if there were any.
    pub(super) fn offset(&self) -> Option<SignedDuration> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        median(&seen.offsets)
    }

    /// How long a start lies in the server's future.
    pub(super) fn until(&self, start: Timestamp) -> SignedDuration {
        let offset = self.offset().unwrap_or_default();
        start
            .duration_since(Timestamp::now())
            .saturating_sub(offset)
    }
}

fn median(offsets: &VecDeque<SignedDuration>) -> Option<SignedDuration> {
    let mut sorted: Vec<_> = offsets.iter().copied().collect();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew(seconds: i64, uncertainty: u64) -> ClockSkew {
        ClockSkew {
            offset: SignedDuration::from_secs(seconds),
            uncertainty: Duration::from_secs(uncertainty),
        }
    }

    #[test]
    fn one_odd_answer_moves_nothing_and_a_slow_one_tells_nothing() {
        let clock = ServerClock::default();
        assert_eq!(clock.offset(), None);
        clock.note(skew(100, 60));
        assert_eq!(clock.offset(), None);
        for seconds in [3, 3, -4000, 4, 3] {
            clock.note(skew(seconds, 1));
        }
        assert_eq!(clock.offset(), Some(SignedDuration::from_secs(3)));
        for _ in 0..ANSWERS {
            clock.note(skew(600, 1));
        }
        assert_eq!(clock.offset(), Some(SignedDuration::from_secs(600)));
        let in_an_hour = Timestamp::now() + SignedDuration::from_hours(1);
        let until = clock.until(in_an_hour).as_secs();
        assert!((2_900..=3_000).contains(&until), "{until}");
    }
}
