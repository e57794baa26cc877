//! Writes an archive: a sink of the fast path.
//!
//! A map's shape is known only at its end, but stands before it. So shapes and list kinds go into
//! frames, which are reserved at the beginning and filled at the end, apart from the values.

use serde::Serialize;

use super::table::{Index, Texts, hash_words};
use super::{MAGIC, VERSION, checksum, kind, push_number, text, transcode, zigzag};
use crate::fast::{Key, Sink, sealed::Sealed};
use crate::{Error, Format, Limits, Result, msgpack};

/// Numbers of texts that lie in the program itself, by where they lie. Not more of them than this.
const REMEMBERED: usize = 256;

struct Remembered([(usize, u32); REMEMBERED]);

impl Remembered {
    /// The number of a text in `texts`, and whether it is new there.
    #[inline]
    fn number(&mut self, name: &'static str, texts: &mut Texts) -> (u32, bool) {
        let address = name.as_ptr() as usize;
        // Texts lie close together, and at any distance: only the upper half of a product spreads them.
        let spread = (address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let place = spread as usize % REMEMBERED;
        let Some(place) = self.0.get_mut(place) else {
            return texts.number(name);
        };
        // Two texts of different lengths may begin at one address.
        let known = address ^ name.len().rotate_right(8);
        if place.0 == known {
            return (place.1, false);
        }
        Self::learn(place, known, name, texts)
    }

    /// Apart, so that the code of every key stays small.
    #[cold]
    #[inline(never)]
    fn learn(
        place: &mut (usize, u32),
        known: usize,
        name: &'static str,
        texts: &mut Texts,
    ) -> (u32, bool) {
        let (number, new) = texts.number(name);
        *place = (known, number);
        (number, new)
    }
}

pub(crate) struct ArchiveSink {
    keys: Texts,
    texts: Texts,
    shapes: Shapes,
    frames: Vec<Frame>,
    values: Vec<u8>,
    /// For every value in the open lists and maps: its key above, its kind in the low byte.
    entries: Vec<u64>,
    /// For every open list and map: its first entry and its frame.
    open: Vec<(usize, usize)>,
    known_keys: Remembered,
    known_texts: Remembered,
    last_time: i64,
    max_depth: usize,
    fault: Option<Error>,
}

/// The shape of a map, or the kinds of a list.
enum Frame {
    Shape(u32),
    Same { items: usize, kind: u8 },
    Mixed(Vec<u8>),
}

/// Every pattern of keys and kinds, once.
struct Shapes {
    index: Index,
    entries: Vec<u64>,
    ends: Vec<usize>,
}

impl Shapes {
    fn number(&mut self, shape: &[u64]) -> u32 {
        let hash = hash_words(shape);
        let known = |number| get(&self.entries, &self.ends, number) == shape;
        if let Some(number) = self.index.find(hash, known) {
            return number;
        }
        let number = self.ends.len() as u32;
        self.entries.extend_from_slice(shape);
        self.ends.push(self.entries.len());
        let (entries, ends) = (&self.entries, &self.ends);
        let hash_of = |number| hash_words(get(entries, ends, number));
        self.index.file(hash, number, hash_of);
        number
    }
}

fn get<'a>(entries: &'a [u64], ends: &[usize], number: u32) -> &'a [u64] {
    let number = number as usize;
    let start = match number {
        0 => 0,
        _ => ends.get(number - 1).copied().unwrap_or_default(),
    };
    let end = ends.get(number).copied().unwrap_or_default();
    entries.get(start..end).unwrap_or_default()
}

impl ArchiveSink {
    pub(crate) fn new(max_depth: usize) -> Self {
        Self {
            keys: Texts::new(),
            texts: Texts::new(),
            shapes: Shapes {
                index: Index::new(),
                entries: Vec::new(),
                ends: Vec::new(),
            },
            frames: Vec::new(),
            values: Vec::new(),
            // The root.
            entries: vec![0],
            open: Vec::new(),
            known_keys: Remembered([(0, 0); REMEMBERED]),
            known_texts: Remembered([(0, 0); REMEMBERED]),
            last_time: 0,
            max_depth,
            fault: None,
        }
    }

