//! Until when what is in memory may be served: one number that every hit compares with the coarse clock.
//!
//! Whoever extends it has told the memory before of all that has changed; whoever finds it there finds that in memory. It is
//! checked with loom in every order of two threads: see `loom_tests`.

#[cfg(all(test, wats_loom))]
mod loom_tests;

use std::sync::Arc;
#[cfg(not(wats_loom))]
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[cfg(wats_loom)]
use loom::sync::atomic::{AtomicU64, Ordering};

use wats_background::clock;

/// The end of trust.
#[derive(Debug)]
pub(crate) struct Trust {
    /// A tick of the coarse clock; 0 while there is none.
    until: AtomicU64,
    /// When it ended last, as a tick. For statistics, and for the thread of the link alone.
    ended: AtomicU64,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            until: AtomicU64::new(0),
            ended: AtomicU64::new(clock::precise()),
        }
    }
}

impl Trust {
    /// Whether what was kept in memory may be served, if it is looked up after this.
    #[inline]
    pub(crate) fn holds(&self) -> bool {
        self.holds_at(clock::coarse())
    }

    /// The same for who has read the coarse clock already.
    #[inline]
    pub(crate) fn holds_at(&self, tick: u64) -> bool {
        tick < self.until.load(Ordering::Acquire)
    }

    /// The same for what is looked up in between: it has to hold before and after. What is found while there is none may be
    /// suspect by the time there is one again.
    pub(crate) fn around(self: Arc<Self>) -> impl Fn() -> bool + Send + Sync + 'static {
        let held = self.holds();
        move || held && self.holds()
    }

    /// A heartbeat that was sent at `sent` (a precise tick) was answered: all that was acknowledged before it is known here.
    /// The coarse clock may be behind by a tick, so trust ends that much earlier. Tells how long there was none.
    pub(crate) fn extend(&self, sent: u64, bound: Duration) -> Duration {
        let bound = bound.saturating_sub(clock::TICK).as_millis();
        let until = sent.saturating_add(u64::try_from(bound).unwrap_or(u64::MAX));
        let before = self.until.swap(until, Ordering::AcqRel);
        let ended = match before {
            0 => self.ended.load(Ordering::Relaxed),
            before => before,
        };
        Duration::from_millis(clock::precise().saturating_sub(ended))
    }

    /// Ends it now.
    pub(crate) fn end(&self) {
        let before = self.until.swap(0, Ordering::AcqRel);
        if before > 0 {
            self.ended
                .store(before.min(clock::precise()), Ordering::Relaxed);
        }
    }
}

#[cfg(all(test, not(wats_loom)))]
mod tests {
    use super::*;

    #[test]
    fn trust_ends_by_time_and_at_once() {
        let trust = Trust::default();
        assert!(!trust.holds());
        trust.extend(1000, Duration::from_secs(2));
        assert!(trust.holds_at(1000) && trust.holds_at(2989));
        assert!(!trust.holds_at(2990) && !trust.holds_at(u64::MAX));
        trust.extend(clock::precise(), Duration::from_secs(3600));
        assert!(trust.holds());
        trust.end();
        assert!(!trust.holds() && !trust.holds_at(0));
    }

    #[test]
    fn what_is_looked_up_without_it_is_not_served_with_it() {
        let trust = Arc::<Trust>::default();
        let hour = Duration::from_secs(3600);
        let before = Arc::clone(&trust).around();
        trust.extend(clock::precise(), hour);
        let after = Arc::clone(&trust).around();
        assert!(!before() && after());
        trust.end();
        assert!(!before() && !after());
    }
}
