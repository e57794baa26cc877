//! Values of any kind, of which no more is kept than there is room for.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::any;

/// What a value takes beside its text.
const VALUE: usize = 96;

/// Room for values.
#[derive(Debug)]
pub(crate) struct Room {
    left: usize,
    /// Texts of so many bytes are told of.
    long: usize,
    /// Something had no room, and is not there.
    pub(crate) is_short: bool,
    /// There was a text of so many bytes.
    pub(crate) has_long: bool,
}

impl Room {
    pub(crate) fn new(bytes: usize, long: usize) -> Self {
        Self {
            left: bytes,
            long,
            is_short: false,
            has_long: false,
        }
    }

    /// Whether there is room for another value with a text of this length.
    pub(crate) fn takes(&mut self, text: usize) -> bool {
        self.has_long |= text >= self.long;
        let left = self.left.checked_sub(VALUE + text);
        self.is_short |= left.is_none();
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

/// Reads a value as far as there is room for it.
pub(crate) struct Kept<'a>(pub(crate) &'a mut Room);

impl<'de> DeserializeSeed<'de> for Kept<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Kept<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(any::real(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        let text = if self.0.takes(text.len()) { text } else { "" };
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while self.0.takes(0) {
            match list.next_element_seed(Kept(self.0))? {
                Some(item) => items.push(item),
                None => return Ok(items.into()),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(items.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            member(&mut map, name, &mut members, self.0)?;
        }
        let only = members.iter().next().filter(|_| members.len() == 1);
        let number = only
            .and_then(|(name, value)| any::digits(name, value))
            .map(any::number);
        Ok(number.unwrap_or(Value::Object(members)))
    }
}

/// Reads the value of a member, and keeps it if there is room.
pub(crate) fn member<'de, A: MapAccess<'de>>(
    map: &mut A,
    name: String,
    members: &mut Map<String, Value>,
    room: &mut Room,
) -> Result<(), A::Error> {
    if room.takes(name.len()) {
        let value = map.next_value_seed(Kept(room))?;
        members.insert(name, value);
    } else {
        map.next_value::<IgnoredAny>()?;
    }
    Ok(())
}
