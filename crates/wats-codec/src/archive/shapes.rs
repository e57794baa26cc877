//! Shapes: which keys a map has, in which order, with values of which kinds. Each is found again, so
//! that it is written once.
//!
//! A map of any keys is known by its entries. A struct of the fast path is known by less: its type,
//! which of its fields are written, and the kinds of these. Its keys are looked up once per type.

use super::known::{Dictionary, Index, Texts, get, hash_words};
use crate::fast::{Key, Written};

/// Every shape once.
pub(super) struct Shapes {
    index: Index,
    /// Of one shape after the other: for each entry the number of its key above, its kind in the low
    /// byte.
    entries: Vec<u64>,
    ends: Vec<usize>,
    /// How many maps are of each.
    uses: Vec<u64>,
    types: Vec<Type>,
    known_types: Dictionary,
    /// Every [`header`] with the kinds of its fields.
    structs: Texts,
    /// The shape of each of them.
    of_structs: Vec<u32>,
}

/// A struct of the fast path.
struct Type {
    fields: &'static [Key],
    /// A bit for each field whose key has a number.
    numbered: u64,
    /// The number of each field's key.
    keys: Vec<u32>,
}

/// A struct's type in four bytes, and the fields that are written in eight.
type Header = [u8; 12];

/// What the shape of a struct begins with; the kinds of its fields follow.
#[inline]
pub(super) fn header(of_type: u32, written: &Written) -> Header {
    let mut header = [0; 12];
    let (low, high) = header.split_at_mut(4);
    low.copy_from_slice(&of_type.to_le_bytes());
    high.copy_from_slice(&written.fields.to_le_bytes());
    header
}

/// Undoes [`header`].
fn split(header: Header) -> (u32, u64) {
    let [low @ .., _, _, _, _, _, _, _, _] = header;
    let [_, _, _, _, high @ ..] = header;
    (u32::from_le_bytes(low), u64::from_le_bytes(high))
}

impl Shapes {
    pub(super) fn new() -> Self {
        Self {
            index: Index::new(),
            entries: Vec::new(),
            ends: Vec::new(),
            uses: Vec::new(),
            types: Vec::new(),
            known_types: Dictionary::new(),
            structs: Texts::new(),
            of_structs: Vec::new(),
        }
    }

    /// The type of a struct, and whether all keys that are written have their numbers.
    #[inline]
    pub(super) fn begin_struct(
        &mut self,
        fields: &'static [Key],
        written: &Written,
    ) -> (u32, bool) {
        let number = match self.known_types.get(fields) {
            Some(number) => number,
            None => self.add_type(fields),
        };
        let numbered = self
            .types
            .get(number as usize)
            .map_or(0, |found| found.numbered);
        (number, written.fields & !numbered == 0)
    }

    #[cold]
    fn add_type(&mut self, fields: &'static [Key]) -> u32 {
        let same = |found: &Type| std::ptr::eq(found.fields, fields);
        let number = self.types.iter().position(same).unwrap_or_else(|| {
            self.types.push(Type {
                fields,
                numbered: 0,
                keys: vec![0; fields.len()],
            });
            self.types.len() - 1
        });
        self.known_types.learn(fields, number as u32);
        number as u32
    }

    /// Gives the field `index` its key's number, at the first time it is written.
    pub(super) fn number_key(&mut self, of_type: u32, index: usize, keys: &mut Texts) {
        let Some(found) = self.types.get_mut(of_type as usize) else {
            return;
        };
        if found.numbered >> index & 1 == 1 {
            return;
        }
        if let (Some(key), Some(place)) = (found.fields.get(index), found.keys.get_mut(index)) {
            (*place, _) = keys.number(key.name().as_bytes());
            found.numbered |= 1 << index;
        }
    }

    /// The number of a struct's shape: its header, then the kinds of its fields.
    #[inline]
    pub(super) fn of_struct(&mut self, shape: &[u8]) -> u32 {
        let (number, new) = self.structs.number(shape);
        if new {
            return self.add_struct(shape);
        }
        self.of_structs
            .get(number as usize)
            .copied()
            .unwrap_or_default()
    }

    #[cold]
    fn add_struct(&mut self, shape: &[u8]) -> u32 {
        let mut entries = Vec::new();
        if let Some((header, kinds)) = shape.split_first_chunk()
            && let (of_type, written) = split(*header)
            && let Some(found) = self.types.get(of_type as usize)
        {
            let fields = found.keys.iter().enumerate();
            let written = fields.filter(|(index, _)| written >> index & 1 == 1);
            let keys = written.map(|(_, key)| *key);
            entries.extend(keys.zip(kinds).map(|(key, kind)| entry(key, *kind)));
        }
        let number = self.of_map(&entries);
        self.of_structs.push(number);
        number
    }

    /// The number of a map's shape.
    pub(super) fn of_map(&mut self, shape: &[u64]) -> u32 {
        let hash = hash_words(shape);
        let known = |number| get(&self.entries, &self.ends, number) == shape;
        if let Some(number) = self.index.find(hash, known) {
            return number;
        }
        let number = self.ends.len() as u32;
        self.entries.extend_from_slice(shape);
        self.ends.push(self.entries.len());
        self.uses.push(0);
        self.index.file(hash, number);
        number
    }

    /// Counts a map of this shape.
    #[inline]
    pub(super) fn used(&mut self, number: u32) {
        if let Some(uses) = self.uses.get_mut(number as usize) {
            *uses += 1;
        }
    }

    /// All shapes by number, and how many maps are of each.
    pub(super) fn all(&self) -> impl ExactSizeIterator<Item = (&[u64], u64)> {
        let uses = self.uses.iter().enumerate();
        uses.map(|(number, uses)| (get(&self.entries, &self.ends, number as u32), *uses))
    }

    /// How many entries the shapes have in all.
    pub(super) fn entries(&self) -> usize {
        self.entries.len()
    }
}

/// A key's number and the kind of its value.
#[inline]
pub(super) fn entry(key: u32, kind: u8) -> u64 {
    u64::from(key) << 8 | u64::from(kind)
}
