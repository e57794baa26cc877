//! Shapes: which keys a map has, in which order, with values of which kinds. Each is found again, so
//! that it is written once.
//!
//! A map of any keys is known by its entries. A struct of the fast path is known by less: its type,
//! which of its fields are written, and the kinds of these, four bits each. Its keys are looked up once per type.

use super::kind;
use super::known::{FACTOR, Index, Texts, get, hash_words, identity};
use crate::fast::Key;

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
    structs: Box<[Known; Self::STRUCTS]>,
}

/// A struct of the fast path.
struct Type {
    fields: &'static [Key],
    /// The number of each field's key, once it was written.
    keys: Vec<Option<u32>>,
}

/// A struct whose shape was found before.
#[derive(Clone, Copy, Default)]
struct Known {
    structure: Struct,
    shape: u32,
}

/// What makes the shape of a struct.
#[derive(Clone, Copy, Default, PartialEq)]
struct Struct {
    /// Its type, by where its fields lie.
    of_type: usize,
    /// A bit for each field that is written.
    written: u64,
    kinds: Kinds,
}

impl Struct {
    #[inline]
    fn new(fields: &'static [Key], written: u64, kinds: Kinds) -> Self {
        Self {
            of_type: identity(fields),
            written,
            kinds,
        }
    }

    #[inline]
    fn hash(&self) -> u64 {
        let Kinds(kinds) = self.kinds;
        let of_type = (self.of_type as u64).rotate_right(8) ^ self.written.rotate_left(24);
        let word = of_type ^ kinds as u64 ^ ((kinds >> 64) as u64).rotate_left(40);
        // The upper half of a product depends on all of it.
        (word ^ word >> 32).wrapping_mul(FACTOR) >> 32
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

    /// The kind of all, where there are so many of them and no others.
    #[inline]
    pub(super) fn same(self, count: usize) -> Option<u8> {
        const EACH: u128 = u128::MAX / Kinds::MASK;
        let beyond = Self::MOST.checked_sub(count)? as u32 * Self::BITS;
        let kind = self.last();
        let all = (EACH * u128::from(kind)).checked_shr(beyond)?;
        (all == self.0).then_some(kind)
    }

    /// The last `count`, in their order.
    pub(super) fn iter(self, count: usize) -> impl Iterator<Item = u8> {
        let kinds = (0..count.min(Self::MOST)).rev();
        kinds.map(move |before| (self.0 >> (before as u32 * Self::BITS) & Self::MASK) as u8)
    }
}

impl Shapes {
    /// How many structs are known at most.
    const STRUCTS: usize = 128;
    /// In how many places each is looked for.
    const PROBES: u64 = 8;

    pub(super) fn new() -> Self {
        Self {
            index: Index::new(),
            entries: Vec::new(),
            ends: Vec::new(),
            uses: Vec::new(),
            types: Vec::new(),
            structs: Box::new([Known::default(); Self::STRUCTS]),
        }
    }

    /// The number of the shape of a struct with these fields, of which no more than [`Kinds::MOST`] are written, if it is
    /// where it is most often.
    #[inline]
    pub(super) fn likely(&self, fields: &'static [Key], written: u64, kinds: Kinds) -> Option<u32> {
        let structure = Struct::new(fields, written, kinds);
        let known = self.structs.get(Self::place(structure.hash()))?;
        (known.structure == structure).then_some(known.shape)
    }

    #[inline]
    fn place(hash: u64) -> usize {
        hash as usize % Self::STRUCTS
    }

    /// The same number, wherever it is.
    #[inline(never)]
    pub(super) fn of_struct(
        &mut self,
        fields: &'static [Key],
        written: u64,
        kinds: Kinds,
        keys: &mut Texts,
    ) -> u32 {
        let structure = Struct::new(fields, written, kinds);
        let hash = structure.hash();
        // In a free place, or else instead of what is in the first.
        let mut place = Self::place(hash);
        for probe in 0..Self::PROBES {
            let probed = Self::place(hash.wrapping_add(probe));
            match self.structs.get(probed) {
                Some(known) if known.structure == structure => return known.shape,
                Some(known) if known.structure == Struct::default() => {
                    place = probed;
                    break;
                }
                _ => {}
            }
        }
        let shape = self.shape_of(fields, structure, keys);
        if let Some(known) = self.structs.get_mut(place) {
            *known = Known { structure, shape };
        }
        shape
    }

    fn shape_of(&mut self, fields: &'static [Key], structure: Struct, keys: &mut Texts) -> u32 {
        let same = |found: &Type| identity(found.fields) == structure.of_type;
        let of_type = self.types.iter().position(same).unwrap_or_else(|| {
            self.types.push(Type {
                fields,
                keys: vec![None; fields.len()],
            });
            self.types.len() - 1
        });
        let count = structure.written.count_ones() as usize;
        let mut entries = Vec::with_capacity(count);
        if let Some(Type { fields, keys: of }) = self.types.get_mut(of_type) {
            let fields = fields.iter().zip(of).enumerate();
            let written = fields.filter(|(index, _)| structure.written >> index & 1 == 1);
            let kinds = structure.kinds.iter(count);
            for ((_, (field, number)), kind) in written.zip(kinds) {
                let number = number.get_or_insert_with(|| keys.number(field.name().as_bytes()).0);
                entries.push(entry(*number, kind));
            }
        }
        self.of_map(&entries)
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
