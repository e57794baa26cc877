//! Writes an archive: a sink of the fast path.
//!
//! A map's shape is known only at its end, but stands before it. So shapes and list kinds go into
//! frames, which are reserved at the beginning and filled at the end, apart from the values.

use serde::Serialize;

use super::decimal::decimal;
use super::frames::Frames;
use super::known::{Dictionary, Texts};
use super::number::{push_number, small_number, zigzag};
use super::packed::Packed;
use super::shapes::{Kinds, Shapes, entry};
use super::tables::Budget;
use super::text::Zone;
use super::transcode::{self, ToArchive};
use super::{MAGIC, VERSION, checksum, expanded_size, kind, text};
use crate::fast::{Key, Sink, Written, sealed::Sealed};
use crate::{Error, Format, Limits, Result, msgpack};

/// Space for this many texts, and what comes with them, is set aside: growing from nothing takes its time. What is not used of
/// it costs next to nothing.
const AT_FIRST: usize = 1024;

pub(crate) struct ArchiveSink {
    keys: Texts,
    texts: Texts,
    shapes: Shapes,
    frames: Frames,
    values: Vec<u8>,
    /// Of the open lists and the open maps that are no structs, the kinds of the values so far that `last` has lost.
    kinds: Vec<u8>,
    /// The keys so far of the open maps that are no structs.
    names: Vec<u32>,
    /// Room for the shape of such a map.
    shape: Vec<u64>,
    open: Vec<Open>,
    inner: Inner,
    known_texts: Dictionary,
    known_keys: Dictionary,
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
    /// What it stands in.
    outer: Inner,
    /// The fields of a struct.
    fields: &'static [Key],
    /// Where its frame is to stand.
    frame: usize,
}

/// What is so far in the innermost list or map.
#[derive(Clone, Copy, Default)]
struct Inner {
    /// The kinds of the last values.
    last: Kinds,
    /// How many values there are; of a struct, a bit for each of its fields that has one.
    values: u64,
    /// Whether it is a map that is no struct.
    is_map: bool,
}

/// Whether one more of them can be put at the end as it is. What then follows calls nothing, and is the faster for it.
#[inline]
fn has_room<T>(vec: &Vec<T>) -> bool {
    vec.len() < vec.capacity()
}

