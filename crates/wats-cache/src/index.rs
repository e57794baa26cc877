//! The hash index of a shard: an open-addressed table of 8-byte words, linear probing, no tombstones.
//!
//! A word is the 32-bit tag of a key's hash over the number of its slot plus one; zero is empty. The tag decides the
//! home position by multiplication, so the table may have any length and a full cache wastes no doubling. Removal
//! shifts the words behind the hole back, so years of insert and remove leave no trace to clean up.

/// A full index holds this many entries in [`WORDS`] words.
const ENTRIES: usize = 5;
const WORDS: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Index {
    words: Box<[u64]>,
    len: usize,
}

impl Index {
    #[inline]
    fn home(&self, tag: u32) -> usize {
        ((u64::from(tag) * self.words.len() as u64) >> 32) as usize
    }

    #[inline]
    fn next(&self, position: usize) -> usize {
        let next = position + 1;
        if next < self.words.len() { next } else { 0 }
    }

    /// The position and slot of the entry with this tag for which `is_it` holds.
    #[inline]
    pub(crate) fn find(
        &self,
        tag: u32,
        mut is_it: impl FnMut(u32) -> bool,
    ) -> Option<(usize, u32)> {
        let mut position = self.home(tag);
        // An empty index has no word at its home, and a full one always keeps an empty word to stop at.
        while let Some(&word) = self.words.get(position) {
            if (word >> 32) as u32 == tag && word as u32 != 0 {
                let slot = word as u32 - 1;
                if is_it(slot) {
                    return Some((position, slot));
                }
            }
            if word == 0 {
                return None;
            }
            position = self.next(position);
        }
        None
    }

    /// Adds an entry known to be absent; `limit` is the most entries there will ever be.
    pub(crate) fn insert(&mut self, tag: u32, slot: u32, limit: usize) {
        if (self.len + 1) * WORDS > self.words.len() * ENTRIES {
            self.grow(limit);
        }
        self.place((u64::from(tag) << 32) | (u64::from(slot) + 1));
        self.len += 1;
    }

    fn place(&mut self, word: u64) {
        let mut position = self.home((word >> 32) as u32);
        while self.words[position] != 0 {
            position = self.next(position);
        }
        self.words[position] = word;
    }

    fn grow(&mut self, limit: usize) {
        let words_for = |entries: usize| entries.saturating_mul(WORDS).div_ceil(ENTRIES) + 1;
        let least = words_for(self.len + 1);
        let doubled = words_for((self.len * 2).max(4));
        let size = doubled.min(words_for(limit)).max(least);
        let old = std::mem::replace(&mut self.words, vec![0; size].into_boxed_slice());
        for word in old.iter().copied().filter(|&word| word != 0) {
            self.place(word);
        }
    }

    /// Takes out the word at `position`, as [`find`](Self::find) told it.
    pub(crate) fn remove_at(&mut self, position: usize) {
        let mut hole = position;
        let mut probe = position;
        loop {
            probe = self.next(probe);
            let word = self.words[probe];
            if word == 0 {
                break;
            }
            // A word may move back into the hole unless the hole lies before its home.
            let home = self.home((word >> 32) as u32);
            if self.distance(home, probe) >= self.distance(hole, probe) {
                self.words[hole] = word;
                hole = probe;
            }
        }
        self.words[hole] = 0;
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
    use std::collections::BTreeMap;

    #[test]
    fn an_empty_index_finds_nothing() {
        assert_eq!(Index::default().find(7, |_| true), None);
    }

    proptest! {
        // Few tags make long runs that wrap around the end.
        #[test]
        fn agrees_with_a_map(steps in prop::collection::vec((any::<bool>(), 0_u32..40, prop::bool::ANY), 0..400)) {
            let mut index = Index::default();
            let mut model = BTreeMap::new();
            for (add, slot, high) in steps {
                let tag = if high { u32::MAX - slot / 8 } else { (slot / 4) << 28 };
                let found = index.find(tag, |s| s == slot);
                prop_assert_eq!(found.map(|f| f.1), model.get(&(tag, slot)).map(|()| slot));
                match (add, found) {
                    (true, None) => { index.insert(tag, slot, 80); model.insert((tag, slot), ()); }
                    (false, Some((position, _))) => { index.remove_at(position); model.remove(&(tag, slot)); }
                    _ => {}
                }
                prop_assert_eq!(index.len, model.len());
                for &(tag, slot) in model.keys() {
                    prop_assert!(index.find(tag, |s| s == slot).is_some());
                }
            }
        }
    }
}
