//! Reads an archive: a source of the fast path.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::writer::POWERS;
use super::{
    CHECKSUM, HEADER, MAGIC, VERSION, checksum, kind, take_length, take_number, text, transcode,
    unzigzag,
};
use crate::fast::{Key, Source, sealed::Sealed};
use crate::gzip::{check_size, most_expanded};
use crate::{Error, Format, Limits, Position, Result, msgpack};

/// The length of a UUID.
const LONGEST_FORM: usize = 36;

pub(crate) struct ArchiveSource<'de> {
    keys: Texts<'de>,
    texts: Texts<'de>,
    shapes: Vec<Shape>,
    entries: Vec<Entry>,
    /// What is left of the frames and values.
    frames: &'de [u8],
    values: &'de [u8],
    /// The kind of the value that comes next.
    kind: u8,
    /// The number of the next text not used yet.
    next_text: usize,
    last_time: i64,
    depth: usize,
    /// What was read so far, as it would be outside the archive.
    expanded: usize,
    /// How much that may be.
    most: usize,
    size: usize,
    limits: Limits,
    fault: Option<Error>,
}

#[derive(Clone, Copy)]
struct Shape {
    start: usize,
    end: usize,
}

#[derive(Clone, Copy)]
struct Entry {
    key: u32,
    kind: u8,
    /// How long the key is, at its low end: most others differ in that already.
    length: u16,
    /// Where the text of the key that was last found here lies in the program.
    seen: usize,
}

/// Where in a map the source is: entries left.
pub(crate) struct At {
    entry: usize,
    end: usize,
}

/// Where in a list the source is.
pub(crate) struct Items<'de> {
    left: usize,
    kinds: Kinds<'de>,
}

enum Kinds<'de> {
    Same(u8),
    Each(&'de [u8]),
}

/// The memory that tables may still take. An entry of a table takes one or two bytes in an archive,
/// and 16 in memory.
struct Room {
    left: usize,
    exceeded: bool,
}

impl Room {
    /// What tables may take, as a multiple of the largest document. Texts that differ, in a document
    /// within that limit, stay below it.
    const TIMES: usize = 4;

    fn new(limits: &Limits) -> Self {
        Self {
            left: limits.max_bytes.saturating_mul(Self::TIMES),
            exceeded: false,
        }
    }

    /// An empty table with space for exactly `count` entries.
    fn table<T>(&mut self, count: usize) -> Option<Vec<T>> {
        let bytes = count.checked_mul(size_of::<T>())?;
        let Some(left) = self.left.checked_sub(bytes) else {
            self.exceeded = true;
            return None;
        };
        self.left = left;
        Some(Vec::with_capacity(count))
    }
}

/// The texts of a table, each a part of its section.
struct Texts<'de>(Vec<&'de str>);

impl<'de> Texts<'de> {
    fn new(mut section: &'de [u8], room: &mut Room) -> Option<Self> {
        let count = take_length(&mut section)?;
        if count > section.len() {
            return None;
        }
        let mut lengths = section;
        for _ in 0..count {
            take_length(&mut section)?;
        }
        // Checked once for all: parts of valid text are valid where they begin and end with letters.
        let mut joined = std::str::from_utf8(section).ok()?;
        let mut texts = room.table(count)?;
        for _ in 0..count {
            let (text, rest) = joined.split_at_checked(take_length(&mut lengths)?)?;
            texts.push(text);
            joined = rest;
        }
        joined.is_empty().then_some(Self(texts))
    }

    #[inline]
    fn get(&self, number: usize) -> Option<&'de str> {
        self.0.get(number).copied()
    }
}

fn section<'de>(rest: &mut &'de [u8]) -> Option<&'de [u8]> {
    let length = take_length(rest)?;
    let (section, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(section)
}

/// How many entries `count` shapes have in all.
fn count_entries(mut section: &[u8], count: usize) -> Option<usize> {
    let mut entries = 0usize;
    for _ in 0..count {
        let length = take_length(&mut section)?;
        for _ in 0..length {
            take_number(&mut section)?;
            section = section.split_first()?.1;
        }
        entries = entries.checked_add(length)?;
    }
    Some(entries)
}

fn syntax(at: usize, reason: &str) -> Error {
    Error::syntax(Format::Archive, Position::Offset(at), reason)
}

