//! What a cache did so far.

use std::fmt;
use std::ops::AddAssign;
use std::time::Duration;

/// Counts of a cache since it was made; a snapshot.
///
/// The sums agree whenever nobody is using the cache meanwhile: every look-up is a hit or a miss, and
/// `inserts - expired - evicted - invalidated == size`.
///
/// ```
/// use wats_cache::TtlCache;
///
/// let cache: TtlCache<u32, &str> = TtlCache::builder().build();
/// cache.insert(1, "one");
/// cache.get(&1);
/// cache.get(&2);
/// assert_eq!(cache.stats().to_string(), "CacheStats(hits=1, misses=1, hit_rate=50.00%)");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct CacheStats {
    /// Look-ups answered with a fresh value.
    pub hits: u64,
    /// Look-ups that found nothing, or nothing fresh.
    pub misses: u64,
    /// Entries added under a key that held none.
    pub inserts: u64,
    /// Values replaced under a key that held a fresh one.
    pub updates: u64,
    /// Entries removed because their time was over.
    pub expired: u64,
    /// Entries removed, or not even taken in, because the cache was full.
    pub evicted: u64,
    /// Entries removed by `remove`, `clear`, `retain` and their kin.
    pub invalidated: u64,
    /// Loaders that returned a value.
    pub loads_ok: u64,
    /// Loaders that returned an error, panicked or were dropped.
    pub loads_failed: u64,
    /// Time spent in loaders that ended, all together. Serialized in seconds.
    #[serde(serialize_with = "as_seconds")]
    pub load_time: Duration,
    /// Values handed out by loading look-ups after their time, as the stale options allow.
    pub stale_served: u64,
    /// Entries held now, expired ones that were not swept yet included.
    pub size: u64,
    /// Their weight; the same as `size` without a weigher.
    pub weight: u64,
}

fn as_seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

impl CacheStats {
    /// Hits as a share of all look-ups, from 0 to 1; 0 before the first.
    pub fn hit_rate(&self) -> f64 {
        let all = self.hits + self.misses;
        if all == 0 {
            0.0
        } else {
            self.hits as f64 / all as f64
        }
    }

    /// Entries that left the cache, for whatever reason but being replaced.
    pub fn removals(&self) -> u64 {
        self.expired + self.evicted + self.invalidated
    }
}

impl fmt::Display for CacheStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = self.hit_rate() * 100.0;
        write!(
            f,
            "CacheStats(hits={}, misses={}, hit_rate={percent:.2}%)",
            self.hits, self.misses
        )
    }
}

/// What a shard counts, under its lock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Writes {
    pub(crate) inserts: u64,
    pub(crate) updates: u64,
    pub(crate) expired: u64,
    pub(crate) evicted: u64,
    pub(crate) invalidated: u64,
}

impl AddAssign<Writes> for CacheStats {
    fn add_assign(&mut self, writes: Writes) {
        self.inserts += writes.inserts;
        self.updates += writes.updates;
        self.expired += writes.expired;
        self.evicted += writes.evicted;
        self.invalidated += writes.invalidated;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_the_one_line_people_know() {
        let stats = CacheStats {
            hits: 150,
            misses: 10,
            ..CacheStats::default()
        };
        assert_eq!(
            stats.to_string(),
            "CacheStats(hits=150, misses=10, hit_rate=93.75%)"
        );
        assert_eq!(
            CacheStats::default().to_string(),
            "CacheStats(hits=0, misses=0, hit_rate=0.00%)"
        );
    }

    #[test]
    fn serializes_with_every_count() {
        let stats = CacheStats {
            hits: 3,
            load_time: Duration::from_millis(1500),
            ..CacheStats::default()
        };
        let json = serde_json::to_value(stats).unwrap();
        assert_eq!(json["hits"], 3);
        assert_eq!(json["load_time"], 1.5);
        assert_eq!(json.as_object().unwrap().len(), 13);
    }
}
