//! An id for a report that has none, made of what it was read from.

use uuid::Uuid;

/// An id made of bytes, always the same of the same ones (FNV-1a of 128 bits, as a UUID of version 8).
pub(crate) fn id_of(bytes: &[u8]) -> Uuid {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = bytes.iter().fold(BASIS, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(PRIME)
    });
    uuid::Builder::from_custom_bytes(hash.to_be_bytes()).into_uuid()
}