    /// Puts the archive together at the end of `out`.
    pub(crate) fn finish(self, out: &mut Vec<u8>) -> Result<()> {
        if let Some(error) = self.fault {
            return Err(error);
        }
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        out.push(VERSION);
        let mut section = |bytes: &[&[u8]]| {
            let length: usize = bytes.iter().map(|part| part.len()).sum();
            push_number(out, length as u64);
            for part in bytes {
                out.extend_from_slice(part);
            }
        };

        for texts in [&self.keys, &self.texts] {
            let mut lengths = Vec::with_capacity(texts.ends.len() + 8);
            push_number(&mut lengths, texts.ends.len() as u64);
            let mut before = 0;
            for end in &texts.ends {
                push_number(&mut lengths, (end - before) as u64);
                before = *end;
            }
            section(&[&lengths, &texts.joined]);
        }

        let mut shapes = Vec::new();
        push_number(&mut shapes, self.shapes.ends.len() as u64);
        for number in 0..self.shapes.ends.len() as u32 {
            let shape = get(&self.shapes.entries, &self.shapes.ends, number);
            push_number(&mut shapes, shape.len() as u64);
            for entry in shape {
                push_number(&mut shapes, entry >> 8);
                shapes.push(*entry as u8);
            }
        }
        section(&[&shapes]);

        let mut frames = Vec::with_capacity(self.frames.len() * 2);
        for frame in &self.frames {
            match frame {
                Frame::Shape(number) => push_number(&mut frames, u64::from(*number)),
                Frame::Same { items, kind } => {
                    push_number(&mut frames, *items as u64 * 2);
                    if *items > 0 {
                        frames.push(*kind);
                    }
                }
                Frame::Mixed(kinds) => {
                    push_number(&mut frames, kinds.len() as u64 * 2 + 1);
                    frames.extend_from_slice(kinds);
                }
            }
        }
        section(&[&frames]);

        let root = self.entries.first().map_or(kind::NULL, |root| *root as u8);
        section(&[&[root], &self.values]);

        let sum = checksum(out.get(start..).unwrap_or_default());
        out.extend_from_slice(&sum.to_le_bytes());
        Ok(())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.kind(kind::BYTES);
        push_number(&mut self.values, bytes.len() as u64);
        self.values.extend_from_slice(bytes);
    }

    #[inline]
    fn kind(&mut self, kind: u8) {
        if let Some(entry) = self.entries.last_mut() {
            *entry |= u64::from(kind);
        }
    }

    /// A text among the values: 0 if it is new, else its number from 1.
    #[inline]
    fn text(&mut self, (number, new): (u32, bool)) {
        self.kind(kind::TEXT);
        let number = if new { 0 } else { u64::from(number) + 1 };
        push_number(&mut self.values, number);
    }

    #[inline]
    fn enter(&mut self, kind: u8) -> bool {
        if self.open.len() == self.max_depth {
            self.fault.get_or_insert(Error::TooDeep {
                limit: self.max_depth,
                at: None,
            });
        }
        if self.fault.is_some() {
            return false;
        }
        self.kind(kind);
        self.open.push((self.entries.len(), self.frames.len()));
        self.frames.push(Frame::Shape(0));
        true
    }
}

impl Sealed for ArchiveSink {}

impl Sink for ArchiveSink {
    #[inline]
    fn null(&mut self) {
        self.kind(kind::NULL);
    }

    #[inline]
    fn bool(&mut self, value: bool) {
        self.kind(if value { kind::TRUE } else { kind::FALSE });
    }

    #[inline]
    fn u64(&mut self, value: u64) {
        self.kind(kind::UNSIGNED);
        push_number(&mut self.values, value);
    }

    #[inline]
    fn i64(&mut self, value: i64) {
        if value >= 0 {
            return self.u64(value.unsigned_abs());
        }
        self.kind(kind::NEGATIVE);
        push_number(&mut self.values, (!value).unsigned_abs());
    }

    #[inline]
    fn f64(&mut self, value: f64) {
        if let Some((digits, decimals)) = decimal(value) {
            self.kind(kind::DECIMAL);
            push_number(&mut self.values, zigzag(digits) << 4 | u64::from(decimals));
        } else {
            self.kind(kind::FLOAT);
            self.values.extend_from_slice(&value.to_le_bytes());
        }
    }

    #[inline]
    fn float(&mut self, value: f64) {
        self.f64(value);
    }

    #[inline]
    fn str(&mut self, value: &str) {
        match value.len() {
            24 | 29 => {
                if let Some((millis, utc)) = text::parse_time(value.as_bytes()) {
                    self.kind(kind::TIME);
                    let step = zigzag(millis.wrapping_sub(self.last_time)) << 1 | u64::from(utc);
                    self.last_time = millis;
                    return push_number(&mut self.values, step);
                }
            }
            36 => {
                if let Some(uuid) = text::parse_uuid(value.as_bytes()) {
                    self.kind(kind::UUID);
                    return self.values.extend_from_slice(&uuid);
                }
            }
            26 => {
                if let Some(guid) = text::parse_guid(value.as_bytes()) {
                    self.kind(kind::GUID);
                    return self.values.extend_from_slice(&guid);
                }
            }
            _ => {}
        }
        let number = self.texts.number(value);
        self.text(number);
    }

    #[inline]
    fn symbol(&mut self, key: &Key) {
        let number = self.known_texts.number(key.name(), &mut self.texts);
        self.text(number);
    }

    #[inline]
    fn begin_map(&mut self, _entries: usize) -> bool {
        self.enter(kind::MAP)
    }

    #[inline]
    fn key(&mut self, key: &Key) {
        let (number, _) = self.known_keys.number(key.name(), &mut self.keys);
        self.entries.push(u64::from(number) << 8);
    }

