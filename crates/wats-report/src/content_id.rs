//! An id for a report that has none, made of what it was read from.

use uuid::Uuid;

/// An id made of bytes, always the same of the same ones (FNV-1a of 128 bits, as a UUID of version 8).
pub(crate) fn id_of(bytes: &[u8]) -> Uuid {
    let mut content = ContentId::default();
    content.add(bytes);
    content.id()
}

/// The id of what comes piece by piece.
pub(crate) struct ContentId(u128);

impl Default for ContentId {
    fn default() -> Self {
        Self(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)
    }
}

impl ContentId {
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        self.0 = bytes.iter().fold(self.0, |hash, byte| {
            (hash ^ u128::from(*byte)).wrapping_mul(PRIME)
        });
    }

    /// That of all bytes so far.
    pub(crate) fn id(&self) -> Uuid {
        uuid::Builder::from_custom_bytes(self.0.to_be_bytes()).into_uuid()
    }
}
