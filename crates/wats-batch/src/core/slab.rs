//! Where the items live: one slot each from entering to being answered.

use std::num::NonZeroU64;
use std::task::Waker;

use super::site::SiteId;
use crate::answers::{CHUNK, KEEP};
use crate::list::{Index, Linked, Links};

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
    /// The caller, if it left a waker with the item.
    pub(crate) waker: Option<Waker>,
    pub(crate) key: Option<Key>,
    /// The start of the item's window, on the clock of its site.
    pub(crate) since: i64,
    /// Which item it is, of all that ever came.
    pub(crate) nth: u64,
    /// The neighbours in its list.
    pub(crate) links: Links,
    /// See [`AddOptions`](super::AddOptions).
    pub(crate) flight: u32,
    pub(crate) site: SiteId,
    pub(crate) lane: u8,
    pub(crate) place: Place,
}

impl<T> Slot<T> {
    const fn vacant() -> Self {
        Self {
            stage: Stage::Vacant,
            waker: None,
            key: None,
            since: 0,
            nth: 0,
            links: Links::NONE,
            flight: 0,
            site: 0,
            lane: 0,
            place: Place::Blocked,
        }
    }
}

#[derive(Debug)]
struct Chunk<T> {
    /// Made when first used.
    slots: Vec<Slot<T>>,
    live: u32,
}

/// The slots, in the same chunks as the cells of the answers: an item has one number for both, and
/// nobody else has it before its caller has seen the answer.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    chunks: Vec<Chunk<T>>,
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { chunks: Vec::new() }
    }

    #[inline]
    pub(crate) fn insert(&mut self, index: Index, slot: Slot<T>) {
        let id = (index / CHUNK) as usize;
        if !matches!(self.chunks.get(id), Some(chunk) if chunk.live > 0) {
            self.make_room(id);
        }
        let chunk = &mut self.chunks[id];
        chunk.live += 1;
        chunk.slots[(index % CHUNK) as usize] = slot;
    }

    #[cold]
    fn make_room(&mut self, id: usize) {
        while self.chunks.len() <= id {
            self.chunks.push(Chunk {
                slots: Vec::new(),
                live: 0,
            });
        }
        self.chunks[id]
            .slots
            .resize_with(CHUNK as usize, Slot::vacant);
    }

    #[inline]
    pub(crate) fn get(&self, index: Index) -> Option<&Slot<T>> {
        let chunk = self.chunks.get((index / CHUNK) as usize)?;
        chunk.slots.get((index % CHUNK) as usize)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, index: Index) -> Option<&mut Slot<T>> {
        let chunk = self.chunks.get_mut((index / CHUNK) as usize)?;
        chunk.slots.get_mut((index % CHUNK) as usize)
    }

    /// Empties the slot and hands out what was in it, to be dropped after unlocking.
    pub(crate) fn remove(&mut self, index: Index) -> (Stage<T>, Option<Waker>) {
        let Some(slot) = self.get_mut(index) else {
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
        let chunk = self.chunks.get_mut((index / CHUNK) as usize)?;
        let slot = chunk.slots.get_mut((index % CHUNK) as usize)?;
        slot.stage = Stage::Vacant;
        let waker = slot.waker.take();
        chunk.live -= 1;
        if chunk.live == 0 && index / CHUNK >= KEEP {
            chunk.slots = Vec::new();
        }
        waker
    }

    /// The slots that are or were in use.
    pub(crate) fn indices(&self) -> std::ops::Range<Index> {
        0..self.chunks.len() as Index * CHUNK
    }

    #[cfg(test)]
    pub(crate) fn live(&self) -> u32 {
        self.chunks.iter().map(|chunk| chunk.live).sum()
    }

    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.slots.capacity()).sum()
    }
}

impl<T> Linked for Slab<T> {
    #[inline]
    fn links(&mut self, index: Index) -> Option<&mut Links> {
        self.get_mut(index).map(|slot| &mut slot.links)
    }
}
