//! The cache behind both caches: shards under their locks, time, and what the user hung in.
//!
//! An operation reads top to bottom: hash once, lock one shard, do it, unlock, then tell the listener and drop what was
//! removed. No two shards are ever locked together, and no lock of a load is held with one of a shard.

mod bulk;
mod expire;
mod expiry;
mod load;
mod load_handle;
#[cfg(all(test, wats_loom))]
mod loom_tests;
#[cfg(all(test, feature = "async", not(wats_loom)))]
mod model_tests;
mod options;
mod outcome;
mod refresh;

use crate::clock::{Time, ticks};
use crate::entry::{NEVER, Tick};
use crate::hash::hash;
use crate::loaded::{EntryOptions, Given, Loaded, tag_hashes};
use crate::lock::{Lock, LockGuard};
use crate::removal::{Panics, RemovalCause, Removals};
use crate::shard::{Look, Miss, New, Shard};
use crate::single_flight::SingleFlight;
use crate::stats::CacheStats;
use crate::sweep::Sweeper;
pub(crate) use expiry::{Expiry, Negative, Weigher};
pub(crate) use load::Loads;
pub use load_handle::LoadHandle;
pub(crate) use outcome::Failures;
use outcome::LoadOutcome;
use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wats_background::{Moment, Work};

pub(crate) type Listener<K, V> = Arc<dyn Fn(&K, &V, RemovalCause) + Send + Sync>;

pub(crate) struct Core<K, V, S> {
    pub(crate) shards: Box<[Lock<Shard<K, V>>]>,
    pub(crate) hasher: S,
    pub(crate) time: Time,
    pub(crate) expiry: Expiry<K, V>,
    pub(crate) listener: Option<Listener<K, V>>,
    pub(crate) single_flight: SingleFlight<K, LoadOutcome<V>>,
    pub(crate) loads: Loads,
    pub(crate) sweeper: Option<Sweeper>,
    #[cfg(feature = "metrics")]
    pub(crate) observer: Option<crate::observe::Observer>,
}

impl<K, V, S> Core<K, V, S> {
    /// The shard of a key by its hash; there are a power of two of them.
    #[inline]
    pub(crate) fn shard(&self, hash: u32) -> &Lock<Shard<K, V>> {
        &self.shards[hash as usize & (self.shards.len() - 1)]
    }

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
            stats.weight = stats.weight.saturating_add(shard.weight());
            stats += shard.counts();
        }
        self.loads.add_to(&mut stats);
        stats
    }

    /// Tells the listener what went, then drops it. No lock is held here, and the operation is over.
    #[inline]
    pub(crate) fn send(&self, out: Removals<K, V>) {
        if self.listener.is_some() || !out.is_simple() {
            self.deliver(out, Panics::default());
        }
    }

    /// [`send`](Self::send) of an operation in which code of the user may have panicked already.
    #[inline(never)]
    pub(crate) fn deliver(&self, mut out: Removals<K, V>, mut panics: Panics) {
        self.tell(&out, &mut panics);
        out.drop_each(&mut panics);
        panics.resume();
    }

    pub(crate) fn tell(&self, out: &Removals<K, V>, panics: &mut Panics) {
        if let Some(listener) = &self.listener {
            out.tell(panics, &**listener);
        }
    }

    /// Sees to it that what expires at `soonest` is swept. Before this insert nothing in its shard expired before `was`,
    /// and that has been seen to.
    #[inline]
    pub(crate) fn sweep_at(&self, soonest: Tick, was: Tick) {
        if let Some(sweeper) = &self.sweeper
            && (soonest < was || sweeper.is_inherited())
        {
            sweeper.note(soonest);
        }
    }
}

/// A cache that goes drops its entries one by one: a destructor that panics keeps none of the others from running, and
/// two of them do not end the process. The listener hears of nothing.
impl<K, V, S> Drop for Core<K, V, S> {
    fn drop(&mut self) {
        if !std::mem::needs_drop::<(K, V)>() {
            return;
        }
        let mut panics = Panics::default();
        for shard in &self.shards {
            let table = shard.lock().clear();
            for entry in table.into_entries() {
                panics.drop(entry.key);
                panics.drop(entry.value);
            }
        }
        panics.resume();
    }
}

