//! Look-ups that load: what is served, who loads, what becomes of the result. The caches add only how they wait.
//!
//! ```text
//! look up ─► fresh ────────────────────────────► serve it
//!         ─► fresh, to be refreshed, or stale ───► one caller loads, the others are served what there is
//!         ─► nothing ──────────────────────────► one caller loads, the others wait
//! ```
//! The options of a call are `None` where it has none; see `options`.

use super::Core;
use super::options::{self, CallOptions, Terms};
use super::outcome::{Failures, Found, LoadOutcome, Present};
use crate::entry::Tick;
use crate::error::LoadError;
use crate::loaded::{EntryOptions, LoaderOutput};
use crate::lock::LockGuard;
use crate::removal::Removals;
use crate::shard::Stamp;
use crate::shard::{Look, Miss, PendingTags, Shard};
use crate::single_flight::{self, Caller, Join, WaitOutcome, Waits, block_on};
use crate::stats::CacheStats;
use std::borrow::Borrow;
#[cfg(feature = "async")]
use std::future::Future;
use std::hash::{BuildHasher, Hash};
use std::ops::ControlFlow;
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

pub(super) type Leader<K, V> = single_flight::Leader<K, LoadOutcome<V>>;
type Waiter<K, V> = single_flight::Waiter<K, LoadOutcome<V>>;

/// The role of a caller that need not wait any more: run the loader, or return the result.
pub(super) enum LoadRole<K: Hash + Eq, V, E> {
    Lead {
        leader: Leader<K, V>,
        /// What there is: stale, or fresh and to be refreshed early.
        present: Option<Present<V>>,
    },
    Done(Result<V, LoadError<E>>),
}

/// A load that stands in its shard, so that a write sees it: until those who wait for it have what it brings, and nobody
/// joins it any more.
struct Standing<'a, K: Hash + Eq, V, S> {
    core: &'a Core<K, V, S>,
    hash: u32,
    stamp: Stamp,
}

impl<K: Hash + Eq, V, S> Drop for Standing<'_, K, V, S> {
    fn drop(&mut self) {
        let mut shard = self.core.shard(self.hash).lock();
        let key = shard.pending.remove(self.stamp);
        drop(shard);
        drop(key);
    }
}

/// A load that its leader has begun. Dropped before it is settled, it counts as failed.
pub(super) struct LoadGuard<'a, K: Hash + Eq, V, S> {
    standing: Standing<'a, K, V, S>,
    since: Instant,
    /// What the entry was given that is refreshed.
    before: EntryOptions,
    settled: bool,
}

/// A load, or the value there is, with what stands until it is told.
type LoadOrValue<'a, K, V, S> = Result<LoadGuard<'a, K, V, S>, (V, Standing<'a, K, V, S>)>;

pub(super) type LoadStart<'a, K, V, S> = (Leader<K, V>, LoadGuard<'a, K, V, S>);

impl<K: Hash + Eq, V, S> LoadGuard<'_, K, V, S> {
    fn count(&self, outcomes: impl FnOnce(&Loads) -> &AtomicU64) {
        let loads = &self.standing.core.loads;
        let nanos = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        loads.nanos.fetch_add(nanos, Ordering::Relaxed);
        outcomes(loads).fetch_add(1, Ordering::Relaxed);
    }
}

impl<K: Hash + Eq, V, S> Drop for LoadGuard<'_, K, V, S> {
    fn drop(&mut self) {
        if !self.settled {
            self.count(|loads| &loads.failed);
        }
    }
}

