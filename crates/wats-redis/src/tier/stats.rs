//! What a tier did so far.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use wats_cache::CacheStats;

use crate::envelope::ForeignCounters;

/// Counts of a [`SharedCache`](crate::SharedCache) since it was made; a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedCacheStats {
    /// The level in the memory of this process.
    pub memory: CacheStats,
    /// Values that the server had.
    pub shared_hits: u64,
    /// Loads for which it had none.
    pub shared_misses: u64,
    /// Loads by this process, asked of the origin for all.
    pub led: u64,
    /// Loads that waited for one of another process.
    pub waited: u64,
    /// Loads without the server: there was no session, or it did not answer in time.
    pub without: u64,
    /// Values that were loaded and not shared, because something was changed meanwhile.
    pub refused: u64,
    /// Values, or keys, that were too large to be shared.
    pub too_large: u64,
    /// Stale values served because a load failed, or took too long.
    pub stale_served: u64,
    /// Invalidations by this process.
    pub invalidations: u64,
    /// Values on the server that are none for this program, by cause.
    pub foreign: Vec<(&'static str, u64)>,
}

impl fmt::Display for SharedCacheStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SharedCacheStats(memory_hits={}, shared_hits={}, led={}, waited={}, without={}, stale={})",
            self.memory.hits,
            self.shared_hits,
            self.led,
            self.waited,
            self.without,
            self.stale_served
        )
    }
}

/// One of the counts.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) shared_hits: Count,
    pub(super) shared_misses: Count,
    pub(super) led: Count,
    pub(super) waited: Count,
    pub(super) without: Count,
    pub(super) refused: Count,
    pub(super) too_large: Count,
    pub(super) stale_served: Count,
    pub(super) invalidations: Count,
    pub(super) foreign: ForeignCounters,
}

impl Counters {
    pub(super) fn stats(&self, memory: CacheStats) -> SharedCacheStats {
        SharedCacheStats {
            memory,
            shared_hits: self.shared_hits.get(),
            shared_misses: self.shared_misses.get(),
            led: self.led.get(),
            waited: self.waited.get(),
            without: self.without.get(),
            refused: self.refused.get(),
            too_large: self.too_large.get(),
            stale_served: self.stale_served.get(),
            invalidations: self.invalidations.get(),
            foreign: self.foreign.met(),
        }
    }
}
