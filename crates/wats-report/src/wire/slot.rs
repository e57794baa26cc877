//! The fields of a model and what each of them takes. Reading is generic over formats; behind these traits it need not be
//! generic over models and members too, which would be all combinations to compile.

use serde_json::Value;

use super::Extra;

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

    /// The field of a member, to look at.
    fn field(&self, name: &str) -> Option<&dyn Slot>;

    /// Whether no field has a value.
    fn is_blank(&self) -> bool;

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
pub(super) fn adds_to_field(fields: &dyn Fields, name: &str, value: &Value) -> bool {
    match fields.field(name) {
        Some(field) => !field.is_set() || field.is_spelling(value),
        None => true,
    }
}

/// Whether a member without a field, or whose field has no value, is to be written.
pub fn is_other(fields: &dyn Fields, name: &str) -> bool {
    !fields.field(name).is_some_and(Slot::is_set)
}

/// How many such members there are.
pub fn count_others(fields: &dyn Fields) -> usize {
    let others = fields.extra().iter();
    others.filter(|(name, _)| is_other(fields, name)).count()
}

/// Whether both have the same members without a field, in whatever order.
pub fn same_extra(one: &dyn Fields, other: &dyn Fields) -> bool {
    let tells = |fields: &dyn Fields, name: &str, value: &Value| adds_to_field(fields, name, value);
    one.extra().agrees(
        other.extra(),
        &|name, value| tells(one, name, value),
        &|name, value| tells(other, name, value),
    )
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
