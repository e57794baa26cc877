//! How a member of each type is read. One odd member must not make a whole report unreadable, so every value is taken
//! as it comes: one of another kind than the member's is kept as it is.

use std::fmt;

use serde::Serialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::Value;
use uuid::Uuid;

use super::any::{self, Any, Object};
use super::{Extra, Number};

/// What a member's value tells beyond the member itself.
#[derive(Debug, Default)]
pub struct Odd {
    /// Without a value, all of it, because it is a null, or of another kind or out of range; with one, its spelling, which
    /// is not the one in which it would be written.
    value: Option<Value>,
    /// Names that objects without a model, within the value, have more than once.
    twice: Vec<String>,
}

impl Odd {
    /// Puts what was told where the object keeps such things.
    #[cold]
    fn settle(&mut self, name: &'static str, extra: &mut Extra) {
        if let Some(value) = self.value.take() {
            extra.push(name, value);
        }
        for inner in self.twice.drain(..) {
            extra.note_twice(format!("{name}.{inner}"));
        }
    }
}

/// A type of member, by the kinds of value that it can be made of.
pub trait Member: Sized {
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
    /// A number by its digits.
    fn digits(digits: &str) -> Option<Self> {
        if let Ok(value) = digits.parse() {
            return Self::signed(value);
        }
        match digits.parse() {
            Ok(value) => Self::unsigned(value),
            Err(_) => Self::real(digits.parse().ok()?),
        }
    }
    fn bytes(_: &[u8]) -> Option<Self> {
        None
    }
    /// Reads an object.
    fn map<'de, A: MapAccess<'de>>(place: Place<'_, Self>, map: A) -> Result<(), A::Error> {
        match any::object(map, &mut place.odd.twice)? {
            Object::Digits(digits) => place.put_digits(&digits),
            Object::Members(members) => place.put_odd(members.into()),
        }
        Ok(())
    }
    /// Reads a list.
    fn list<'de, A: SeqAccess<'de>>(place: Place<'_, Self>, list: A) -> Result<(), A::Error> {
        let list = any::list(list, Vec::new(), &mut place.odd.twice)?;
        place.put_odd(list);
        Ok(())
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
pub enum Leaf<'a> {
    Text(&'a str),
    Number(f64),
}

/// What the models of `wire!` have in common, for those who look at every member.
pub trait Model {
    /// The names of the known members, and what each is in words.
    const MEMBERS: &'static [(&'static str, &'static str)];

    /// Members without a field, and those whose value is of another kind than the field.
    fn extra(&self) -> &Extra;

    /// Visits the texts and numbers, not those of inner objects and lists.
    fn leaves(&self, visit: impl FnMut(&'static str, Leaf<'_>));

    /// Visits the texts, not those of inner objects and lists.
    fn texts_mut(&mut self, visit: impl FnMut(&'static str, &mut String));
}

/// Reads the value of a member to its place, and what the member does not tell to `extra`. `odd` is empty before and after.
pub fn read_value<'de, T: Member, A: MapAccess<'de>>(
    map: &mut A,
    name: &'static str,
    value: &mut Option<T>,
    extra: &mut Extra,
    odd: &mut Odd,
) -> Result<(), A::Error> {
    if value.is_some() {
        extra.note_twice(name);
    }
    map.next_value_seed(Place { value, odd })?;
    if odd.value.is_some() || !odd.twice.is_empty() {
        odd.settle(name, extra);
    }
    Ok(())
}

/// Reads the value of a member without a field.
pub fn read_other<'de, A: MapAccess<'de>>(
    map: &mut A,
    name: String,
    extra: &mut Extra,
    odd: &mut Odd,
) -> Result<(), A::Error> {
    let twice = &mut odd.twice;
    let value = map.next_value_seed(Any { twice })?;
    for inner in odd.twice.drain(..) {
        extra.note_twice(format!("{name}.{inner}"));
    }
    extra.push(name, value);
    Ok(())
}

/// The spelling in which a value was read, if it is still that value.
pub fn spelling<'a, T: Member>(value: &T, extra: &'a Extra, name: &str) -> Option<&'a Value> {
    if !T::SPELT {
        return None;
    }
    extra
        .get(name)
        .filter(|spelling| is_spelling(value, spelling))
}

/// Whether this is another way to spell the value.
pub fn is_spelling<T: Member>(value: &T, spelling: &Value) -> bool {
    T::SPELT && spelling.as_str().is_some_and(|text| value.is_spelt(text))
}

/// Where a value of any kind goes, as a `T` if it can be one.
///
/// It goes there at once: handing it up through the results of the reader costs more than reading it.
#[derive(Debug)]
pub struct Place<'a, T> {
    value: &'a mut Option<T>,
    odd: &'a mut Odd,
}

impl<T> Place<'_, T> {
    pub fn put(self, value: T) {
        *self.value = Some(value);
    }

