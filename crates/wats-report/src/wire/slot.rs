//! The fields of a model and what each of them takes. Reading is generic over formats; behind these traits it need not be
//! generic over models and members too, which would be all combinations to compile.

use serde_json::Value;

use super::Extra;
use super::nulls::has;

/// The fields of a model while it is read, compared or written.
pub trait Fields {
    /// The field of a member, by its name.
    fn slot(&mut self, name: &str) -> Option<Found<'_>>;

    /// The name of a member by its place.
    fn member_name(&self, at: u16) -> &'static str {
        let member = self.members().get(usize::from(at));
        member.map_or("", |(name, _)| name)
    }

    /// The names of the known members, and what each is in words.
    fn members(&self) -> &'static [(&'static str, &'static str)];

    /// The place of a member and its field, to look at.
    fn field(&self, name: &str) -> Option<(usize, &dyn Slot)>;

    /// Whether no field has a value, not even a null.
    fn is_blank(&self) -> bool;

    /// The members that were read as an explicit null, as bits.
    fn nulls(&self) -> u64;

    fn set_nulls(&mut self, nulls: u64);

    /// Members without a field, and those whose value is of another kind than the field.
    fn extra(&self) -> &Extra;

    fn extra_mut(&mut self) -> &mut Extra;
}

/// The field of a member that was read.
#[expect(missing_debug_implementations, reason = "lives while a member is read")]
pub struct Found<'a> {
    /// Its place among all members.
    pub at: u16,
    /// Whether it has a value already.
    pub is_set: bool,
    pub slot: &'a mut dyn Slot,
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
    /// The items of the list that it is.
    fn items(&self) -> Result<Vec<Value>, serde_json::Error>;
}
