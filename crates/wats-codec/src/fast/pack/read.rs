//! Reading MessagePack. [`de`](super::de) hands what is found to `serde`.

use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::Value;

use crate::fast::{Key, Kind, Number, Source, sealed::Sealed};
use crate::float::from_text;
use crate::msgpack::skip_value;

/// Reads MessagePack of the usual shapes.
pub(crate) struct PackSource<'de> {
    rest: &'de [u8],
    depth: usize,
    max_depth: usize,
    /// Whether types that differ by `is_human_readable` are to be read in their form for programs.
    pub(super) compact: bool,
    /// Whether a float that is not finite stood where any type might.
    pub(super) special: bool,
    pub(super) stand_in: Option<StandIn<'de>>,
    /// Whether something took what stands in.
    pub(super) taken: bool,
}

/// What is handed over in place of some floats that are not finite.
#[derive(Clone, Copy)]
pub(crate) struct StandIn<'de> {
    /// Which: so many bytes are left where they begin.
    pub(crate) for_left: &'de [usize],
    /// A value in MessagePack.
    pub(crate) value: &'static [u8],
}

/// A string of so many bytes takes no more from an allocator than a shorter one.
const FEW: usize = 16;

/// Room for the longest text whose length is in its marker, placed as the check of UTF-8 likes it.
#[repr(align(16))]
struct Block([u8; 32]);

impl Block {
    /// Ones for the first `length` bytes.
    #[allow(clippy::inline_always, reason = "measured: 3 % of reading")]
    #[inline(always)]
    fn mask(length: usize) -> Option<&'static [u8; 32]> {
        const ONES_AND_ZEROS: [u8; 64] = {
            let mut bytes = [0; 64];
            let mut at = 0;
            while at < 32 {
                bytes[at] = 0xff;
                at += 1;
            }
            bytes
        };
        ONES_AND_ZEROS.get(32 - length..)?.first_chunk()
    }

    #[allow(clippy::inline_always, reason = "measured: 3 % of reading")]
    #[inline(always)]
    fn masked(bytes: &[u8; 32], mask: &[u8; 32]) -> Self {
        let mut block = [0; 32];
        for (place, (byte, mask)) in block.iter_mut().zip(bytes.iter().zip(mask)) {
            *place = byte & mask;
        }
        Self(block)
    }
}

/// Entries or items still to come.
pub(crate) struct Left(u32);

impl Left {
    pub(crate) fn count(&self) -> usize {
        self.0 as usize
    }
}

impl<'de> PackSource<'de> {
    pub(crate) fn new(bytes: &'de [u8], max_depth: usize) -> Self {
        Self {
            rest: bytes,
            depth: 0,
            max_depth,
            compact: false,
            special: false,
            stand_in: None,
            taken: false,
        }
    }

    /// Reads types that differ by `is_human_readable` in their form for programs.
    pub(crate) fn compact(mut self, compact: bool) -> Self {
        self.compact = compact;
        self
    }

    pub(crate) fn with_stand_in(mut self, stand_in: StandIn<'de>) -> Self {
        self.stand_in = Some(stand_in);
        self
    }

