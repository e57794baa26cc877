//! The cache behind both faces: shards under their locks, time, and what the user hung in.
//!
//! An operation reads top to bottom: hash once, lock one shard, do it, unlock, then tell the listener and drop what was
//! removed. No two shards are ever locked together, and no lock of a flight is held with one of a shard.

mod bulk;
mod life;
mod load;

use crate::background::{Chore, Poke};
use crate::clock::Time;
use crate::entry::Tick;
use crate::flight::SingleFlight;
use crate::hash::{Place, place};
use crate::lock::Lock;
use crate::removal::{Outbox, RemovalCause};
use crate::shard::{Miss, New, Shard};
use crate::stats::CacheStats;
pub(crate) use life::Life;
pub(crate) use load::Loads;
use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub(crate) type Listener<K, V> = Arc<dyn Fn(&K, &V, RemovalCause) + Send + Sync>;

pub(crate) struct Core<K, V, S> {
    pub(crate) shards: Box<[Lock<Shard<K, V>>]>,
    pub(crate) shard_bits: u32,
    pub(crate) hasher: S,
    pub(crate) time: Time,
    pub(crate) life: Life<K, V>,
    pub(crate) listener: Option<Listener<K, V>>,
    pub(crate) flights: SingleFlight<K, V>,
    pub(crate) loads: Loads,
    pub(crate) keeper: OnceLock<Keeper>,
    #[cfg(feature = "metrics")]
    pub(crate) observer: Option<crate::observe::Observer>,
}

/// What keeps the sweeper of a cache going; gone with the cache.
pub(crate) struct Keeper {
    /// Alive, the clock of the cache can wake the sweeping thread.
    _poke: Option<Arc<Poke>>,
    #[cfg(feature = "async")]
    task: Option<tokio::task::AbortHandle>,
}

impl Keeper {
    pub(crate) fn of_thread(poke: Arc<Poke>) -> Self {
        Self {
            _poke: Some(poke),
            #[cfg(feature = "async")]
            task: None,
        }
    }

    #[cfg(feature = "async")]
    pub(crate) fn of_task(task: tokio::task::AbortHandle) -> Self {
        Self {
            _poke: None,
            task: Some(task),
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        #[cfg(feature = "async")]
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl<K, V, S> Core<K, V, S> {
    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    pub(crate) fn stats(&self) -> CacheStats {
        let mut stats = CacheStats::default();
        for shard in &self.shards {
            let shard = shard.lock();
            stats.hits += shard.hits;
            stats.misses += shard.misses;
            stats.size += shard.len() as u64;
            stats.weight += shard.weight();
            stats += shard.counts();
        }
        self.loads.add_to(&mut stats);
        stats
    }

    /// Tells the listener what went, then drops it. No lock is held here.
    #[inline]
    pub(crate) fn send(&self, out: &Outbox<K, V>) {
        if let Some(listener) = &self.listener {
            for removed in out.iter() {
                listener(&removed.key, &removed.value, removed.cause);
            }
        }
    }
}

impl<K: Hash + Eq, V, S: BuildHasher> Core<K, V, S> {
    #[inline]
    pub(crate) fn place<Q: Hash + ?Sized>(&self, key: &Q) -> Place {
        place(&self.hasher, key, self.shard_bits)
    }

    #[inline]
    pub(crate) fn shard(&self, place: Place) -> &Lock<Shard<K, V>> {
        // The mask is for the compiler: a shard number never exceeds it.
        &self.shards[place.shard & (self.shards.len() - 1)]
    }

    pub(crate) fn tag_of(&self) -> impl Fn(&K) -> u32 + '_ {
        |key| self.place(key).tag
    }

    #[inline]
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: Clone,
    {
        let place = self.place(key);
        let now = self.time.now();
        let mut shard = self.shard(place).lock();
        match shard.get(place.tag, key, now).cloned() {
            Ok(value) => {
                shard.hits += 1;
                Some(value)
            }
            Err(miss) => {
                shard.misses += 1;
                if let Miss::Late { position, slot } = miss {
                    let mut out = Outbox::new();
                    shard.remove_late(position, slot, now, &mut out);
                    drop(shard);
                    self.send(&out);
                }
                None
            }
        }
    }

    /// Neither a hit nor a miss, and no use of the entry.
    pub(crate) fn peek<Q, T>(&self, key: &Q, read: impl FnOnce(&V) -> T) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let place = self.place(key);
        let now = self.time.now();
        self.shard(place).lock().peek(place.tag, key, now).map(read)
    }

    /// `ttl` of `None` is the default.
    pub(crate) fn insert(&self, key: K, value: V, ttl: Option<Duration>, tags: &[&str])
    where
        K: Clone,
    {
        let place = self.place(&key);
        let now = self.time.now();
        let new = self.life.new_entry(key, value, ttl, tags, place, now);
        let mut out = Outbox::new();
        let mut shard = self.shard(place).lock();
        let loading = shard.pending.supersede(&new.key).then(|| new.key.clone());
        shard.insert(place.tag, new, now, self.tag_of(), &mut out);
        drop(shard);
        if let Some(key) = loading {
            self.flights.forget(&key);
        }
        self.send(&out);
    }

    pub(crate) fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let place = self.place(key);
        let now = self.time.now();
        let mut out = Outbox::new();
        let mut shard = self.shard(place).lock();
        let loading = shard.pending.supersede(key);
        let fresh = shard.remove(place.tag, key, now, &mut out);
        drop(shard);
        if loading {
            self.flights.forget(key);
        }
        self.send(&out);
        if fresh { out.into_value() } else { None }
    }

    fn insert_loaded(&self, place: Place, new: New<K, V>, stamp: (u64, u64), now: Tick) {
        let mut out = Outbox::new();
        let mut shard = self.shard(place).lock();
        let (may_store, key) = shard.pending.end(stamp);
        let kept = if may_store {
            shard.insert(place.tag, new, now, self.tag_of(), &mut out);
            None
        } else {
            Some(new)
        };
        drop(shard);
        drop((key, kept));
        self.send(&out);
    }
}

impl<K, V, S> Chore for Core<K, V, S>
where
    K: Hash + Eq + Send + Sync,
    V: Send + Sync,
    S: BuildHasher + Send + Sync,
{
    fn run(&self, breathe: &mut dyn FnMut()) {
        self.cleanup(breathe);
        #[cfg(feature = "metrics")]
        if let Some(observer) = &self.observer {
            observer.publish(&self.stats());
        }
    }
}

impl<K, V, S> fmt::Debug for Core<K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core")
            .field("shards", &self.shards.len())
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}