    #[inline]
    fn dynamic_key(&mut self, key: &str) {
        let (number, _) = self.keys.number(key);
        self.entries.push(u64::from(number) << 8);
    }

    #[inline]
    fn end_map(&mut self) {
        let Some((start, frame)) = self.open.pop() else {
            return;
        };
        let shape = self.entries.get(start..).unwrap_or_default();
        let number = self.shapes.number(shape);
        self.entries.truncate(start);
        if let Some(frame) = self.frames.get_mut(frame) {
            *frame = Frame::Shape(number);
        }
    }

    #[inline]
    fn begin_list(&mut self, _items: usize) -> bool {
        self.enter(kind::LIST)
    }

    #[inline]
    fn item(&mut self) {
        self.entries.push(0);
    }

    #[inline]
    fn end_list(&mut self) {
        let Some((start, frame)) = self.open.pop() else {
            return;
        };
        let kinds = self.entries.get(start..).unwrap_or_default();
        let first = kinds.first().copied().unwrap_or_default();
        let filled = if kinds.iter().all(|kind| *kind == first) {
            Frame::Same {
                items: kinds.len(),
                kind: first as u8,
            }
        } else {
            Frame::Mixed(kinds.iter().map(|kind| *kind as u8).collect())
        };
        self.entries.truncate(start);
        if let Some(frame) = self.frames.get_mut(frame) {
            *frame = filled;
        }
    }

    fn serde<T: Serialize + ?Sized>(&mut self, value: &T) {
        let mut packed = Vec::new();
        let rest = Limits::default().max_depth(self.max_depth - self.open.len());
        let written = msgpack::write(value, &mut packed, &rest)
            .and_then(|()| transcode::to_archive(&packed, self));
        if let Err(error) = written {
            self.fault.get_or_insert(match error {
                Error::Unwritable { reason, source, .. } => Error::Unwritable {
                    format: Format::Archive,
                    reason,
                    source,
                },
                other => other,
            });
        }
    }
}

pub(super) const POWERS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// A float as digits and a number of decimals, if that gives the same float back, bit for bit.
#[inline]
pub(super) fn decimal(value: f64) -> Option<(i64, u8)> {
    let size = value.abs();
    // Below 2^52 after scaling, so that digits and power are exact and one division rounds right.
    let most = match size {
        ..4e6 => 9,
        4e6..4e12 => 3,
        _ => return None,
    };
    // Limits have one decimal mostly; whoever has none of few has many.
    let (digits, decimals) = match scaled(size, 1) {
        Some(digits) if digits % 10 == 0 => (digits / 10, 0),
        Some(digits) => (digits, 1),
        // Shorter digits over a smaller power are the same number, and rounded the same.
        None => shortened(scaled(size, most)?, most),
    };
    // -0 has no digits to carry the sign.
    match (value.is_sign_negative(), digits) {
        (true, 0) => None,
        (true, digits) => Some((-digits, decimals)),
        (false, digits) => Some((digits, decimals)),
    }
}

#[inline]
fn power(decimals: u8) -> f64 {
    POWERS.get(usize::from(decimals)).copied().unwrap_or(1.0)
}

/// The digits of `size` with so many decimals, if it has no more.
#[inline]
fn scaled(size: f64, decimals: u8) -> Option<i64> {
    let digits = (size * power(decimals) + 0.5) as i64;
    let same = (digits as f64 / power(decimals)).to_bits() == size.to_bits();
    same.then_some(digits)
}

/// Without the zeros at the end.
#[inline]
fn shortened(mut digits: i64, mut decimals: u8) -> (i64, u8) {
    for (zeros, power) in [(4, 10_000), (2, 100), (2, 100), (1, 10)] {
        if decimals >= zeros && digits % power == 0 {
            digits /= power;
            decimals -= zeros;
        }
    }
    (digits, decimals)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn decimals_are_exact(
            digits in -4_000_000_000_000_000i64..4_000_000_000_000_000,
            decimals in 0..12u8,
            any: f64,
        ) {
            for value in [digits as f64 / 10f64.powi(i32::from(decimals)), any] {
                if let Some((digits, decimals)) = decimal(value) {
                    let back = digits as f64 / POWERS[usize::from(decimals)];
                    prop_assert_eq!(back.to_bits(), value.to_bits());
                }
            }
        }
    }

    #[test]
    fn few_decimals_are_found() {
        assert_eq!(decimal(0.1), Some((1, 1)));
        assert_eq!(decimal(-0.3), Some((-3, 1)));
        assert_eq!(decimal(5.0), Some((5, 0)));
        assert_eq!(decimal(0.0), Some((0, 0)));
        assert_eq!(decimal(2.345_678_9), Some((23_456_789, 7)));
        for value in [-0.0, f64::NAN, f64::INFINITY, 1e300, 5e-324, 1.0 / 3.0] {
            assert_eq!(decimal(value), None, "{value}");
        }
    }
}
