//! Building a cache: the options, and what the user hangs in.

use crate::RemovalCause;
use crate::clock::{Clock, Time};
use crate::config::CacheConfig;
use crate::core::{Core, Expiry, Listener, Loads, Negative, Weigher};
#[cfg(feature = "metrics")]
use crate::entry::NEVER;
use crate::hash::RandomState;
use crate::lock::Lock;
use crate::policy::Policy;
use crate::shard::{Limits, Rules, Shard};
use crate::single_flight::SingleFlight;
use crate::sweep::Sweeper;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::sync::{Arc, Weak};
use std::time::Duration;
use wats_background::Work;

/// Marks a builder of a [`TtlCache`](crate::TtlCache).
#[derive(Debug, Clone, Copy)]
pub enum ForSync {}

/// Marks a builder of an [`AsyncTtlCache`](crate::AsyncTtlCache).
#[cfg(feature = "async")]
#[derive(Debug, Clone, Copy)]
pub enum ForAsync {}

/// Builds a cache; from [`TtlCache::builder`](crate::TtlCache::builder) or [`AsyncTtlCache::builder`](crate::AsyncTtlCache::builder).
///
/// ```
/// use std::time::Duration;
/// use wats_cache::{Policy, TtlCache};
///
/// let cache = TtlCache::builder()
///     .max_entries(10_000)
///     .default_ttl(Duration::from_secs(60))
///     .policy(Policy::Lru)
///     .on_removal(|key: &String, _value: &u32, cause| println!("{key} is gone: {cause:?}"))
///     .build();
/// cache.insert("a".to_owned(), 1);
/// ```
#[must_use = "a builder builds nothing by itself"]
pub struct CacheBuilder<K, V, S = RandomState, F = ForSync> {
    config: CacheConfig,
    hasher: S,
    clock: Option<Arc<dyn Clock>>,
    listener: Option<Listener<K, V>>,
    weigher: Option<Weigher<K, V>>,
    negative: Option<Negative<V>>,
    #[cfg(feature = "metrics")]
    name: Option<String>,
    kind: PhantomData<F>,
}

impl<K, V, F> CacheBuilder<K, V, RandomState, F> {
    pub(crate) fn new(config: CacheConfig) -> Self {
        Self {
            config,
            hasher: RandomState::default(),
            clock: None,
            listener: None,
            weigher: None,
            negative: None,
            #[cfg(feature = "metrics")]
            name: None,
            kind: PhantomData,
        }
    }
}

/// A setter for each plain option; what may be off takes the value or `None`.
macro_rules! setters {
    ($($name:ident: $argument:ty),*) => {
        $(#[doc = concat!("See [`", stringify!($name), "`](CacheConfig::", stringify!($name), ").")]
        pub fn $name(mut self, $name: $argument) -> Self {
            self.config.$name = $name.into();
            self
        })*
    };
}

impl<K, V, S, F> CacheBuilder<K, V, S, F> {
    setters!(
        max_entries: usize,
        max_weight: impl Into<Option<u64>>,
        default_ttl: impl Into<Option<Duration>>,
        time_to_idle: impl Into<Option<Duration>>,
        ttl_jitter: f64,
        policy: Policy,
        shards: impl Into<Option<usize>>,
        sweep_interval: impl Into<Option<Duration>>,
        load_lease: impl Into<Option<Duration>>,
        stale_while_revalidate: Duration,
        stale_if_error: Duration,
        refresh_ahead: impl Into<Option<f64>>
    );

    /// Takes all plain options from `config`.
    pub fn config(mut self, config: CacheConfig) -> Self {
        self.config = config;
        self
    }

    /// The clock of the cache. Default: the system's monotonic one, read coarsely: an entry may be handed out up to
    /// 10 ms (60 ms if it lives 5 s or more, and as long as the system keeps a thread waiting) after its time.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Hashes keys with another hasher.
    pub fn hasher<T: BuildHasher>(self, hasher: T) -> CacheBuilder<K, V, T, F> {
        CacheBuilder {
            config: self.config,
            hasher,
            clock: self.clock,
            listener: self.listener,
            weigher: self.weigher,
            negative: self.negative,
            #[cfg(feature = "metrics")]
            name: self.name,
            kind: PhantomData,
        }
    }

