//! Reads an archive: a source of the fast path.

use std::marker::PhantomData;
use std::slice::Iter;

use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::Value;

use super::decimal::POWERS;
use super::number::{take_length, take_number, unzigzag};
use super::sections::syntax;
use super::tables::{Entry, Shape, Tables};
use super::text::{Form, Zone};
use super::transcode::{self, FromArchive};
use super::{CHECKSUM, expanded_size, kind};
use crate::fast::pack::PackSource;
use crate::fast::{Key, Kind, Number, Source, sealed::Sealed};
use crate::{Error, Position, Result};

pub(crate) struct ArchiveSource<'t> {
    tables: &'t Tables<'t>,
    /// What is left of the frames and values.
    frames: &'t [u8],
    values: &'t [u8],
    /// The kind of the value that comes next.
    kind: u8,
    /// The number of the next text not used yet.
    next_text: usize,
    last_time: i64,
    last_exact_time: i64,
    depth: usize,
    max_depth: usize,
    /// How much may still be read, as [`expanded_size`] counts it.
    left: usize,
    fault: Option<Error>,
}

/// Where in a map the source is.
pub(crate) struct At<'t> {
    entries: Iter<'t, Entry>,
    /// A bit for each field of a struct that comes, if it is read as one.
    present: u64,
}

/// Where in a list the source is.
pub(crate) struct Items<'t> {
    left: usize,
    kinds: Kinds<'t>,
}

enum Kinds<'t> {
    Same(u8),
    Each(Iter<'t, u8>),
}

impl<'t> ArchiveSource<'t> {
    pub(crate) fn new(tables: &'t Tables<'t>) -> Self {
        Self {
            tables,
            frames: tables.frames,
            values: tables.values,
            kind: tables.root,
            next_text: 0,
            last_time: 0,
            last_exact_time: 0,
            depth: 0,
            max_depth: tables.limits.depth(),
            left: tables.limits.most_expanded(tables.size),
            fault: None,
        }
    }

    /// Where the next value stands in the archive.
    fn at(&self) -> usize {
        self.tables.size - CHECKSUM - self.values.len()
    }

    /// Checks that everything was read.
    pub(crate) fn at_end(&self) -> Result<()> {
        if self.values.is_empty() && self.frames.is_empty() {
            return Ok(());
        }
        Err(syntax(self.at(), "values that belong to nothing"))
    }

    /// Counts what was read, within the limits.
    #[inline]
    fn spend(&mut self, bytes: usize) -> Option<()> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Some(())
            }
            None => self.overspent(bytes),
        }
    }

    #[cold]
    fn overspent(&mut self, bytes: usize) -> Option<()> {
        let (size, limits) = (self.tables.size, &self.tables.limits);
        let spent = limits.most_expanded(size) - self.left;
        let spent = spent.saturating_add(bytes);
        self.fault = limits.check_expanded(spent, size).err();
        None
    }

    #[inline]
    fn varint(&mut self) -> Option<u64> {
        take_number(&mut self.values)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.values.split_first_chunk()?;
        self.values = rest;
        Some(*array)
    }

    /// Hands a text of a known form to `take`.
    #[inline(never)]
    fn text_of_form<T>(&mut self, take: impl FnOnce(&str) -> T) -> Option<T> {
        let mut form = Form::default();
        match self.kind {
            kind::TIME => {
                let step = self.varint()?;
                let time = self.last_time.wrapping_add(unzigzag(step >> 1));
                self.last_time = time;
                form.time(time, step & 1 == 1)?;
            }
            kind::EXACT_TIME => {
                let step = self.varint()?;
                let ticks = unzigzag(step >> 1);
                let ticks = self.last_exact_time.wrapping_add(ticks);
                self.last_exact_time = ticks;
                let zone = match step & 1 {
                    1 => Zone::Utc,
                    _ => Zone::Minutes(unzigzag(self.varint()?)),
                };
                form.exact_time(ticks, zone)?;
            }
            kind::UUID => form.uuid(self.array()?)?,
            kind::GUID => form.guid(self.array()?)?,
            _ => return None,
        }
        let text = form.text()?;
        self.spend(text.len())?;
        Some(take(text))
    }

    #[inline]
    fn enter(&mut self, kind: u8) -> Option<()> {
        if self.kind != kind {
            return None;
        }
        if self.depth == self.max_depth {
            return self.too_deep();
        }
        self.depth += 1;
        Some(())
    }

    #[cold]
    fn too_deep(&mut self) -> Option<()> {
        self.fault = Some(Error::TooDeep {
            limit: self.depth,
            at: Some(Position::Offset(self.at())),
        });
        None
    }

    /// Begins a map, of whatever shape.
    #[inline]
    fn shape(&mut self) -> Option<&'t Shape> {
        self.enter(kind::MAP)?;
        let number = take_length(&mut self.frames)?;
        let shape = self.tables.shape(number)?;
        self.spend(shape.bytes)?;
        Some(shape)
    }
}

impl<'t> FromArchive<'t> for ArchiveSource<'t> {
    fn fault(&mut self) -> Error {
        let at = self.at();
        self.fault
            .take()
            .unwrap_or_else(|| syntax(at, "inconsistent values"))
    }

    fn kind_byte(&self) -> u8 {
        self.kind
    }

    fn bytes(&mut self) -> Option<&'t [u8]> {
        let length = take_length(&mut self.values)?;
        let (bytes, rest) = self.values.split_at_checked(length)?;
        self.values = rest;
        self.spend(length)?;
        Some(bytes)
    }

    /// How many entries are left.
    fn entries_left(at: &At<'t>) -> usize {
        at.entries.len()
    }

    /// How many items are left. A list of nulls has any number of them in no space at all.
    fn items_left(items: &Items<'t>) -> usize {
        items.left
    }
}

