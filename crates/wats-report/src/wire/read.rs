//! Reads objects, lists and values to their slots. One odd member must not make a whole report unreadable, so every value
//! is taken as it comes: one of another kind than the member's is kept as it is.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::Value;
use wats_codec::fast::{Kind, Number, Source};

use super::Extra;
use super::any::{self, Any, Object};
use super::slot::{Fields, Found, Slot, is_last};
use super::write;

/// What a member's value tells beyond the member itself.
#[derive(Debug, Default)]
pub struct Leftover {
    /// Without a value, all of it, because it is a null, or of another kind or out of range; with one, its spelling, which
    /// is not the one in which it would be written.
    value: Option<Value>,
    /// Names that objects without a model, within the value, have more than once.
    twice: Vec<String>,
}

impl Leftover {
    pub(super) fn is_empty(&self) -> bool {
        self.value.is_none() && self.twice.is_empty()
    }

    /// Puts what was told where the object keeps such things; answers whether the value is a null, which it keeps as a bit.
    pub(super) fn settle(&mut self, name: &'static str, extra: &mut Extra) -> bool {
        match self.value.take() {
            Some(Value::Null) => return true,
            Some(value) => extra.push(name, value),
            None => {}
        }
        for inner in self.twice.drain(..) {
            extra.note_duplicate(format!("{name}.{inner}"));
        }
        false
    }
}

/// Reads the value of a member without a field by the codec's fast path.
pub fn decode_other<'de, S: Source<'de>>(
    source: &mut S,
    name: String,
    extra: &mut Extra,
    leftover: &mut Leftover,
) -> Option<()> {
    let twice = &mut leftover.twice;
    let value = source.seed(Any { twice })?;
    for inner in leftover.twice.drain(..) {
        extra.note_duplicate(format!("{name}.{inner}"));
    }
    extra.push(name, value);
    Some(())
}

/// Whether what the fast path has read needs no second thought: no name came twice, and the object stands for no number.
/// Where there are no members without a field, nobody need ask.
#[cold]
pub fn is_settled(fields: &dyn Fields) -> bool {
    let extra = fields.extra();
    extra.is_settled()
        && extra.digits().is_none()
        && extra
            .iter()
            .all(|(name, value)| is_last(fields, name, value))
}

/// Reads whatever comes to its slot by the codec's fast path; lists and objects by way of `serde`.
#[inline]
pub fn decode_plain<'de, S: Source<'de>>(
    slot: &mut impl Slot,
    leftover: &mut Leftover,
    source: &mut S,
) -> Option<()> {
    match source.next_kind() {
        Kind::Text => source.text(|text| {
            if !slot.text(text) {
                leftover.value = Some(text.into());
            }
        }),
        Kind::Number => {
            let left = match source.number()? {
                Number::Unsigned(value) => (!slot.unsigned(value)).then(|| value.into()),
                Number::Signed(value) => (!slot.signed(value)).then(|| value.into()),
                Number::Float(value) => (!slot.real(value)).then(|| any::real(value)),
            };
            leftover.value = left;
            Some(())
        }
        Kind::Bool => {
            let value = source.bool()?;
            leftover.value = (!slot.bool(value)).then(|| value.into());
            Some(())
        }
        Kind::Null => {
            if !source.null() {
                return None;
            }
            leftover.value = (!slot.null()).then_some(Value::Null);
            Some(())
        }
        Kind::Map | Kind::List | Kind::Other => source.seed(ValueSeed {
            slot,
            odd: leftover,
        }),
    }
}

/// Reads an object into fields that have no values; answers the digits, if it stands for a number.
pub fn fill<'de, A: MapAccess<'de>>(
    fields: &mut dyn Fields,
    mut map: A,
) -> Result<Option<String>, A::Error> {
    let (mut other, mut odd) = (String::new(), Leftover::default());
    loop {
        let name = NameSeed {
            fields: &mut *fields,
            other: &mut other,
        };
        let Some(field) = map.next_key_seed(name)? else {
            break;
        };
        let Some(Found { at, is_set, slot }) = field else {
            read_other(
                &mut map,
                std::mem::take(&mut other),
                fields.extra_mut(),
                &mut odd,
            )?;
            continue;
        };
        map.next_value_seed(ValueSeed {
            slot,
            odd: &mut odd,
        })?;
        if is_set || !odd.is_empty() {
            let (name, bit) = (fields.member_name(at), 1 << at);
            if is_set {
                fields.extra_mut().note_duplicate(name);
                fields.set_nulls(fields.nulls() & !bit);
            }
            if odd.settle(name, fields.extra_mut()) {
                fields.set_nulls(fields.nulls() | bit);
            }
        }
    }
    if fields.extra().is_empty() {
        return Ok(None);
    }
    Ok(settle(fields))
}