    /// What is left to be read.
    pub(crate) fn rest(&self) -> &'de [u8] {
        self.rest
    }

    /// Whether a float that is not finite was handed over where any type might have stood.
    pub(crate) fn was_special(&self) -> bool {
        self.special
    }

    /// Whether something took what stands in for a float, whatever became of it.
    pub(crate) fn was_taken(&self) -> bool {
        self.taken
    }

    pub(super) fn go_back(&mut self, rest: &'de [u8]) {
        self.rest = rest;
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(crate) fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn next_marker(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Bytes, which the fast path itself has no use for.
    pub(crate) fn bytes(&mut self) -> Option<&'de [u8]> {
        let length = match self.byte()? {
            0xc4 => usize::from(self.byte()?),
            0xc5 => self.length16()?,
            0xc6 => self.length32()?,
            _ => return None,
        };
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    #[inline]
    fn digits<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (digits, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*digits)
    }

    #[inline]
    fn length16(&mut self) -> Option<usize> {
        Some(usize::from(u16::from_be_bytes(self.digits()?)))
    }

    #[inline]
    fn length32(&mut self) -> Option<usize> {
        Some(u32::from_be_bytes(self.digits()?) as usize)
    }

    /// An extension: its type and contents.
    pub(super) fn extended(&mut self) -> Option<(i8, &'de [u8])> {
        let length = match self.byte()? {
            0xc7 => usize::from(self.byte()?),
            0xc8 => self.length16()?,
            0xc9 => self.length32()?,
            marker @ 0xd4..=0xd8 => 1 << (marker - 0xd4),
            _ => return None,
        };
        let of_type = self.byte()?.cast_signed();
        let (contents, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some((of_type, contents))
    }

    #[inline]
    pub(super) fn raw_text(&mut self) -> Option<&'de str> {
        let length = match self.byte()? {
            marker @ 0xa0..=0xbf => usize::from(marker & 31),
            0xd9 => usize::from(self.byte()?),
            0xda => self.length16()?,
            0xdb => self.length32()?,
            _ => return None,
        };
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }

    /// [`raw_text`](Self::raw_text) for `take`. Most texts are short, and checking such a one byte
    /// for byte costs more than all else about it: it is checked in a block, padded with zeros.
    #[allow(clippy::inline_always, reason = "measured: 3 % of reading")]
    #[inline(always)]
    fn with_text<T>(&mut self, take: impl FnOnce(&str) -> T) -> Option<T> {
        if let Some((marker @ 0xa0..=0xbf, after)) = self.rest.split_first() {
            let length = usize::from(marker & 31);
            if let (Some(block), Some(mask)) = (after.first_chunk(), Block::mask(length)) {
                let block = Block::masked(block, mask);
                self.rest = after.get(length..)?;
                return Some(take(std::str::from_utf8(&block.0).ok()?.get(..length)?));
            }
        }
        self.raw_text().map(take)
    }

    #[inline]
    fn enter(&mut self, count: usize) -> Option<Left> {
        if self.depth == self.max_depth {
            return None;
        }
        self.depth += 1;
        u32::try_from(count).ok().map(Left)
    }
}

impl Sealed for PackSource<'_> {}

