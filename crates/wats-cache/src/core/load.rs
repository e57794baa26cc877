//! Look-ups that load: what is served, who loads, what becomes of the result. The faces add only how they wait.
//!
//! ```text
//! look up ─► fresh ────────────────────────────► serve it
//!         ─► fresh, to be renewed, or stale ───► one caller loads, the others are served what there is
//!         ─► nothing ──────────────────────────► one caller loads, the others wait
//! ```

use super::Core;
use crate::flight::{Join, Leader, Turn, Waiter};
use crate::removal::Outbox;
use crate::shard::Miss;
use crate::stats::CacheStats;
#[cfg(feature = "async")]
use std::future::Future;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What loaders did; they are slow enough for counters of the whole cache.
#[derive(Debug, Default)]
pub(crate) struct Loads {
    ok: AtomicU64,
    failed: AtomicU64,
    nanos: AtomicU64,
    stale_served: AtomicU64,
}

impl Loads {
    pub(crate) fn add_to(&self, stats: &mut CacheStats) {
        stats.loads_ok = self.ok.load(Ordering::Relaxed);
        stats.loads_failed = self.failed.load(Ordering::Relaxed);
        stats.load_time = Duration::from_nanos(self.nanos.load(Ordering::Relaxed));
        stats.stale_served = self.stale_served.load(Ordering::Relaxed);
    }
}

/// What a loading look-up found.
enum Found<V> {
    Fresh(V),
    /// Good enough for everybody but the one who loads.
    Servable {
        value: V,
        is_stale: bool,
    },
    Nothing,
}

/// What a loading look-up comes to.
enum Departure<K: Hash + Eq, V> {
    Served(V),
    Lead {
        leader: Leader<K, V>,
        /// The fresh value that is renewed early.
        renewing: Option<V>,
    },
    Wait(Waiter<K, V>),
    /// The key is being loaded by this very caller, further up.
    Alone,
}

/// A load that this caller has begun. Dropped before it is settled, it has failed.
struct Begun<'a, K: Hash + Eq, V, S> {
    core: &'a Core<K, V, S>,
    hash: u32,
    stamp: (u64, u64),
    since: Instant,
    settled: bool,
}

type Started<'a, K, V, S> = (Leader<K, V>, Begun<'a, K, V, S>);

impl<K: Hash + Eq, V, S> Drop for Begun<'_, K, V, S> {
    fn drop(&mut self) {
        let loads = &self.core.loads;
        let nanos = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        loads.nanos.fetch_add(nanos, Ordering::Relaxed);
        if self.settled {
            loads.ok.fetch_add(1, Ordering::Relaxed);
        } else {
            loads.failed.fetch_add(1, Ordering::Relaxed);
            let mut shard = self.core.shard(self.hash).lock();
            let ended = shard.pending.end(self.stamp);
            drop(shard);
            drop(ended);
        }
    }
}

impl<K, V, S> Core<K, V, S>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
{
    fn find(&self, hash: u32, key: &K) -> Found<V> {
        let now = self.time.now();
        let mut shard = self.shard(hash).lock();
        match shard.get(hash, key, now).cloned() {
            Ok(value) => {
                shard.hits += 1;
                if self.life.refreshes() && shard.wants_refresh(hash, key, now) {
                    return Found::Servable {
                        value,
                        is_stale: false,
                    };
                }
                Found::Fresh(value)
            }
            Err(Miss::Absent) => {
                shard.misses += 1;
                Found::Nothing
            }
            Err(Miss::Late { slot }) => {
                shard.misses += 1;
                let within = self.life.stale_while_revalidate;
                if let Some((value, late_by)) = shard.stale(hash, key, now)
                    && late_by < within
                {
                    return Found::Servable {
                        value: value.clone(),
                        is_stale: true,
                    };
                }
                let mut out = Outbox::new();
                shard.remove_late(slot, now, &mut out);
                drop(shard);
                self.send(&out);
                Found::Nothing
            }
        }
    }

