//! The entries of a shard by number, and the links by which policies keep them in order.
//!
//! Entries and links stand in two vectors: a hit touches only the entry, the links belong to writers.

use crate::entry::{Entry, Meta, NEVER, Tick};
use crate::policy::{Link, NIL, Nodes};

/// What only some caches keep for an entry: time to idle, weight, tags, early refresh.
#[derive(Debug, Clone)]
pub(crate) struct Extra {
    /// The expiry by time to live, which accesses do not move.
    pub(crate) lives_until: Tick,
    /// From here on a loader renews the entry although it is still fresh.
    pub(crate) refresh_at: Tick,
    pub(crate) weight: u64,
    pub(crate) tags: Option<Box<[u64]>>,
}

impl Default for Extra {
    fn default() -> Self {
        Self {
            lives_until: NEVER,
            refresh_at: 0,
            weight: 1,
            tags: None,
        }
    }
}

/// In this order: the entries are what a hit needs.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Slab<K, V> {
    entries: Vec<Option<Entry<K, V>>>,
    links: Vec<Link>,
    /// Empty unless the cache needs it.
    extras: Vec<Extra>,
    with_extras: bool,
    free: u32,
    len: usize,
}

impl<K, V> Slab<K, V> {
    pub(crate) fn new(with_extras: bool) -> Self {
        Self {
            entries: Vec::new(),
            links: Vec::new(),
            extras: Vec::new(),
            with_extras,
            free: NIL,
            len: 0,
        }
    }

    /// Entries held.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Slots made so far, full and empty.
    pub(crate) fn slots(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<&Entry<K, V>> {
        self.entries.get(slot as usize)?.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Entry<K, V>> {
        self.entries.get_mut(slot as usize)?.as_mut()
    }

    pub(crate) fn extra(&self, slot: u32) -> Option<&Extra> {
        self.extras.get(slot as usize)
    }

    pub(crate) fn set_extra(&mut self, slot: u32, extra: Extra) {
        if let Some(place) = self.extras.get_mut(slot as usize) {
            *place = extra;
        }
    }

    /// Makes room for an [`Extra`] with every entry from now on.
    pub(crate) fn enable_extras(&mut self) {
        self.with_extras = true;
        self.extras.resize(self.entries.len(), Extra::default());
    }

    /// Puts an entry into a free slot; `limit` is the most entries there will ever be.
    pub(crate) fn add(&mut self, entry: Entry<K, V>, limit: usize) -> u32 {
        self.len += 1;
        if self.free != NIL {
            let slot = self.free;
            self.free = self.links[slot as usize].next;
            self.entries[slot as usize] = Some(entry);
            return slot;
        }
        if self.entries.len() == self.entries.capacity() {
            self.grow(limit);
        }
        self.entries.push(Some(entry));
        self.links.push(Link::default());
        if self.with_extras {
            self.extras.push(Extra::default());
        }
        (self.entries.len() - 1) as u32
    }

    fn grow(&mut self, limit: usize) {
        let len = self.entries.len();
        let more = (len * 2).max(4).min(limit).max(len + 1) - len;
        self.entries.reserve_exact(more);
        self.links.reserve_exact(more);
        if self.with_extras {
            self.extras.reserve_exact(more);
        }
    }

    /// Empties a slot that no list links any more.
    pub(crate) fn take(&mut self, slot: u32) -> Option<Entry<K, V>> {
        let entry = self.entries.get_mut(slot as usize)?.take()?;
        if let Some(extra) = self.extras.get_mut(slot as usize) {
            *extra = Extra::default();
        }
        self.links[slot as usize] = Link {
            prev: NIL,
            next: self.free,
        };
        self.free = slot;
        self.len -= 1;
        Some(entry)
    }

    pub(crate) fn into_entries(self) -> impl Iterator<Item = Entry<K, V>> {
        self.entries.into_iter().flatten()
    }

    fn meta(&self, slot: u32) -> Option<Meta> {
        self.get(slot).map(|entry| entry.meta)
    }

    fn change(&mut self, slot: u32, change: impl FnOnce(Meta) -> Meta) {
        if let Some(entry) = self.get_mut(slot) {
            entry.meta = change(entry.meta);
        }
    }
}

impl<K, V> Nodes for Slab<K, V> {
    fn link(&self, slot: u32) -> Link {
        self.links[slot as usize]
    }

    fn link_mut(&mut self, slot: u32) -> &mut Link {
        &mut self.links[slot as usize]
    }

    fn uses(&self, slot: u32) -> u8 {
        self.meta(slot).map_or(0, Meta::uses)
    }

    fn set_uses(&mut self, slot: u32, uses: u8) {
        self.change(slot, |meta| meta.with_uses(uses));
    }

    fn is_main(&self, slot: u32) -> bool {
        self.meta(slot).is_some_and(Meta::is_main)
    }

    fn set_main(&mut self, slot: u32, main: bool) {
        self.change(slot, |meta| meta.with_main(main));
    }
}
