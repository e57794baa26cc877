//! The loads under way, all of them: also those whose key was forgotten, for somebody may wait for them still.
//!
//! They stand in the order of the hash of their key and their own number, so that a load is taken out without asking its key
//! anything: `Hash` and `Eq` are code of the user, and run where a caller joins or forgets, never where a load ends.

use super::InFlightLoad;
use crate::hash::RandomState;
#[cfg(wats_loom)]
use loom::sync::{Mutex, MutexGuard};
use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, PoisonError};
#[cfg(not(wats_loom))]
use std::sync::{Mutex, MutexGuard};

/// Locks of a table: enough that callers of different keys rarely meet.
const SHARDS: usize = if cfg!(wats_loom) { 1 } else { 32 };

pub(super) struct Table<K, V> {
    shards: Box<[Mutex<Shard<K, V>>]>,
    hasher: RandomState,
}

/// The loads of some keys, under one lock: sorted, because they are few, and a list that empties keeps its memory.
pub(super) struct Shard<K, V>(Vec<Standing<K, V>>);

struct Standing<K, V> {
    hash: u64,
    load: Arc<InFlightLoad<K, V>>,
    /// Nobody joins it any more.
    forgotten: bool,
}

impl<K, V> Table<K, V> {
    pub(super) fn new() -> Self {
        let shard = || Mutex::new(Shard(Vec::new()));
        Self {
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            hasher: RandomState::default(),
        }
    }

    pub(super) fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    pub(super) fn lock(&self, hash: u64) -> MutexGuard<'_, Shard<K, V>> {
        let shard = &self.shards[hash as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn locks(&self) -> impl Iterator<Item = MutexGuard<'_, Shard<K, V>>> {
        let shards = self.shards.iter();
        shards.map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether there was any.
    pub(super) fn forget_all(&self) -> bool {
        let mut any = false;
        for mut shard in self.locks() {
            for standing in &mut shard.0 {
                standing.forgotten = true;
                any = true;
            }
        }
        any
    }

    pub(super) fn len(&self) -> usize {
        self.locks().map(|shard| shard.0.len()).sum()
    }

    /// Each load, and whether it is forgotten.
    pub(super) fn all(&self) -> Vec<(Arc<InFlightLoad<K, V>>, bool)> {
        let mut all = Vec::new();
        for shard in self.locks() {
            let standing = shard.0.iter();
            all.extend(standing.map(|of| (Arc::clone(&of.load), of.forgotten)));
        }
        all
    }
}

impl<K, V> Shard<K, V> {
    /// Where the loads of a hash begin.
    fn first(&self, hash: u64) -> usize {
        self.0.partition_point(|standing| standing.hash < hash)
    }

    /// The load that callers of this key join.
    pub(super) fn current<Q>(&mut self, hash: u64, key: &Q) -> Option<&Arc<InFlightLoad<K, V>>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.standing(hash, key).map(|standing| &standing.load)
    }

    fn standing<Q>(&mut self, hash: u64, key: &Q) -> Option<&mut Standing<K, V>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let first = self.first(hash);
        let of_hash = self.0[first..].iter_mut();
        of_hash
            .take_while(|standing| standing.hash == hash)
            .find(|standing| !standing.forgotten && standing.load.key.borrow() == key)
    }

    pub(super) fn add(&mut self, load: Arc<InFlightLoad<K, V>>) {
        let (hash, forgotten) = (load.hash, false);
        let standing = Standing {
            hash,
            load,
            forgotten,
        };
        self.0.insert(self.first(hash), standing);
    }

    /// The caller holds the load, too, so nothing of the user's is dropped here.
    pub(super) fn remove(&mut self, load: &InFlightLoad<K, V>) {
        let first = self.first(load.hash);
        let of_hash = self.0[first..].iter();
        let place = of_hash
            .take_while(|standing| standing.hash == load.hash)
            .position(|standing| standing.load.id == load.id);
        if let Some(place) = place {
            self.0.remove(first + place);
        }
    }

    /// Whether there was one.
    pub(super) fn forget<Q>(&mut self, hash: u64, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let standing = self.standing(hash, key);
        standing.map(|standing| standing.forgotten = true).is_some()
    }
}