impl<'de> ArchiveSource<'de> {
    /// Checks the header and the checksum and reads the tables.
    pub(crate) fn new(bytes: &'de [u8], limits: &Limits) -> Result<Self> {
        let truncated = || Error::Truncated {
            format: Format::Archive,
            at: Position::Offset(bytes.len()),
        };
        let (header, _) = bytes.split_at_checked(HEADER).ok_or_else(truncated)?;
        match header.strip_prefix(&MAGIC) {
            Some([VERSION]) => {}
            Some([version]) => {
                let reason = format!("version {version}: this build reads version {VERSION}");
                return Err(syntax(MAGIC.len(), &reason));
            }
            _ => return Err(syntax(0, "not an archive")),
        }
        // The sections say how long the whole is, and so tell a cut from damage.
        let mut rest = bytes.get(HEADER..).unwrap_or_default();
        let mut parts = [&[][..]; 5];
        for part in &mut parts {
            *part = section(&mut rest).ok_or_else(truncated)?;
        }
        let Some((sum, after)) = rest.split_first_chunk::<CHECKSUM>() else {
            return Err(truncated());
        };
        let end = bytes.len() - after.len();
        let before = bytes.get(..end - CHECKSUM).unwrap_or_default();
        if u64::from_le_bytes(*sum) != checksum(before) {
            return Err(Error::Checksum {
                format: Format::Archive,
                at: Position::Offset(end),
            });
        }
        if !after.is_empty() {
            return Err(Error::TrailingBytes {
                format: Format::Archive,
                at: Position::Offset(end),
            });
        }
        let [keys, texts, shapes, frames, values] = parts;
        let mut room = Room::new(limits);
        Self::tables(keys, texts, shapes, &mut room)
            .and_then(|(keys, texts, shapes, entries)| {
                let (root, values) = values.split_first()?;
                Some(Self {
                    keys,
                    texts,
                    shapes,
                    entries,
                    frames,
                    values,
                    kind: *root,
                    next_text: 0,
                    last_time: 0,
                    depth: 0,
                    expanded: 0,
                    most: most_expanded(bytes.len(), limits),
                    size: bytes.len(),
                    limits: *limits,
                    fault: None,
                })
            })
            .ok_or_else(|| {
                if room.exceeded {
                    let limit = limits.max_bytes;
                    return Error::TooLarge { limit };
                }
                syntax(HEADER, "inconsistent tables")
            })
    }

    fn tables(
        keys: &'de [u8],
        texts: &'de [u8],
        mut section: &'de [u8],
        room: &mut Room,
    ) -> Option<(Texts<'de>, Texts<'de>, Vec<Shape>, Vec<Entry>)> {
        let keys = Texts::new(keys, room)?;
        let texts = Texts::new(texts, room)?;
        let count = take_length(&mut section)?;
        if count > section.len() {
            return None;
        }
        let mut shapes = room.table(count)?;
        let mut entries = room.table(count_entries(section, count)?)?;
        for _ in 0..count {
            let length = take_length(&mut section)?;
            let start = entries.len();
            for _ in 0..length {
                let key = u32::try_from(take_number(&mut section)?).ok()?;
                let (kind, rest) = section.split_first()?;
                section = rest;
                if *kind > kind::LAST {
                    return None;
                }
                entries.push(Entry {
                    key,
                    kind: *kind,
                    length: keys.get(key as usize)?.len() as u16,
                    seen: 0,
                });
            }
            let end = entries.len();
            shapes.push(Shape { start, end });
        }
        section.is_empty().then_some((keys, texts, shapes, entries))
    }

    /// Checks that everything was read.
    pub(crate) fn at_end(&self) -> Result<()> {
        if self.values.is_empty() && self.frames.is_empty() {
            return Ok(());
        }
        let at = self.size - CHECKSUM - self.values.len();
        Err(syntax(at, "values that belong to nothing"))
    }

    /// What stopped the reading.
    pub(super) fn fault(&mut self) -> Error {
        let at = self.size - CHECKSUM - self.values.len();
        self.fault
            .take()
            .unwrap_or_else(|| syntax(at, "inconsistent values"))
    }

    /// The kind of the value that comes next.
    pub(super) fn next_kind(&self) -> u8 {
        self.kind
    }

