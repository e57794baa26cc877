//! Keys evicted lately, as 32-bit tags in sets of eight; the oldest of a full set is forgotten.
//!
//! A set is half a cache line, so a ghost is found, added or forgotten with one miss. A tag can stand for another key;
//! that costs a wrong guess of the policy and nothing else.

/// Tags in a set.
const WAYS: usize = 8;

/// Ghosts kept, as a share of the entries a full shard holds: this over [`SHARE_OF`].
const SHARE: usize = 1;
const SHARE_OF: usize = 2;

#[derive(Debug, Default)]
pub(super) struct Ghosts {
    /// Newest first in each set; zero is empty.
    sets: Box<[[u32; WAYS]]>,
}

impl Ghosts {
    fn set(&mut self, tag: u32) -> Option<&mut [u32; WAYS]> {
        let sets = self.sets.len() as u64;
        // The index of the shard uses the high bits; multiply again, or a set would follow a stretch of the index.
        let mixed = tag.wrapping_mul(0x9E37_79B1);
        self.sets
            .get_mut(((u64::from(mixed) * sets) >> 32) as usize)
    }

    /// Whether the key was evicted lately; it is not a ghost any more then.
    pub(super) fn remove(&mut self, tag: u32) -> bool {
        let tag = tag.max(1);
        let Some(set) = self.set(tag) else {
            return false;
        };
        // All at once first, because most keys are no ghosts.
        let found: u32 = set.iter().map(|&ghost| u32::from(ghost == tag)).sum();
        if found == 0 {
            return false;
        }
        let Some(at) = set.iter().position(|&ghost| ghost == tag) else {
            return false;
        };
        set.copy_within(at + 1.., at);
        set[WAYS - 1] = 0;
        true
    }

    /// Remembers an evicted key; `entries` is how many the shard holds now that it is full.
    pub(super) fn add(&mut self, tag: u32, entries: usize) {
        let wanted = (entries * SHARE / SHARE_OF).div_ceil(WAYS).max(1);
        // Made at the first eviction, because only then it is known what "full" means; a cache bound by weight may
        // learn later that it holds many more.
        if self.sets.len() * 2 < wanted {
            self.sets = vec![[0; WAYS]; wanted].into_boxed_slice();
        }
        let tag = tag.max(1);
        if let Some(set) = self.set(tag) {
            set.copy_within(..WAYS - 1, 1);
            set[0] = tag;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ghost_is_found_once() {
        let mut ghosts = Ghosts::default();
        assert!(!ghosts.remove(5));
        ghosts.add(5, 100);
        assert!(ghosts.remove(5));
        assert!(!ghosts.remove(5));
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let mut ghosts = Ghosts::default();
        for tag in 1..=9 {
            ghosts.add(tag, 8);
        }
        assert!(!ghosts.remove(1));
        assert!((2..=9).all(|tag| ghosts.remove(tag)));
    }
}
