//! Loads under way whose result is to be stored: a write to their key meanwhile wins over them.
//!
//! They stand under the lock of the shard, so a write sees them and a finished load sees the write, in one order.

use std::borrow::Borrow;

/// A flight and which of its leaders.
pub(crate) type Stamp = (u64, u64);

#[derive(Debug)]
struct Pending<K> {
    key: K,
    stamp: Stamp,
    superseded: bool,
}

/// The loads under way in a shard; nearly always none.
#[derive(Debug)]
pub(crate) struct Pendings<K>(Vec<Pending<K>>);

impl<K> Default for Pendings<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K> Pendings<K> {
    pub(crate) fn supersede_all(&mut self) {
        for pending in &mut self.0 {
            pending.superseded = true;
        }
    }

    /// Ends a load. Tells whether its result may be stored; the key goes out to be dropped after the lock.
    pub(crate) fn end(&mut self, stamp: Stamp) -> (bool, Option<K>) {
        let Some(at) = self.0.iter().position(|pending| pending.stamp == stamp) else {
            return (false, None);
        };
        let pending = self.0.swap_remove(at);
        (!pending.superseded, Some(pending.key))
    }
}

impl<K: Eq> Pendings<K> {
    /// Begins a load. An earlier leader of the same flight, whose lease has ended, comes too late then.
    pub(crate) fn begin(&mut self, key: K, stamp: Stamp) {
        for pending in self
            .0
            .iter_mut()
            .filter(|pending| pending.stamp.0 == stamp.0)
        {
            pending.superseded = true;
        }
        self.0.push(Pending {
            key,
            stamp,
            superseded: false,
        });
    }

    /// The key was written or removed. Tells whether a load of it is under way.
    #[inline]
    pub(crate) fn supersede<Q: Eq + ?Sized>(&mut self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        let mut any = false;
        for pending in self
            .0
            .iter_mut()
            .filter(|pending| pending.key.borrow() == key)
        {
            pending.superseded = true;
            any = true;
        }
        any
    }
}