impl Sealed for ArchiveSource<'_> {}

impl<'t> Source<'t> for ArchiveSource<'t> {
    type Map = At<'t>;
    type List = Items<'t>;

    #[inline]
    fn next_kind(&mut self) -> Kind {
        match self.kind {
            kind::NULL => Kind::Null,
            kind::FALSE | kind::TRUE => Kind::Bool,
            kind::UNSIGNED | kind::NEGATIVE | kind::DECIMAL | kind::FLOAT => Kind::Number,
            kind::TEXT | kind::TIME | kind::EXACT_TIME | kind::UUID | kind::GUID => Kind::Text,
            kind::MAP => Kind::Map,
            kind::LIST => Kind::List,
            _ => Kind::Other,
        }
    }

    #[inline]
    fn null(&mut self) -> bool {
        self.kind == kind::NULL
    }

    #[inline]
    fn bool(&mut self) -> Option<bool> {
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
        self.varint()
    }

    #[inline]
    fn i64(&mut self) -> Option<i64> {
        if self.kind == kind::NEGATIVE {
            return self.varint()?.try_into().ok().map(|below: i64| !below);
        }
        self.u64()?.try_into().ok()
    }

    #[inline]
    fn number(&mut self) -> Option<Number> {
        match self.kind {
            kind::UNSIGNED => self.u64().map(Number::Unsigned),
            kind::NEGATIVE => self.i64().map(Number::Signed),
            _ => self.f64().map(Number::Float),
        }
    }

    #[inline]
    fn f64(&mut self) -> Option<f64> {
        match self.kind {
            kind::DECIMAL => {
                let number = self.varint()?;
                let power = POWERS.get((number & 15) as usize)?;
                Some(unzigzag(number >> 4) as f64 / power)
            }
            kind::FLOAT => self.array().map(f64::from_le_bytes),
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
        let (kind::TEXT, Some((byte, rest))) = (self.kind, self.values.split_first()) else {
            return false;
        };
        let (Some(number), true) = (usize::from(byte >> 1).checked_sub(1), byte & 1 == 1) else {
            return false;
        };
        if self.tables.texts.get(number) != Some(key.name()) {
            return false;
        }
        self.values = rest;
        self.spend(key.name().len()).is_some()
    }

    #[inline]
    fn text<T>(&mut self, take: impl FnOnce(&str) -> T) -> Option<T> {
        if self.kind != kind::TEXT {
            return self.text_of_form(take);
        }
        let number = match take_length(&mut self.values)? {
            0 => {
                self.next_text += 1;
                self.next_text - 1
            }
            number => number - 1,
        };
        let text = self.tables.texts.get(number)?;
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
        self.seed(PhantomData)
    }

    fn seed<T>(&mut self, seed: impl for<'x> DeserializeSeed<'x, Value = T>) -> Option<T> {
        let packed = transcode::to_msgpack(self).ok()?;
        PackSource::new(&packed, self.max_depth).seed(seed)
    }

    #[inline]
    fn begin_map(&mut self) -> Option<At<'t>> {
        let shape = self.shape()?;
        Some(At {
            entries: self.tables.entries(shape).iter(),
            present: 0,
        })
    }

    #[inline]
    fn begin_struct(&mut self, fields: &'static [Key]) -> Option<At<'t>> {
        let shape = self.shape()?;
        Some(At {
            entries: self.tables.entries(shape).iter(),
            present: self.tables.present(shape, fields),
        })
    }

    #[inline]
    fn try_key(&mut self, map: &mut At<'t>, _key: &Key, index: usize) -> bool {
        if map.present >> index & 1 == 0 {
            return false;
        }
        match map.entries.next() {
            Some(entry) => {
                self.kind = entry.kind;
                true
            }
            None => false,
        }
    }

    #[inline]
    fn next_key<T>(&mut self, map: &mut At<'t>, take: impl FnOnce(&str) -> T) -> Option<Option<T>> {
        let Some(entry) = map.entries.next() else {
            self.depth -= 1;
            return Some(None);
        };
        self.kind = entry.kind;
        Some(Some(take(self.tables.key(*entry)?)))
    }

    #[inline]
    fn begin_list(&mut self) -> Option<Items<'t>> {
        self.enter(kind::LIST)?;
        let length = take_length(&mut self.frames)?;
        let left = length / 2;
        let kinds = if length % 2 == 1 {
            let (kinds, rest) = self.frames.split_at_checked(left)?;
            self.frames = rest;
            self.spend(expanded_size::list(left, None))?;
            Kinds::Each(kinds.iter())
        } else if left > 0 {
            let (kind, rest) = self.frames.split_first()?;
            self.frames = rest;
            self.spend(expanded_size::list(left, Some(*kind)))?;
            Kinds::Same(*kind)
        } else {
            Kinds::Same(kind::NULL)
        };
        Some(Items { left, kinds })
    }

    #[inline]
    fn next_item(&mut self, list: &mut Items<'t>) -> Option<bool> {
        if list.left == 0 {
            self.depth -= 1;
            return Some(false);
        }
        list.left -= 1;
        self.kind = match &mut list.kinds {
            Kinds::Same(kind) => *kind,
            Kinds::Each(kinds) => *kinds.next()?,
        };
        Some(true)
    }

    #[inline]
    fn remaining(&self, list: &Items<'t>) -> usize {
        // Nothing backs the length of a list whose items take no space.
        list.left.min(self.values.len() + self.frames.len())
    }
}
