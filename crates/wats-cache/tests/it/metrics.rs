//! The statistics as they reach the `metrics` facade.

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;
use wats_cache::{ManualClock, TtlCache};

/// Keeps every value under the metric's name.
#[derive(Default)]
struct Kept(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

impl Kept {
    fn cell(&self, key: &Key) -> Arc<AtomicU64> {
        assert_eq!(
            key.labels().next().map(metrics::Label::value),
            Some("parts")
        );
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(cells.entry(key.name().to_owned()).or_default())
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn every_sweep_publishes_the_counts() {
    let (clock, kept) = (ManualClock::new(), Kept::default());
    let (sender, swept) = mpsc::channel();
    let cache = metrics::with_local_recorder(&kept, || {
        TtlCache::builder()
            .metrics("parts")
            .default_ttl(Duration::from_secs(1))
            .clock(clock.clone())
            .on_removal(move |_: &u32, (): &(), _| assert!(sender.send(()).is_ok()))
            .build()
    });
    cache.insert(1, ());
    cache.get(&1);
    cache.get(&2);
    clock.advance(Duration::from_secs(1));
    swept.recv().unwrap();
    let read = |name: &str| kept.0.lock().unwrap()[name].load(Ordering::Relaxed);
    // The counts follow the removal that was just heard.
    while read("cache_expired_total") == 0 {
        std::thread::yield_now();
    }
    assert_eq!(
        (read("cache_hits_total"), read("cache_misses_total")),
        (1, 1)
    );
    assert_eq!(read("cache_inserts_total"), 1);
}
