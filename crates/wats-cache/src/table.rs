//! The entries of a shard: a hash table that keeps them in line, and never moves one except to grow.
//!
//! An entry belongs into the [`Group`] that its hash points at by multiplication, so a table may have any length and a
//! full cache wastes no doubling. If that group is full, the entry goes on to the next one with a vacancy, and every
//! group it passes counts it; a look-up goes on as long as the counts say so. Removal takes the counts back. So there are
//! no tombstones, nothing is ever rehashed in place, and the number of a slot serves the policies as a handle.
//!
//! A hit touches the group and the entry. Links and hashes belong to writers and stand apart: no removal and no growth
//! has to hash a key again.
//!
//! Homes rise with the hash, so a walk over the table may stop at any hash and go on there, even if the table has grown.

use crate::config::SHARD_BITS;
use crate::entry::{Entry, Meta, NEVER, Tick};
use crate::group::{Group, SLOTS};
use crate::loaded::EntryOptions;
use crate::policy::{Link, NIL, Nodes};
use std::borrow::Borrow;

/// A full table holds this many entries in [`OF_SLOTS`] slots.
const ENTRIES: usize = 23;
const OF_SLOTS: usize = 30;

/// What only some caches keep for an entry: time to idle, weight, tags, early refresh.
#[derive(Debug, Clone)]
pub(crate) struct EntryExtra {
    /// The expiry by time to live, which accesses do not move.
    pub(crate) lives_until: Tick,
    /// From here on a loader refreshes the entry although it is still fresh.
    pub(crate) refresh_at: Tick,
    pub(crate) weight: u64,
    pub(crate) given: EntryOptions,
}

