//! The tables of an archive that is read: keys, texts and shapes, and what its sections hold.

use std::cell::Cell;

use super::known::identity;
use super::number::{take_length, take_number};
use super::packed::PACKED;
use super::sections::{Sections, Unpacked, inconsistent};
use super::{expanded_size, kind};
use crate::fast::{Key, Written};
use crate::{Error, Limits, Result};

/// Keys are not packed.
static NONE_PACKED: Unpacked = Unpacked::NONE;

/// An archive whose tables were found to be in order.
pub(crate) struct Tables<'de> {
    keys: Texts<'de>,
    pub(super) texts: Texts<'de>,
    shapes: Vec<Shape>,
    entries: Vec<Entry>,
    pub(super) frames: &'de [u8],
    /// The kind of the root.
    pub(super) root: u8,
    pub(super) values: &'de [u8],
    pub(super) size: usize,
    pub(super) limits: Limits,
}

/// Which keys a map has, and values of which kinds.
pub(super) struct Shape {
    start: u32,
    end: u32,
    /// The [`expanded_size`] of a map of this shape.
    pub(super) bytes: usize,
    /// The struct that was last read from this shape, and a bit for each of its fields that is there.
    fields: Cell<(usize, u64)>,
}

#[derive(Clone, Copy)]
pub(super) struct Entry {
    key: u32,
    pub(super) kind: u8,
}

/// The memory that tables may still take. An entry of a table takes one or two bytes in an archive,
/// and up to 32 in memory.
pub(super) struct Budget {
    left: usize,
    exceeded: bool,
}

impl Budget {
    /// What tables may take, as a multiple of the largest document. Texts that differ, in a document
    /// within that limit, stay below it.
    const TIMES: usize = 4;

    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            left: limits.bytes().saturating_mul(Self::TIMES),
            exceeded: false,
        }
    }

    /// An empty table with space for exactly `count` entries.
    fn table<T>(&mut self, count: usize) -> Option<Vec<T>> {
        self.take::<T>(count)?;
        Some(Vec::with_capacity(count))
    }

    fn take<T>(&mut self, count: usize) -> Option<()> {
        let bytes = count.checked_mul(size_of::<T>())?;
        let Some(left) = self.left.checked_sub(bytes) else {
            self.exceeded = true;
            return None;
        };
        self.left = left;
        Some(())
    }

    /// Whether the budget is enough for the tables of so many keys, texts, shapes, and entries of these.
    pub(super) fn suffices(
        mut self,
        keys: usize,
        texts: usize,
        shapes: usize,
        entries: usize,
    ) -> bool {
        self.take::<&str>(keys).is_some()
            && self.take::<&str>(texts).is_some()
            && self.take::<Shape>(shapes).is_some()
            && self.take::<Entry>(entries).is_some()
    }
}

/// The texts of a table, each a part of its section, or unpacked.
pub(super) struct Texts<'de>(Vec<&'de str>);

impl<'de> Texts<'de> {
    /// With the texts that were packed.
    fn new(mut section: &'de [u8], unpacked: &'de Unpacked, budget: &mut Budget) -> Option<Self> {
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
        let mut texts = budget.table(count)?;
        let mut unpacked = unpacked.texts();
        for _ in 0..count {
            texts.push(match take_length(&mut lengths)? {
                PACKED => unpacked.next()?,
                length => {
                    let (text, rest) = joined.split_at_checked(length - 1)?;
                    joined = rest;
                    text
                }
            });
        }
        if unpacked.next().is_some() {
            return None;
        }
        joined.is_empty().then_some(Self(texts))
    }

    #[inline]
    pub(super) fn get(&self, number: usize) -> Option<&'de str> {
        self.0.get(number).copied()
    }
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

impl<'de> Tables<'de> {
    /// Reads the tables.
    pub(super) fn new(sections: &'de Sections<'_>, limits: &Limits) -> Result<Self> {
        let mut budget = Budget::new(limits);
        Self::parts(sections, limits, &mut budget).ok_or_else(|| {
            if budget.exceeded {
                let limit = limits.bytes();
                return Error::TooLarge { limit };
            }
            inconsistent()
        })
    }

    fn parts(sections: &'de Sections<'_>, limits: &Limits, budget: &mut Budget) -> Option<Self> {
        let keys = Texts::new(sections.keys, &NONE_PACKED, budget)?;
        let texts = Texts::new(sections.texts, &sections.unpacked, budget)?;
        let mut section = sections.shapes;
        let count = take_length(&mut section)?;
        if count > section.len() {
            return None;
        }
        let mut shapes = budget.table(count)?;
        let mut entries: Vec<Entry> = budget.table(count_entries(section, count)?)?;
        for _ in 0..count {
            let length = take_length(&mut section)?;
            let start = u32::try_from(entries.len()).ok()?;
            let mut bytes = 0usize;
            for _ in 0..length {
                let key = u32::try_from(take_number(&mut section)?).ok()?;
                let (kind, rest) = section.split_first()?;
                section = rest;
                if *kind > kind::LAST {
                    return None;
                }
                bytes = bytes.saturating_add(expanded_size::entry(keys.get(key as usize)?.len()));
                entries.push(Entry { key, kind: *kind });
            }
            shapes.push(Shape {
                start,
                end: u32::try_from(entries.len()).ok()?,
                bytes,
                fields: Cell::new((0, 0)),
            });
        }
        let (root, values) = sections.values.split_first()?;
        section.is_empty().then_some(Self {
            keys,
            texts,
            shapes,
            entries,
            frames: sections.frames,
            root: *root,
            values,
            size: sections.size,
            limits: *limits,
        })
    }

    #[inline]
    pub(super) fn shape(&self, number: usize) -> Option<&Shape> {
        self.shapes.get(number)
    }

    #[inline]
    pub(super) fn entries(&self, shape: &Shape) -> &[Entry] {
        let range = shape.start as usize..shape.end as usize;
        self.entries.get(range).unwrap_or_default()
    }

    #[inline]
    pub(super) fn key(&self, entry: Entry) -> Option<&'de str> {
        self.keys.get(entry.key as usize)
    }

    /// A bit for each of a struct's fields that stands in the shape, as far as they follow each other
    /// there in the order of the struct.
    #[inline]
    pub(super) fn present(&self, shape: &Shape, fields: &'static [Key]) -> u64 {
        match shape.fields.get() {
            (known, present) if known == identity(fields) => present,
            _ => self.find(shape, fields),
        }
    }

    #[cold]
    fn find(&self, shape: &Shape, fields: &'static [Key]) -> u64 {
        let mut entries = self.entries(shape).iter().peekable();
        let mut present = 0;
        for (index, field) in fields.iter().enumerate().take(Written::MOST) {
            let is_it = |entry: &&Entry| self.key(**entry) == Some(field.name());
            if entries.next_if(is_it).is_some() {
                present |= 1 << index;
            }
        }
        shape.fields.set((identity(fields), present));
        present
    }
}