    fn put_odd(self, odd: Value) {
        *self.value = None;
        self.odd.value = Some(odd);
    }

    /// Puts a number by its digits.
    #[cold]
    pub fn put_digits(self, digits: &str)
    where
        T: Member,
    {
        self.put_or(T::digits(digits), || any::number(digits));
    }

    fn put_or(self, value: Option<T>, odd: impl FnOnce() -> Value) {
        match value {
            Some(value) => self.put(value),
            None => self.put_odd(odd()),
        }
    }
}

impl<'de, T: Member> DeserializeSeed<'de> for Place<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Member> Visitor<'de> for Place<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.put_odd(Value::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.put_or(T::bool(value), || value.into());
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.put_or(T::signed(value), || value.into());
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.put_or(T::unsigned(value), || value.into());
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
        self.put_or(T::real(value), || any::real(value));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        match T::text(text) {
            Some(value) if T::SPELT && !value.is_written(text) => {
                self.odd.value = Some(text.into());
                self.put(value);
            }
            value => self.put_or(value, || text.into()),
        }
        Ok(())
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<(), E> {
        // Only binary formats have them, and those we write ourselves.
        let Some(value) = T::bytes(bytes) else {
            return Err(E::invalid_type(Unexpected::Bytes(bytes), &self));
        };
        self.put(value);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        T::list(self, list)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        T::map(self, map)
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

    fn digits(digits: &str) -> Option<Self> {
        Self::from_digits(digits)
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
        Some(any::real(value))
    }
    fn digits(digits: &str) -> Option<Self> {
        Some(any::number(digits))
    }
    fn text(text: &str) -> Option<Self> {
        Some(text.into())
    }
    fn map<'de, A: MapAccess<'de>>(place: Place<'_, Self>, map: A) -> Result<(), A::Error> {
        let object = any::object(map, &mut place.odd.twice)?;
        place.put(object.into());
        Ok(())
    }
    fn list<'de, A: SeqAccess<'de>>(place: Place<'_, Self>, list: A) -> Result<(), A::Error> {
        let list = any::list(list, Vec::new(), &mut place.odd.twice)?;
        place.put(list);
        Ok(())
    }
}

impl<T: Member> Member for Box<T> {
    const KIND: &'static str = T::KIND;

    fn map<'de, A: MapAccess<'de>>(place: Place<'_, Self>, map: A) -> Result<(), A::Error> {
        let mut inner = None;
        let Place { value, odd } = place;
        let within = Place {
            value: &mut inner,
            odd,
        };
        T::map(within, map)?;
        *value = inner.map(Self::new);
        Ok(())
    }
}

impl<T: Member + Serialize> Member for Vec<T> {
    const KIND: &'static str = T::LIST;

    fn list<'de, A: SeqAccess<'de>>(place: Place<'_, Self>, mut list: A) -> Result<(), A::Error> {
        let mut items = Self::new();
        let (mut item, mut odd) = (None, Odd::default());
        loop {
            let seed = Place {
                value: &mut item,
                odd: &mut odd,
            };
            if list.next_element_seed(seed)?.is_none() {
                break;
            }
            if !odd.twice.is_empty() {
                any::within(&(items.len() + 1).to_string(), &mut odd.twice, 0);
                place.odd.twice.append(&mut odd.twice);
            }
            if let Some(odd) = odd.value.take() {
                item = T::null_item().filter(|_| odd.is_null());
                if item.is_none() {
                    let twice = &mut place.odd.twice;
                    let whole = whole(&items, odd, list, twice)?;
                    place.put_odd(whole);
                    return Ok(());
                }
            }
            items.extend(item.take());
        }
        place.put(items);
        Ok(())
    }
}

/// A list with an item of another kind is kept as a whole: those read so far, the odd one, and the rest.
fn whole<'de, T: Serialize, A: SeqAccess<'de>>(
    items: &[T],
    odd: Value,
    list: A,
    twice: &mut Vec<String>,
) -> Result<Value, A::Error> {
    let mut values = items
        .iter()
        .map(serde_json::to_value)
        .collect::<Result<Vec<_>, _>>()
        .map_err(A::Error::custom)?;
    values.push(odd);
    any::list(list, values, twice)
}