    /// Counts what a value is worth outside the archive, within the limits.
    #[inline]
    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.expanded = self.expanded.saturating_add(bytes + 1);
        if self.expanded > self.most {
            self.fault = check_size(self.expanded, self.size, &self.limits).err();
            return None;
        }
        Some(())
    }

    #[inline]
    fn number(&mut self) -> Option<u64> {
        take_number(&mut self.values)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.values.split_first_chunk()?;
        self.values = rest;
        Some(*array)
    }

    pub(super) fn bytes(&mut self) -> Option<&'de [u8]> {
        let length = take_length(&mut self.values)?;
        let (bytes, rest) = self.values.split_at_checked(length)?;
        self.values = rest;
        self.spend(length)?;
        Some(bytes)
    }

    /// A text of a known form, and its length.
    fn text_of_form(&mut self) -> Option<([u8; LONGEST_FORM], usize)> {
        let mut text = [0; LONGEST_FORM];
        let length = match self.kind {
            kind::TIME => {
                self.spend(29)?;
                let step = self.number()?;
                let time = self.last_time.wrapping_add(unzigzag(step >> 1));
                self.last_time = time;
                let (time, length) = text::format_time(time, step & 1 == 1)?;
                *text.first_chunk_mut()? = time;
                length
            }
            kind::UUID => {
                self.spend(36)?;
                text = text::format_uuid(self.array()?);
                36
            }
            kind::GUID => {
                self.spend(26)?;
                *text.first_chunk_mut()? = text::format_guid(self.array()?)?;
                26
            }
            _ => return None,
        };
        Some((text, length))
    }

    #[inline]
    fn enter(&mut self, kind: u8) -> Option<()> {
        if self.kind != kind {
            return None;
        }
        if self.depth == self.limits.depth() {
            self.fault = Some(Error::TooDeep {
                limit: self.depth,
                at: Some(Position::Offset(self.size - CHECKSUM - self.values.len())),
            });
            return None;
        }
        self.depth += 1;
        self.spend(0)
    }

    /// How many entries are left.
    pub(super) fn entries_left(at: &At) -> usize {
        at.end - at.entry
    }

    /// How many items are left. A list of nulls has any number of them in no space at all.
    pub(super) fn items_left(items: &Items<'_>) -> usize {
        items.left
    }
}

impl Sealed for ArchiveSource<'_> {}

