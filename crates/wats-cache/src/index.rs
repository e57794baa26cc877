//! The hash index of a shard: an open-addressed table of words, linear probing, no tombstones.
//!
//! A word is a tag of a key's hash over the number of its slot plus one; zero is empty. The tag decides the home
//! position by multiplication, so the table may have any length and a full cache wastes no doubling. Removal shifts the
//! words behind the hole back, so years of insert and remove leave no trace to clean up.
//!
//! A shard of less than 2¹⁵ entries, and the default number of shards makes nearly all of them so, has words of four
//! bytes: its index stays in the second-level cache where that of eight would not.

/// A full index holds this many entries in [`WORDS`] words: few enough that most keys stand at their home.
const ENTRIES: usize = 2;
const WORDS: usize = 5;

/// Entries of a shard whose index is narrow.
pub(crate) const NARROW: usize = (1 << SLOT_BITS) - 1;

const SLOT_BITS: u32 = 15;

/// A tag and a slot plus one; zero is empty.
pub(crate) trait Word: Copy + PartialEq + Default {
    fn pack(tag: u32, slot: u32) -> Self;
    fn slot(self) -> u32;
    /// The part of the tag that is kept.
    fn tag(self) -> u32;
    fn has_tag(self, tag: u32) -> bool;
    /// What [`tag`](Self::tag) keeps of this.
    fn cut(tag: u32) -> u32;
}

impl Word for u32 {
    #[inline]
    fn pack(tag: u32, slot: u32) -> Self {
        Self::cut(tag) | (slot + 1)
    }

    #[inline]
    fn slot(self) -> u32 {
        (self & NARROW as u32) - 1
    }

    #[inline]
    fn tag(self) -> u32 {
        Self::cut(self)
    }

    #[inline]
    fn has_tag(self, tag: u32) -> bool {
        (self ^ tag) >> SLOT_BITS == 0
    }

    #[inline]
    fn cut(tag: u32) -> u32 {
        tag >> SLOT_BITS << SLOT_BITS
    }
}

impl Word for u64 {
    #[inline]
    fn pack(tag: u32, slot: u32) -> Self {
        (Self::from(tag) << 32) | (Self::from(slot) + 1)
    }

    #[inline]
    fn slot(self) -> u32 {
        self as u32 - 1
    }

    #[inline]
    fn tag(self) -> u32 {
        (self >> 32) as u32
    }

    #[inline]
    fn has_tag(self, tag: u32) -> bool {
        self.tag() == tag
    }

    #[inline]
    fn cut(tag: u32) -> u32 {
        tag
    }
}

/// The index of a shard, in words of the width its limit needs.
#[derive(Debug)]
pub(crate) enum Index {
    Narrow(Table<u32>),
    Wide(Table<u64>),
}

impl Index {
    /// An empty index; `limit` is the most entries there will ever be.
    pub(crate) fn new(limit: usize) -> Self {
        if limit < NARROW {
            Self::Narrow(Table::new(limit))
        } else {
            Self::Wide(Table::new(limit))
        }
    }

    /// The position and slot of the entry with this tag for which `is_it` holds.
    #[inline]
    pub(crate) fn find(&self, tag: u32, is_it: impl FnMut(u32) -> bool) -> Option<(usize, u32)> {
        match self {
            Self::Narrow(table) => table.find(tag, is_it),
            Self::Wide(table) => table.find(tag, is_it),
        }
    }

    /// Adds an entry known to be absent.
    pub(crate) fn insert(&mut self, tag: u32, slot: u32) {
        match self {
            Self::Narrow(table) => table.insert(tag, slot),
            Self::Wide(table) => table.insert(tag, slot),
        }
    }

