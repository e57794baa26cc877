//! The statistics for the `metrics` facade: published by the sweeper, so no look-up pays for them.

use crate::stats::CacheStats;
use metrics::{Counter, Gauge, counter, gauge};

type Read = fn(&CacheStats) -> u64;

pub(crate) struct Observer {
    counters: [(Counter, Read); 10],
    size: Gauge,
    weight: Gauge,
}

impl Observer {
    pub(crate) fn new(name: String) -> Self {
        let of = |metric: &'static str| counter!(metric, "cache" => name.clone());
        Self {
            counters: [
                (of("cache_hits_total"), |stats| stats.hits),
                (of("cache_misses_total"), |stats| stats.misses),
                (of("cache_inserts_total"), |stats| stats.inserts),
                (of("cache_updates_total"), |stats| stats.updates),
                (of("cache_expired_total"), |stats| stats.expired),
                (of("cache_evicted_total"), |stats| stats.evicted),
                (of("cache_invalidated_total"), |stats| stats.invalidated),
                (of("cache_loads_total"), |stats| stats.loads_ok),
                (of("cache_failed_loads_total"), |stats| stats.loads_failed),
                (of("cache_stale_served_total"), |stats| stats.stale_served),
            ],
            size: gauge!("cache_entries", "cache" => name.clone()),
            weight: gauge!("cache_weight", "cache" => name),
        }
    }

    pub(crate) fn publish(&self, stats: &CacheStats) {
        for (counter, read) in &self.counters {
            counter.absolute(read(stats));
        }
        self.size.set(stats.size as f64);
        self.weight.set(stats.weight as f64);
    }
}