/// Puts the members without a field in order; answers the digits, if the object stands for a number.
#[cold]
fn settle(fields: &mut dyn Fields) -> Option<String> {
    if let Some(digits) = fields.extra().digits()
        && fields.is_blank()
    {
        return Some(digits.to_owned());
    }
    let mut extra = std::mem::take(fields.extra_mut());
    extra.settle();
    // What the last of several members of one name said is what counts.
    extra.drop_replaced(&|name, value| is_last(fields, name, value));
    *fields.extra_mut() = extra;
    None
}

/// Finds the field of a member.
struct NameSeed<'a> {
    fields: &'a mut dyn Fields,
    /// The name, where there is no such field.
    other: &'a mut String,
}

impl<'de, 'a> DeserializeSeed<'de> for NameSeed<'a> {
    type Value = Option<Found<'a>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'a> Visitor<'_> for NameSeed<'a> {
    type Value = Option<Found<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let field = self.fields.slot(name);
        if field.is_none() {
            name.clone_into(self.other);
        }
        Ok(field)
    }
}

/// Reads the value of a member without a field.
fn read_other<'de, A: MapAccess<'de>>(
    map: &mut A,
    name: String,
    extra: &mut Extra,
    odd: &mut Leftover,
) -> Result<(), A::Error> {
    let twice = &mut odd.twice;
    let value = map.next_value_seed(Any { twice })?;
    for inner in odd.twice.drain(..) {
        extra.note_duplicate(format!("{name}.{inner}"));
    }
    extra.push(name, value);
    Ok(())
}

/// Puts a value that was read before to its slot; gives back what the slot does not take.
pub(crate) fn put_value(slot: &mut dyn Slot, value: Value) -> Option<Value> {
    let mut odd = Leftover::default();
    let seed = ValueSeed {
        slot,
        odd: &mut odd,
    };
    match seed.deserialize(&value) {
        Ok(()) => odd.value,
        Err(_) => Some(value),
    }
}

/// A value of any kind on its way to its slot.
struct ValueSeed<'a> {
    slot: &'a mut dyn Slot,
    odd: &'a mut Leftover,
}

impl ValueSeed<'_> {
    /// Keeps what the slot did not take.
    #[cold]
    fn keep(self, value: Value) {
        self.odd.value = Some(value);
    }

    /// Puts a number by its digits.
    #[cold]
    fn put_digits(self, digits: &str) {
        if !self.slot.digits(digits) {
            self.keep(any::number(digits));
        }
    }

    /// Puts an object or list of any kind.
    fn put_any(self, value: Value) {
        if let Err(value) = self.slot.any(value) {
            self.keep(value);
        }
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        if !self.slot.null() {
            self.keep(Value::Null);
        }
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        if !self.slot.bool(value) {
            self.keep(value.into());
        }
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        if !self.slot.signed(value) {
            self.keep(value.into());
        }
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        if !self.slot.unsigned(value) {
            self.keep(value.into());
        }
        Ok(())
    }

    fn visit_i128<E>(self, value: i128) -> Result<(), E> {
        self.put_digits(&value.to_string());
        Ok(())
    }

    fn visit_u128<E>(self, value: u128) -> Result<(), E> {
        self.put_digits(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        if !self.slot.real(value) {
            self.keep(any::real(value));
        }
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if !self.slot.text(text) {
            self.keep(text.into());
        }
        Ok(())
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<(), E> {
        // Only binary formats have them, and those we write ourselves.
        if self.slot.bytes(bytes) {
            Ok(())
        } else {
            Err(E::invalid_type(Unexpected::Bytes(bytes), &self))
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { slot, odd } = self;
        let Some(items) = slot.list() else {
            let list = any::list(list, Vec::new(), &mut odd.twice)?;
            ValueSeed { slot, odd }.put_any(list);
            return Ok(());
        };
        let (mut count, mut inner) = (0_usize, Leftover::default());
        loop {
            let place = ValueSeed {
                slot: &mut *items,
                odd: &mut inner,
            };
            if list.next_element_seed(place)?.is_none() {
                return Ok(());
            }
            count += 1;
            if !inner.twice.is_empty() {
                any::within(&count.to_string(), &mut inner.twice, 0);
                odd.twice.append(&mut inner.twice);
            }
            if let Some(item) = inner.value.take() {
                // A list with an item of another kind is kept as a whole: those read so far, the odd one, and the rest.
                let mut values = write::items(items).map_err(A::Error::custom)?;
                values.push(item);
                let whole = any::list(list, values, &mut odd.twice)?;
                slot.take_back();
                odd.value = Some(whole);
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Self { slot, odd } = self;
        if let Some(fields) = slot.object() {
            if let Some(digits) = fill(fields, map)? {
                slot.take_back();
                ValueSeed { slot, odd }.put_digits(&digits);
            }
            return Ok(());
        }
        let place = ValueSeed { slot, odd };
        match any::object(map, &mut place.odd.twice)? {
            Object::Digits(digits) => place.put_digits(&digits),
            Object::Members(members) => place.put_any(members.into()),
        }
        Ok(())
    }
}
