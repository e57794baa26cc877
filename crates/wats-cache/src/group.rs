//! A group of the table: the tags of fifteen slots and a count, sixteen bytes that are looked at together.
//!
//! A tag is eight bits of a key's hash, never zero; zero is an empty slot. The last byte counts the entries that belong
//! into this group or one before it, found it full and went on: while it is zero, nobody has to look further.
//! The comparison of all tags at once is done in two ordinary words, which every processor can.

/// Slots of a group.
pub(crate) const SLOTS: usize = 15;

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// The tags of the even slots, and those of the odd ones below the count: a word is chosen by an index, because a branch
/// would be guessed wrong half the time.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(16))]
pub(crate) struct Group([u64; 2]);

const ODD: usize = 1;

const COUNT_SHIFT: u32 = 56;
const COUNT: u64 = 0xFF << COUNT_SHIFT;
const ONE: u64 = 1 << COUNT_SHIFT;

/// A count that has come so far is not lowered any more: it says "perhaps", which is never wrong.
const STUCK: u64 = COUNT;

/// The top bit of every byte that equals `tag`. Above a byte that does, one that differs in its lowest bit may be
/// marked too.
#[inline]
fn equal(word: u64, tag: u8) -> u64 {
    let differ = word ^ (ONES * u64::from(tag));
    differ.wrapping_sub(ONES) & !differ & TOPS
}

impl Group {
    /// The slots that may hold an entry with this tag: all that do, and rarely one that does not, which is never the first.
    #[inline]
    pub(crate) fn candidates(self, tag: u8) -> Candidates {
        let [even, odd] = self.0;
        // The marks of the first word stand four bits lower, so that both fit into one, a quarter of whose bits number
        // the slots. The count is no tag.
        Candidates((equal(even, tag) >> 4) | (equal(odd, tag) & !COUNT))
    }

    /// An empty slot.
    #[inline]
    pub(crate) fn vacancy(self) -> Option<usize> {
        self.candidates(0).next()
    }

    #[inline]
    pub(crate) fn set(&mut self, slot: usize, tag: u8) {
        let word = &mut self.0[slot % 2];
        let shift = 8 * (slot as u32 / 2 % 8);
        *word = (*word & !(0xFF << shift)) | (u64::from(tag) << shift);
    }

    /// Whether an entry went on from here.
    #[inline]
    pub(crate) fn overflowed(self) -> bool {
        self.0[ODD] & COUNT != 0
    }

    /// One more entry goes on.
    pub(crate) fn overflow(&mut self) {
        if self.0[ODD] & COUNT != STUCK {
            self.0[ODD] += ONE;
        }
    }

    /// One that went on is gone.
    pub(crate) fn recede(&mut self) {
        if self.0[ODD] & COUNT != STUCK && self.overflowed() {
            self.0[ODD] -= ONE;
        }
    }
}

/// Slots of a group, as marks in a word.
pub(crate) struct Candidates(u64);

impl Iterator for Candidates {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let mark = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(mark >> 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_slot_with_the_tag_is_a_candidate(tags in prop::array::uniform15(0_u8..5), count in any::<u8>(), tag in 1_u8..5) {
            let mut group = Group::default();
            for (slot, &tag) in tags.iter().enumerate() {
                group.set(slot, tag);
            }
            group.0[ODD] |= u64::from(count) << COUNT_SHIFT;
            let mut found: Vec<_> = group.candidates(tag).collect();
            prop_assert!(found.iter().all(|&slot| slot < SLOTS));
            found.retain(|&slot| tags[slot] == tag);
            found.sort_unstable();
            let expected: Vec<_> = (0..SLOTS).filter(|&slot| tags[slot] == tag).collect();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(group.vacancy().is_some(), tags.contains(&0));
            prop_assert!(group.vacancy().is_none_or(|slot| tags[slot] == 0));
            prop_assert_eq!(group.overflowed(), count != 0);
        }
    }

    #[test]
    fn a_count_that_is_stuck_stays() {
        let mut group = Group::default();
        (0..3).for_each(|_| group.overflow());
        (0..3).for_each(|_| group.recede());
        assert!(!group.overflowed());
        group.recede();
        assert!(!group.overflowed());
        (0..300).for_each(|_| group.overflow());
        (0..300).for_each(|_| group.recede());
        assert!(group.overflowed());
    }
}
