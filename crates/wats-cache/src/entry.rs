//! What a cache knows of an entry besides its key and value, packed into eight bytes.
//!
//! ```text
//! 63 ……………………………… 16 15 ………… 4   3      2     1 0
//! expiry in ticks     version    spare  main  uses
//! ```
//! The whole word is never zero, so `Option<Entry>` costs nothing extra and an empty slot is told by it.

use std::num::NonZeroU64;

/// A point in time in milliseconds of the cache's clock, at least 1.
pub(crate) type Tick = u64;

/// The expiry of an entry that never expires; the largest that fits 48 bits (8 900 years of milliseconds).
pub(crate) const NEVER: Tick = (1 << 48) - 1;

/// The latest time a clock is read as, and the longest an entry is kept to be served stale: their sum is before
/// [`NEVER`].
pub(crate) const LATEST: Tick = (1 << 47) - 1;

/// How often a use is counted before the count stays.
pub(crate) const MAX_USES: u8 = 3;

/// Versions repeat after this many writes to a shard.
pub(crate) const VERSIONS: u64 = 1 << 12;

const USES: u64 = 0b11;
const MAIN: u64 = 0b100;
const VERSION_SHIFT: u32 = 4;
const EXPIRY_SHIFT: u32 = 16;

/// Expiry, version and what the eviction policy notes, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meta(NonZeroU64);

impl Meta {
    pub(crate) fn new(expiry: Tick, writes: u64) -> Self {
        let expiry = expiry.clamp(1, NEVER);
        let word = (expiry << EXPIRY_SHIFT) | ((writes % VERSIONS) << VERSION_SHIFT);
        Self(NonZeroU64::new(word).unwrap_or(NonZeroU64::MAX))
    }

    #[inline]
    fn with(self, word: u64) -> Self {
        // The expiry bits are never all zero, and no caller clears them.
        Self(NonZeroU64::new(word).unwrap_or(self.0))
    }

    #[inline]
    pub(crate) fn expiry(self) -> Tick {
        self.0.get() >> EXPIRY_SHIFT
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
        let low = self.0.get() & ((1 << EXPIRY_SHIFT) - 1);
        self.with((expiry.clamp(1, NEVER) << EXPIRY_SHIFT) | low)
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
        let meta = Meta::new(77, 4095).with_main(true).used().used();
        assert_eq!((meta.expiry(), meta.version()), (77, 4095));
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
    }

    #[test]
    fn an_expiry_outside_the_range_is_clamped() {
        assert_eq!(Meta::new(0, 0).expiry(), 1);
        assert_eq!(Meta::new(u64::MAX, 0).expiry(), NEVER);
    }
}
