//! Writes an archive: a sink of the fast path.
//!
//! A map's shape is known only at its end, but stands before it. So shapes and list kinds go into
//! frames, which are reserved at the beginning and filled at the end, apart from the values.

use serde::Serialize;

use super::decimal::decimal;
use super::known::{Dictionary, Texts, get};
use super::number::{push_number, zigzag};
use super::shapes::{Shapes, entry, header};
use super::tables::Budget;
use super::transcode::{self, ToArchive};
use super::{MAGIC, VERSION, checksum, expanded_size, kind, text};
use crate::fast::{Key, Sink, Written, sealed::Sealed};
use crate::{Error, Format, Limits, Result, msgpack};

/// Space for this many of everything is set aside: growing from nothing takes its time.
const AT_FIRST: usize = 1024;

pub(crate) struct ArchiveSink {
    keys: Texts,
    texts: Texts,
    shapes: Shapes,
    frames: Vec<Frame>,
    long: LongFrames,
    values: Vec<u8>,
    /// The kind of the root, and of every value so far in the open lists and maps. Before those of a
    /// struct stands its [`header`].
    kinds: Vec<u8>,
    /// The keys so far of the open maps that are no structs.
    names: Vec<u32>,
    open: Vec<Open>,
    /// What the keys of the innermost map need.
    key_mode: KeyMode,
    known_texts: Dictionary,
    last_time: i64,
    /// The [`expanded_size`] of the texts, bytes and lists so far; maps are counted by their shapes.
    spent: u64,
    max_depth: usize,
    fault: Option<Error>,
}

/// A list or map that is not at its end yet.
struct Open {
    /// Where its part begins of `kinds`, `names` and `frames`.
    kinds: usize,
    names: usize,
    frame: usize,
    /// That of what it stands in.
    key_mode: KeyMode,
}

#[derive(Clone, Copy)]
enum KeyMode {
    /// A struct whose keys all have their numbers.
    Done,
    /// A struct of this type, written with some of its fields for the first time.
    First(u32),
    /// A map of any keys.
    Each,
}

/// The shape of a map, or the kinds of a list, as they stand in the archive. Nearly all of them are
/// of a few bytes; then these stand here, and their number in the last byte.
#[derive(Clone, Copy)]
struct Frame([u8; 8]);

impl Frame {
    /// In place of the number of bytes: they stand in `long`, and here which of them it is.
    const LONG: u8 = 0xff;

    #[inline]
    fn short<const N: usize>(bytes: [u8; N]) -> Self {
        const { assert!(N < 8) };
        let mut frame = [0; 8];
        if let Some(place) = frame.first_chunk_mut() {
            *place = bytes;
        }
        frame[7] = N as u8;
        Self(frame)
    }
}

/// The frames that are not short.
struct LongFrames {
    joined: Vec<u8>,
    ends: Vec<usize>,
}

impl LongFrames {
    #[cold]
    fn add(&mut self, number: u64, kinds: &[u8]) -> Frame {
        push_number(&mut self.joined, number);
        self.joined.extend_from_slice(kinds);
        let [a, b, c, d] = (self.ends.len() as u32).to_le_bytes();
        self.ends.push(self.joined.len());
        Frame([a, b, c, d, 0, 0, 0, Frame::LONG])
    }

    fn get(&self, number: u32) -> &[u8] {
        get(&self.joined, &self.ends, number)
    }
}

impl ArchiveSink {
    pub(crate) fn new(max_depth: usize) -> Self {
        Self {
            keys: Texts::new(),
            texts: Texts::new(),
            shapes: Shapes::new(),
            frames: Vec::with_capacity(AT_FIRST),
            long: LongFrames {
                joined: Vec::new(),
                ends: Vec::new(),
            },
            values: Vec::with_capacity(AT_FIRST),
            kinds: Vec::with_capacity(AT_FIRST),
            names: Vec::new(),
            open: Vec::new(),
            key_mode: KeyMode::Done,
            known_texts: Dictionary::new(),
            last_time: 0,
            spent: 0,
            max_depth,
            fault: None,
        }
    }