    /// Begins a load, unless another has ended since the look-up.
    fn begin(
        &self,
        hash: u32,
        key: &K,
        leader: &Leader<K, V>,
        renew: bool,
    ) -> Result<Begun<'_, K, V, S>, V> {
        let stamp = leader.stamp();
        let now = self.time.now();
        let owned = key.clone();
        let mut shard = self.shard(hash).lock();
        let due = !renew || shard.wants_refresh(hash, key, now);
        if let Some(value) = shard.peek(hash, key, now)
            && !(renew && due)
        {
            return Err(value.clone());
        }
        shard.pending.begin(owned, stamp);
        drop(shard);
        Ok(Begun {
            core: self,
            hash,
            stamp,
            since: Instant::now(),
            settled: false,
        })
    }

    fn settle(&self, key: K, value: V, mut begun: Begun<'_, K, V, S>, leader: Leader<K, V>) -> V {
        if leader.is_current() {
            let now = self.time.now();
            let new = self
                .life
                .new_entry(key, value.clone(), None, &[], begun.hash, now);
            self.insert_loaded(begun.hash, new, begun.stamp, now);
        } else {
            let ended = self.shard(begun.hash).lock().pending.end(begun.stamp);
            drop(ended);
        }
        begun.settled = true;
        drop(begun);
        leader.land(&value);
        value
    }

    /// What may be served because the loader failed.
    fn instead_of_error(&self, hash: u32, key: &K) -> Option<V> {
        if self.life.stale_if_error == 0 {
            return None;
        }
        let now = self.time.now();
        let shard = self.shard(hash).lock();
        let (value, late_by) = shard.stale(hash, key, now)?;
        let value = (late_by < self.life.stale_if_error).then(|| value.clone())?;
        drop(shard);
        Some(self.serve_stale(value))
    }

    fn serve_stale(&self, value: V) -> V {
        self.loads.stale_served.fetch_add(1, Ordering::Relaxed);
        value
    }

    /// What this caller is to do.
    fn depart(&self, hash: u32, key: &K) -> Departure<K, V> {
        let (present, is_stale) = match self.find(hash, key) {
            Found::Fresh(value) => return Departure::Served(value),
            Found::Servable { value, is_stale } => (Some(value), is_stale),
            Found::Nothing => (None, false),
        };
        match (self.flights.join(key), present) {
            (Join::Lead(leader), present) => {
                let renewing = present.filter(|_| !is_stale);
                Departure::Lead { leader, renewing }
            }
            (_, Some(value)) if is_stale => Departure::Served(self.serve_stale(value)),
            (_, Some(value)) => Departure::Served(value),
            (Join::Reentrant, None) => Departure::Alone,
            (Join::Wait(waiter), None) => Departure::Wait(waiter),
        }
    }

    /// Begins the load of a leader, or lands at once because another load has ended meanwhile.
    fn lead(
        &self,
        hash: u32,
        key: &K,
        leader: Leader<K, V>,
        renewing: bool,
    ) -> Result<Started<'_, K, V, S>, V> {
        match self.begin(hash, key, &leader, renewing) {
            Ok(begun) => Ok((leader, begun)),
            Err(value) => {
                leader.land(&value);
                Err(value)
            }
        }
    }

    /// Ends the load of a leader with what its loader returned.
    fn arrive<E>(
        &self,
        key: K,
        loaded: Result<V, E>,
        begun: Begun<'_, K, V, S>,
        leader: Leader<K, V>,
        renewing: Option<V>,
    ) -> Result<V, E> {
        match loaded {
            Ok(value) => Ok(self.settle(key, value, begun, leader)),
            Err(error) => {
                let hash = begun.hash;
                drop((begun, leader));
                let fallback = renewing.or_else(|| self.instead_of_error(hash, &key));
                fallback.ok_or(error)
            }
        }
    }

    pub(crate) fn get_or_load<E>(
        &self,
        key: K,
        load: impl FnOnce() -> Result<V, E>,
    ) -> Result<V, E> {
        let hash = self.hash(&key);
        let (leader, renewing) = match self.depart(hash, &key) {
            Departure::Served(value) => return Ok(value),
            Departure::Alone => return load(),
            Departure::Lead { leader, renewing } => (leader, renewing),
            Departure::Wait(waiter) => match waiter.wait() {
                Turn::Landed(value) => return Ok(value),
                Turn::Lead(leader) => (leader, None),
            },
        };
        let (leader, begun) = match self.lead(hash, &key, leader, renewing.is_some()) {
            Ok(begun) => begun,
            Err(value) => return Ok(value),
        };
        let loaded = leader.enter(load);
        self.arrive(key, loaded, begun, leader, renewing)
    }

    /// The same, with awaits.
    #[cfg(feature = "async")]
    pub(crate) async fn get_or_load_async<E, F>(
        &self,
        key: K,
        load: impl FnOnce() -> F,
    ) -> Result<V, E>
    where
        F: Future<Output = Result<V, E>>,
    {
        let hash = self.hash(&key);
        let (leader, renewing) = match self.depart(hash, &key) {
            Departure::Served(value) => return Ok(value),
            Departure::Alone => return load().await,
            Departure::Lead { leader, renewing } => (leader, renewing),
            Departure::Wait(waiter) => match waiter.await {
                Turn::Landed(value) => return Ok(value),
                Turn::Lead(leader) => (leader, None),
            },
        };
        let (leader, begun) = match self.lead(hash, &key, leader, renewing.is_some()) {
            Ok(begun) => begun,
            Err(value) => return Ok(value),
        };
        let loaded = leader.enter_async(load).await;
        self.arrive(key, loaded, begun, leader, renewing)
    }
}
