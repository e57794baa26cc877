//! Where the items and their outcomes live: one slot for each `add` under way, reused when it ends.

use std::num::NonZeroU64;
use std::task::Waker;

use crate::BatchError;
use crate::list::{Index, Linked, Links, NIL};

/// An ordering key: a hash, so that comparing keys runs no foreign code. Two keys with one hash are
/// merely kept in order with each other.
pub(crate) type Key = NonZeroU64;

/// The list a waiting item is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Not accepted yet: as many items wait as `max_pending` allows.
    Blocked,
    /// In the lane of its priority.
    Lane,
    /// Behind an item of the same ordering key.
    Follower,
}

/// How far an `add` has come.
#[derive(Debug)]
pub(crate) enum Stage<T, R, E> {
    Vacant,
    Waiting(T),
    /// A bulk call has the item.
    Sent,
    /// A bulk call has the item and its caller is gone.
    Abandoned,
    Answered(Result<R, BatchError<E>>),
}

/// The life of one `add`. What stays the same on the way lies beside the stage, so that a step
/// moves no more than the item or the answer.
#[derive(Debug)]
pub(crate) struct Slot<T, R, E> {
    pub(crate) stage: Stage<T, R, E>,
    /// The caller, until it is answered.
    pub(crate) waker: Option<Waker>,
    pub(crate) key: Option<Key>,
    /// Nanoseconds on the core's clock: the start of the item's window.
    pub(crate) since: u64,
    /// The neighbours in its list; of a vacant slot, the next vacant one.
    pub(crate) links: Links,
    pub(crate) lane: u8,
    pub(crate) place: Place,
}

/// The slots, with a chain of the vacant ones.
#[derive(Debug)]
pub(crate) struct Slab<T, R, E> {
    slots: Vec<Slot<T, R, E>>,
    vacant: Index,
    live: usize,
}

/// An empty slab keeps room for this many slots; a burst beyond it gives its memory back.
const KEEP: usize = 4096;

impl<T, R, E> Slab<T, R, E> {
    pub(crate) const fn new() -> Self {
        Self {
            slots: Vec::new(),
            vacant: NIL,
            live: 0,
        }
    }

    /// Whether another slot can be had: indices are 32 bits wide.
    pub(crate) fn has_room(&self) -> bool {
        self.live < NIL as usize
    }

    #[inline]
    pub(crate) fn insert(&mut self, slot: Slot<T, R, E>) -> Index {
        self.live += 1;
        if let Some(vacant) = self.slots.get_mut(self.vacant as usize) {
            let next = vacant.links.next;
            *vacant = slot;
            return std::mem::replace(&mut self.vacant, next);
        }
        self.slots.push(slot);
        (self.slots.len() - 1) as Index
    }

    #[inline]
    pub(crate) fn get(&self, index: Index) -> Option<&Slot<T, R, E>> {
        self.slots.get(index as usize)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: Index) -> Option<&mut Slot<T, R, E>> {
        self.slots.get_mut(index as usize)
    }

    /// Empties the slot and hands out what was in it, to be dropped after unlocking.
    #[inline]
    pub(crate) fn remove(&mut self, index: Index) -> (Stage<T, R, E>, Option<Waker>) {
        let Some(slot) = self.slots.get_mut(index as usize) else {
            return (Stage::Vacant, None);
        };
        let stage = std::mem::replace(&mut slot.stage, Stage::Vacant);
        let waker = slot.waker.take();
        if !matches!(stage, Stage::Vacant) {
            slot.links.next = self.vacant;
            self.vacant = index;
            self.live -= 1;
            if self.live == 0 && self.slots.capacity() > KEEP {
                *self = Self::new();
            }
        }
        (stage, waker)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot<T, R, E>> {
        self.slots.iter_mut()
    }

    #[cfg(test)]
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.slots.capacity()
    }
}

impl<T, R, E> Linked for Slab<T, R, E> {
    #[inline]
    fn links(&mut self, index: Index) -> Option<&mut Links> {
        self.slots
            .get_mut(index as usize)
            .map(|slot| &mut slot.links)
    }
}
