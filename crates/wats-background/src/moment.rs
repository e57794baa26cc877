//! Points in time that cannot overflow.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The origin of all times here: the first time anybody asked.
pub(crate) fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(Instant::now)
}

/// A point in time of the system's monotonic clock, in nanoseconds since an origin of the process.
///
/// Unlike `Instant + Duration`, its arithmetic ends at [`Moment::NEVER`] instead of panicking.
///
/// ```
/// use std::time::Duration;
/// use wats_background::Moment;
///
/// assert_eq!(Moment::now().after(Duration::MAX), Moment::NEVER);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// Later than every other; 584 years after the start.
    pub const NEVER: Self = Self(u64::MAX);

    /// Now.
    pub fn now() -> Self {
        Self::of(Instant::now())
    }

    /// The moment of an instant; what lies before the origin is taken for it.
    pub fn of(instant: Instant) -> Self {
        Self::since_origin(instant.saturating_duration_since(origin()))
    }

    /// This long after the origin.
    pub fn since_origin(time: Duration) -> Self {
        Self(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
    }

    /// This many milliseconds after the origin. As cheap as a multiplication.
    #[inline]
    pub fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// This much later, [`NEVER`](Self::NEVER) at the latest.
    pub fn after(self, time: Duration) -> Self {
        Self(self.0.saturating_add(Self::since_origin(time).0))
    }

    /// How long it is from here to `later`; zero if it is not later.
    pub fn until(self, later: Self) -> Duration {
        Duration::from_nanos(later.0.saturating_sub(self.0))
    }

    pub(crate) fn nanos(self) -> u64 {
        self.0
    }

    pub(crate) fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_ends_at_its_bounds() {
        for time in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            assert!(Moment::now().after(time) <= Moment::NEVER);
            assert_eq!(Moment::NEVER.after(time), Moment::NEVER);
            assert_eq!(Moment::NEVER.until(Moment::now()), Duration::ZERO);
        }
        assert_eq!(Moment::from_millis(u64::MAX), Moment::NEVER);
        assert_eq!(
            Moment::from_millis(3).until(Moment::from_millis(5)),
            Duration::from_millis(2)
        );
    }
}
