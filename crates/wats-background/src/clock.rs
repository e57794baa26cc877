//! The time in ticks of a millisecond since an origin of the process; the first tick is 1.
//!
//! [`coarse`] is a number in memory, which a thread stores every [`TICK`] as long as somebody reads it. Reading it costs
//! one load. It is never ahead of [`precise`], and behind it by [`TICK`] and as long as the system keeps the thread
//! waiting. [`precise`] asks the system, and brings the coarse clock forward if that has fallen behind.

use crate::moment::Moment;
use crate::now;
pub use crate::now::{TICK, precise, since_origin, tick_of};
use crate::process::Process;

/// The time as the clock thread stored it last. One load, except for the first reader of a tick.
#[inline]
pub fn coarse() -> u64 {
    now::read().unwrap_or_else(start)
}

/// [`coarse`] where it is nothing but a load: not for the first reader of a tick.
#[inline]
pub fn coarse_at_once() -> Option<u64> {
    now::read_again()
}

#[cold]
fn start() -> u64 {
    Process::current().ticker.start();
    precise()
}

/// When a tick begins.
#[inline]
pub fn start_of(tick: u64) -> Moment {
    Moment::from_millis(tick.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coarse_clock_never_runs_ahead_nor_back() {
        let mut last = 0;
        for _ in 0..100_000 {
            let coarse = coarse();
            let again = coarse_at_once().unwrap_or(coarse);
            let precise = precise();
            assert!(
                coarse >= last && again >= coarse && again <= precise,
                "{last} {coarse} {again} {precise}"
            );
            last = again;
        }
    }

    #[test]
    fn a_precise_reading_brings_the_coarse_clock_forward() {
        for _ in 0..1000 {
            let precise = precise();
            assert!(coarse() >= precise);
        }
    }
}