impl<K: Hash + Eq, V, S: BuildHasher> Core<K, V, S> {
    #[inline]
    pub(crate) fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u32 {
        hash(&self.hasher, key)
    }

    #[inline]
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: Clone,
    {
        let hash = self.hash(key);
        let Some((mut shard, now)) = self.lock_at_once(hash) else {
            return self.get_waiting(hash, key);
        };
        match shard.look(hash, key, now) {
            Look::Hit(value) => Some(value),
            Look::Absent => {
                shard.misses += 1;
                None
            }
            Look::Open => self.get_from(shard, hash, key, now),
        }
    }

    /// The shard and the time, where neither has to be waited for.
    #[inline]
    fn lock_at_once(&self, hash: u32) -> Option<(LockGuard<'_, Shard<K, V>>, Tick)> {
        let now = self.time.at_once()?;
        Some((self.shard(hash).try_lock()?, now))
    }

    // The rest of a look-up stands apart and is called last, so that the code of a hit is small enough to stand where it is
    // called, and keeps nothing for later.

    #[inline(never)]
    fn get_waiting<Q>(&self, hash: u32, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: Clone,
    {
        let now = self.time.now();
        self.get_from(self.shard(hash).lock(), hash, key, now)
    }

    #[inline(never)]
    fn get_from<Q>(
        &self,
        mut shard: LockGuard<'_, Shard<K, V>>,
        hash: u32,
        key: &Q,
        now: Tick,
    ) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: Clone,
    {
        let miss = match shard.get(hash, key, now).cloned() {
            Ok(value) => {
                shard.hits += 1;
                return Some(value);
            }
            Err(miss) => miss,
        };
        shard.misses += 1;
        if let Miss::Late { slot } = miss {
            let mut out = Removals::new();
            shard.remove_late(slot, now, &mut out);
            drop(shard);
            self.send(out);
        }
        None
    }

    /// Neither a hit nor a miss, and no use of the entry.
    pub(crate) fn peek<Q, T>(&self, key: &Q, read: impl FnOnce(&V) -> T) -> Option<T>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hash(key);
        let now = self.time.now();
        self.shard(hash).lock().peek(hash, key, now).map(read)
    }

    /// `ttl` of `None` is the default.
    pub(crate) fn insert(&self, key: K, value: V, ttl: Option<Duration>, tags: &[&str])
    where
        K: Clone,
    {
        let ttl = ttl.map(ticks);
        let given = || EntryOptions {
            ttl: Given::new(ttl),
            reserve: Given::default(),
            tags: (!tags.is_empty()).then(|| tag_hashes(tags)),
        };
        self.insert_given(key, value, ttl, ttl.is_some(), !tags.is_empty(), given);
    }

    /// Inserts a value with all that a loader can say of one.
    pub(crate) fn insert_as_loaded(&self, key: K, loaded: Loaded<V>)
    where
        K: Clone,
    {
        let (value, given) = loaded.into_parts();
        let has_times = given.ttl.is_some() || given.reserve.is_some();
        let (ttl, has_tags) = (given.ttl.get(), given.tags.is_some());
        self.insert_given(key, value, ttl, has_times, has_tags, || given);
    }

    #[inline]
    fn insert_given(
        &self,
        key: K,
        value: V,
        ttl: Option<Tick>,
        has_times: bool,
        has_tags: bool,
        given: impl FnOnce() -> EntryOptions,
    ) where
        K: Clone,
    {
        let hash = self.hash(&key);
        let reading = self.time.read();
        let now = reading.now;
        let (expiry, time) = (&self.expiry, &self.time);
        let fresh_until = expiry.fresh_until(&value, ttl, None, hash, reading, time);
        let new = New {
            key,
            value,
            fresh_until,
        };
        let extra = expiry.extra(&new, has_times, has_tags, given, now);
        let mut out = Removals::new();
        let mut shard = self.shard(hash).lock();
        let loading = shard.pending.invalidate(&new.key).then(|| new.key.clone());
        let was = shard.soonest();
        shard.insert(hash, new, extra, now, &mut out);
        let soonest = shard.soonest();
        drop(shard);
        self.sweep_at(soonest, was);
        if let Some(key) = loading {
            self.single_flight.forget(&key);
        }
        self.send(out);
    }

