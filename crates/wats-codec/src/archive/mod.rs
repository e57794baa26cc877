//! The archive form: reports stored in about a seventh of their JSON, faster to write and read.
//!
//! What makes JSON of many reports large is said over and over: keys, the pattern of keys and kinds
//! in each object, texts. The archive says each once. It is lossless for every tree of null, truth
//! values, 64-bit integers, floats (bit for bit), text, bytes, lists and maps with text keys in
//! their order, and describes itself: no schema is needed to read it.
//!
//! ```text
//! c1 'W' 'A' version        c1 begins no MessagePack, JSON, gzip or Zstandard
//! keys      count, then the length + 1 of each, then all of them joined, as UTF-8; in the order of the shapes
//! texts     the same, in the order of their first use; length 0 for one that is packed, which is not among the joined
//! packed    each packed text, its length before it
//! shapes    count, then for each: entries, then (key, kind) per entry
//! frames    for each list and map in document order:
//!             map   its shape
//!             list  items * 2, then the kind of all (none if empty); or
//!                   items * 2 + 1, then the kind of each
//! values    the kind of the root, then what each value has beside its kind, in document order
//! checksum  of everything before: eight bytes, least significant first
//! ```
//! `keys`, `texts`, `packed`, `shapes`, `frames` and `values` each begin with their length in bytes. Numbers tell in their
//! first byte how long they are, as [`number`] has it. The kinds are the constants in [`kind`]. Texts of a known form (times,
//! UUIDs and the identifiers of TestStand) are kinds of their own, in binary. Lists of numbers in a text are packed.
//!
//! A reader takes this version only, and refuses others by name: none of the earlier ones, 1 to 3, was ever released.
//!
//! `writer` is a [`Sink`](crate::fast::Sink) and `reader` a [`Source`](crate::fast::Source) of the
//! fast path; `transcode` leads any other type through MessagePack. In writing, `known` finds texts
//! that were said before, `shapes` maps, and `frames` keeps what stands before them; in reading, `sections` finds the sections and `tables` holds both. `number`, `decimal`,
//! `text` and `packed` know the numbers, the floats of few decimals, the texts of a known form and the lists of numbers;
//! `expanded_size` says what all of it counts for against the limits.

mod decimal;
mod expanded_size;
mod frames;
mod known;
mod number;
mod packed;
mod reader;
mod sections;
mod shapes;
mod tables;
mod text;
mod transcode;
mod writer;

use serde::de::DeserializeOwned;

use crate::detect::ARCHIVE_MAGIC as MAGIC;
use crate::fast::{Decode, Encode};
use crate::{Error, Format, Limits, Position, Result, msgpack};
use reader::ArchiveSource;
use sections::Sections;
use tables::Tables;
use writer::ArchiveSink;

const VERSION: u8 = 4;
const HEADER: usize = MAGIC.len() + 1;
const CHECKSUM: usize = 8;

/// What a value is. Only the comment after the dash stands among the values.
mod kind {
    pub(super) const NULL: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const TRUE: u8 = 2;
    /// An integer from 0 — itself.
    pub(super) const UNSIGNED: u8 = 3;
    /// An integer below 0 — what is left of it to -1.
    pub(super) const NEGATIVE: u8 = 4;
    /// A float — eight bytes, least significant first.
    pub(super) const FLOAT: u8 = 5;
    /// A float of few decimals — 16 * zigzag(digits) + decimals.
    pub(super) const DECIMAL: u8 = 6;
    /// Text — 0 for the next one not used yet, else its number from 1.
    pub(super) const TEXT: u8 = 7;
    /// A time of day and date with milliseconds — 2 * zigzag(ms since the last) + (ends in Z).
    pub(super) const TIME: u8 = 8;
    /// A UUID in small letters — sixteen bytes.
    pub(super) const UUID: u8 = 9;
    /// `ID#:` and 22 digits of base 64 — seventeen bytes.
    pub(super) const GUID: u8 = 10;
    /// Bytes — their number, and they.
    pub(super) const BYTES: u8 = 11;
    /// A list — nothing; its items follow.
    pub(super) const LIST: u8 = 12;
    /// A map — nothing; its values follow.
    pub(super) const MAP: u8 = 13;
    /// A time of day and date with seven decimals — 2 * zigzag(100 ns since the last of these) + (ends in Z); if it
    /// does not, zigzag(minutes from UTC to the zone that it is told in).
    pub(super) const EXACT_TIME: u8 = 14;
    pub(super) const LAST: u8 = EXACT_TIME;
}

/// Writes a value.
pub(crate) fn write<T: Encode + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
    limits: &Limits,
) -> Result<()> {
    let mut sink = ArchiveSink::new(limits.depth());
    value.encode(&mut sink);
    sink.finish(out, limits)
}

/// Reads any `serde` type.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T> {
    let packed = {
        // These may be large, and so may be what comes then.
        let sections = Sections::new(bytes, limits)?;
        let tables = Tables::new(&sections, limits)?;
        let mut source = ArchiveSource::new(&tables);
        let packed = transcode::to_msgpack(&mut source)?;
        source.at_end()?;
        packed
    };
    msgpack::read(&packed, limits).map_err(|error| match error {
        // A position in MessagePack that nobody has seen says nothing.
        Error::Data { reason, source, .. } => Error::Data {
            format: Format::Archive,
            at: Position::Whole,
            reason,
            source,
        },
        other => other,
    })
}

/// Reads by the fast path; `None` if it gives up.
pub(crate) fn read_fast<T: Decode>(bytes: &[u8], limits: &Limits) -> Option<T> {
    let sections = Sections::new(bytes, limits).ok()?;
    let tables = Tables::new(&sections, limits).ok()?;
    let mut source = ArchiveSource::new(&tables);
    let value = T::decode(&mut source)?;
    source.at_end().ok()?;
    Some(value)
}

/// A checksum of four lanes, eight bytes each in turn, of steps that can be undone: whatever becomes
/// of any eight bytes that belong together, the sum differs; of more, but for one in 2^64. Many
/// times as fast as a CRC in software.
fn checksum(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let step = |state: u64, word: u64| (state ^ word).wrapping_mul(ODD).rotate_left(29);
    let mut lanes = [1, 2, 3, 4];
    let mut add = |block: &[u8; 32]| {
        for (lane, word) in lanes.iter_mut().zip(block.as_chunks::<8>().0) {
            *lane = step(*lane, u64::from_le_bytes(*word));
        }
    };
    let (blocks, rest) = bytes.as_chunks::<32>();
    blocks.iter().for_each(&mut add);
    let mut last = [0; 32];
    if let Some(place) = last.get_mut(..rest.len()) {
        place.copy_from_slice(rest);
    }
    add(&last);
    let sum = lanes.into_iter().fold(bytes.len() as u64, step);
    sum ^ sum >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_changed_byte_changes_the_checksum() {
        for length in 0..100 {
            let mut bytes: Vec<u8> = (0..length).collect();
            let mut sums = std::collections::BTreeSet::from([checksum(&bytes)]);
            for at in 0..bytes.len() {
                for flip in [1, 0x80, 0xff] {
                    bytes[at] ^= flip;
                    assert!(sums.insert(checksum(&bytes)), "{length}: {at} ^ {flip}");
                    bytes[at] ^= flip;
                }
            }
            bytes.push(0);
            assert!(sums.insert(checksum(&bytes)), "{length} and a zero");
        }
    }
}
