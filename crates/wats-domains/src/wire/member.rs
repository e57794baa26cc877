//! How a member of each type is read. One odd member must not make a whole report unreadable, so every value is taken
//! as it comes: one of another kind than the member's is kept as it is.

use std::fmt;

use serde::Serialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde_json::Value;
use uuid::Uuid;

use super::{Extra, Number};

/// What of a member's value the member itself does not tell: with an empty place, all of it, because it is a null, or of
/// another kind or out of range; with a full one, its spelling, which is not the one in which it would be written.
pub(crate) type Odd = Option<Value>;

/// A type of member, by the kinds of value that it can be made of.
pub(crate) trait Member: Sized {
    /// What it is in words, for those who sent something else.
    const KIND: &'static str = "a value of the schema's kind";

    fn bool(_: bool) -> Option<Self> {
        None
    }
    fn signed(_: i64) -> Option<Self> {
        None
    }
    fn unsigned(value: u64) -> Option<Self> {
        value.try_into().ok().and_then(Self::signed)
    }
    fn real(_: f64) -> Option<Self> {
        None
    }
    fn text(_: &str) -> Option<Self> {
        None
    }
    fn bytes(_: &[u8]) -> Option<Self> {
        None
    }
    /// Reads an object to its place.
    fn map<'de, A: MapAccess<'de>>(place: &mut Option<Self>, map: A) -> Result<Odd, A::Error> {
        *place = None;
        Value::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
    /// Reads a list to its place.
    fn list<'de, A: SeqAccess<'de>>(place: &mut Option<Self>, list: A) -> Result<Odd, A::Error> {
        *place = None;
        Value::deserialize(SeqAccessDeserializer::new(list)).map(Some)
    }

    /// Whether the same value may be spelt in several ways; then the way in which it was read is kept.
    const SPELT: bool = false;

    /// Whether the text stands for this value; only asked where values are spelt in several ways.
    fn is_spelt(&self, _: &str) -> bool {
        false
    }

    /// Whether this is the text as which the value is written.
    fn is_written(&self, _: &str) -> bool {
        true
    }

    /// What a list of such members is in words.
    const LIST: &'static str = "a list of objects";

    /// A null as an item of a list.
    fn null_item() -> Option<Self> {
        None
    }

    /// The member as a text or a number, if it is one.
    fn leaf(&self) -> Option<Leaf<'_>> {
        None
    }

    /// The member as a text that may be changed, if it is one.
    fn text_mut(&mut self) -> Option<&mut String> {
        None
    }
}

/// A text or number of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leaf<'a> {
    Text(&'a str),
    Number(f64),
}

/// What the models of `wire!` have in common, for those who look at every member.
pub(crate) trait Model {
    /// The names of the known members, and what each is in words.
    const MEMBERS: &'static [(&'static str, &'static str)];

    /// Members without a field, and those whose value is of another kind than the field.
    fn extra(&self) -> &Extra;

    /// Visits the texts and numbers, not those of inner objects and lists.
    fn leaves(&self, visit: impl FnMut(&'static str, Leaf<'_>));

    /// Visits the texts, not those of inner objects and lists.
    fn texts_mut(&mut self, visit: impl FnMut(&'static str, &mut String));
}

/// Reads the value of a member to its place, and tells what the place cannot.
pub(crate) fn read_value<'de, T: Member, A: MapAccess<'de>>(
    map: &mut A,
    place: &mut Option<T>,
) -> Result<Odd, A::Error> {
    map.next_value_seed(Place(place))
}

/// The spelling in which a value was read, if it is still that value.
pub(crate) fn spelling<'a, T: Member>(
    value: &T,
    extra: &'a Extra,
    name: &str,
) -> Option<&'a Value> {
    if !T::SPELT {
        return None;
    }
    let same = |spelling: &&Value| spelling.as_str().is_some_and(|text| value.is_spelt(text));
    extra.get(name).filter(same)
}

/// Reads one value of any kind, to a place for a `T` if it can be one.
///
/// It goes there at once: handing it up through the results of the reader costs more than reading it.
struct Place<'a, T>(&'a mut Option<T>);

impl<T: Member> Place<'_, T> {
    fn put(self, value: Option<T>, odd: impl FnOnce() -> Value) -> Odd {
        *self.0 = value;
        self.0.is_none().then(odd)
    }
}

