//! The options of a cache that need no type of the user.

use crate::policy::Policy;
use std::time::Duration;

/// Entries a cache holds unless told otherwise.
pub const DEFAULT_MAX_ENTRIES: usize = 1000;

/// How long an entry lives unless told otherwise: five minutes.
pub const DEFAULT_TTL: Duration = Duration::from_secs(300);

/// A shard has at least this many entries by default.
const LEAST_ENTRIES: usize = 64;

/// And at most this many, unless that makes too many shards: while a shard grows, its lock is held.
const MOST_ENTRIES: usize = 1 << 14;

/// The shard is told by this many bits of a hash.
pub(crate) const SHARD_BITS: u32 = 10;

const MOST_SHARDS: usize = 1 << SHARD_BITS;

/// Options of a cache; those with a closure or a type are on the [`CacheBuilder`](crate::CacheBuilder).
///
/// ```
/// use std::time::Duration;
/// use wats_cache::{CacheConfig, TtlCache};
///
/// let mut config = CacheConfig::default();
/// config.max_entries = 500;
/// config.default_ttl = Some(Duration::from_secs(60));
/// let cache: TtlCache<String, u32> = TtlCache::with_config(config);
/// assert!(cache.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CacheConfig {
    /// The most entries held, expired ones that were not swept yet included. 0 keeps nothing. Default: 1000.
    ///
    /// A cache of 128 entries or more is split into shards that are full each for itself, so it may evict a few percent
    /// before this number is reached; one of [`shards`](Self::shards) prevents that.
    pub max_entries: usize,
    /// The most weight held, in units of the builder's weigher; without one every entry weighs 1. An entry heavier than all
    /// of it is not taken in. [`max_entries`](Self::max_entries) holds as well, so that entries without weight have a bound,
    /// too: set it, or there are 1000 at most. A cache with a bound of the weight and a weigher has one shard. Default: none.
    pub max_weight: Option<u64>,
    /// How long an entry lives that is inserted without a time of its own; `None` is for ever, and zero is over at once.
    /// Default: 300 s.
    pub default_ttl: Option<Duration>,
    /// An entry not read or written this long expires, whatever its time to live; a millisecond is the least. Default: none.
    pub time_to_idle: Option<Duration>,
    /// Shortens every time to live by up to this share of it, from 0 to 1, so that what was loaded together does not expire
    /// together. Default: 0.
    pub ttl_jitter: f64,
    /// Which entry goes when the cache is full. Default: [`Policy::S3Fifo`].
    pub policy: Policy,
    /// Shards, at least 1, rounded up to a power of two, at most 1024, and never more than entries. Default: eight for each
    /// core, but no shard of less than 64 entries; always one under [`Policy::Lru`], or with a weigher and
    /// [`max_weight`](Self::max_weight).
    pub shards: Option<usize>,
    /// How often expired entries are looked for in the background; `None` leaves them until somebody meets them. They are
    /// never handed out, swept or not. At least 10 ms. Default: 1 s.
    pub sweep_interval: Option<Duration>,
    /// A loader that takes longer does not hold the other callers of its key up: one of them loads too, and the late value
    /// is not cached. `None` lets them wait. Default: 60 s.
    pub load_lease: Option<Duration>,
    /// For this long after its time a value is still served by loading look-ups while one of them loads the next. Default:
    /// zero, never.
    pub stale_while_revalidate: Duration,
    /// For this long after its time a value is still served by loading look-ups whose loader fails. Default: zero, never.
    pub stale_if_error: Duration,
    /// Loading look-ups refresh an entry once this share of its time, from 0 to 1, has passed; meanwhile the others are
    /// served the value there is. Default: none.
    pub refresh_ahead: Option<f64>,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            max_entries: DEFAULT_MAX_ENTRIES,
            max_weight: None,
            default_ttl: Some(DEFAULT_TTL),
            time_to_idle: None,
            ttl_jitter: 0.0,
            policy: Policy::default(),
            shards: None,
            sweep_interval: Some(Duration::from_secs(1)),
            load_lease: Some(Duration::from_secs(60)),
            stale_while_revalidate: Duration::ZERO,
            stale_if_error: Duration::ZERO,
            refresh_ahead: None,
        }
    }
}

impl CacheConfig {
    /// The most entries: without a weigher each weighs 1.
    pub(crate) fn bound(&self, weighed: bool) -> usize {
        match self.max_weight {
            Some(weight) if !weighed => usize::try_from(weight)
                .unwrap_or(usize::MAX)
                .min(self.max_entries),
            _ => self.max_entries,
        }
    }

    /// How many shards the options come to: a power of two, and so few that a share of a bound is room for an entry.
    pub(crate) fn shard_count(&self, weighed: bool) -> usize {
        // An entry may weigh as much as the whole cache may, so the bound of the weight is not shared out.
        if self.policy == Policy::Lru || (weighed && self.max_weight.is_some()) {
            return 1;
        }
        let most = self.bound(weighed);
        let Some(shards) = self.shards else {
            return default_shards(most);
        };
        let wanted = shards.clamp(1, MOST_SHARDS).next_power_of_two();
        wanted.min(1 << most.max(1).ilog2())
    }
}

fn default_shards(most: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(4, usize::from);
    let by_cores = (cores * 8).next_power_of_two();
    let by_growth = most
        .div_ceil(MOST_ENTRIES)
        .checked_next_power_of_two()
        .unwrap_or(usize::MAX);
    let wanted = if by_growth <= MOST_SHARDS {
        by_cores.max(by_growth)
    } else {
        by_cores
    };
    // Round down: every shard shall have its least number of entries.
    let by_size = 1 << (most / LEAST_ENTRIES).max(1).ilog2();
    wanted.min(by_size).min(MOST_SHARDS)
}