    /// Called with every entry that left the cache or was replaced, after all locks are released and the operation is
    /// over: it may use the cache.
    ///
    /// It runs on the thread whose call removed the entry; for what expires unattended, on a thread of this crate, outside
    /// of any runtime. If it blocks there, this cache is not swept meanwhile: no other cache, no look-up and no clock
    /// waits for it. If it panics, the other entries are told of all the same; the panic is the caller's then, or goes to
    /// the panic hook. It hears nothing when the cache is dropped: [`clear`](crate::TtlCache::clear) it first where that matters.
    pub fn on_removal(
        mut self,
        listener: impl Fn(&K, &V, RemovalCause) + Send + Sync + 'static,
    ) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// The weight of an entry, for [`max_weight`](Self::max_weight): bytes, for example. Asked once, at the insert. Any number will do; the
    /// entries of a shard never weigh more than [`u64::MAX`] together.
    pub fn weigher(mut self, weigher: impl Fn(&K, &V) -> u64 + Send + Sync + 'static) -> Self {
        self.weigher = Some(Arc::new(weigher));
        self
    }

    /// Values for which `is_negative` holds ("not found") live for `ttl` instead of the default time.
    pub fn negative(
        mut self,
        ttl: Duration,
        is_negative: impl Fn(&V) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.negative = Some((ttl, Arc::new(is_negative)));
        self
    }

    /// Publishes the statistics through the `metrics` facade under this name, at every sweep.
    #[cfg(feature = "metrics")]
    pub fn metrics(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    fn rules(&self, expiry: &Expiry<K, V>, time: &Time, shard: usize, shards: usize) -> Rules {
        // The shares add up to the whole.
        let share = |whole: usize| whole / shards + usize::from(shard < whole % shards);
        let weight = self.config.max_weight.unwrap_or(u64::MAX);
        Rules {
            policy: self.config.policy,
            // A slot number has 32 bits, and there are more slots than entries.
            limits: Limits {
                entries: share(self.config.bound(self.weigher.is_some())).min(1 << 31),
                // A cache with a bound of the weight has one shard.
                weight,
            },
            idle: match self.config.time_to_idle {
                Some(idle) => crate::clock::ticks(idle).max(1) + time.lag(),
                None => 0,
            },
            stale: expiry.stale(),
            extras: expiry.extras(),
        }
    }
}

impl<K, V, S, F> CacheBuilder<K, V, S, F>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    pub(crate) fn core(self) -> Arc<Core<K, V, S>> {
        let expiry = Expiry::new(&self.config, self.weigher.clone(), self.negative.clone());
        let time = self.clock.clone().map_or(Time::Coarse, Time::custom);
        let count = self.config.shard_count(self.weigher.is_some());
        let shards = (0..count)
            .map(|shard| Lock::new(Shard::new(self.rules(&expiry, &time, shard, count))))
            .collect();
        let every = self.config.sweep_interval;
        let core = Arc::new_cyclic(|core: &Weak<Core<K, V, S>>| Core {
            sweeper: every.map(|every| Sweeper::new(core.clone() as Weak<dyn Work>, every, &time)),
            shards,
            hasher: self.hasher,
            single_flight: SingleFlight::build(self.config.load_lease, &time),
            time,
            expiry,
            listener: self.listener,
            loads: Loads::default(),
            #[cfg(feature = "metrics")]
            observer: self.name.map(crate::observe::Observer::new),
        });
        #[cfg(feature = "metrics")]
        if core.observer.is_some() {
            core.sweep_at(0, NEVER);
        }
        core
    }
}

impl<K, V, S, F> fmt::Debug for CacheBuilder<K, V, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
