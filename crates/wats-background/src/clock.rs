//! The time in ticks of a millisecond since an origin of the process; the first tick is 1.
//!
//! [`coarse`] is a number in memory, which a thread stores every [`TICK`] as long as somebody reads it. Reading it costs
//! one load. It is never ahead of [`precise`], and behind it by [`TICK`] and as long as the system keeps the thread
//! waiting. [`precise`] asks the system, and brings the coarse clock forward if that has fallen behind.

pub use crate::ticker::{TICK, coarse};
use crate::{Moment, ticker};
use std::time::{Duration, Instant};

/// The time, asked from the system.
pub fn precise() -> u64 {
    let now = tick_of(Instant::now().saturating_duration_since(crate::moment::origin()));
    ticker::advance(now);
    now
}

/// The tick of a time since the origin.
#[inline]
pub fn tick_of(since_origin: Duration) -> u64 {
    // Seconds and the rest apart: a division of 128 bits would cost more than the reading.
    since_origin
        .as_secs()
        .saturating_mul(1000)
        .saturating_add(u64::from(since_origin.subsec_millis()))
        .saturating_add(1)
}

/// When a tick begins.
#[inline]
pub fn start_of(tick: u64) -> Moment {
    Moment::from_millis(tick.saturating_sub(1))
}

/// Time since the origin of the process, asked from the system.
pub fn since_origin() -> Duration {
    Instant::now().saturating_duration_since(crate::moment::origin())
}
