//! Writes an archive: a sink of the fast path.
//!
//! A map's shape is known only at its end, but stands before it. So shapes and list kinds go into
//! frames, which are reserved at the beginning and filled at the end, apart from the values.

use std::ops::Range;

use serde::Serialize;

use super::decimal::decimal;
use super::known::{Dictionary, Texts};
use super::number::{push_number, zigzag};
use super::shapes::{Kinds, Shapes, Struct, entry};
use super::tables::Budget;
use super::text::Zone;
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
    frames: Frames,
    values: Vec<u8>,
    /// A place for the kind of every value so far in the open lists and in the open maps that are no structs. That of
    /// the latest is filled when the next begins, or at the end.
    kinds: Vec<u8>,
    /// The keys so far of the open maps that are no structs.
    names: Vec<u32>,
    open: Vec<Open>,
    /// What the innermost of them is.
    what: What,
    /// The kinds of the last values in it.
    last: Kinds,
    known_texts: Dictionary,
    last_time: i64,
    last_exact_time: i64,
    /// The [`expanded_size`] of the texts, bytes and lists so far; maps are counted by their shapes.
    spent: u64,
    max_depth: usize,
    fault: Option<Error>,
}

/// A list or map that is not at its end yet.
#[derive(Clone, Copy)]
struct Open {
    /// Of a struct, its type and a bit for each field that is written.
    of_type: u32,
    fields: u64,
    /// What it stands in, and the kinds of the last values there.
    outer: What,
    outer_last: Kinds,
    /// Where its part begins of `kinds` and `names`.
    kinds: usize,
    names: usize,
    /// Where its frame is to stand.
    frame: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    /// The document or a list, where no keys stand, or a struct whose keys all have their numbers.
    Plain,
    /// A struct that is written with some of its fields for the first time.
    NewStruct,
    /// A map of any keys.
    Map,
}

/// The shapes of maps and the kinds of lists, as they stand in the archive. They are known only at the end of
/// what they are of, and nearly all of them take the space that was left for them.
struct Frames {
    bytes: Vec<u8>,
    /// Those that take another space, in no order.
    others: Vec<OtherFrame>,
    joined: Vec<u8>,
}

struct OtherFrame {
    /// The space that was left for it.
    left: Range<usize>,
    /// Where it stands in `joined`.
    frame: Range<usize>,
}

impl Frames {
    /// The space left for the shape of a map: a number in one byte.
    const MAP: usize = 1;
    /// The space left for the kinds of a list: how many items in one byte, and the kind of all.
    const LIST: usize = 2;

    #[inline]
    fn put<const N: usize>(&mut self, at: usize, frame: [u8; N]) {
        let space = self.bytes.get_mut(at..);
        if let Some(space) = space.and_then(|space| space.first_chunk_mut()) {
            *space = frame;
        }
    }

    /// Keeps a frame for which `left` bytes were left, but which takes more or less.
    #[cold]
    fn keep(&mut self, at: usize, left: usize, number: u64, kinds: &[u8]) {
        let start = self.joined.len();
        push_number(&mut self.joined, number);
        self.joined.extend_from_slice(kinds);
        self.others.push(OtherFrame {
            left: at..at + left,
            frame: start..self.joined.len(),
        });
    }

    /// All of them in their order.
    fn parts(&mut self) -> Vec<&[u8]> {
        self.others.sort_unstable_by_key(|other| other.left.start);
        let mut parts = Vec::with_capacity(self.others.len() * 2 + 1);
        let mut done = 0;
        for OtherFrame { left, frame } in &self.others {
            parts.push(self.bytes.get(done..left.start).unwrap_or_default());
            parts.push(self.joined.get(frame.clone()).unwrap_or_default());
            done = left.end;
        }
        parts.push(self.bytes.get(done..).unwrap_or_default());
        parts
    }
}

impl ArchiveSink {
    pub(crate) fn new(max_depth: usize) -> Self {
        Self {
            keys: Texts::new(),
            texts: Texts::new(),
            shapes: Shapes::new(),
            frames: Frames {
                bytes: Vec::with_capacity(AT_FIRST),
                others: Vec::new(),
                joined: Vec::new(),
            },
            values: Vec::with_capacity(AT_FIRST),
            kinds: Vec::new(),
            names: Vec::new(),
            open: Vec::new(),
            what: What::Plain,
            last: Kinds::default(),
            known_texts: Dictionary::new(),
            last_time: 0,
            last_exact_time: 0,
            spent: 0,
            max_depth,
            fault: None,
        }
    }

    /// Puts the archive together at the end of `out`, unless it were more than a reader with these
    /// limits takes.
    pub(crate) fn finish(mut self, out: &mut Vec<u8>, limits: &Limits) -> Result<()> {
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

        section(&self.frames.parts());
        section(&[&[self.last.last()], &self.values]);

        let sum = checksum(out.get(start..).unwrap_or_default());
        out.extend_from_slice(&sum.to_le_bytes());
        let spent = usize::try_from(spent).unwrap_or(usize::MAX);
        limits.check_expanded(spent, out.len() - start)
    }