impl Default for EntryExtra {
    fn default() -> Self {
        Self {
            lives_until: NEVER,
            refresh_at: 0,
            weight: 1,
            given: EntryOptions::default(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    link: Link,
    hash: u32,
}

/// What the group tells in which a key belongs.
#[derive(Debug)]
pub(crate) enum AtHome<T> {
    Here(T),
    /// Neither here nor anywhere else.
    Absent,
    /// Not here, but perhaps in a later group.
    Beyond,
}

/// In this order: the first two are what a hit needs.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Table<K, V> {
    groups: Box<[Group]>,
    entries: Box<[Option<Entry<K, V>>]>,
    nodes: Box<[Node]>,
    /// Empty unless the cache needs it.
    extras: Vec<EntryExtra>,
    with_extras: bool,
    len: usize,
    /// At this many entries it is full.
    room: usize,
}

#[inline]
fn tag(hash: u32) -> u8 {
    // The bits below are the same for all of a shard, those above decide the home.
    ((hash >> SHARD_BITS) as u8).max(1)
}

fn groups_for(entries: usize) -> usize {
    let slots = entries.saturating_mul(OF_SLOTS).div_ceil(ENTRIES);
    slots.div_ceil(SLOTS).max(1)
}

impl<K, V> Table<K, V> {
    pub(crate) fn new(with_extras: bool) -> Self {
        Self {
            groups: Box::default(),
            entries: Box::default(),
            nodes: Box::default(),
            extras: Vec::new(),
            with_extras,
            len: 0,
            room: 0,
        }
    }

    fn with_groups(groups: usize, with_extras: bool) -> Self {
        let slots = groups * SLOTS;
        Self {
            groups: vec![Group::default(); groups].into_boxed_slice(),
            entries: std::iter::repeat_with(|| None).take(slots).collect(),
            nodes: vec![Node::default(); slots].into_boxed_slice(),
            extras: vec![EntryExtra::default(); if with_extras { slots } else { 0 }],
            with_extras,
            len: 0,
            room: (slots * ENTRIES).div_ceil(OF_SLOTS),
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
    fn home(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.groups.len() as u64) >> 32) as usize
    }

    #[inline]
    fn after(&self, group: usize) -> usize {
        if group + 1 == self.groups.len() {
            0
        } else {
            group + 1
        }
    }

    #[inline]
    pub(crate) fn find<Q: Eq + ?Sized>(&self, hash: u32, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
    {
        self.position(hash, key).map(|slot| slot as u32)
    }

    /// Looks where nearly every key stands, and shows the entry to `see` if it is there.
    #[inline]
    pub(crate) fn at_home<Q: Eq + ?Sized, T>(
        &mut self,
        hash: u32,
        key: &Q,
        see: impl FnOnce(&mut Entry<K, V>) -> T,
    ) -> AtHome<T>
    where
        K: Borrow<Q>,
    {
        let home = self.home(hash);
        let Some(&group) = self.groups.get(home) else {
            return AtHome::Absent;
        };
        for candidate in group.candidates(tag(hash)) {
            if let Some(Some(entry)) = self.entries.get_mut(home * SLOTS + candidate)
                && entry.key.borrow() == key
            {
                return AtHome::Here(see(entry));
            }
        }
        if group.overflowed() {
            AtHome::Beyond
        } else {
            AtHome::Absent
        }
    }

    #[inline]
    fn position<Q: Eq + ?Sized>(&self, hash: u32, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        let home = self.home(hash);
        let group = *self.groups.get(home)?;
        let found = self.position_in(home, group, hash, key);
        if found.is_none() && group.overflowed() {
            return self.position_beyond(home, hash, key);
        }
        found
    }

    #[inline]
    fn position_in<Q: Eq + ?Sized>(
        &self,
        at: usize,
        group: Group,
        hash: u32,
        key: &Q,
    ) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        group
            .candidates(tag(hash))
            .map(|candidate| at * SLOTS + candidate)
            .find(|&slot| matches!(self.entries.get(slot), Some(Some(entry)) if entry.key.borrow() == key))
    }

    /// Apart from [`position`](Self::position), because nearly every key stands at its home.
    #[inline(never)]
    fn position_beyond<Q: Eq + ?Sized>(&self, home: usize, hash: u32, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        let mut at = home;
        // No further than once around, whatever the counts say.
        for _ in 1..self.groups.len() {
            at = self.after(at);
            let group = self.groups[at];
            let found = self.position_in(at, group, hash, key);
            if found.is_some() || !group.overflowed() {
                return found;
            }
        }
        None
    }

    #[inline]
    pub(crate) fn get(&self, slot: u32) -> Option<&Entry<K, V>> {
        self.entries.get(slot as usize)?.as_ref()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Entry<K, V>> {
        self.entries.get_mut(slot as usize)?.as_mut()
    }

    /// The hash an entry was added with.
    #[inline]
    pub(crate) fn hash(&self, slot: u32) -> u32 {
        self.nodes.get(slot as usize).map_or(0, |node| node.hash)
    }

    pub(crate) fn extra(&self, slot: u32) -> Option<&EntryExtra> {
        self.extras.get(slot as usize)
    }

    pub(crate) fn set_extra(&mut self, slot: u32, extra: EntryExtra) {
        if let Some(place) = self.extras.get_mut(slot as usize) {
            *place = extra;
        }
    }

    /// Keeps an [`EntryExtra`] with every entry from now on.
    pub(crate) fn enable_extras(&mut self) {
        self.with_extras = true;
        self.extras
            .resize(self.entries.len(), EntryExtra::default());
    }

    /// Whether one more entry wants a larger table.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.len >= self.room
    }

    /// Grows by half; `limit` is the most entries there will ever be. Tells to which slot each one went; their links are
    /// the policy's to follow.
    #[cold]
    pub(crate) fn grow(&mut self, limit: usize) -> Vec<u32> {
        let least = groups_for(self.len + 1);
        let more = groups_for(self.len + self.len / 2);
        let groups = more.min(groups_for(limit)).max(least);
        let mut old = std::mem::replace(self, Self::with_groups(groups, self.with_extras));
        let mut moved = vec![NIL; old.entries.len()];
        for (slot, entry) in old.entries.iter_mut().enumerate() {
            let Some(entry) = entry.take() else { continue };
            let node = old.nodes[slot];
            let new = self.add(node.hash, entry);
            self.nodes[new as usize].link = node.link;
            if let Some(extra) = old.extras.get_mut(slot) {
                self.set_extra(new, std::mem::take(extra));
            }
            moved[slot] = new;
        }
        moved
    }

    /// Adds an entry whose key is known to be absent, while the table is not full.
    #[inline]
    pub(crate) fn add(&mut self, hash: u32, entry: Entry<K, V>) -> u32 {
        let mut at = self.home(hash);
        loop {
            let group = &mut self.groups[at];
            if let Some(vacancy) = group.vacancy() {
                group.set(vacancy, tag(hash));
                let slot = at * SLOTS + vacancy;
                self.entries[slot] = Some(entry);
                self.nodes[slot].hash = hash;
                self.len += 1;
                return slot as u32;
            }
            group.overflow();
            at = self.after(at);
        }
    }

    /// Empties a slot that no list links any more.
    #[inline]
    pub(crate) fn take(&mut self, slot: u32) -> Option<Entry<K, V>> {
        let slot = slot as usize;
        let entry = self.entries.get_mut(slot)?.take()?;
        let group = slot / SLOTS;
        self.groups[group].set(slot % SLOTS, 0);
        let mut at = self.home(self.nodes[slot].hash);
        while at != group {
            self.groups[at].recede();
            at = self.after(at);
        }
        if let Some(extra) = self.extras.get_mut(slot) {
            *extra = EntryExtra::default();
        }
        self.len -= 1;
        Some(entry)
    }

    pub(crate) fn into_entries(self) -> impl Iterator<Item = Entry<K, V>> {
        self.entries.into_iter().flatten()
    }

    /// Calls `see` with the entries whose hash is `from` or higher, about `slots` of them. Tells the hash to go on
    /// with, if any are left.
    pub(crate) fn walk(
        &self,
        from: u32,
        slots: usize,
        mut see: impl FnMut(u32, &Entry<K, V>),
    ) -> Option<u32> {
        let groups = self.groups.len();
        if groups == 0 {
            return None;
        }
        let first = self.home(from);
        let end = first + slots.div_ceil(SLOTS);
        // The lowest hash whose home is `end`.
        let until = (end < groups).then(|| ((end as u64) << 32).div_ceil(groups as u64) as u32);
        let mut at = first;
        for seen in 0..groups {
            let beyond = first + seen >= end.min(groups);
            // Beyond the end there are only those that went on from before it.
            let before = if at == 0 { groups - 1 } else { at - 1 };
            if beyond && !self.groups[before].overflowed() {
                break;
            }
            for slot in at * SLOTS..(at + 1) * SLOTS {
                if let Some(entry) = &self.entries[slot] {
                    let hash = self.nodes[slot].hash;
                    if hash >= from && until.is_none_or(|until| hash < until) {
                        see(slot as u32, entry);
                    }
                }
            }
            at = self.after(at);
        }
        until
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

impl<K, V> Nodes for Table<K, V> {
    fn hash(&self, slot: u32) -> u32 {
        self.hash(slot)
    }

    fn len(&self) -> usize {
        self.len
    }

    fn link(&self, slot: u32) -> Link {
        self.nodes[slot as usize].link
    }

    fn link_mut(&mut self, slot: u32) -> &mut Link {
        &mut self.nodes[slot as usize].link
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn entry(key: u16) -> Entry<u16, u16> {
        let meta = Meta::new(0, NEVER, 0);
        Entry {
            meta,
            key,
            value: key,
        }
    }

    /// Few different hashes, some at both ends, so that groups overflow and runs wrap around.
    fn hash(key: u16) -> u32 {
        match key % 4 {
            0 => u32::MAX - u32::from(key / 64),
            1 => 7,
            _ => u32::from(key).wrapping_mul(0x9E37_79B1),
        }
    }

    fn walked(table: &Table<u16, u16>, width: usize) -> Vec<u16> {
        let mut keys = Vec::new();
        let mut from = Some(0);
        while let Some(start) = from {
            from = table.walk(start, width, |_, entry| keys.push(entry.key));
        }
        keys.sort_unstable();
        keys
    }

    #[test]
    fn an_empty_table_finds_nothing() {
        let table = Table::<u16, u16>::new(false);
        assert_eq!(table.find(7, &1), None);
        assert_eq!(walked(&table, 15), [0_u16; 0]);
        assert!(table.is_full());
    }

    proptest! {
        #[test]
        fn agrees_with_a_map(
            steps in prop::collection::vec((any::<bool>(), 0_u16..120), 0..500),
            width in 1_usize..100,
        ) {
            let mut table = Table::new(false);
            let mut model = BTreeMap::new();
            for (add, key) in steps {
                let found = table.find(hash(key), &key);
                prop_assert_eq!(found, model.get(&key).copied());
                match (add, found) {
                    (true, None) => {
                        if table.is_full() {
                            let moved = table.grow(usize::MAX);
                            for slot in model.values_mut() {
                                *slot = moved[*slot as usize];
                            }
                        }
                        model.insert(key, table.add(hash(key), entry(key)));
                    }
                    (false, Some(slot)) => {
                        prop_assert_eq!(table.take(slot).map(|entry| entry.key), Some(key));
                        model.remove(&key);
                    }
                    _ => {}
                }
                prop_assert_eq!(table.len(), model.len());
                for (key, slot) in &model {
                    prop_assert_eq!(table.find(hash(*key), key), Some(*slot));
                    prop_assert_eq!(table.hash(*slot), hash(*key));
                }
            }
            prop_assert!(walked(&table, width).into_iter().eq(model.into_keys()));
        }

        #[test]
        fn a_walk_survives_growth(before in 1_u16..200, more in 0_u16..400, width in 1_usize..60) {
            let mut table = Table::new(false);
            let add = |table: &mut Table<u16, u16>, key: u16| {
                if table.is_full() {
                    table.grow(usize::MAX);
                }
                table.add(hash(key), entry(key));
            };
            (0..before).for_each(|key| add(&mut table, key));
            let mut seen = Vec::new();
            let mut from = table.walk(0, width, |_, entry| seen.push(entry.key));
            (before..before + more).for_each(|key| add(&mut table, key));
            while let Some(start) = from {
                from = table.walk(start, width, |_, entry| seen.push(entry.key));
            }
            seen.retain(|key| *key < before);
            seen.sort_unstable();
            prop_assert!(seen.into_iter().eq(0..before));
        }
    }

    #[test]
    fn the_counts_go_back_to_zero() {
        let mut table = Table::new(false);
        for round in 0..50 {
            for key in 0..100_u16 {
                if table.is_full() {
                    table.grow(100);
                }
                table.add(7, entry(key));
            }
            for key in 0..100_u16 {
                let slot = table.find(7, &key).unwrap();
                table.take(slot);
            }
            assert!(
                !table.groups.iter().any(|group| group.overflowed()),
                "round {round}"
            );
        }
    }
}
