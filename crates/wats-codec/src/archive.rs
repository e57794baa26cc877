//! The archive form: reports stored in about a seventh of their JSON, faster to write and read.
//!
//! What makes JSON of many reports large is said over and over: keys, the pattern of keys and kinds
//! in each object, texts. The archive says each once. It is lossless for every tree of null, truth
//! values, 64-bit integers, floats (bit for bit), text, bytes, lists and maps with text keys in
//! their order, and describes itself: no schema is needed to read it.
//!
//! ```text
//! c1 'W' 'A' version        c1 begins no MessagePack, JSON, gzip or Zstandard
//! keys      count, then the length of each, then all of them joined, as UTF-8
//! texts     the same, in the order of their first use
//! shapes    count, then for each: entries, then (key, kind) per entry
//! frames    for each list and map in document order:
//!             map   its shape
//!             list  items * 2, then the kind of all (none if empty); or
//!                   items * 2 + 1, then the kind of each
//! values    the kind of the root, then what each value has beside its kind, in document order
//! checksum  of everything before: eight bytes, least significant first
//! ```
//! `keys`, `texts`, `shapes`, `frames` and `values` each begin with their length in bytes. Numbers are
//! LEB128. The kinds are the constants in [`kind`]. Texts of a known form (times, UUIDs and the
//! identifiers of TestStand) are kinds of their own, in binary.
//!
//! `writer` is a [`Sink`](crate::fast::Sink) and `reader` a [`Source`](crate::fast::Source) of the
//! fast path; `transcode` leads any other type through MessagePack. `table` finds what was said
//! before; `text` knows the texts of a known form.

mod reader;
mod table;
mod text;
mod transcode;
mod writer;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::fast::{Decode, Encode};
use crate::{Error, Format, Limits, Position, Result, msgpack};
use reader::ArchiveSource;
use writer::ArchiveSink;

pub(crate) const MAGIC: [u8; 3] = [0xc1, b'W', b'A'];
const VERSION: u8 = 1;
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
    pub(super) const LAST: u8 = MAP;
}

/// Writes any `serde` type.
pub(crate) fn write<T: Serialize + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
    limits: &Limits,
) -> Result<()> {
    let mut packed = Vec::new();
    msgpack::write(value, &mut packed, limits)?;
    let mut sink = ArchiveSink::new(limits.depth());
    transcode::to_archive(&packed, &mut sink)?;
    sink.finish(out)
}

/// Writes by the fast path.
pub(crate) fn write_fast<T: Encode + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
    limits: &Limits,
) -> Result<()> {
    let mut sink = ArchiveSink::new(limits.depth());
    value.encode(&mut sink);
    sink.finish(out)
}

/// Reads any `serde` type.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T> {
    let mut source = ArchiveSource::new(bytes, limits)?;
    let packed = transcode::to_msgpack(&mut source)?;
    source.at_end()?;
    // Its tables may be large, and so may be what comes now.
    drop(source);
    msgpack::read(&packed, limits).map_err(|error| match error {
        // A position in MessagePack that nobody has seen says nothing.
        Error::Data { reason, source, .. } => Error::Data {
            format: Format::Archive,
            at: Position::Offset(0),
            reason,
            source,
        },
        other => other,
    })
}

/// Reads by the fast path; `None` if it gives up.
pub(crate) fn read_fast<T: Decode>(bytes: &[u8], limits: &Limits) -> Option<T> {
    let mut source = ArchiveSource::new(bytes, limits).ok()?;
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

#[inline]
fn push_number(out: &mut Vec<u8>, number: u64) {
    // Most take one byte.
    if number < 0x80 {
        return out.push(number as u8);
    }
    push_long_number(out, number);
}

#[inline(never)]
fn push_long_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[inline]
fn take_number(from: &mut &[u8]) -> Option<u64> {
    // Most take one byte.
    match from.split_first()? {
        (byte @ 0..0x80, rest) => {
            *from = rest;
            Some(u64::from(*byte))
        }
        _ => take_long_number(from),
    }
}

fn take_long_number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    let mut shift = 0;
    loop {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        let digits = u64::from(byte & 0x7f);
        // The tenth byte has room for one bit.
        if shift == 63 && digits > 1 {
            return None;
        }
        number |= digits << shift;
        if *byte < 0x80 {
            return Some(number);
        }
        shift += 7;
        if shift > 63 {
            return None;
        }
    }
}

fn take_length(from: &mut &[u8]) -> Option<usize> {
    take_number(from)?.try_into().ok()
}

const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_survive(number: u64, shift in 0..64u32) {
            let number = number >> shift;
            let mut bytes = Vec::new();
            push_number(&mut bytes, number);
            let mut rest = &bytes[..];
            prop_assert_eq!(take_number(&mut rest), Some(number));
            prop_assert!(rest.is_empty());
            let signed = number.cast_signed();
            prop_assert_eq!(unzigzag(zigzag(signed)), signed);
        }
    }

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

    #[test]
    fn numbers_beyond_64_bits_are_refused() {
        assert_eq!(take_number(&mut &[0xff; 11][..]), None);
        assert_eq!(take_number(&mut &[0x80; 3][..]), None);
        let mut most = [0xff; 10];
        most[9] = 1;
        assert_eq!(take_number(&mut &most[..]), Some(u64::MAX));
        most[9] = 2;
        assert_eq!(take_number(&mut &most[..]), None);
    }
}