impl<K, V, S> Core<K, V, S>
where
    K: Hash + Eq + Clone,
    V: Clone,
    S: BuildHasher,
{
    /// A hit that asks for nothing more, not even for a moment. Loading look-ups begin with it, because the rest of one is
    /// too large to stand where they are called, or in their futures. It counts nothing but the hit.
    #[inline]
    pub(crate) fn hit(&self, key: &K) -> Option<V> {
        if self.expiry.refreshes() {
            return self.hit_early(key);
        }
        let hash = self.hash(key);
        let (mut shard, now) = self.lock_at_once(hash)?;
        match shard.look(hash, key, now) {
            Look::Hit(value) => Some(value),
            Look::Absent => None,
            Look::Open => Self::hit_of(shard, hash, key, now),
        }
    }

    #[inline(never)]
    fn hit_of(mut shard: LockGuard<'_, Shard<K, V>>, hash: u32, key: &K, now: Tick) -> Option<V> {
        let value = shard.get(hash, key, now).ok()?.clone();
        shard.hits += 1;
        Some(value)
    }

    /// The same where entries are refreshed early: a hit on one that is due asks for more.
    #[inline(never)]
    fn hit_early(&self, key: &K) -> Option<V> {
        let hash = self.hash(key);
        let now = self.time.now();
        let shard = self.shard(hash).lock();
        if shard.wants_refresh(hash, key, now) {
            return None;
        }
        Self::hit_of(shard, hash, key, now)
    }

    #[inline]
    fn find(&self, hash: u32, key: &K) -> Found<V> {
        let now = self.time.now();
        let mut shard = self.shard(hash).lock();
        match shard.get(hash, key, now).cloned() {
            Ok(value) => {
                shard.hits += 1;
                if self.expiry.refreshes() && shard.wants_refresh(hash, key, now) {
                    return Found::Servable(Present {
                        value,
                        is_stale: false,
                    });
                }
                Found::Fresh(value)
            }
            Err(Miss::Absent) => {
                shard.misses += 1;
                Found::Nothing
            }
            Err(Miss::Late { slot }) => {
                shard.misses += 1;
                let within = self.expiry.stale_while_revalidate;
                if let Some(stale) = shard.stale(hash, key, now)
                    && !stale.declared
                    && stale.late_by < within
                {
                    return Found::Servable(Present {
                        value: stale.value.clone(),
                        is_stale: true,
                    });
                }
                let mut out = Removals::new();
                shard.remove_late(slot, now, &mut out);
                drop(shard);
                self.send(out);
                Found::Nothing
            }
        }
    }

    /// Begins a load, unless another has ended since the look-up: then it stands until those who have joined it have the
    /// value there is.
    fn begin(
        &self,
        hash: u32,
        key: &K,
        leader: &Leader<K, V>,
        refresh: bool,
        brings_tags: bool,
        options: CallOptions<'_, V>,
    ) -> LoadOrValue<'_, K, V, S> {
        let stamp = leader.stamp();
        let now = self.time.now();
        let owned = key.clone();
        let mut shard = self.shard(hash).lock();
        let due = refresh && shard.wants_refresh(hash, key, now);
        if !due
            && !options::skips(options)
            && let Some(value) = shard.peek(hash, key, now)
        {
            let value = value.clone();
            shard.pending.stand(key.clone(), stamp);
            drop(shard);
            let standing = Standing {
                core: self,
                hash,
                stamp,
            };
            if options::accepts(options, &value) {
                return Err((value, standing));
            }
            drop(standing);
            shard = self.shard(hash).lock();
        }
        let before = shard.given(hash, key);
        let tags = PendingTags {
            known: options::announced(options, &before),
            brings: brings_tags,
            announced: options.is_some_and(|options| options.tags.is_some()),
        };
        shard.pending.begin(owned, stamp, tags);
        drop(shard);
        let standing = Standing {
            core: self,
            hash,
            stamp,
        };
        Ok(LoadGuard {
            standing,
            since: Instant::now(),
            before,
            settled: false,
        })
    }

    pub(super) fn settle(
        &self,
        key: K,
        loaded: impl LoaderOutput<V>,
        mut guard: LoadGuard<'_, K, V, S>,
        leader: Leader<K, V>,
    ) -> V {
        let (value, given) = loaded.split();
        if leader.is_current() {
            let entry = (key, value.clone());
            let before = std::mem::take(&mut guard.before);
            let Standing { hash, stamp, .. } = guard.standing;
            self.insert_loaded(hash, entry, given, before, stamp);
        }
        guard.settled = true;
        guard.count(|loads| &loads.ok);
        leader.complete_with(|| LoadOutcome::Value(value.clone()));
        // Not earlier: who writes before this has nobody join the load any more.
        drop(guard);
        value
    }

    /// What may be served because the loader failed.
    pub(super) fn instead_of_error<Q>(&self, hash: u32, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if self.expiry.stale_if_error == 0 {
            return None;
        }
        let now = self.time.now();
        let shard = self.shard(hash).lock();
        let stale = shard.stale(hash, key, now)?;
        let value = (stale.late_by < self.expiry.stale_if_error).then(|| stale.value.clone())?;
        drop(shard);
        Some(self.serve_stale(value))
    }

    /// The same for a caller that loads by itself.
    pub(crate) fn get_stale<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.instead_of_error(self.hash(key), key)
    }

    fn serve_stale(&self, value: V) -> V {
        self.loads.stale_served.fetch_add(1, Ordering::Relaxed);
        value
    }

    pub(super) fn serve(&self, present: Present<V>) -> V {
        if present.is_stale {
            self.serve_stale(present.value)
        } else {
            present.value
        }
    }

    /// What this caller is to do; it goes on by waiting, or not at all.
    fn serve_or_join<E>(
        &self,
        hash: u32,
        key: &K,
        caller: Caller<'_>,
        options: CallOptions<'_, V>,
    ) -> ControlFlow<LoadRole<K, V, E>, Waiter<K, V>> {
        let mut found = if options::skips(options) {
            self.pass_over(hash)
        } else {
            self.find(hash, key)
        };
        if let Some(options) = options {
            found = self.accepted(hash, found, options);
        }
        let present = match found {
            Found::Fresh(value) => return ControlFlow::Break(LoadRole::Done(Ok(value))),
            Found::Servable(present) => Some(present),
            Found::Nothing => None,
        };
        if options.is_some_and(|options| options.alone) {
            let leader = self.single_flight.lead_alone(key);
            return ControlFlow::Break(LoadRole::Lead { leader, present });
        }
        ControlFlow::Break(match (self.single_flight.join_as(key, caller), present) {
            (Join::Lead(leader), present) => LoadRole::Lead { leader, present },
            (_, Some(present)) => LoadRole::Done(Ok(self.serve(present))),
            (Join::Reentrant, None) => LoadRole::Done(Err(LoadError::Reentrant)),
            (Join::Wait(waiter), None) => return ControlFlow::Continue(waiter),
        })
    }

    /// Begins the load of a leader, or ends it at once because another load has ended meanwhile.
    pub(super) fn begin_load(
        &self,
        hash: u32,
        key: &K,
        leader: Leader<K, V>,
        refreshing: bool,
        brings_tags: bool,
        options: CallOptions<'_, V>,
    ) -> Result<LoadStart<'_, K, V, S>, V> {
        match self.begin(hash, key, &leader, refreshing, brings_tags, options) {
            Ok(guard) => Ok((leader, guard)),
            Err((value, standing)) => {
                leader.complete_with(|| LoadOutcome::Present(value.clone()));
                drop(standing);
                Err(value)
            }
        }
    }

    /// Ends the load of a leader with what its loader returned.
    fn end_load<E>(
        &self,
        key: K,
        loaded: Result<impl LoaderOutput<V>, E>,
        (leader, guard): LoadStart<'_, K, V, S>,
        refreshing: Option<V>,
        terms: &Terms<'_, V, E>,
    ) -> Result<V, LoadError<E>> {
        match loaded {
            Ok(loaded) => Ok(self.settle(key, loaded, guard, leader)),
            Err(error) => {
                let hash = guard.standing.hash;
                drop(guard);
                match terms.failures.pack {
                    Some(pack) => leader.complete_with(|| LoadOutcome::Failed(pack(&error))),
                    None => drop(leader),
                }
                let fallback = refreshing.or_else(|| self.fallback(hash, &key, terms.options));
                fallback.ok_or(LoadError::Failed(error))
            }
        }
    }

    /// What the end of another's load means to a caller that waited for it; it goes on by looking again.
    #[inline]
    fn after_waiting<E>(
        &self,
        hash: u32,
        key: &K,
        turn: WaitOutcome<K, LoadOutcome<V>>,
        terms: &Terms<'_, V, E>,
    ) -> ControlFlow<LoadRole<K, V, E>> {
        ControlFlow::Break(match turn {
            WaitOutcome::Lead(leader) => LoadRole::Lead {
                leader,
                present: None,
            },
            WaitOutcome::Value(LoadOutcome::Value(value)) => LoadRole::Done(Ok(value)),
            WaitOutcome::Value(LoadOutcome::Present(value)) => {
                if options::skips(terms.options) || !options::accepts(terms.options, &value) {
                    return ControlFlow::Continue(());
                }
                LoadRole::Done(Ok(value))
            }
            WaitOutcome::Value(LoadOutcome::Failed(packed)) => {
                let Some(error) = (terms.failures.unpack)(&packed) else {
                    return ControlFlow::Continue(());
                };
                let fallback = self.fallback(hash, key, terms.options);
                LoadRole::Done(fallback.ok_or(LoadError::Failed(error)))
            }
        })
    }

    pub(super) async fn join_or_lead<E>(
        &self,
        waits: Waits,
        hash: u32,
        key: &K,
        terms: &Terms<'_, V, E>,
    ) -> LoadRole<K, V, E> {
        loop {
            let joined = waits.call(|caller| self.serve_or_join(hash, key, caller, terms.options));
            let waiter = match joined.await {
                ControlFlow::Continue(waiter) => waiter,
                ControlFlow::Break(role) => return role,
            };
            let outcome = waiter.await;
            let next = self.after_waiting(hash, key, outcome, terms);
            if let ControlFlow::Break(role) = next {
                return role;
            }
        }
    }

    #[cfg(feature = "async")]
    pub(crate) async fn get_or_load<E, L, F>(
        &self,
        key: K,
        load: impl FnOnce() -> F,
        failures: Failures<E>,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<L, E>>,
        L: LoaderOutput<V>,
    {
        let hash = self.hash(&key);
        let terms = Terms::of(failures);
        // What a name is given to before it is awaited, or passed on, stands in the future twice.
        let (leader, present) = match self.join_or_lead(Waits::Task, hash, &key, &terms).await {
            LoadRole::Done(outcome) => return outcome,
            LoadRole::Lead { leader, present } => (leader, present),
        };
        self.load(hash, key, leader, refreshing(present), |_| load(), &terms)
            .await
    }

    /// Runs the loader of a leader. `refreshing` is the fresh value that is refreshed early.
    #[cfg(feature = "async")]
    pub(super) async fn load<E, L, F>(
        &self,
        hash: u32,
        key: K,
        leader: Leader<K, V>,
        refreshing: Option<V>,
        load: impl FnOnce(Stamp) -> F,
        terms: &Terms<'_, V, E>,
    ) -> Result<V, LoadError<E>>
    where
        F: Future<Output = Result<L, E>>,
        L: LoaderOutput<V>,
    {
        let early = refreshing.is_some();
        let brings_tags = L::BRINGS_TAGS;
        let started = match self.begin_load(hash, &key, leader, early, brings_tags, terms.options) {
            Ok(started) => started,
            Err(value) => return Ok(value),
        };
        let loaded = started.0.enter_stamped(load).await;
        self.end_load(key, loaded, started, refreshing, terms)
    }

    /// [`get_or_load`](Self::get_or_load) of a caller that blocks its thread. Only waiting is awaited: the loader runs here.
    pub(crate) fn get_or_load_blocking<E, L: LoaderOutput<V>>(
        &self,
        key: K,
        load: impl FnOnce() -> Result<L, E>,
        failures: Failures<E>,
    ) -> Result<V, LoadError<E>> {
        let hash = self.hash(&key);
        let terms = Terms::of(failures);
        match block_on(self.join_or_lead(Waits::Thread, hash, &key, &terms)) {
            LoadRole::Done(outcome) => outcome,
            LoadRole::Lead { leader, present } => {
                let (early, load) = (refreshing(present), |_| load());
                self.load_blocking(hash, key, leader, early, load, &terms)
            }
        }
    }

    pub(super) fn load_blocking<E, L: LoaderOutput<V>>(
        &self,
        hash: u32,
        key: K,
        leader: Leader<K, V>,
        refreshing: Option<V>,
        load: impl FnOnce(Stamp) -> Result<L, E>,
        terms: &Terms<'_, V, E>,
    ) -> Result<V, LoadError<E>> {
        let early = refreshing.is_some();
        let begun = self.begin_load(hash, &key, leader, early, L::BRINGS_TAGS, terms.options);
        let started = match begun {
            Ok(started) => started,
            Err(value) => return Ok(value),
        };
        let stamp = started.0.stamp();
        let loaded = started.0.enter(|| load(stamp));
        self.end_load(key, loaded, started, refreshing, terms)
    }
}

/// The value that a failed refresh leaves as it is.
pub(super) fn refreshing<V>(present: Option<Present<V>>) -> Option<V> {
    present
        .filter(|present| !present.is_stale)
        .map(|present| present.value)
}
