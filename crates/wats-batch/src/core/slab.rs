//! Where the items live: one slot each from entering to being answered, then reused.

use std::num::NonZeroU64;
use std::task::Waker;

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

/// How far an item has come.
#[derive(Debug)]
pub(crate) enum Stage<T> {
    Vacant,
    Waiting(T),
    /// A bulk call has the item.
    Sent,
    /// A bulk call has the item and its caller is gone.
    Abandoned,
}

/// One item under way. What stays the same on the way lies beside the stage, so that a step moves no
/// more than the item.
#[derive(Debug)]
pub(crate) struct Slot<T> {
    pub(crate) stage: Stage<T>,
    /// Where its caller finds the answer.
    pub(crate) cell: Index,
    /// The caller, if it left a waker with the item.
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
pub(crate) struct Slab<T> {
    slots: Vec<Slot<T>>,
    vacant: Index,
    live: usize,
}

/// An empty slab keeps room for this many slots; a burst beyond it gives its memory back.
const KEEP: usize = 4096;

impl<T> Slab<T> {
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
    pub(crate) fn insert(&mut self, slot: Slot<T>) -> Index {
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
    pub(crate) fn get(&self, index: Index) -> Option<&Slot<T>> {
        self.slots.get(index as usize)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: Index) -> Option<&mut Slot<T>> {
        self.slots.get_mut(index as usize)
    }

    /// Empties the slot and hands out what was in it, to be dropped after unlocking.
    pub(crate) fn remove(&mut self, index: Index) -> (Stage<T>, Option<Waker>) {
        let Some(slot) = self.slots.get_mut(index as usize) else {
            return (Stage::Vacant, None);
        };
        let stage = std::mem::replace(&mut slot.stage, Stage::Vacant);
        if matches!(stage, Stage::Vacant) {
            return (stage, None);
        }
        let waker = self.free(index);
        (stage, waker)
    }

    /// Frees a slot whose item was taken out, and hands out the waker, to be dropped after unlocking.
    #[inline]
    pub(crate) fn free(&mut self, index: Index) -> Option<Waker> {
        let slot = self.slots.get_mut(index as usize)?;
        slot.stage = Stage::Vacant;
        let waker = slot.waker.take();
        slot.links.next = self.vacant;
        self.vacant = index;
        self.live -= 1;
        if self.live == 0 && self.slots.capacity() > KEEP {
            self.give_back();
        }
        waker
    }

    #[cold]
    fn give_back(&mut self) {
        *self = Self::new();
    }

    /// The slots that are or were in use.
    pub(crate) fn indices(&self) -> std::ops::Range<Index> {
        0..self.slots.len() as Index
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

impl<T> Linked for Slab<T> {
    #[inline]
    fn links(&mut self, index: Index) -> Option<&mut Links> {
        self.slots
            .get_mut(index as usize)
            .map(|slot| &mut slot.links)
    }
}