impl<'de> Source<'de> for PackSource<'de> {
    type Map = Left;
    type List = Left;

    #[inline]
    fn next_kind(&mut self) -> Kind {
        match self.next_marker() {
            Some(0xa0..=0xbf | 0xd9..=0xdb) => Kind::Text,
            Some(0..=0x7f | 0xca..=0xd3 | 0xe0..) => Kind::Number,
            Some(0xc0) => Kind::Null,
            Some(0xc2 | 0xc3) => Kind::Bool,
            Some(0x80..=0x8f | 0xde | 0xdf) => Kind::Map,
            Some(0x90..=0x9f | 0xdc | 0xdd) => Kind::List,
            _ => Kind::Other,
        }
    }

    #[inline]
    fn null(&mut self) -> bool {
        match self.rest.split_first() {
            Some((0xc0, rest)) => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    #[inline]
    fn bool(&mut self) -> Option<bool> {
        match self.byte()? {
            0xc2 => Some(false),
            0xc3 => Some(true),
            _ => None,
        }
    }

    #[inline]
    fn u64(&mut self) -> Option<u64> {
        Some(match self.byte()? {
            value @ 0..=0x7f => u64::from(value),
            0xcc => u64::from(self.byte()?),
            0xcd => u64::from(u16::from_be_bytes(self.digits()?)),
            0xce => u64::from(u32::from_be_bytes(self.digits()?)),
            0xcf => u64::from_be_bytes(self.digits()?),
            _ => return None,
        })
    }

    #[inline]
    fn i64(&mut self) -> Option<i64> {
        Some(match *self.rest.first()? {
            0xe0..=0xff => i64::from(self.byte()?.cast_signed()),
            0xd0 => {
                let [_, value] = self.digits()?;
                i64::from(value.cast_signed())
            }
            0xd1 => {
                let [_, digits @ ..] = self.digits::<3>()?;
                i64::from(i16::from_be_bytes(digits))
            }
            0xd2 => {
                let [_, digits @ ..] = self.digits::<5>()?;
                i64::from(i32::from_be_bytes(digits))
            }
            0xd3 => {
                let [_, digits @ ..] = self.digits::<9>()?;
                i64::from_be_bytes(digits)
            }
            _ => self.u64()?.try_into().ok()?,
        })
    }

    #[inline]
    fn number(&mut self) -> Option<Number> {
        match self.next_marker()? {
            0xca | 0xcb => self.f64().map(Number::Float),
            0xd0..=0xd3 | 0xe0.. => self.i64().map(Number::Signed),
            _ => self.u64().map(Number::Unsigned),
        }
    }

    #[inline]
    fn f64(&mut self) -> Option<f64> {
        if let Some(([0xcb, digits @ ..], rest)) = self.rest.split_first_chunk::<9>() {
            self.rest = rest;
            return Some(f64::from_be_bytes(*digits));
        }
        match *self.rest.first()? {
            0xca => {
                let [_, digits @ ..] = self.digits::<5>()?;
                Some(f64::from(f32::from_be_bytes(digits)))
            }
            0xcf => self.u64().map(|value| value as f64),
            _ => self.i64().map(|value| value as f64),
        }
    }

    #[inline]
    fn float(&mut self) -> Option<f64> {
        if matches!(self.rest.first()?, 0xa0..=0xbf | 0xd9..=0xdb) {
            return from_text(self.raw_text()?);
        }
        self.f64()
    }

    #[allow(
        clippy::inline_always,
        reason = "the key is a constant only where it is inlined"
    )]
    #[inline(always)]
    fn try_symbol(&mut self, key: &Key) -> bool {
        match self.rest.strip_prefix(key.pack) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    #[inline]
    fn text<T>(&mut self, take: impl FnOnce(&str) -> T) -> Option<T> {
        self.with_text(take)
    }

    /// Most texts are of up to [`FEW`] bytes. Then so many are copied, which takes no look at the length.
    #[inline]
    fn string(&mut self) -> Option<String> {
        if let Some((marker @ 0xa1..=0xb0, after)) = self.rest.split_first() {
            let length = usize::from(marker & 31);
            if let (Some(block), Some(mask)) = (after.first_chunk(), Block::mask(length)) {
                let block = Block::masked(block, mask);
                self.rest = after.get(length..)?;
                let text = block.0.first_chunk::<FEW>()?;
                let mut copy = String::with_capacity(FEW);
                copy.push_str(std::str::from_utf8(text).ok()?);
                copy.truncate(length);
                return Some(copy);
            }
        }
        self.text(str::to_owned)
    }

    fn value(&mut self) -> Option<Value> {
        self.serde()
    }

    fn skip(&mut self) -> Option<()> {
        let end = skip_value(self.rest, 0, self.max_depth - self.depth).ok()?;
        self.rest = self.rest.get(end..)?;
        Some(())
    }

    fn serde<T: DeserializeOwned>(&mut self) -> Option<T> {
        self.seed(PhantomData)
    }

    fn seed<T>(&mut self, seed: impl for<'x> DeserializeSeed<'x, Value = T>) -> Option<T> {
        let value = seed.deserialize(&mut *self).ok()?;
        (!self.special).then_some(value)
    }

    #[inline]
    fn begin_map(&mut self) -> Option<Left> {
        let entries = match self.byte()? {
            marker @ 0x80..=0x8f => usize::from(marker & 15),
            0xde => self.length16()?,
            0xdf => self.length32()?,
            _ => return None,
        };
        self.enter(entries)
    }

    #[allow(
        clippy::inline_always,
        reason = "the key is a constant only where it is inlined"
    )]
    #[inline(always)]
    fn try_key(&mut self, map: &mut Left, key: &Key, _index: usize) -> bool {
        if map.0 == 0 || !self.try_symbol(key) {
            return false;
        }
        map.0 -= 1;
        true
    }

    #[inline]
    fn next_key<T>(&mut self, map: &mut Left, take: impl FnOnce(&str) -> T) -> Option<Option<T>> {
        if map.0 == 0 {
            self.leave();
            return Some(None);
        }
        map.0 -= 1;
        Some(Some(take(self.raw_text()?)))
    }

    #[inline]
    fn begin_list(&mut self) -> Option<Left> {
        let items = match self.byte()? {
            marker @ 0x90..=0x9f => usize::from(marker & 15),
            0xdc => self.length16()?,
            0xdd => self.length32()?,
            _ => return None,
        };
        self.enter(items)
    }

    #[inline]
    fn next_item(&mut self, list: &mut Left) -> Option<bool> {
        if list.0 == 0 {
            self.leave();
            return Some(false);
        }
        list.0 -= 1;
        Some(true)
    }

    #[inline]
    fn remaining(&self, list: &Left) -> usize {
        // Every item takes a byte at least.
        (list.0 as usize).min(self.rest.len())
    }
}
