//! Which members of an object were read as an explicit null.

/// A bit for each member of a model, in few bytes: exports are full of nulls, so every object has them.
#[derive(Debug, Clone, Copy)]
pub struct Nulls<const BYTES: usize>([u8; BYTES]);

impl<const BYTES: usize> Default for Nulls<BYTES> {
    fn default() -> Self {
        Self([0; BYTES])
    }
}

impl<const BYTES: usize> Nulls<BYTES> {
    #[inline]
    pub fn bits(&self) -> u64 {
        let mut all = [0; 8];
        for (to, from) in all.iter_mut().zip(self.0) {
            *to = from;
        }
        u64::from_le_bytes(all)
    }

    #[inline]
    pub fn set(&mut self, bits: u64) {
        for (to, from) in self.0.iter_mut().zip(bits.to_le_bytes()) {
            *to = from;
        }
    }
}

/// How many bytes hold the bits of so many members; as many as an integer has, so that they are read at once.
pub const fn bytes_for(members: usize) -> usize {
    members.div_ceil(8).next_power_of_two()
}

/// Whether the bit of a member is among these.
#[inline]
pub const fn has(bits: u64, at: usize) -> bool {
    bits >> at & 1 == 1
}
