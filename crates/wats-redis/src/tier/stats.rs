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

/// One of the counts, also for the `metrics` facade.
pub(super) struct Count {
    count: AtomicU64,
    #[cfg(feature = "metrics")]
    metric: metrics::Counter,
}

impl fmt::Debug for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.count.fmt(f)
    }
}

impl Count {
    pub(super) fn up(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        self.metric.increment(1);
    }

    fn get(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// The counts of a tier, each a metric `wats.redis.cache.<count>` with the kind as its label.
macro_rules! counters {
    ($($name:ident),*) => {
        #[derive(Debug)]
        pub(super) struct Counters {
            $(pub(super) $name: Count,)*
            pub(super) foreign: ForeignCounters,
        }

        impl Counters {
            #[cfg_attr(not(feature = "metrics"), expect(unused_variables, reason = "the label"))]
            pub(super) fn new(kind: &str) -> Self {
                Self {
                    $($name: Count {
                        count: AtomicU64::new(0),
                        #[cfg(feature = "metrics")]
                        metric: metrics::counter!(
                            concat!("wats.redis.cache.", stringify!($name)),
                            "kind" => kind.to_owned()
                        ),
                    },)*
                    foreign: ForeignCounters::default(),
                }
            }
        }
    };
}

counters!(
    shared_hits,
    shared_misses,
    led,
    waited,
    without,
    refused,
    too_large,
    stale_served,
    invalidations
);

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

#[cfg(all(test, feature = "metrics"))]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex, PoisonError};

    use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};

    /// Keeps every count under the metric's name, with the label behind it.
    #[derive(Default)]
    struct Kept(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

    impl metrics::Recorder for Kept {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            let labels: Vec<_> = key
                .labels()
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            let name = format!("{} {}", key.name(), labels.join(","));
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Counter::from_arc(Arc::clone(counts.entry(name).or_default()))
        }
        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }
        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[test]
    fn counts_are_metrics_of_their_kind() {
        let kept = Kept::default();
        let counters = metrics::with_local_recorder(&kept, || Counters::new("product"));
        counters.led.up();
        counters.led.up();
        counters.shared_hits.up();
        let stats = counters.stats(CacheStats::default());
        assert_eq!((stats.led, stats.shared_hits, stats.waited), (2, 1, 0));
        let kept = kept.0.lock().unwrap();
        let count = |name: &str| {
            let name = format!("wats.redis.cache.{name} kind=product");
            kept[&name].load(Ordering::Relaxed)
        };
        assert_eq!(kept.len(), 9);
        assert_eq!(
            (count("led"), count("shared_hits"), count("waited")),
            (2, 1, 0)
        );
    }
}