impl<'de, T: Member> DeserializeSeed<'de> for Place<'_, T> {
    type Value = Odd;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Odd, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Member> Visitor<'de> for Place<'_, T> {
    type Value = Odd;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Odd, E> {
        Ok(self.put(None, || Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Odd, E> {
        Ok(self.put(T::bool(value), || value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Odd, E> {
        Ok(self.put(T::signed(value), || value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Odd, E> {
        Ok(self.put(T::unsigned(value), || value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Odd, E> {
        Ok(self.put(T::real(value), || value.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Odd, E> {
        let value = T::text(text);
        let as_written = |value: &T| !T::SPELT || value.is_written(text);
        let told = value.as_ref().is_some_and(as_written);
        *self.0 = value;
        Ok((!told).then(|| text.into()))
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Odd, E> {
        // Only binary formats have them, and those we write ourselves.
        let Some(value) = T::bytes(bytes) else {
            return Err(E::invalid_type(Unexpected::Bytes(bytes), &self));
        };
        *self.0 = Some(value);
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Odd, A::Error> {
        T::list(self.0, list)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Odd, A::Error> {
        T::map(self.0, map)
    }
}

impl Member for bool {
    const KIND: &'static str = "true or false";

    fn bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Member for i32 {
    const KIND: &'static str = "a whole number of 32 bits";

    fn signed(value: i64) -> Option<Self> {
        value.try_into().ok()
    }
}

impl Member for i64 {
    const KIND: &'static str = "a whole number of 64 bits";

    fn signed(value: i64) -> Option<Self> {
        Some(value)
    }
}

impl Member for String {
    const KIND: &'static str = "a text";

    fn text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn leaf(&self) -> Option<Leaf<'_>> {
        Some(Leaf::Text(self))
    }

    fn text_mut(&mut self) -> Option<&mut String> {
        Some(self)
    }
}

impl Member for Uuid {
    const KIND: &'static str = "a UUID";

    fn text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    // Capitals, braces and the like stay as they were read.
    const SPELT: bool = true;

    fn is_spelt(&self, text: &str) -> bool {
        text.parse() == Ok(*self)
    }

    fn is_written(&self, text: &str) -> bool {
        self.hyphenated().encode_lower(&mut Self::encode_buffer()) == text
    }

    fn bytes(bytes: &[u8]) -> Option<Self> {
        Self::from_slice(bytes).ok()
    }
}

impl Member for Number {
    const KIND: &'static str = "a number";

    fn signed(value: i64) -> Option<Self> {
        Some(Self::from_signed(value))
    }

    fn unsigned(value: u64) -> Option<Self> {
        Some(Self::from_unsigned(value))
    }

    fn real(value: f64) -> Option<Self> {
        Some(value.into())
    }

    fn text(text: &str) -> Option<Self> {
        Self::from_text(text)
    }

    fn leaf(&self) -> Option<Leaf<'_>> {
        Some(Leaf::Number(self.value()))
    }
}

impl Member for Value {
    const LIST: &'static str = "a list";

    fn null_item() -> Option<Self> {
        Some(Self::Null)
    }
    fn bool(value: bool) -> Option<Self> {
        Some(value.into())
    }
    fn signed(value: i64) -> Option<Self> {
        Some(value.into())
    }
    fn unsigned(value: u64) -> Option<Self> {
        Some(value.into())
    }
    fn real(value: f64) -> Option<Self> {
        Some(value.into())
    }
    fn text(text: &str) -> Option<Self> {
        Some(text.into())
    }
    fn map<'de, A: MapAccess<'de>>(place: &mut Option<Self>, map: A) -> Result<Odd, A::Error> {
        *place = Some(Self::deserialize(MapAccessDeserializer::new(map))?);
        Ok(None)
    }
    fn list<'de, A: SeqAccess<'de>>(place: &mut Option<Self>, list: A) -> Result<Odd, A::Error> {
        *place = Some(Self::deserialize(SeqAccessDeserializer::new(list))?);
        Ok(None)
    }
}

impl<T: Member> Member for Box<T> {
    const KIND: &'static str = T::KIND;

    fn map<'de, A: MapAccess<'de>>(place: &mut Option<Self>, map: A) -> Result<Odd, A::Error> {
        let mut inner = None;
        let odd = T::map(&mut inner, map)?;
        *place = inner.map(Self::new);
        Ok(odd)
    }
}

impl<T: Member + Serialize> Member for Vec<T> {
    const KIND: &'static str = T::LIST;

    fn list<'de, A: SeqAccess<'de>>(
        place: &mut Option<Self>,
        mut list: A,
    ) -> Result<Odd, A::Error> {
        *place = None;
        let mut items = Self::new();
        let mut item = None;
        while let Some(odd) = list.next_element_seed(Place(&mut item))? {
            if let Some(odd) = odd {
                item = T::null_item().filter(|_| odd.is_null());
                if item.is_none() {
                    return whole(&items, odd, list).map(Some);
                }
            }
            items.extend(item.take());
        }
        *place = Some(items);
        Ok(None)
    }
}

/// A list with an item of another kind is kept as a whole: those read so far, the odd one, and the rest.
fn whole<'de, T: Serialize, A: SeqAccess<'de>>(
    items: &[T],
    odd: Value,
    mut list: A,
) -> Result<Value, A::Error> {
    let mut values = items
        .iter()
        .map(serde_json::to_value)
        .collect::<Result<Vec<_>, _>>()
        .map_err(A::Error::custom)?;
    values.push(odd);
    while let Some(value) = list.next_element()? {
        values.push(value);
    }
    Ok(Value::Array(values))
}