    /// Takes out the word at `position`, as [`find`](Self::find) told it.
    pub(crate) fn remove_at(&mut self, position: usize) {
        match self {
            Self::Narrow(table) => table.remove_at(position),
            Self::Wide(table) => table.remove_at(position),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Table<W> {
    words: Box<[W]>,
    len: u32,
    limit: u32,
}

impl<W: Word> Table<W> {
    fn new(limit: usize) -> Self {
        Self {
            words: Box::default(),
            len: 0,
            limit: u32::try_from(limit).unwrap_or(u32::MAX),
        }
    }

    #[inline]
    fn home(&self, tag: u32) -> usize {
        ((u64::from(W::cut(tag)) * self.words.len() as u64) >> 32) as usize
    }

    #[inline]
    fn next(&self, position: usize) -> usize {
        let next = position + 1;
        if next < self.words.len() { next } else { 0 }
    }

    #[inline]
    fn find(&self, tag: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<(usize, u32)> {
        let mut position = self.home(tag);
        // An empty index has no word at its home, and a full one always keeps an empty word to stop at.
        while let Some(&word) = self.words.get(position) {
            if word == W::default() {
                return None;
            }
            if word.has_tag(tag) && is_it(word.slot()) {
                return Some((position, word.slot()));
            }
            position = self.next(position);
        }
        None
    }

    fn insert(&mut self, tag: u32, slot: u32) {
        if (self.len as usize + 1) * WORDS > self.words.len() * ENTRIES {
            self.grow();
        }
        self.place(W::pack(tag, slot));
        self.len += 1;
    }

    fn place(&mut self, word: W) {
        let mut position = self.home(word.tag());
        while self.words[position] != W::default() {
            position = self.next(position);
        }
        self.words[position] = word;
    }

    #[cold]
    fn grow(&mut self) {
        let words_for = |entries: usize| entries.saturating_mul(WORDS).div_ceil(ENTRIES) + 1;
        let least = words_for(self.len as usize + 1);
        let doubled = words_for((self.len as usize * 2).max(4));
        let size = doubled.min(words_for(self.limit as usize)).max(least);
        let new = vec![W::default(); size].into_boxed_slice();
        for &word in &std::mem::replace(&mut self.words, new) {
            if word != W::default() {
                self.place(word);
            }
        }
    }

    fn remove_at(&mut self, position: usize) {
        let mut hole = position;
        let mut probe = position;
        loop {
            probe = self.next(probe);
            let word = self.words[probe];
            if word == W::default() {
                break;
            }
            // A word may move back into the hole unless the hole lies before its home.
            let home = self.home(word.tag());
            if self.distance(home, probe) >= self.distance(hole, probe) {
                self.words[hole] = word;
                hole = probe;
            }
        }
        self.words[hole] = W::default();
        self.len -= 1;
    }

    /// Steps from `from` forward to `to`, around the end.
    #[inline]
    fn distance(&self, from: usize, to: usize) -> usize {
        if to >= from {
            to - from
        } else {
            to + self.words.len() - from
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn an_empty_index_finds_nothing() {
        assert_eq!(Index::new(5).find(7, |_| true), None);
    }

    #[test]
    fn the_last_slot_of_a_narrow_index_is_told_from_the_tag() {
        let mut index = Index::new(NARROW - 1);
        assert!(matches!(index, Index::Narrow(_)));
        let last = NARROW as u32 - 2;
        index.insert(u32::MAX, last);
        assert_eq!(
            index
                .find(u32::MAX, |slot| slot == last)
                .map(|found| found.1),
            Some(last)
        );
        assert!(matches!(Index::new(NARROW), Index::Wide(_)));
    }

    proptest! {
        // Few tags make long runs that wrap around the end.
        #[test]
        fn agrees_with_a_set(
            steps in prop::collection::vec((any::<bool>(), 0_u32..40, any::<bool>()), 0..400),
            narrow in any::<bool>(),
        ) {
            let mut index = Index::new(if narrow { 80 } else { NARROW });
            let mut model = BTreeSet::new();
            for (add, slot, high) in steps {
                let tag = if high { u32::MAX - slot / 8 } else { (slot / 4) << 28 };
                let found = index.find(tag, |s| s == slot);
                prop_assert_eq!(found.is_some(), model.contains(&(tag, slot)));
                match (add, found) {
                    (true, None) => {
                        index.insert(tag, slot);
                        model.insert((tag, slot));
                    }
                    (false, Some((position, _))) => {
                        index.remove_at(position);
                        model.remove(&(tag, slot));
                    }
                    _ => {}
                }
                for &(tag, slot) in &model {
                    prop_assert!(index.find(tag, |s| s == slot).is_some());
                }
            }
        }
    }
}
