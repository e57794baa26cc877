//! The fields of a model and what each of them takes. Reading is generic over formats; behind these traits it need not be
//! generic over models and members too, which would be all combinations to compile.

use std::borrow::Cow;

use serde_json::Value;
use uuid::Uuid;

use super::nulls::has;
use super::{Extra, Number};

/// The fields of a model while it is read, compared or written.
pub trait Fields {
    /// The place of a member among all, by its name.
    fn place(&self, name: &str) -> Option<usize>;

    /// The field of the member at a place.
    fn at(&self, place: usize) -> Option<&dyn Slot>;

    /// The same, to be set.
    fn at_mut(&mut self, place: usize) -> Option<&mut dyn Slot>;

    /// The names of the known members, and what each is in words.
    fn members(&self) -> &'static [(&'static str, &'static str)];

    /// The members that were read as an explicit null, as bits.
    fn nulls(&self) -> u64;

    fn set_nulls(&mut self, nulls: u64);

    /// Members without a field, and those whose value is of another kind than the field.
    fn extra(&self) -> &Extra;

    fn extra_mut(&mut self) -> &mut Extra;
}

impl dyn Fields + '_ {
    /// The name of a member by its place.
    pub(super) fn member_name(&self, at: usize) -> &'static str {
        let member = self.members().get(at);
        member.map_or("", |(name, _)| name)
    }

    /// The place of a member and its field, to look at.
    pub fn field(&self, name: &str) -> Option<(usize, &dyn Slot)> {
        let place = self.place(name)?;
        Some((place, self.at(place)?))
    }

    /// The field of a member, by its name.
    pub(crate) fn slot(&mut self, name: &str) -> Option<Found<'_>> {
        let at = self.place(name)?;
        let is_set = has(self.nulls(), at) || self.at(at)?.is_set();
        let slot = self.at_mut(at)?;
        Some(Found { at, is_set, slot })
    }

    /// Visits the texts, not those of inner objects and lists.
    pub(crate) fn texts_mut(&mut self, visit: &mut dyn FnMut(&'static str, &mut String)) {
        for (at, (name, _)) in self.members().iter().enumerate() {
            if let Some(text) = self.at_mut(at).and_then(Slot::text_mut) {
                visit(name, text);
            }
        }
    }

    /// Whether no field has a value, not even a null.
    pub(super) fn is_blank(&self) -> bool {
        let is_set = |at| self.at(at).is_some_and(Slot::is_set);
        self.nulls() == 0 && !(0..self.members().len()).any(is_set)
    }
}

/// Whether the member of this name was read as an explicit null, and has no value since.
pub fn is_null(fields: &dyn Fields, name: &str) -> bool {
    let extra = || fields.extra().get(name).is_some_and(Value::is_null);
    match fields.field(name) {
        Some((at, field)) => !field.is_set() && (has(fields.nulls(), at) || extra()),
        None => extra(),
    }
}

/// The field of a member that was read.
pub(crate) struct Found<'a> {
    /// Its place among all members.
    pub(crate) at: usize,
    /// Whether it has a value already.
    pub(crate) is_set: bool,
    pub(crate) slot: &'a mut dyn Slot,
}

/// Whether what `extra` holds tells something that the member of that name does not.
fn adds_to_field(fields: &dyn Fields, name: &str, value: &Value) -> bool {
    match fields.field(name) {
        Some((_, field)) => !field.is_set() || field.is_spelling(value),
        None => true,
    }
}

/// Whether what was read to `extra` still tells something: no value, nor a null, of that name came after it.
pub(super) fn is_last(fields: &dyn Fields, name: &str, value: &Value) -> bool {
    let has_null = |(at, _)| has(fields.nulls(), at);
    adds_to_field(fields, name, value) && !fields.field(name).is_some_and(has_null)
}

