//! When a cache is swept: a job that is scheduled only while something in the cache can expire.

use crate::clock::{Time, TimeListener};
use crate::entry::{NEVER, Tick};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wats_background::{Job, Moment, Work, clock, forks};

/// A job that also runs when a clock was moved by hand. Belongs to who is swept, and is gone with it.
#[derive(Debug)]
pub(crate) struct ClockJob(pub(crate) Job);

impl TimeListener for ClockJob {
    fn time_moved(&self) {
        self.0.now();
    }
}

impl ClockJob {
    pub(crate) fn new(work: std::sync::Weak<dyn Work>, time: &Time) -> Arc<Self> {
        let moved = Arc::new(Self(Job::of(work)));
        let listener = Arc::downgrade(&moved);
        time.subscribe(listener);
        moved
    }
}

#[derive(Debug)]
pub(crate) struct Sweeper {
    job: Arc<ClockJob>,
    every: Duration,
    /// The next sweep does not begin earlier, in ticks of the system's clock.
    not_before: AtomicU64,
    /// The process in which it was scheduled: the child of a fork does not have the schedule of its parent.
    noted_in: AtomicU64,
    /// Whether expiries are in ticks of the system's clock. With another one it has to be looked now and then.
    foreseeable: bool,
}

impl Sweeper {
    pub(crate) fn new(work: std::sync::Weak<dyn Work>, every: Duration, time: &Time) -> Self {
        let sweeper = Self {
            job: ClockJob::new(work, time),
            every: every.max(clock::TICK),
            not_before: AtomicU64::new(0),
            noted_in: AtomicU64::new(forks()),
            foreseeable: matches!(time, Time::Coarse),
        };
        sweeper.put_off();
        sweeper
    }

    /// Begins the time in which there is no further sweep.
    pub(crate) fn put_off(&self) {
        let tick = clock::precise().saturating_add(crate::clock::ticks(self.every));
        self.not_before.store(tick, Ordering::Relaxed);
    }

    /// When to sweep if nothing expires before `soonest`; not at all if nothing expires.
    #[inline]
    pub(crate) fn next(&self, soonest: Tick) -> Option<Moment> {
        (soonest != NEVER).then(|| {
            let not_before = self.not_before.load(Ordering::Relaxed);
            clock::start_of(if self.foreseeable {
                not_before.max(soonest)
            } else {
                not_before
            })
        })
    }

    /// Whether nothing is scheduled in this process of what was in its parent.
    #[inline]
    pub(crate) fn is_inherited(&self) -> bool {
        self.noted_in.load(Ordering::Relaxed) != forks()
    }

    /// Something expires at `soonest`, and nothing before.
    #[cold]
    pub(crate) fn note(&self, soonest: Tick) {
        self.noted_in.store(forks(), Ordering::Relaxed);
        if let Some(due) = self.next(soonest) {
            self.job.0.at(due);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ManualClock, TtlCache};

    fn due(cache: &TtlCache<u32, u32>) -> Moment {
        cache.core.sweeper.as_ref().unwrap().job.0.due()
    }

    #[test]
    fn a_cache_is_scheduled_only_while_something_in_it_expires() {
        let cache: TtlCache<u32, u32> = TtlCache::new();
        assert_eq!(due(&cache), Moment::NEVER);
        cache.get(&1);
        cache.insert_with_ttl(1, 1, Duration::MAX);
        assert_eq!(due(&cache), Moment::NEVER);
        let hour = Duration::from_secs(3600);
        let before = Moment::now();
        cache.insert_with_ttl(2, 2, hour);
        let first = due(&cache);
        assert!(before.after(hour) <= first && first < before.after(2 * hour));
        // Not before the sweep interval is over.
        cache.insert_with_ttl(3, 3, Duration::from_millis(1));
        assert!(due(&cache) < first);
        assert!(due(&cache) > before.after(Duration::from_millis(500)));
    }

    #[test]
    fn after_a_sweep_it_waits_for_the_next_end_or_for_nothing() {
        let clock = ManualClock::new();
        let cache: TtlCache<u32, u32> = TtlCache::builder().clock(clock.clone()).build();
        cache.insert_with_ttl(1, 1, Duration::from_secs(1));
        assert_eq!(
            cache.core.run(),
            cache.core.sweeper.as_ref().unwrap().next(0)
        );
        assert_eq!(cache.len(), 1);
        cache.remove(&1);
        assert_eq!(cache.core.run(), None);
    }
}
