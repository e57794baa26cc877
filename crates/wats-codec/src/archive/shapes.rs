//! Shapes: which keys a map has, in which order, with values of which kinds. Each is found again, so
//! that it is written once.
//!
//! A map of any keys is known by its entries. A struct of the fast path is known by less: its type,
//! which of its fields are written, and the kinds of these, four bits each. Its keys are looked up once per type.

use super::kind;
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
    known_structs: Index,
    structs: Vec<(Struct, u32)>,
}

/// A struct of the fast path.
struct Type {
    fields: &'static [Key],
    /// A bit for each field whose key has a number.
    numbered: u64,
    /// The number of each field's key.
    keys: Vec<u32>,
}

/// What makes the shape of a struct.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Struct {
    pub(super) of_type: u32,
    /// A bit for each field that is written.
    pub(super) fields: u64,
    pub(super) kinds: Kinds,
}

impl Struct {
    #[inline]
    fn hash(&self) -> u64 {
        let Kinds(kinds) = self.kinds;
        hash_words(&[
            self.fields ^ u64::from(self.of_type).rotate_right(8),
            kinds as u64,
            (kinds >> 64) as u64,
        ])
    }
}

/// The kinds of the last values, the latest in the lowest bits.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) struct Kinds(u128);

impl Kinds {
    const BITS: u32 = 4;
    /// How many are kept.
    pub(super) const MOST: usize = (u128::BITS / Self::BITS) as usize;
    const MASK: u128 = (1 << Self::BITS) - 1;

    #[inline]
    pub(super) fn push(&mut self, kind: u8) {
        const { assert!(kind::LAST as u128 <= Self::MASK) };
        self.0 = self.0 << Self::BITS | u128::from(kind);
    }

    #[inline]
    pub(super) fn last(self) -> u8 {
        (self.0 & Self::MASK) as u8
    }

    /// The last `count`, in their order.
    fn iter(self, count: usize) -> impl Iterator<Item = u8> {
        let kinds = (0..count.min(Self::MOST)).rev();
        kinds.map(move |before| (self.0 >> (before as u32 * Self::BITS) & Self::MASK) as u8)
    }
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
            known_structs: Index::new(),
            structs: Vec::new(),
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

    /// The number of the shape of a struct with at most [`Kinds::MOST`] fields.
    #[inline]
    pub(super) fn of_struct(&mut self, shape: Struct) -> u32 {
        let hash = shape.hash();
        let mut number = 0;
        let found = self.known_structs.find(hash, |known| {
            let known = self.structs.get(known as usize);
            known.is_some_and(|(known, of_shape)| {
                number = *of_shape;
                *known == shape
            })
        });
        match found {
            Some(_) => number,
            None => self.add_struct(shape, hash),
        }
    }

    #[cold]
    fn add_struct(&mut self, shape: Struct, hash: u64) -> u32 {
        let mut entries = Vec::new();
        if let Some(found) = self.types.get(shape.of_type as usize) {
            let fields = found.keys.iter().enumerate();
            let written = fields.filter(|(index, _)| shape.fields >> index & 1 == 1);
            let keys = written.map(|(_, key)| *key);
            let kinds = shape.kinds.iter(shape.fields.count_ones() as usize);
            entries.extend(keys.zip(kinds).map(|(key, kind)| entry(key, kind)));
        }
        let number = self.of_map(&entries);
        self.known_structs.file(hash, self.structs.len() as u32);
        self.structs.push((shape, number));
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
