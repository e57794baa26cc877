//! Building a cache: the options, and what the user hangs in.

use crate::RemovalCause;
use crate::background::{Background, Chore};
use crate::clock::{Clock, Time};
use crate::config::{CacheConfig, all_setters};
use crate::core::{Core, Keeper, Life, Listener, Loads};
use crate::flight::SingleFlight;
use crate::hash::RandomState;
use crate::lock::Lock;
use crate::policy::Policy;
use crate::shard::{Limits, Rules, Shard};
use crate::sync::TtlCache;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

/// Marks a builder of a [`TtlCache`].
#[derive(Debug, Clone, Copy)]
pub enum ForThreads {}

/// Marks a builder of an [`AsyncTtlCache`](crate::AsyncTtlCache).
#[cfg(feature = "async")]
#[derive(Debug, Clone, Copy)]
pub enum ForTasks {}

type Weigher<K, V> = Arc<dyn Fn(&K, &V) -> u64 + Send + Sync>;
type Negative<V> = (Duration, Arc<dyn Fn(&V) -> bool + Send + Sync>);

/// Builds a cache; from [`TtlCache::builder`] or [`AsyncTtlCache::builder`](crate::AsyncTtlCache::builder).
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
pub struct CacheBuilder<K, V, S = RandomState, F = ForThreads> {
    config: CacheConfig,
    hasher: S,
    clock: Option<Arc<dyn Clock>>,
    listener: Option<Listener<K, V>>,
    weigher: Option<Weigher<K, V>>,
    negative: Option<Negative<V>>,
    #[cfg(feature = "metrics")]
    name: Option<String>,
    face: PhantomData<F>,
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
            face: PhantomData,
        }
    }
}

impl<K, V, S, F> CacheBuilder<K, V, S, F> {
    fn config_mut(&mut self) -> &mut CacheConfig {
        &mut self.config
    }

    all_setters!();

    /// Takes all plain options from `config`.
    pub fn config(mut self, config: CacheConfig) -> Self {
        self.config = config;
        self
    }

    /// The clock of the cache. Default: the system's monotonic one, read coarsely: an entry may be handed out up to
    /// 10 ms (and as long as the system keeps a thread waiting) after its time.
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
            face: PhantomData,
        }
    }

    /// Called with every entry that left the cache or was replaced, after all locks are released: it may use the
    /// cache. It runs on the thread whose call removed the entry, or on the sweeper.
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

    fn rules(&self, life: &Life<K, V>, shard: usize, shards: usize) -> Rules {
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
            idle: self
                .config
                .time_to_idle
                .map_or(0, |idle| crate::clock::ticks(idle).max(1)),
            stale: life.stale(),
            extras: life.extras(),
        }
    }
}

impl<K, V, S, F> CacheBuilder<K, V, S, F>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    fn core(self) -> Arc<Core<K, V, S>> {
        let life = Life::new(&self.config, self.weigher.clone(), self.negative.clone());
        let count = self.config.shard_count(self.weigher.is_some());
        let shards = (0..count)
            .map(|shard| Lock::new(Shard::new(self.rules(&life, shard, count))))
            .collect();
        let time = self.clock.map_or_else(Time::coarse, Time::custom);
        Arc::new(Core {
            shards,
            hasher: self.hasher,
            flights: SingleFlight::build(self.config.load_lease, &time),
            time,
            life,
            listener: self.listener,
            loads: Loads::default(),
            keeper: OnceLock::new(),
            #[cfg(feature = "metrics")]
            observer: self.name.map(crate::observe::Observer::new),
        })
    }
}

/// Has the background thread sweep the cache.
fn sweep_by_thread<K, V, S>(core: &Arc<Core<K, V, S>>, every: Duration)
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    let chore = Arc::downgrade(core) as Weak<dyn Chore>;
    let poke = Background::global().add(chore, every);
    let listener = Arc::downgrade(&poke);
    core.time.subscribe(listener);
    let _ = core.keeper.set(Keeper::of_thread(poke));
}

impl<K, V, S> CacheBuilder<K, V, S, ForThreads>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Builds the cache. Every option has a meaning over its whole range, so this cannot fail.
    pub fn build(self) -> TtlCache<K, V, S> {
        let every = self.config.sweep_interval;
        let core = self.core();
        if let Some(every) = every {
            sweep_by_thread(&core, every);
        }
        TtlCache { core }
    }
}

#[cfg(feature = "async")]
impl<K, V, S> CacheBuilder<K, V, S, ForTasks>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    /// Builds the cache. Inside a tokio runtime a task of it sweeps; elsewhere, or with a [`ManualClock`], the thread
    /// that sweeps the sync caches does.
    ///
    /// [`ManualClock`]: crate::ManualClock
    pub fn build(self) -> crate::AsyncTtlCache<K, V, S> {
        let every = self.config.sweep_interval;
        let core = self.core();
        if let Some(every) = every {
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => {
                    if core.time.is_manual() {
                        sweep_by_thread(&core, every);
                    } else {
                        let task = runtime.spawn(sweep_by_task(Arc::downgrade(&core), every));
                        let _ = core.keeper.set(Keeper::of_task(task.abort_handle()));
                    }
                }
                Err(_) => sweep_by_thread(&core, every),
            }
        }
        crate::AsyncTtlCache { core }
    }
}

#[cfg(feature = "async")]
async fn sweep_by_task<C: Chore>(core: Weak<C>, every: Duration) {
    loop {
        tokio::time::sleep(every.max(Duration::from_millis(10))).await;
        let Some(core) = core.upgrade() else { return };
        core.run(&mut || {});
    }
}

impl<K, V, S, F> fmt::Debug for CacheBuilder<K, V, S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheBuilder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