    #[inline]
    fn kind(&mut self, kind: u8) {
        self.last.push(kind);
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
            28 | 33 => {
                let (ticks, zone) = text::parse_exact_time(text)?;
                self.kind(kind::EXACT_TIME);
                let step = zigzag(ticks.wrapping_sub(self.last_exact_time)) << 1;
                self.last_exact_time = ticks;
                match zone {
                    Zone::Utc => push_number(&mut self.values, step | 1),
                    Zone::Minutes(minutes) => {
                        push_number(&mut self.values, step);
                        push_number(&mut self.values, zigzag(minutes));
                    }
                }
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

    /// Goes into a list or map, with so many bytes left for its frame.
    #[inline]
    fn enter<const LEFT: usize>(
        &mut self,
        kind: u8,
        what: What,
        (of_type, fields): (u32, u64),
    ) -> bool {
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
            of_type,
            fields,
            outer: self.what,
            outer_last: self.last,
            kinds: self.kinds.len(),
            names: self.names.len(),
            frame: self.frames.bytes.len(),
        });
        self.what = what;
        self.last = Kinds::default();
        self.frames.bytes.extend_from_slice(&[0; LEFT]);
        true
    }

    /// Goes back to what the innermost list or map stands in.
    #[inline]
    fn leave(&mut self) -> Option<Open> {
        let open = self.open.pop()?;
        self.what = open.outer;
        self.last = open.outer_last;
        Some(open)
    }

    /// Fills the place for the kind of the latest value.
    ///
    /// Before the first value that place is one of an outer list or map, which fills it again.
    #[inline]
    fn fill_kind(&mut self) {
        if let Some(place) = self.kinds.last_mut() {
            *place = self.last.last();
        }
    }

    /// Keeps a key, or the number of a struct's key.
    #[cold]
    fn name(&mut self, key: &Key, index: usize) {
        match self.what {
            What::Plain => {}
            What::NewStruct => {
                let of_type = self.open.last().map_or(0, |open| open.of_type);
                self.shapes.number_key(of_type, index, &mut self.keys);
            }
            What::Map => self.dynamic_key(key.name()),
        }
    }

    /// The shape of a map of any keys.
    fn shape_of_map(&mut self, Open { kinds, names, .. }: Open) -> u32 {
        let pairs = self.names.iter().skip(names);
        let pairs = pairs.zip(self.kinds.iter().skip(kinds));
        let shape: Vec<_> = pairs.map(|(name, kind)| entry(*name, *kind)).collect();
        self.names.truncate(names);
        self.kinds.truncate(kinds);
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
        self.enter::<{ Frames::MAP }>(kind::MAP, What::Map, (0, 0))
    }

    #[inline]
    fn begin_struct(&mut self, fields: &'static [Key], written: &Written) -> bool {
        let too_many = || fields.len() > Kinds::MOST && written.entries() > Kinds::MOST;
        if written.others > 0 || too_many() {
            return self.begin_map(written.entries());
        }
        let (of_type, numbered) = self.shapes.begin_struct(fields, written);
        let what = if numbered {
            What::Plain
        } else {
            What::NewStruct
        };
        self.enter::<{ Frames::MAP }>(kind::MAP, what, (of_type, written.fields))
    }

    #[inline]
    fn key(&mut self, key: &Key, index: usize) {
        if self.what != What::Plain {
            self.name(key, index);
        }
    }

    fn dynamic_key(&mut self, key: &str) {
        let (number, _) = self.keys.number(key.as_bytes());
        self.names.push(number);
        self.fill_kind();
        self.kinds.push(kind::NULL);
    }

    #[inline]
    fn end_map(&mut self) {
        let (what, kinds) = (self.what, self.last);
        if what == What::Map {
            self.fill_kind();
        }
        let Some(map) = self.leave() else {
            return;
        };
        let number = if what == What::Map {
            self.shape_of_map(map)
        } else {
            self.shapes.of_struct(Struct {
                of_type: map.of_type,
                fields: map.fields,
                kinds,
            })
        };
        self.shapes.used(number);
        if number < 0x80 {
            self.frames.put(map.frame, [number as u8]);
        } else {
            self.frames
                .keep(map.frame, Frames::MAP, u64::from(number), &[]);
        }
    }

    #[inline]
    fn begin_list(&mut self, _items: usize) -> bool {
        self.enter::<{ Frames::LIST }>(kind::LIST, What::Plain, (0, 0))
    }

    #[inline]
    fn item(&mut self) {
        self.fill_kind();
        self.kinds.push(kind::NULL);
    }

    #[inline]
    fn end_list(&mut self) {
        self.fill_kind();
        let Some(list) = self.leave() else {
            return;
        };
        let kinds = self.kinds.get(list.kinds..).unwrap_or_default();
        let first = kinds.first().copied().unwrap_or_default();
        let items = kinds.len();
        let same = kinds.iter().all(|kind| *kind == first);
        self.spent += expanded_size::list(items, same.then_some(first)) as u64;
        let (frames, at, left) = (&mut self.frames, list.frame, Frames::LIST);
        match (same, items) {
            (_, 0) => frames.keep(at, left, 0, &[]),
            (true, 1..0x40) => frames.put(at, [items as u8 * 2, first]),
            (true, _) => frames.keep(at, left, items as u64 * 2, &[first]),
            (false, _) => frames.keep(at, left, items as u64 * 2 + 1, kinds),
        }
        self.kinds.truncate(list.kinds);
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