impl ArchiveSink {
    pub(crate) fn new(max_depth: usize) -> Self {
        Self {
            keys: Texts::new(AT_FIRST / 8),
            texts: Texts::new(AT_FIRST),
            shapes: Shapes::new(),
            frames: Frames::new(AT_FIRST * 2),
            values: Vec::with_capacity(AT_FIRST * 8),
            kinds: Vec::new(),
            names: Vec::new(),
            shape: Vec::new(),
            open: Vec::new(),
            inner: Inner::default(),
            known_texts: Dictionary::new(),
            known_keys: Dictionary::new(),
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
        let packed = Packed::of(&self.texts);
        let mut lengths = Vec::new();
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        out.push(VERSION);
        // Keys in the order in which shapes have them, which is the same whether they were found by their structs or not.
        let mut keys = Vec::with_capacity(self.keys.ends.len() + size_of::<u64>());
        let mut names = Vec::with_capacity(self.keys.joined.len());
        let mut shapes = Vec::with_capacity(self.shapes.entries() * 2 + self.shapes.all().len());
        let (mut numbers, mut next) = (vec![None; self.keys.ends.len()], 0u64);
        push_number(&mut keys, self.keys.ends.len() as u64);
        push_number(&mut shapes, self.shapes.all().len() as u64);
        for (shape, uses) in self.shapes.all() {
            push_number(&mut shapes, shape.len() as u64);
            let mut bytes = 0;
            for entry in shape {
                let key = (entry >> 8) as u32;
                let name = self.keys.get(key);
                let number = match numbers.get_mut(key as usize) {
                    Some(Some(number)) => *number,
                    place => {
                        let number = next;
                        next += 1;
                        push_number(&mut keys, name.len() as u64 + 1);
                        names.extend_from_slice(name);
                        if let Some(place) = place {
                            *place = Some(number);
                        }
                        number
                    }
                };
                push_number(&mut shapes, number);
                shapes.push(*entry as u8);
                bytes += expanded_size::entry(name.len()) as u64;
            }
            spent = spent.saturating_add(bytes.saturating_mul(uses));
        }

        let mut section = |bytes: &[&[u8]]| {
            let length: usize = bytes.iter().map(|part| part.len()).sum();
            push_number(out, length as u64);
            for part in bytes {
                out.extend_from_slice(part);
            }
        };
        section(&[&keys, &names]);
        section(&packed.others(&self.texts, &mut lengths));
        section(&[&packed.section]);
        section(&[&shapes]);
        section(&self.frames.parts());
        section(&[&[self.inner.last.last()], &self.values]);

        let sum = checksum(out.get(start..).unwrap_or_default());
        out.extend_from_slice(&sum.to_le_bytes());
        let spent = usize::try_from(spent).unwrap_or(usize::MAX);
        limits.check_expanded(spent, out.len() - start)
    }

    #[inline]
    fn kind(&mut self, kind: u8) {
        self.inner.last.push(kind);
    }

    /// A text among the values: 0 if it is new, else its number from 1.
    #[inline]
    fn text(&mut self, (number, new): (u32, bool)) {
        self.kind(kind::TEXT);
        let number = if new { 0 } else { u64::from(number) + 1 };
        push_number(&mut self.values, number);
    }

    /// A text that may be of a known form, or is too long to be known by its ends.
    #[inline(never)]
    fn long_str(&mut self, text: &[u8]) {
        if self.form(text).is_none() {
            let number = self.texts.number(text);
            self.text(number);
        }
    }

    #[inline(never)]
    fn new_symbol(&mut self, name: &'static [u8]) {
        let (number, new) = self.texts.number(name);
        self.known_texts.learn(name, number);
        self.text((number, new));
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
    fn enter<const LEFT: usize>(&mut self, kind: u8, is_map: bool, fields: &'static [Key]) -> bool {
        let frames = &self.frames.bytes;
        if self.open.len() < self.max_depth.min(self.open.capacity())
            && frames.capacity() - frames.len() >= LEFT
            && self.fault.is_none()
        {
            return self.push::<LEFT>(kind, is_map, fields);
        }
        self.make_room(LEFT) && self.push::<LEFT>(kind, is_map, fields)
    }

    #[inline]
    fn push<const LEFT: usize>(&mut self, kind: u8, is_map: bool, fields: &'static [Key]) -> bool {
        self.kind(kind);
        self.open.push(Open {
            outer: self.inner,
            fields,
            frame: self.frames.bytes.len(),
        });
        self.inner = Inner {
            is_map,
            ..Inner::default()
        };
        self.frames.bytes.extend_from_slice(&[0; LEFT]);
        true
    }

    /// Room for another list or map, unless it may not be.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, frame: usize) -> bool {
        if self.open.len() >= self.max_depth {
            self.fault.get_or_insert(Error::TooDeep {
                limit: self.max_depth,
                at: None,
            });
        }
        self.open.reserve(1);
        self.frames.bytes.reserve(frame);
        self.fault.is_none()
    }

    /// Keeps a key of the program.
    #[inline(never)]
    fn known_key(&mut self, key: &Key) {
        let name = key.name().as_bytes();
        let number = self.known_keys.get(name).unwrap_or_else(|| {
            let (number, _) = self.keys.number(name);
            self.known_keys.learn(name, number);
            number
        });
        self.names.push(number);
        self.another();
    }

    /// Goes back to what the innermost list or map stands in.
    #[inline]
    fn leave(&mut self) -> Option<Open> {
        let open = self.open.pop()?;
        self.inner = open.outer;
        Some(open)
    }

    /// Counts another value, which comes next, in a list or in a map that is no struct.
    #[inline]
    fn another(&mut self) {
        let before = self.inner.values;
        if before > 0 && before.is_multiple_of(Kinds::MOST as u64) {
            self.keep_kinds();
        }
        self.inner.values = before + 1;
    }

    #[cold]
    #[inline(never)]
    fn keep_kinds(&mut self) {
        self.kinds.extend(self.inner.last.iter(Kinds::MOST));
    }

    /// Lets `use_them` see the kinds of all values in a list or in a map that is no struct, at its end.
    fn with_kinds<T>(&mut self, inner: Inner, use_them: impl FnOnce(&mut Self, &[u8]) -> T) -> T {
        let count = inner.values as usize;
        let before = count.saturating_sub(1) / Kinds::MOST * Kinds::MOST;
        let start = self.kinds.len() - before;
        self.kinds.extend(inner.last.iter(count - before));
        let mut kinds = std::mem::take(&mut self.kinds);
        let used = use_them(self, kinds.get(start..).unwrap_or_default());
        kinds.truncate(start);
        self.kinds = kinds;
        used
    }

    /// The shape of a map of any keys.
    #[inline(never)]
    fn shape_of_map(&mut self, map: Inner) -> u32 {
        let start = self.names.len() - map.values as usize;
        self.with_kinds(map, |sink, kinds| {
            let pairs = sink.names.drain(start..).zip(kinds);
            sink.shape.clear();
            sink.shape
                .extend(pairs.map(|(name, kind)| entry(name, *kind)));
            sink.shapes.of_map(&sink.shape)
        })
    }

    /// The end of a map that is no struct, or of a struct whose shape is not found at once.
    #[inline(never)]
    fn end_other_map(&mut self, map: Open, inner: Inner) {
        let number = if inner.is_map {
            self.shape_of_map(inner)
        } else {
            self.shapes
                .of_struct(map.fields, inner.values, inner.last, &mut self.keys)
        };
        self.shapes.used(number);
        match small_number(number as usize) {
            Some(frame) => self.frames.put(map.frame, [frame]),
            None => self
                .frames
                .keep(map.frame, Frames::MAP, u64::from(number), &[]),
        }
    }

    /// The end of a list that is empty, long or of several kinds.
    #[inline(never)]
    fn end_other_list(&mut self, at: usize, list: Inner) {
        self.with_kinds(list, |sink, kinds| {
            let (items, first) = (kinds.len(), kinds.first().copied());
            let same = first.filter(|first| kinds.iter().all(|kind| kind == first));
            sink.spent += expanded_size::list(items, same) as u64;
            let number = items as u64 * 2;
            let (number, kinds) = match &same {
                Some(kind) => (number, std::slice::from_ref(kind)),
                None if items == 0 => (number, kinds),
                None => (number + 1, kinds),
            };
            sink.frames.keep(at, Frames::LIST, number, kinds);
        });
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
        let text = value.as_bytes();
        self.spent += text.len() as u64;
        // Most texts are shorter than any of a known form.
        if text.len() >= text::SHORTEST {
            return self.long_str(text);
        }
        let number = self.texts.number(text);
        self.text(number);
    }

    #[inline]
    fn symbol(&mut self, key: &Key) {
        let name = key.name().as_bytes();
        self.spent += name.len() as u64;
        match self.known_texts.get(name) {
            Some(number) if has_room(&self.values) => self.text((number, false)),
            _ => self.new_symbol(name),
        }
    }

    #[inline]
    fn begin_map(&mut self, _entries: usize) -> bool {
        self.enter::<{ Frames::MAP }>(kind::MAP, true, &[])
    }

    /// A shape is known by as many fields as their kinds are kept.
    #[inline]
    fn counts_fields(fields: &'static [Key]) -> bool {
        fields.len() > Kinds::MOST
    }

    #[inline]
    fn begin_struct(&mut self, fields: &'static [Key], written: &Written) -> bool {
        let too_many = || Self::counts_fields(fields) && written.entries() > Kinds::MOST;
        if written.others > 0 || too_many() {
            return self.begin_map(written.entries());
        }
        self.enter::<{ Frames::MAP }>(kind::MAP, false, fields)
    }

    #[inline]
    fn key(&mut self, key: &Key, index: usize) {
        if self.inner.is_map {
            return self.known_key(key);
        }
        self.inner.values |= 1 << index;
    }

    fn dynamic_key(&mut self, key: &str) {
        let (number, _) = self.keys.number(key.as_bytes());
        self.names.push(number);
        self.another();
    }

    #[inline]
    fn end_map(&mut self) {
        let inner = self.inner;
        let Some(map) = self.leave() else {
            return;
        };
        if inner.is_map {
            return self.end_other_map(map, inner);
        }
        let likely = self.shapes.likely(map.fields, inner.values, inner.last);
        match likely.map(|number| (number, small_number(number as usize))) {
            Some((number, Some(frame))) => {
                self.shapes.used(number);
                self.frames.put(map.frame, [frame]);
            }
            _ => self.end_other_map(map, inner),
        }
    }

    #[inline]
    fn begin_list(&mut self, _items: usize) -> bool {
        self.enter::<{ Frames::LIST }>(kind::LIST, false, &[])
    }

    #[inline]
    fn item(&mut self) {
        self.another();
    }

    #[inline]
    fn end_list(&mut self) {
        let inner = self.inner;
        let Some(list) = self.leave() else {
            return;
        };
        let items = inner.values as usize;
        let kind = match items {
            // Most lists are of one item.
            1 => Some(inner.last.last()),
            _ => inner.last.same(items),
        };
        match (kind, small_number(items * 2)) {
            (Some(kind), Some(number)) => {
                self.spent += expanded_size::list(items, Some(kind)) as u64;
                self.frames.put(list.frame, [number, kind]);
            }
            _ => self.end_other_list(list.frame, inner),
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
