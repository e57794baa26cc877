//! Operations over all entries, in slices: a lock is held for some microseconds at a time.

use super::Core;
use crate::lock::Lock;
use crate::removal::{Panics, RemovalCause, Removals};
use crate::shard::Shard;
use std::hash::{BuildHasher, Hash};

/// Slots looked at while a lock is held.
const SLICE: usize = 256;

impl<K: Hash + Eq, V, S: BuildHasher> Core<K, V, S> {
    /// Removes what has expired, all of it, and tells how many entries that were.
    pub(crate) fn cleanup(&self) -> usize {
        let mut removed = 0;
        let mut panics = Panics::default();
        // One for all slices: while a lock is held, nothing is allocated but for the first slice.
        let mut out = Removals::new();
        for lock in &self.shards {
            let mut left = None;
            loop {
                let now = self.time.now();
                let mut shard = lock.lock();
                let unseen = *left.get_or_insert(shard.slots());
                if unseen == 0 || !shard.may_hold_expired(now) {
                    let packed = shard.pack();
                    drop(shard);
                    drop(packed);
                    break;
                }
                let slice = unseen.min(SLICE);
                shard.sweep(slice, now, &mut out);
                drop(shard);
                left = Some(unseen - slice);
                removed += out.len();
                // In slices, or a large sweep would hold the memory of all it removed.
                self.tell(&out, &mut panics);
                out.drop_each(&mut panics);
            }
        }
        panics.resume();
        removed
    }

    pub(crate) fn clear(&self) {
        let tables: Vec<_> = self.shards.iter().map(|lock| lock.lock().clear()).collect();
        self.single_flight.forget_all();
        let mut panics = Panics::default();
        for table in tables {
            let mut out = Removals::new();
            for entry in table.into_entries() {
                out.push(entry.key, entry.value, RemovalCause::Invalidated);
            }
            self.tell(&out, &mut panics);
            out.drop_each(&mut panics);
        }
        panics.resume();
    }

    /// Copies what `pick` makes of the fresh entries of a slice; tells where to go on, if anywhere in this shard.
    pub(crate) fn read_slice<T>(
        &self,
        shard: usize,
        from: u32,
        into: &mut impl Extend<T>,
        pick: impl Fn(&K, &V) -> T,
    ) -> Option<u32> {
        let now = self.time.now();
        let shard = self.shards.get(shard)?.lock();
        shard.walk(from, SLICE, |_, entry| {
            if shard.is_fresh(entry, now) {
                into.extend(Some(pick(&entry.key, &entry.value)));
            }
        })
    }

    /// The keys of all fresh entries.
    pub(crate) fn keys(&self) -> Vec<K>
    where
        K: Clone,
    {
        let mut keys = Vec::new();
        for shard in 0..self.shards.len() {
            let mut from = Some(0);
            while let Some(start) = from {
                from = self.read_slice(shard, start, &mut keys, |key, _| key.clone());
            }
        }
        keys
    }

    /// Removes the entries for which `doomed` holds; it runs without a lock, on copies.
    pub(crate) fn invalidate_where(&self, mut doomed: impl FnMut(&K, &V) -> bool) -> usize
    where
        K: Clone,
        V: Clone,
    {
        self.invalidate_loads();
        let mut out = Removals::new();
        let mut panics = Panics::default();
        // What went before a panic of `doomed` is told all the same.
        panics.catch(|| {
            for lock in &self.shards {
                let (mut from, mut width) = (Some(0), SLICE);
                while let Some(start) = from {
                    match invalidate_slice(lock, start, width, &mut doomed, &mut out) {
                        Ok(next) => from = next,
                        Err(Overwritten) => width = (width / 16).max(1),
                    }
                }
            }
        });
        let removed = out.len();
        self.deliver(out, panics);
        removed
    }

    pub(crate) fn invalidate_tag(&self, tag: u64) -> usize
    where
        K: Clone,
    {
        self.invalidate_tagged_loads(tag);
        let mut out = Removals::new();
        for lock in &self.shards {
            let mut from = Some(0);
            while let Some(start) = from {
                from = lock.lock().remove_tagged(tag, start, SLICE, &mut out);
            }
        }
        let removed = out.len();
        self.deliver(out, Panics::default());
        removed
    }

    /// A load that is under way may bring what is being invalidated.
    fn invalidate_loads(&self) {
        for lock in &self.shards {
            lock.lock().pending.invalidate_all();
        }
        self.single_flight.forget_all();
    }
}

/// So much was written meanwhile that the versions seen tell nothing any more.
struct Overwritten;

/// Tells where to go on, if anywhere in this shard.
fn invalidate_slice<K: Hash + Eq + Clone, V: Clone>(
    lock: &Lock<Shard<K, V>>,
    start: u32,
    width: usize,
    doomed: &mut impl FnMut(&K, &V) -> bool,
    out: &mut Removals<K, V>,
) -> Result<Option<u32>, Overwritten> {
    let mut seen = Vec::new();
    let shard = lock.lock();
    let writes = shard.writes();
    let next = shard.walk(start, width, |slot, entry| {
        let stamp = (shard.hash(slot), entry.meta.version());
        seen.push((stamp, entry.key.clone(), entry.value.clone()));
    });
    drop(shard);
    seen.retain(|(_, key, value)| doomed(key, value));
    let mut shard = lock.lock();
    if !seen.is_empty() && !shard.versions_hold(writes) {
        return Err(Overwritten);
    }
    for ((hash, version), key, _) in &seen {
        shard.remove_seen(*hash, key, *version, out);
    }
    drop(shard);
    Ok(next)
}
