//! Loads under way whose result is to be stored: a write to their key meanwhile wins over them.
//!
//! They stand under the lock of the shard, so a write sees them and a finished load sees the write, in one order.

use std::borrow::Borrow;

/// A load and which of its leaders.
pub(crate) type Stamp = (u64, u64);

/// Tags that are noted for a load; one more, and it is taken to carry it.
const MOST_NOTED: usize = 64;

#[derive(Debug)]
struct Pending<K> {
    key: K,
    stamp: Stamp,
    invalidated: bool,
    /// The tags of the entry that is refreshed.
    tags: Option<Box<[u64]>>,
    /// Whether the value may bring other tags, which are not known before it is there.
    brings_tags: bool,
    /// Tags that were invalidated meanwhile, for that case.
    invalidated_tags: Vec<u64>,
}

/// The loads under way in a shard; nearly always none.
#[derive(Debug)]
pub(crate) struct PendingLoads<K>(Vec<Pending<K>>);

impl<K> Default for PendingLoads<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K> PendingLoads<K> {
    #[cfg(all(test, feature = "async", not(wats_loom)))]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn invalidate_all(&mut self) {
        for pending in &mut self.0 {
            pending.invalidated = true;
        }
    }

    /// A tag was invalidated. Calls `hit` with the keys of the loads whose values carry it, or may.
    pub(crate) fn invalidate_tag(&mut self, tag: u64, mut hit: impl FnMut(&K)) {
        for pending in &mut self.0 {
            let carries = pending.tags.as_ref().is_some_and(|of| of.contains(&tag));
            if carries || pending.invalidated_tags.len() >= MOST_NOTED {
                pending.invalidated = true;
            } else if pending.brings_tags && !pending.invalidated_tags.contains(&tag) {
                pending.invalidated_tags.push(tag);
            }
            if pending.invalidated || pending.brings_tags {
                hit(&pending.key);
            }
        }
    }

    /// Ends a load whose value has these tags of its own, if any. Tells whether it may be stored; the key goes out to be
    /// dropped after the lock.
    pub(crate) fn end(&mut self, stamp: Stamp, tags: Option<&[u64]>) -> (bool, Option<K>) {
        let Some(at) = self.0.iter().position(|pending| pending.stamp == stamp) else {
            return (false, None);
        };
        let pending = self.0.swap_remove(at);
        let carried = |tag| tags.is_some_and(|tags| tags.contains(tag));
        let overtaken = pending.invalidated || pending.invalidated_tags.iter().any(carried);
        (!overtaken, Some(pending.key))
    }
}

impl<K: Eq> PendingLoads<K> {
    /// Begins a load, maybe of an entry with these tags. An earlier leader of the same load, whose lease has ended,
    /// comes too late then.
    pub(crate) fn begin(
        &mut self,
        key: K,
        stamp: Stamp,
        tags: Option<Box<[u64]>>,
        brings_tags: bool,
    ) {
        for pending in self
            .0
            .iter_mut()
            .filter(|pending| pending.stamp.0 == stamp.0)
        {
            pending.invalidated = true;
        }
        self.0.push(Pending {
            key,
            stamp,
            invalidated: false,
            tags,
            brings_tags,
            invalidated_tags: Vec::new(),
        });
    }

    /// The key was written or removed. Tells whether a load of it is under way.
    #[inline]
    pub(crate) fn invalidate<Q: Eq + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        let mut any = false;
        for pending in self
            .0
            .iter_mut()
            .filter(|pending| pending.key.borrow() == key)
        {
            pending.invalidated = true;
            any = true;
        }
        any
    }
}