    pub(crate) fn insert_until(&self, key: K, value: V, end: Instant)
    where
        K: Clone,
    {
        match end.saturating_duration_since(Instant::now()) {
            Duration::ZERO => drop(self.remove(&key)),
            left => self.insert(key, value, Some(left), &[]),
        }
    }

    pub(crate) fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hash(key);
        let now = self.time.now();
        let mut out = Removals::new();
        let mut shard = self.shard(hash).lock();
        let loading = shard.pending.invalidate(key);
        let fresh = shard.remove(hash, key, now, &mut out);
        drop(shard);
        if loading {
            self.single_flight.forget(key);
        }
        if self.listener.is_some() {
            let mut panics = Panics::default();
            self.tell(&out, &mut panics);
            panics.resume();
        }
        if fresh { out.into_value() } else { None }
    }

    /// A load that began before the tag was invalidated may bring what carries it.
    fn invalidate_tagged_loads(&self, tag: u64)
    where
        K: Clone,
    {
        let mut hit = Vec::new();
        for lock in &self.shards {
            let mut shard = lock.lock();
            shard
                .pending
                .invalidate_tag(tag, |key| hit.push(key.clone()));
        }
        for key in &hit {
            self.single_flight.forget(key);
        }
    }

    /// Stores what was loaded, unless the load was overtaken. `before` is what the entry was given that it refreshes.
    fn insert_loaded(
        &self,
        hash: u32,
        (key, value): (K, V),
        given: EntryOptions,
        before: EntryOptions,
        stamp: (u64, u64),
    ) {
        let reading = self.time.read();
        let now = reading.now;
        let (expiry, time) = (&self.expiry, &self.time);
        let fresh_until = expiry.fresh_until(
            &value,
            given.ttl.get(),
            before.ttl.get(),
            hash,
            reading,
            time,
        );
        let given = given.or(before);
        let new = New {
            key,
            value,
            fresh_until,
        };
        let has_times = given.ttl.is_some() || given.reserve.is_some();
        let has_tags = given.tags.is_some();
        let extra = expiry.extra(&new, has_times, has_tags, || given, now);
        let tags = extra.as_ref().and_then(|extra| extra.given.tags.as_deref());
        let mut out = Removals::new();
        let mut shard = self.shard(hash).lock();
        let may_store = shard.pending.end(stamp, tags);
        let was = shard.soonest();
        let kept = if may_store {
            shard.insert(hash, new, extra, now, &mut out);
            None
        } else {
            Some(new)
        };
        let soonest = shard.soonest();
        drop(shard);
        self.sweep_at(soonest, was);
        drop(kept);
        self.send(out);
    }
}

/// Sweeps, and publishes the statistics.
impl<K, V, S> Work for Core<K, V, S>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Send + Sync + 'static,
    S: BuildHasher + Send + Sync + 'static,
{
    fn run(&self) -> Option<Moment> {
        let mut panics = Panics::default();
        panics.catch(|| self.cleanup());
        #[cfg(feature = "metrics")]
        if let Some(observer) = &self.observer {
            panics.catch(|| observer.publish(&self.stats()));
        }
        let sweeper = self.sweeper.as_ref()?;
        sweeper.put_off();
        // Who watches the statistics wants to see the hits, too, though nothing expires.
        #[cfg(feature = "metrics")]
        let watched = self.observer.is_some();
        #[cfg(not(feature = "metrics"))]
        let watched = false;
        // What a panic left behind may have been due.
        let next = if watched || !panics.is_empty() {
            sweeper.next(0)
        } else {
            sweeper.next(self.soonest())
        };
        panics.swallow();
        next
    }
}

impl<K, V, S> Core<K, V, S> {
    fn soonest(&self) -> Tick {
        let soonest = self.shards.iter().map(|shard| shard.lock().soonest());
        soonest.min().unwrap_or(NEVER)
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
