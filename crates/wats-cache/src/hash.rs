//! Hashing: once per operation, and spread over shards and their tables.

use std::hash::{BuildHasher, Hash};

/// The default hasher: fast, seeded anew for every cache, and enough against accidental collisions. Against an attacker
/// who chooses keys and measures times, give the cache `std::hash::RandomState`.
#[derive(Debug, Clone, Default)]
pub struct RandomState(foldhash::fast::RandomState);

impl BuildHasher for RandomState {
    type Hasher = Hasher;

    #[inline]
    fn build_hasher(&self) -> Hasher {
        Hasher(self.0.build_hasher())
    }
}

/// The hasher of [`RandomState`].
#[derive(Clone)]
pub struct Hasher(foldhash::fast::FoldHasher<'static>);

macro_rules! forward {
    ($($name:ident: $int:ty),*) => {
        $(#[inline]
        fn $name(&mut self, value: $int) {
            self.0.$name(value);
        })*
    };
}

impl std::hash::Hasher for Hasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0.finish()
    }

    forward!(write_u8: u8, write_u16: u16, write_u32: u32, write_u64: u64, write_u128: u128, write_usize: usize);
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

/// Hashes a key. The lowest bits choose the shard, the highest ones the group within it, those between are the tag.
#[inline]
pub(crate) fn hash<Q: Hash + ?Sized>(hasher: &impl BuildHasher, key: &Q) -> u32 {
    // Multiplied, because the hasher may be the user's and leave the high bits bare, as an identity does.
    (hasher.hash_one(key).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}
