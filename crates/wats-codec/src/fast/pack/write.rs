//! Writing MessagePack.

use serde::Serialize;

use crate::fast::{Key, Sink, sealed::Sealed};
use crate::{Error, Limits, Result, msgpack};

/// Writes what `rmp-serde` writes for the same value with named fields.
pub(crate) struct PackSink {
    out: Vec<u8>,
    depth: usize,
    max_depth: usize,
    fault: Option<Error>,
}

impl PackSink {
    pub(crate) fn new(out: Vec<u8>, max_depth: usize) -> Self {
        Self {
            out,
            depth: 0,
            max_depth,
            fault: None,
        }
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        match self.fault {
            Some(error) => Err(error),
            None => Ok(self.out),
        }
    }

    /// Bytes, which the fast path itself has no use for.
    #[cfg(feature = "archive")]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        match bytes.len() {
            length @ 0..256 => self.marked(0xc4, [length as u8]),
            length => self.length(length, 0xc5),
        }
        self.out.extend_from_slice(bytes);
    }

    fn enter(&mut self) -> bool {
        if self.depth == self.max_depth {
            self.fault.get_or_insert(Error::TooDeep {
                limit: self.max_depth,
                at: None,
            });
            return false;
        }
        self.depth += 1;
        self.fault.is_none()
    }

    #[inline]
    fn marked<const N: usize>(&mut self, marker: u8, digits: [u8; N]) {
        self.out.push(marker);
        self.out.extend_from_slice(&digits);
    }

    /// A length beyond 2^32 - 1 is beyond the format.
    fn length(&mut self, length: usize, marker16: u8) {
        match (u16::try_from(length), u32::try_from(length)) {
            (Ok(length), _) => self.marked(marker16, length.to_be_bytes()),
            (_, Ok(length)) => self.marked(marker16 + 1, length.to_be_bytes()),
            _ => {
                self.fault.get_or_insert(Error::TooLarge {
                    limit: u32::MAX as usize,
                });
            }
        }
    }
}

impl Sealed for PackSink {}

impl Sink for PackSink {
    #[inline]
    fn null(&mut self) {
        self.out.push(0xc0);
    }

    #[inline]
    fn bool(&mut self, value: bool) {
        self.out.push(0xc2 | u8::from(value));
    }

    #[inline]
    fn u64(&mut self, value: u64) {
        match value {
            0..=0x7f => self.out.push(value as u8),
            0x80..=0xff => self.marked(0xcc, [value as u8]),
            0x100..=0xffff => self.marked(0xcd, (value as u16).to_be_bytes()),
            0x1_0000..=0xffff_ffff => self.marked(0xce, (value as u32).to_be_bytes()),
            _ => self.marked(0xcf, value.to_be_bytes()),
        }
    }

    #[inline]
    fn i64(&mut self, value: i64) {
        match value {
            0.. => self.u64(value.unsigned_abs()),
            -32..=-1 => self.out.push(value as u8),
            -0x80..=-33 => self.marked(0xd0, (value as i8).to_be_bytes()),
            -0x8000..=-0x81 => self.marked(0xd1, (value as i16).to_be_bytes()),
            -0x8000_0000..=-0x8001 => self.marked(0xd2, (value as i32).to_be_bytes()),
            _ => self.marked(0xd3, value.to_be_bytes()),
        }
    }

    #[inline]
    fn f64(&mut self, value: f64) {
        let mut bytes = [0xcb; 9];
        if let Some((_, digits)) = bytes.split_first_mut() {
            digits.copy_from_slice(&value.to_be_bytes());
        }
        self.out.extend_from_slice(&bytes);
    }

    #[inline]
    fn float(&mut self, value: f64) {
        self.f64(value);
    }

    #[inline]
    fn str(&mut self, value: &str) {
        match value.len() {
            length @ 0..32 => self.out.push(0xa0 | length as u8),
            length @ 32..256 => self.marked(0xd9, [length as u8]),
            length => self.length(length, 0xda),
        }
        self.out.extend_from_slice(value.as_bytes());
    }

    #[inline]
    fn symbol(&mut self, key: &Key) {
        self.out.extend_from_slice(key.pack);
    }

    #[inline]
    fn begin_map(&mut self, entries: usize) -> bool {
        match entries {
            0..16 => self.out.push(0x80 | entries as u8),
            _ => self.length(entries, 0xde),
        }
        self.enter()
    }

    #[inline]
    fn key(&mut self, key: &Key, _index: usize) {
        self.out.extend_from_slice(key.pack);
    }

    #[inline]
    fn dynamic_key(&mut self, key: &str) {
        self.str(key);
    }

    #[inline]
    fn end_map(&mut self) {
        self.depth -= 1;
    }

    #[inline]
    fn begin_list(&mut self, items: usize) -> bool {
        match items {
            0..16 => self.out.push(0x90 | items as u8),
            _ => self.length(items, 0xdc),
        }
        self.enter()
    }

    #[inline]
    fn item(&mut self) {}

    #[inline]
    fn end_list(&mut self) {
        self.depth -= 1;
    }

    fn serde<T: Serialize + ?Sized>(&mut self, value: &T) {
        let rest = Limits::default().max_depth(self.max_depth - self.depth);
        if let Err(error) = msgpack::write(value, &mut self.out, &rest) {
            self.fault.get_or_insert(error);
        }
    }
}
