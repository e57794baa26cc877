//! The candidates, all with u64 keys and values and with the same hasher where they let one choose.

use dashmap::DashMap;
use std::time::Duration;

/// The hasher of everybody but moka's and mini-moka's defaults would otherwise decide the rows.
type Hash = ahash::RandomState;

/// What the rows need of a cache.
pub(crate) trait Cache: Send + Sync + 'static {
    const NAME: &'static str;
    /// Whether it holds its bound.
    const BOUNDED: bool = true;
    fn new(entries: usize) -> Self;
    fn get(&self, key: u64) -> Option<u64>;
    fn insert(&self, key: u64, value: u64);
    fn len(&self) -> usize;
    /// Lets it do what it has put off.
    fn settle(&self) {}
}

const HOUR: Duration = Duration::from_secs(3600);

/// With a time to live, and statistics, which it always has.
pub(crate) struct Ours(pub(crate) wats_cache::TtlCache<u64, u64>);

impl Cache for Ours {
    const NAME: &'static str = "wats-cache";
    fn new(entries: usize) -> Self {
        Self(
            wats_cache::TtlCache::builder()
                .max_entries(entries)
                .default_ttl(HOUR)
                .build(),
        )
    }
    fn get(&self, key: u64) -> Option<u64> {
        self.0.get(&key)
    }
    fn insert(&self, key: u64, value: u64) {
        self.0.insert(key, value);
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}

/// The floor: no bound, no time, no statistics.
pub(crate) struct Dash(DashMap<u64, u64, Hash>);

impl Cache for Dash {
    const NAME: &'static str = "dashmap alone";
    const BOUNDED: bool = false;
    fn new(_: usize) -> Self {
        Self(DashMap::default())
    }
    fn get(&self, key: u64) -> Option<u64> {
        self.0.get(&key).map(|value| *value)
    }
    fn insert(&self, key: u64, value: u64) {
        self.0.insert(key, value);
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}

pub(crate) struct Quick(quick_cache::sync::Cache<u64, u64, quick_cache::UnitWeighter, Hash>);

impl Cache for Quick {
    const NAME: &'static str = "quick_cache";
    fn new(entries: usize) -> Self {
        let weighter = quick_cache::UnitWeighter;
        let lifecycle = quick_cache::sync::DefaultLifecycle::default();
        Self(quick_cache::sync::Cache::with(
            entries,
            entries as u64,
            weighter,
            Hash::default(),
            lifecycle,
        ))
    }
    fn get(&self, key: u64) -> Option<u64> {
        self.0.get(&key)
    }
    fn insert(&self, key: u64, value: u64) {
        self.0.insert(key, value);
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}

pub(crate) struct Moka(pub(crate) moka::sync::Cache<u64, u64, Hash>);

impl Cache for Moka {
    const NAME: &'static str = "moka";
    fn new(entries: usize) -> Self {
        Self(
            moka::sync::Cache::builder()
                .max_capacity(entries as u64)
                .build_with_hasher(Hash::default()),
        )
    }
    fn get(&self, key: u64) -> Option<u64> {
        self.0.get(&key)
    }
    fn insert(&self, key: u64, value: u64) {
        self.0.insert(key, value);
    }
    fn len(&self) -> usize {
        self.0.entry_count() as usize
    }
    fn settle(&self) {
        self.0.run_pending_tasks();
    }
}

pub(crate) struct MiniMoka(mini_moka::sync::Cache<u64, u64, Hash>);

impl Cache for MiniMoka {
    const NAME: &'static str = "mini-moka";
    fn new(entries: usize) -> Self {
        Self(
            mini_moka::sync::Cache::builder()
                .max_capacity(entries as u64)
                .build_with_hasher(Hash::default()),
        )
    }
    fn get(&self, key: u64) -> Option<u64> {
        self.0.get(&key)
    }
    fn insert(&self, key: u64, value: u64) {
        self.0.insert(key, value);
    }
    fn len(&self) -> usize {
        self.0.entry_count() as usize
    }
    fn settle(&self) {
        use mini_moka::sync::ConcurrentCacheExt;
        self.0.sync();
    }
}

/// Its only sharded cache with a bound has a time to live, too.
pub(crate) struct Cached(cached::ShardedLruTtlCache<u64, u64>);

impl Cache for Cached {
    const NAME: &'static str = "cached";
    fn new(entries: usize) -> Self {
        Self(cached::ShardedLruTtlCache::new(entries, HOUR))
    }
    fn get(&self, key: u64) -> Option<u64> {
        self.0.get(&key)
    }
    fn insert(&self, key: u64, value: u64) {
        self.0.set(key, value);
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}