impl<'de> Source<'de> for ArchiveSource<'de> {
    type Map = At;
    type List = Items<'de>;

    #[inline]
    fn null(&mut self) -> bool {
        self.kind == kind::NULL && self.spend(0).is_some()
    }

    #[inline]
    fn bool(&mut self) -> Option<bool> {
        self.spend(0)?;
        match self.kind {
            kind::FALSE => Some(false),
            kind::TRUE => Some(true),
            _ => None,
        }
    }

    #[inline]
    fn u64(&mut self) -> Option<u64> {
        if self.kind != kind::UNSIGNED {
            return None;
        }
        self.spend(0)?;
        self.number()
    }

    #[inline]
    fn i64(&mut self) -> Option<i64> {
        if self.kind == kind::NEGATIVE {
            self.spend(0)?;
            return self.number()?.try_into().ok().map(|below: i64| !below);
        }
        self.u64()?.try_into().ok()
    }

    #[inline]
    fn f64(&mut self) -> Option<f64> {
        match self.kind {
            kind::DECIMAL => {
                self.spend(7)?;
                let number = self.number()?;
                let power = POWERS.get((number & 15) as usize)?;
                Some(unzigzag(number >> 4) as f64 / power)
            }
            kind::FLOAT => {
                self.spend(7)?;
                self.array().map(f64::from_le_bytes)
            }
            kind::UNSIGNED => self.u64().map(|value| value as f64),
            _ => self.i64().map(|value| value as f64),
        }
    }

    #[inline]
    fn float(&mut self) -> Option<f64> {
        if self.kind == kind::TEXT {
            return self.text(crate::float::from_text)?;
        }
        self.f64()
    }

    #[allow(
        clippy::inline_always,
        reason = "the key is a constant only where it is inlined"
    )]
    #[inline(always)]
    fn try_symbol(&mut self, key: &Key) -> bool {
        // Only what is likely and short: a text seen before, of a number in one byte.
        let (kind::TEXT, Some((number @ 1..0x80, rest))) = (self.kind, self.values.split_first())
        else {
            return false;
        };
        if self.texts.get(usize::from(*number) - 1) != Some(key.name())
            || self.spend(key.name().len()).is_none()
        {
            return false;
        }
        self.values = rest;
        true
    }

    #[inline]
    fn text<T>(&mut self, take: impl FnOnce(&str) -> T) -> Option<T> {
        if self.kind != kind::TEXT {
            let (text, length) = self.text_of_form()?;
            let text = std::str::from_utf8(text.get(..length)?).ok()?;
            return Some(take(text));
        }
        let number = match take_length(&mut self.values)? {
            0 => {
                self.next_text += 1;
                self.next_text - 1
            }
            number => number - 1,
        };
        let text = self.texts.get(number)?;
        self.spend(text.len())?;
        Some(take(text))
    }

    fn value(&mut self) -> Option<Value> {
        self.serde()
    }

    fn skip(&mut self) -> Option<()> {
        transcode::to_msgpack(self).ok().map(|_| ())
    }

    fn serde<T: DeserializeOwned>(&mut self) -> Option<T> {
        let packed = transcode::to_msgpack(self).ok()?;
        msgpack::read(&packed, &self.limits).ok()
    }

    #[inline]
    fn begin_map(&mut self) -> Option<At> {
        self.enter(kind::MAP)?;
        let shape = take_length(&mut self.frames)?;
        let shape = self.shapes.get(shape)?;
        Some(At {
            entry: shape.start,
            end: shape.end,
        })
    }

    #[allow(
        clippy::inline_always,
        reason = "the key is a constant only where it is inlined"
    )]
    #[inline(always)]
    fn try_key(&mut self, map: &mut At, key: &Key) -> bool {
        if map.entry == map.end {
            return false;
        }
        let Some(entry) = self.entries.get_mut(map.entry) else {
            return false;
        };
        let name = key.name();
        let address = name.as_ptr() as usize;
        // Two keys at one address can differ in length only; then the texts are compared.
        if entry.seen != address ^ name.len().rotate_right(8) {
            if entry.length != name.len() as u16 || self.keys.get(entry.key as usize) != Some(name)
            {
                return false;
            }
            entry.seen = address ^ name.len().rotate_right(8);
        }
        self.kind = entry.kind;
        map.entry += 1;
        true
    }

    #[inline]
    fn next_key<T>(&mut self, map: &mut At, take: impl FnOnce(&str) -> T) -> Option<Option<T>> {
        if map.entry == map.end {
            self.depth -= 1;
            return Some(None);
        }
        let entry = self.entries.get(map.entry)?;
        let key = self.keys.get(entry.key as usize)?;
        self.kind = entry.kind;
        map.entry += 1;
        self.spend(key.len())?;
        Some(Some(take(key)))
    }

    #[inline]
    fn begin_list(&mut self) -> Option<Items<'de>> {
        self.enter(kind::LIST)?;
        let length = take_length(&mut self.frames)?;
        let left = length / 2;
        let kinds = if length % 2 == 1 {
            let (kinds, rest) = self.frames.split_at_checked(left)?;
            self.frames = rest;
            Kinds::Each(kinds)
        } else if left > 0 {
            let (kind, rest) = self.frames.split_first()?;
            self.frames = rest;
            Kinds::Same(*kind)
        } else {
            Kinds::Same(kind::NULL)
        };
        Some(Items { left, kinds })
    }

    #[inline]
    fn next_item(&mut self, list: &mut Items<'de>) -> Option<bool> {
        if list.left == 0 {
            self.depth -= 1;
            return Some(false);
        }
        list.left -= 1;
        self.kind = match &mut list.kinds {
            Kinds::Same(kind) => *kind,
            Kinds::Each(kinds) => {
                let (kind, rest) = kinds.split_first()?;
                *kinds = rest;
                *kind
            }
        };
        Some(true)
    }

    #[inline]
    fn remaining(&self, list: &Items<'de>) -> usize {
        // Nothing backs the length of a list whose items take no space.
        list.left.min(self.values.len() + self.frames.len())
    }
}