    /// Puts the archive together at the end of `out`, unless it were more than a reader with these
    /// limits takes.
    pub(crate) fn finish(self, out: &mut Vec<u8>, limits: &Limits) -> Result<()> {
        if let Some(error) = self.fault {
            return Err(error);
        }
        let budget = Budget::new(limits).suffices(
            self.keys.ends.len(),
            self.texts.ends.len(),
            self.shapes.all().len(),
            self.shapes.entries(),
        );
        if !budget {
            let limit = limits.bytes();
            return Err(Error::TooLarge { limit });
        }
        let mut spent = self.spent;
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
        push_number(&mut shapes, self.shapes.all().len() as u64);
        for (shape, uses) in self.shapes.all() {
            push_number(&mut shapes, shape.len() as u64);
            let mut bytes = 0;
            for entry in shape {
                let key = entry >> 8;
                push_number(&mut shapes, key);
                shapes.push(*entry as u8);
                bytes += expanded_size::entry(self.keys.get(key as u32).len()) as u64;
            }
            spent = spent.saturating_add(bytes.saturating_mul(uses));
        }
        section(&[&shapes]);

        let most = self.frames.len() * 2 + self.long.joined.len() + 8;
        let mut frames = Vec::with_capacity(most);
        for Frame(frame) in &self.frames {
            let [a, b, c, d, .., length] = *frame;
            if length == Frame::LONG {
                let number = u32::from_le_bytes([a, b, c, d]);
                frames.extend_from_slice(self.long.get(number));
            } else {
                let end = frames.len() + usize::from(length);
                // Eight bytes are one store; those beyond the frame go again.
                frames.extend_from_slice(frame);
                frames.truncate(end);
            }
        }
        section(&[&frames]);

        let root = self.kinds.first().copied().unwrap_or(kind::NULL);
        section(&[&[root], &self.values]);

        let sum = checksum(out.get(start..).unwrap_or_default());
        out.extend_from_slice(&sum.to_le_bytes());
        let spent = usize::try_from(spent).unwrap_or(usize::MAX);
        limits.check_expanded(spent, out.len() - start)
    }

    #[inline]
    fn kind(&mut self, kind: u8) {
        self.kinds.push(kind);
    }

    /// A text among the values: 0 if it is new, else its number from 1.
    #[inline]
    fn text(&mut self, (number, new): (u32, bool)) {
        self.kind(kind::TEXT);
        let number = if new { 0 } else { u64::from(number) + 1 };
        push_number(&mut self.values, number);
    }

    /// Writes a text of a known form; `None` if it has none.
    fn form(&mut self, text: &[u8]) -> Option<()> {
        match text.len() {
            24 | 29 => {
                let (millis, utc) = text::parse_time(text)?;
                self.kind(kind::TIME);
                let step = zigzag(millis.wrapping_sub(self.last_time)) << 1 | u64::from(utc);
                self.last_time = millis;
                push_number(&mut self.values, step);
            }
            36 => {
                let uuid = text::parse_uuid(text)?;
                self.kind(kind::UUID);
                self.values.extend_from_slice(&uuid);
            }
            26 => {
                let guid = text::parse_guid(text)?;
                self.kind(kind::GUID);
                self.values.extend_from_slice(&guid);
            }
            _ => return None,
        }
        Some(())
    }

    #[inline]
    fn enter(&mut self, kind: u8, key_mode: KeyMode) -> bool {
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
        self.open.push(Open {
            kinds: self.kinds.len(),
            names: self.names.len(),
            frame: self.frames.len(),
            key_mode: self.key_mode,
        });
        self.key_mode = key_mode;
        self.frames.push(Frame::short([]));
        true
    }

    #[inline]
    fn leave(&mut self, open: &Open, filled: Frame) {
        self.kinds.truncate(open.kinds);
        self.key_mode = open.key_mode;
        if let Some(frame) = self.frames.get_mut(open.frame) {
            *frame = filled;
        }
    }

