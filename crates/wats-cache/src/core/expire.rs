//! Declaring that the time of entries is over. They are not fresh from then on, and stay as long as the stale options say, to be
//! served where a load fails. Loads under way may bring what is declared to be over, so they are overtaken, as by a removal.

use super::Core;
use crate::removal::{Panics, Removals};
use std::borrow::Borrow;
use std::hash::{BuildHasher, Hash};

/// Slots looked at while a lock is held.
const SLICE: usize = 256;

impl<K: Hash + Eq, V, S: BuildHasher> Core<K, V, S> {
    /// Tells whether there was a fresh entry.
    pub(crate) fn expire<Q>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.hash(key);
        let now = self.time.now();
        let mut out = Removals::new();
        let mut shard = self.shard(hash).lock();
        let loading = shard.pending.invalidate(key);
        let was = shard.soonest();
        let fresh = shard.expire(hash, key, now, &mut out);
        let soonest = shard.soonest();
        drop(shard);
        self.sweep_at(soonest, was);
        if loading {
            self.single_flight.forget(key);
        }
        self.send(out);
        fresh
    }

    pub(crate) fn expire_all(&self) {
        for lock in &self.shards {
            let now = self.time.now();
            let mut shard = lock.lock();
            let was = shard.soonest();
            shard.expire_all(now);
            let soonest = shard.soonest();
            drop(shard);
            self.sweep_at(soonest, was);
        }
        self.single_flight.forget_all();
    }

    /// Tells how many fresh entries there were.
    pub(crate) fn expire_tag(&self, tag: u64) -> usize
    where
        K: Clone,
    {
        self.invalidate_tagged_loads(tag);
        let mut out = Removals::new();
        let mut fresh = 0;
        for lock in &self.shards {
            let mut from = Some(0);
            while let Some(start) = from {
                let now = self.time.now();
                let mut shard = lock.lock();
                let was = shard.soonest();
                let (next, of_slice) = shard.expire_tagged(tag, start, SLICE, now, &mut out);
                let soonest = shard.soonest();
                drop(shard);
                self.sweep_at(soonest, was);
                fresh += of_slice;
                from = next;
            }
        }
        self.deliver(out, Panics::default());
        fresh
    }
}