/// Whether a member without a field, or whose field has no value, is to be written.
pub fn is_other(fields: &dyn Fields, name: &str) -> bool {
    !fields.field(name).is_some_and(|(_, field)| field.is_set())
}

/// How many such members there are.
pub fn count_others(fields: &dyn Fields) -> usize {
    let others = fields.extra().iter();
    others.filter(|(name, _)| is_other(fields, name)).count()
}

/// The explicit nulls, as bits, but for those in whose place `extra` has something; that was put there later. A field that
/// has a value is written in place of its null, too.
pub fn written_nulls(fields: &dyn Fields) -> u64 {
    let replaced = |nulls: u64, (at, _): (usize, &dyn Slot)| nulls & !(1 << at);
    let extra = fields.extra().iter();
    let known = extra.filter_map(|(name, _)| fields.field(name));
    known.fold(fields.nulls(), replaced)
}

/// Whether both have the same members without a field, and the same nulls, in whatever order.
pub fn same_extra(one: &dyn Fields, other: &dyn Fields) -> bool {
    if one.extra().is_empty() && other.extra().is_empty() && one.nulls() == other.nulls() {
        return true;
    }
    beside_fields(one) == beside_fields(other)
}

/// What is written beside the values of fields, by name.
fn beside_fields(fields: &dyn Fields) -> Vec<(&str, &Value)> {
    let nulls = written_nulls(fields);
    let null = |(at, (name, _)): (usize, &(&'static str, _))| {
        (has(nulls, at) && is_other(fields, name)).then_some((*name, &Value::Null))
    };
    let mut beside: Vec<_> = fields
        .extra()
        .iter()
        .filter(|(name, value)| adds_to_field(fields, name, value))
        .chain(fields.members().iter().enumerate().filter_map(null))
        .collect();
    beside.sort_unstable_by_key(|(name, _)| *name);
    beside
}

/// Where a value goes: the field of a member, or the end of a list. What it cannot take it says; then it has no value.
///
/// Values go there at once: handing them up through the results of the reader costs more than reading them.
pub trait Slot {
    fn is_set(&self) -> bool;
    /// Takes back the object or list that was begun.
    fn take_back(&mut self);
    fn null(&mut self) -> bool;
    fn bool(&mut self, value: bool) -> bool;
    fn signed(&mut self, value: i64) -> bool;
    fn unsigned(&mut self, value: u64) -> bool;
    fn real(&mut self, value: f64) -> bool;
    fn digits(&mut self, digits: &str) -> bool;
    /// Answers whether it is the value in the spelling in which it is written.
    fn text(&mut self, text: &str) -> bool;
    fn bytes(&mut self, bytes: &[u8]) -> bool;
    /// Takes an object or list of any kind.
    fn any(&mut self, value: Value) -> Result<(), Value>;
    /// Begins an object with fields.
    fn object(&mut self) -> Option<&mut dyn Fields>;
    /// Begins a list of a known kind.
    fn list(&mut self) -> Option<&mut dyn Slot>;
    /// Whether this is another way to spell the value.
    fn is_spelling(&self, spelling: &Value) -> bool;
    /// The text that it has, to be changed.
    fn text_mut(&mut self) -> Option<&mut String>;
    /// The value that it has; of a list, the one at that place.
    fn value(&self, at: usize) -> Option<ValueRef<'_>>;
}

/// What a member has.
#[expect(missing_debug_implementations, reason = "lives while it is written")]
#[derive(Clone, Copy)]
pub enum ValueRef<'a> {
    Bool(bool),
    I32(i32),
    I64(i64),
    Text(&'a str),
    Id(&'a Uuid),
    Number(&'a Number),
    Json(&'a Value),
    Made(&'a dyn MadeText),
    Object(&'a dyn Fields),
    /// A list of so many items.
    List(&'a dyn Slot, usize),
}

/// A text that is made when it is written.
pub trait MadeText {
    /// The text, or why there is none.
    fn made(&self) -> Result<Cow<'_, str>, String>;
}
