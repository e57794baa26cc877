//! The flights under way, all of them: also those whose key was forgotten, for somebody may wait for them still.
//!
//! They stand by the hash of their key and their own number, so that a flight is taken out without asking its key
//! anything: `Hash` and `Eq` are code of the user, and run where a caller joins or forgets, never where a flight ends.

use super::Flight;
use crate::hash::RandomState;
#[cfg(wats_loom)]
use loom::sync::{Mutex, MutexGuard};
use std::borrow::Borrow;
use std::collections::BTreeMap;
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

/// The flights of some keys, under one lock.
pub(super) struct Shard<K, V>(BTreeMap<(u64, u64), Standing<K, V>>);

struct Standing<K, V> {
    flight: Arc<Flight<K, V>>,
    /// Nobody joins it any more.
    forgotten: bool,
}

impl<K, V> Table<K, V> {
    pub(super) fn new() -> Self {
        let shard = || Mutex::new(Shard(BTreeMap::new()));
        Self {
            shards: std::iter::repeat_with(shard).take(SHARDS).collect(),
            hasher: RandomState::default(),
        }
    }

    pub(super) fn hash<Q: Hash + ?Sized>(&self, key: &Q) -> u64 {
        self.hasher.hash_one(key)
    }

    pub(super) fn lock(&self, hash: u64) -> MutexGuard<'_, Shard<K, V>> {
        // The high bits; the map compares the low ones as well.
        let shard = &self.shards[(hash >> 32) as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn locks(&self) -> impl Iterator<Item = MutexGuard<'_, Shard<K, V>>> {
        let shards = self.shards.iter();
        shards.map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn forget_all(&self) {
        for mut shard in self.locks() {
            for standing in shard.0.values_mut() {
                standing.forgotten = true;
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.locks().map(|shard| shard.0.len()).sum()
    }

    /// Each flight, and whether it is forgotten.
    pub(super) fn all(&self) -> Vec<(Arc<Flight<K, V>>, bool)> {
        let mut all = Vec::new();
        for shard in self.locks() {
            let standing = shard.0.values();
            all.extend(standing.map(|of| (Arc::clone(&of.flight), of.forgotten)));
        }
        all
    }
}

impl<K, V> Shard<K, V> {
    /// The flight that callers of this key join.
    pub(super) fn current<Q>(&mut self, hash: u64, key: &Q) -> Option<&Arc<Flight<K, V>>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        self.standing(hash, key).map(|standing| &standing.flight)
    }

    fn standing<Q>(&mut self, hash: u64, key: &Q) -> Option<&mut Standing<K, V>>
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        let of_hash = self.0.range_mut((hash, 0)..=(hash, u64::MAX));
        of_hash
            .map(|(_, standing)| standing)
            .find(|standing| !standing.forgotten && standing.flight.key.borrow() == key)
    }

    pub(super) fn add(&mut self, flight: Arc<Flight<K, V>>) {
        let place = (flight.hash, flight.id);
        let forgotten = false;
        self.0.insert(place, Standing { flight, forgotten });
    }

    /// The caller holds the flight, too, so nothing of the user's is dropped here.
    pub(super) fn remove(&mut self, flight: &Flight<K, V>) {
        self.0.remove(&(flight.hash, flight.id));
    }

    pub(super) fn forget<Q>(&mut self, hash: u64, key: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + ?Sized,
    {
        if let Some(standing) = self.standing(hash, key) {
            standing.forgotten = true;
        }
    }
}