    /// Keeps a key, or the number of a struct's key.
    #[cold]
    fn name(&mut self, key: &Key, index: usize) {
        match self.key_mode {
            KeyMode::Done => {}
            KeyMode::First(of_type) => self.shapes.number_key(of_type, index, &mut self.keys),
            KeyMode::Each => self.dynamic_key(key.name()),
        }
    }

    /// The shape of a map of any keys.
    fn shape_of_map(&mut self, open: &Open) -> u32 {
        let names = self.names.get(open.names..).unwrap_or_default();
        let kinds = self.kinds.get(open.kinds..).unwrap_or_default();
        let pairs = names.iter().zip(kinds);
        let shape: Vec<_> = pairs.map(|(name, kind)| entry(*name, *kind)).collect();
        self.names.truncate(open.names);
        self.shapes.of_map(&shape)
    }
}

impl ToArchive for ArchiveSink {
    fn bytes(&mut self, bytes: &[u8]) {
        self.kind(kind::BYTES);
        self.spent += bytes.len() as u64;
        push_number(&mut self.values, bytes.len() as u64);
        self.values.extend_from_slice(bytes);
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
        self.spent += value.len() as u64;
        // Most texts are shorter than any of a known form.
        if value.len() >= text::SHORTEST && self.form(value.as_bytes()).is_some() {
            return;
        }
        let number = self.texts.number(value.as_bytes());
        self.text(number);
    }

    #[inline]
    fn symbol(&mut self, key: &Key) {
        let name = key.name().as_bytes();
        self.spent += name.len() as u64;
        if let Some(number) = self.known_texts.get(name) {
            return self.text((number, false));
        }
        let (number, new) = self.texts.number(name);
        self.known_texts.learn(name, number);
        self.text((number, new));
    }

    #[inline]
    fn begin_map(&mut self, _entries: usize) -> bool {
        self.enter(kind::MAP, KeyMode::Each)
    }

    #[inline]
    fn begin_struct(&mut self, fields: &'static [Key], written: &Written) -> bool {
        if written.others > 0 {
            return self.begin_map(written.entries);
        }
        let (of_type, numbered) = self.shapes.begin_struct(fields, written);
        let key_mode = if numbered {
            KeyMode::Done
        } else {
            KeyMode::First(of_type)
        };
        if !self.enter(kind::MAP, key_mode) {
            return false;
        }
        self.kinds.extend_from_slice(&header(of_type, written));
        true
    }

    #[inline]
    fn key(&mut self, key: &Key, index: usize) {
        if !matches!(self.key_mode, KeyMode::Done) {
            self.name(key, index);
        }
    }

    fn dynamic_key(&mut self, key: &str) {
        let (number, _) = self.keys.number(key.as_bytes());
        self.names.push(number);
    }

    #[inline]
    fn end_map(&mut self) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let number = if matches!(self.key_mode, KeyMode::Each) {
            self.shape_of_map(&open)
        } else {
            let shape = self.kinds.get(open.kinds..).unwrap_or_default();
            self.shapes.of_struct(shape)
        };
        self.shapes.used(number);
        let filled = match number {
            0..0x80 => Frame::short([number as u8]),
            _ => self.long.add(u64::from(number), &[]),
        };
        self.leave(&open, filled);
    }

    #[inline]
    fn begin_list(&mut self, _items: usize) -> bool {
        // No key stands directly in a list.
        self.enter(kind::LIST, KeyMode::Done)
    }

    #[inline]
    fn item(&mut self) {}

    #[inline]
    fn end_list(&mut self) {
        let Some(open) = self.open.pop() else {
            return;
        };
        let kinds = self.kinds.get(open.kinds..).unwrap_or_default();
        let first = kinds.first().copied().unwrap_or_default();
        let items = kinds.len();
        let same = kinds.iter().all(|kind| *kind == first);
        self.spent += expanded_size::list(items, same.then_some(first)) as u64;
        let filled = match (same, items) {
            (_, 0) => Frame::short([0]),
            (true, 1..0x40) => Frame::short([items as u8 * 2, first]),
            (true, _) => self.long.add(items as u64 * 2, &[first]),
            (false, _) => self.long.add(items as u64 * 2 + 1, kinds),
        };
        self.leave(&open, filled);
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
