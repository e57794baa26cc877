//! Sweeping what has expired, and what an entry takes in memory.

use super::caches::{Cache, Cached, Dash, MiniMoka, Moka, Ours, Quick};
use super::{PYTHON, keys};
use crate::memory;
use crate::spec::{Context, RowSpec};
use std::hint::black_box;
use std::time::{Duration, Instant};
use wats_cache::{ManualClock, TtlCache};

/// Entries of a sweep.
const ENTRIES: u64 = 300_000;

/// How long they live where the clock cannot be moved: longer than it takes to insert them.
const LIFE: Duration = Duration::from_secs(1);

/// Waits until all has expired, then times `sweep` until it says that nothing is left of so many entries.
fn sweep_after_life(entries: u64, mut sweep: impl FnMut() -> bool) -> f64 {
    std::thread::sleep(LIFE + Duration::from_millis(100));
    let start = Instant::now();
    while !sweep() {}
    start.elapsed().as_nanos() as f64 / entries as f64
}

pub(super) fn sweep(ctx: &Context) -> RowSpec {
    RowSpec::new("cache.sweep")
        .unit("ns/entry")
        .note("300 000 expired u64→u64 entries removed at once; quick_cache has no expiry; Python: 20 000")
        .most_rounds(ctx.scale(1, 3))
        .subject("wats-cache", || {
            let clock = ManualClock::new();
            let cache = TtlCache::builder()
                .max_entries(1_000_000)
                .clock(clock.clone())
                .sweep_interval(None)
                .build();
            (0..ENTRIES).for_each(|key| cache.insert(keys::spread(key), key));
            clock.advance(Duration::from_secs(301));
            let start = Instant::now();
            let removed = cache.cleanup_expired();
            Ok(start.elapsed().as_nanos() as f64 / removed as f64)
        })
        .peer("dashmap retain", || {
            let map = dashmap::DashMap::<u64, (u64, u64), ahash::RandomState>::default();
            for key in 0..ENTRIES {
                map.insert(keys::spread(key), (key, 300));
            }
            let now = black_box(301);
            let start = Instant::now();
            map.retain(|_, (_, until)| *until > now);
            Ok(start.elapsed().as_nanos() as f64 / ENTRIES as f64)
        })
        .peer("cached evict", || {
            let cache = cached::ShardedLruTtlCache::<u64, u64>::new(1_000_000, LIFE);
            for key in 0..ENTRIES {
                cache.set(keys::spread(key), key);
            }
            Ok(sweep_after_life(cache.len() as u64, || {
                let _ = cache.evict();
                cache.is_empty()
            }))
        })
        .peer("moka run_pending_tasks", || {
            let cache = moka::sync::Cache::builder()
                .max_capacity(1_000_000)
                .time_to_live(LIFE)
                .build();
            (0..ENTRIES).for_each(|key| cache.insert(keys::spread(key), key));
            cache.run_pending_tasks();
            Ok(sweep_after_life(cache.entry_count(), || {
                cache.run_pending_tasks();
                cache.entry_count() == 0
            }))
        })
        .peer("mini-moka sync", || {
            use mini_moka::sync::ConcurrentCacheExt;
            let cache = mini_moka::sync::Cache::builder()
                .max_capacity(1_000_000)
                .time_to_live(LIFE)
                .build();
            (0..ENTRIES).for_each(|key| cache.insert(keys::spread(key), key));
            cache.sync();
            Ok(sweep_after_life(cache.entry_count(), || {
                cache.sync();
                cache.entry_count() == 0
            }))
        })
        .peer_python(ctx, PYTHON, &["sweep", "20000"])
}

pub(super) fn memory_per_entry(ctx: &Context) -> RowSpec {
    fn of<C: Cache>() -> crate::Result<f64> {
        const ENTRIES: usize = 1_000_000;
        let (cache, counted) = memory::count(|| {
            let cache = C::new(ENTRIES);
            for key in 0..ENTRIES as u64 {
                cache.insert(keys::spread(key), key);
                if key % 256 == 0 {
                    cache.settle();
                }
            }
            cache.settle();
            cache
        })?;
        Ok(counted.live as f64 / cache.len() as f64)
    }
    RowSpec::new("cache.memory_per_entry")
        .unit("bytes/entry")
        .note("u64→u64, 1 M entries into a capacity of 1 M; allocator bytes")
        .counts_memory()
        .once()
        .subject(Ours::NAME, of::<Ours>)
        .peer(Dash::NAME, of::<Dash>)
        .peer(Quick::NAME, of::<Quick>)
        .peer(Moka::NAME, of::<Moka>)
        .peer(MiniMoka::NAME, of::<MiniMoka>)
        .peer(Cached::NAME, of::<Cached>)
        .peer_python(ctx, PYTHON, &["memory", "100000"])
}
