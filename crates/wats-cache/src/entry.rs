//! What a cache knows of an entry besides its key and value, packed into eight bytes.
//!
//! ```text
//! 63 …… 58     57 ………………… 16     15 ………… 4   3        2     1 0
//! generation   expiry in ticks   version    expired  main  uses
//! ```
//! The whole word is never zero, so `Option<Entry>` costs nothing extra and an empty slot is told by it. The generation
//! stands above the expiry, so that one comparison tells whether an entry is of a generation and its time is not over.

use std::num::NonZeroU64;

/// A point in time in milliseconds of the cache's clock, at least 1.
pub(crate) type Tick = u64;

/// The expiry of an entry that never expires; the largest that fits (139 years of milliseconds).
pub(crate) const NEVER: Tick = (1 << EXPIRY_BITS) - 1;

/// The latest time a clock is read as, and the longest an entry is kept to be served stale: their sum is before
/// [`NEVER`].
pub(crate) const LATEST: Tick = (1 << (EXPIRY_BITS - 1)) - 1;

/// How many generations of entries are told apart.
pub(crate) const GENERATIONS: usize = 1 << (u64::BITS - EXPIRY_SHIFT - EXPIRY_BITS);

/// How often a use is counted before the count stays.
pub(crate) const MAX_USES: u8 = 3;

/// Versions repeat after this many writes to a shard.
pub(crate) const VERSIONS: u64 = 1 << 12;

const USES: u64 = 0b11;
const MAIN: u64 = 0b100;
const EXPIRED: u64 = 0b1000;
const VERSION_SHIFT: u32 = 4;
const EXPIRY_SHIFT: u32 = 16;
const EXPIRY_BITS: u32 = 42;

/// Below this are the ranks of all earlier generations.
pub(crate) fn first_rank(generation: usize) -> u64 {
    ((generation % GENERATIONS) as u64) << EXPIRY_BITS
}

/// Generation, expiry, version and what the eviction policy notes, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meta(NonZeroU64);

impl Meta {
    /// `first_rank` is that of the generation.
    pub(crate) fn new(first_rank: u64, expiry: Tick, writes: u64) -> Self {
        let rank = first_rank | expiry.clamp(1, NEVER);
        let word = (rank << EXPIRY_SHIFT) | ((writes % VERSIONS) << VERSION_SHIFT);
        Self(NonZeroU64::new(word).unwrap_or(NonZeroU64::MAX))
    }

    #[inline]
    fn with(self, word: u64) -> Self {
        // The expiry bits are never all zero, and no caller clears them.
        Self(NonZeroU64::new(word).unwrap_or(self.0))
    }

    #[inline]
    pub(crate) fn expiry(self) -> Tick {
        self.rank() & NEVER
    }

    /// Generation and expiry: what is of an earlier generation is less than all of a later one.
    #[inline]
    pub(crate) fn rank(self) -> u64 {
        self.0.get() >> EXPIRY_SHIFT
    }

    pub(crate) fn generation(self) -> usize {
        (self.rank() >> EXPIRY_BITS) as usize
    }

    /// Whether its time was declared to be over before it was.
    pub(crate) fn is_expired(self) -> bool {
        self.0.get() & EXPIRED != 0
    }

    /// Declares that its time is over; it is kept until `expiry`.
    pub(crate) fn expire(self, expiry: Tick) -> Self {
        let expired = self.with_expiry(expiry);
        expired.with(expired.0.get() | EXPIRED)
    }

    pub(crate) fn with_generation(self, generation: usize) -> Self {
        let low = self.0.get() & ((1 << (EXPIRY_SHIFT + EXPIRY_BITS)) - 1);
        self.with((first_rank(generation) << EXPIRY_SHIFT) | low)
    }

    pub(crate) fn version(self) -> u64 {
        (self.0.get() >> VERSION_SHIFT) % VERSIONS
    }

    #[inline]
    pub(crate) fn uses(self) -> u8 {
        (self.0.get() & USES) as u8
    }

    #[inline]
    pub(crate) fn is_main(self) -> bool {
        self.0.get() & MAIN != 0
    }

    /// Moves the expiry and keeps the rest: an access to an entry with a time to idle.
    pub(crate) fn with_expiry(self, expiry: Tick) -> Self {
        let others = self.0.get() & !(NEVER << EXPIRY_SHIFT);
        self.with((expiry.clamp(1, NEVER) << EXPIRY_SHIFT) | others)
    }

    pub(crate) fn with_uses(self, uses: u8) -> Self {
        self.with((self.0.get() & !USES) | u64::from(uses.min(MAX_USES)))
    }

    pub(crate) fn with_main(self, main: bool) -> Self {
        let word = self.0.get();
        self.with(if main { word | MAIN } else { word & !MAIN })
    }

    /// One more use, up to [`MAX_USES`].
    #[inline]
    pub(crate) fn used(self) -> Self {
        if self.uses() < MAX_USES {
            self.with(self.0.get() + 1)
        } else {
            self
        }
    }
}

/// A key with its value.
#[derive(Debug)]
pub(crate) struct Entry<K, V> {
    pub(crate) meta: Meta,
    pub(crate) key: K,
    pub(crate) value: V,
}

impl<K, V> Entry<K, V> {
    /// Written only while it changes, or every hit would soil a cache line.
    #[inline]
    pub(crate) fn note_use(&mut self) {
        if self.meta.uses() < MAX_USES {
            self.meta = self.meta.used();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_slot_costs_nothing() {
        assert_eq!(size_of::<Option<Entry<u64, u64>>>(), 24);
    }

    #[test]
    fn the_parts_do_not_touch_each_other() {
        let meta = Meta::new(first_rank(63), 77, 4095)
            .with_main(true)
            .used()
            .used();
        assert_eq!((meta.expiry(), meta.version()), (77, 4095));
        assert_eq!((meta.generation(), meta.is_expired()), (63, false));
        assert_eq!((meta.uses(), meta.is_main()), (2, true));
        let later = meta
            .with_expiry(NEVER)
            .used()
            .used()
            .used()
            .with_main(false);
        assert_eq!((later.expiry(), later.version()), (NEVER, 4095));
        assert_eq!((later.uses(), later.is_main()), (MAX_USES, false));
        assert_eq!(later.with_uses(0).uses(), 0);
        let expired = meta.expire(NEVER).with_generation(1);
        assert_eq!((expired.expiry(), expired.version()), (NEVER, 4095));
        assert_eq!((expired.generation(), expired.is_expired()), (1, true));
        assert_eq!((expired.uses(), expired.is_main()), (2, true));
        assert!(expired.with_main(false).with_uses(0).used().is_expired());
    }

    #[test]
    fn an_expiry_outside_the_range_is_clamped() {
        assert_eq!(Meta::new(0, 0, 0).expiry(), 1);
        assert_eq!(Meta::new(0, u64::MAX, 0).expiry(), NEVER);
    }

    #[test]
    fn ranks_are_ordered_by_generation_and_then_by_expiry() {
        let rank = |generation, expiry| Meta::new(first_rank(generation), expiry, 7).rank();
        assert!(rank(0, 1) < rank(0, 2) && rank(0, NEVER) < rank(1, 1));
        assert!(rank(62, NEVER) < rank(63, 1) && rank(63, NEVER) < 1 << 48);
    }
}
