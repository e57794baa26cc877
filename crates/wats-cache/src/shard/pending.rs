//! Loads under way whose result is to be stored: a write to their key meanwhile wins over them.
//!
//! They stand under the lock of the shard, so a write sees them and a finished load sees the write, in one order. They
//! stand there until nobody can join them any more: whoever comes after a write must not get what was read before it.

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
    /// Whether the loader has returned: its value was stored, or never will be.
    ended: bool,
    tags: PendingTags,
    /// Tags that were invalidated meanwhile and are not known to be the value's.
    invalidated_tags: Vec<u64>,
}

/// What is known of the tags of a value before it is there.
#[derive(Debug, Default)]
pub(crate) struct PendingTags {
    /// Those of the entry that is refreshed, and those the caller has announced.
    pub(crate) known: Option<Box<[u64]>>,
    /// Whether the value may bring others.
    pub(crate) brings: bool,
    /// Whether those it brings have all been announced.
    pub(crate) announced: bool,
}

impl PendingTags {
    fn has(&self, tag: u64) -> bool {
        self.known.as_ref().is_some_and(|of| of.contains(&tag))
    }
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
            let carries = pending.tags.has(tag);
            if carries || pending.invalidated_tags.len() >= MOST_NOTED {
                pending.invalidated = true;
            } else if pending.tags.brings && !pending.invalidated_tags.contains(&tag) {
                pending.invalidated_tags.push(tag);
            }
            if carries || (pending.tags.brings && !pending.tags.announced) {
                hit(&pending.key);
            }
        }
    }

    /// Ends a load whose value has these tags of its own, if any. Tells whether it may be stored.
    pub(crate) fn end(&mut self, stamp: Stamp, tags: Option<&[u64]>) -> bool {
        let mut all = self.0.iter_mut();
        let Some(pending) = all.find(|pending| pending.stamp == stamp) else {
            return false;
        };
        let carried = |tag| tags.is_some_and(|tags| tags.contains(tag));
        let overtaken = pending.invalidated || pending.invalidated_tags.iter().any(carried);
        pending.ended = true;
        !overtaken
    }

    /// Nobody can join the load any more. The key goes out to be dropped after the lock.
    pub(crate) fn remove(&mut self, stamp: Stamp) -> Option<K> {
        let at = self.0.iter().position(|pending| pending.stamp == stamp)?;
        Some(self.0.swap_remove(at).key)
    }
}

impl<K: Eq> PendingLoads<K> {
    /// A load that ends without a loader, with the value there is.
    pub(crate) fn stand(&mut self, key: K, stamp: Stamp) {
        self.0.push(Pending {
            key,
            stamp,
            invalidated: false,
            ended: true,
            tags: PendingTags {
                brings: true,
                ..PendingTags::default()
            },
            invalidated_tags: Vec::new(),
        });
    }

    /// Begins a load. Earlier ones of the same key come too late then: leaders whose lease has ended, loads that were
    /// overtaken and have begun anew, and loads that others do not wait for.
    pub(crate) fn begin(&mut self, key: K, stamp: Stamp, tags: PendingTags) {
        self.invalidate(&key);
        self.0.push(Pending {
            key,
            stamp,
            invalidated: false,
            ended: false,
            tags,
            invalidated_tags: Vec::new(),
        });
    }

    /// The load reads from here on: what was invalidated before does not matter to it. Tells whether its value may be stored;
    /// not so if another load of the key has begun later.
    pub(crate) fn restart(&mut self, stamp: Stamp) -> bool {
        let Some(at) = self.0.iter().position(|pending| pending.stamp == stamp) else {
            return false;
        };
        if self.0[at].ended {
            return false;
        }
        let key = &self.0[at].key;
        let others = self.0.iter().filter(|other| other.stamp != stamp);
        if others
            .into_iter()
            .any(|other| !other.ended && !other.invalidated && other.key == *key)
        {
            return false;
        }
        let pending = &mut self.0[at];
        pending.invalidated = false;
        pending.invalidated_tags.clear();
        true
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
