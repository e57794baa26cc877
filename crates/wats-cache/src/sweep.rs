//! When a cache is swept: a job that is scheduled only while something in the cache can expire.

use crate::clock::{Time, TimeListener};
use crate::entry::{NEVER, Tick};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wats_background::{Job, Moment, Work, clock};

/// A job that also runs when a clock was moved by hand. Belongs to who is swept, and is gone with it.
#[derive(Debug)]
pub(crate) struct Moved(pub(crate) Job);

impl TimeListener for Moved {
    fn time_moved(&self) {
        self.0.now();
    }
}

impl Moved {
    pub(crate) fn new(work: std::sync::Weak<dyn Work>, time: &Time) -> Arc<Self> {
        let moved = Arc::new(Self(Job::of(work)));
        let listener = Arc::downgrade(&moved);
        time.subscribe(listener);
        moved
    }
}

#[derive(Debug)]
pub(crate) struct Sweeper {
    job: Arc<Moved>,
    every: Duration,
    /// The next sweep does not begin earlier, in ticks of the system's clock.
    not_before: AtomicU64,
    /// Whether expiries are in ticks of the system's clock. With another one it has to be looked now and then.
    foreseeable: bool,
}

impl Sweeper {
    pub(crate) fn new(work: std::sync::Weak<dyn Work>, every: Duration, time: &Time) -> Self {
        let sweeper = Self {
            job: Moved::new(work, time),
            every: every.max(clock::TICK),
            not_before: AtomicU64::new(0),
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

    /// Something expires at `soonest`, and nothing before.
    #[inline]
    pub(crate) fn note(&self, soonest: Tick) {
        if let Some(due) = self.next(soonest) {
            self.job.0.at(due);
        }
    }
}
