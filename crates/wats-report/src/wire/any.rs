//! Values of any kind as JSON, and the one place that knows in which forms numbers come.
//!
//! Numbers are handed over as machine numbers, or by their digits: as an object of one member with the name
//! [`NUMBER`], when some crate of the build has turned on `serde_json`'s feature `arbitrary_precision`, or as integers of
//! 128 bits. Features hold for a whole build, so this crate cannot know whether it is on.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::{Map, Value};

/// The name under which `serde_json` hands over the digits of a number.
const NUMBER: &str = "$serde_json::private::Number";

/// Names told of one value, at most: what is hostile must not grow without bound.
const MOST_TOLD: usize = 100;

/// The digits, if an object whose only member this is stands for a number.
pub(super) fn digits<'a>(name: &str, value: &'a Value) -> Option<&'a str> {
    let text = value.as_str().filter(|_| name == NUMBER)?;
    is_number(text).then_some(text)
}

/// Whether a text is a number as JSON writes it.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    unsigned.starts_with(|c: char| c.is_ascii_digit())
        && unsigned
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
        && text.parse::<f64>().is_ok()
}

/// Digits as JSON, exact if this build can keep them; digits beyond every number stay a text.
pub(super) fn number(digits: &str) -> Value {
    digits
        .parse()
        .map_or_else(|_| Value::String(digits.to_owned()), Value::Number)
}

/// A float as JSON; one that JSON has no number for is the text that WSJF has for it.
pub(super) fn real(value: f64) -> Value {
    if value.is_finite() {
        value.into()
    } else if value.is_nan() {
        "NaN".into()
    } else if value > 0.0 {
        "Infinity".into()
    } else {
        "-Infinity".into()
    }
}

/// What an object turned out to be.
pub(super) enum Object {
    /// A number by its digits.
    Digits(String),
    Members(Map<String, Value>),
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        match object {
            Object::Digits(digits) => number(&digits),
            Object::Members(members) => Self::Object(members),
        }
    }
}

/// Reads an object. Of members of one name the last stays; the names of such are told.
pub(super) fn object<'de, A: MapAccess<'de>>(
    mut map: A,
    twice: &mut Vec<String>,
) -> Result<Object, A::Error> {
    let mut members = Map::new();
    while let Some(name) = map.next_key::<String>()? {
        let told = twice.len();
        let value = map.next_value_seed(Any { twice })?;
        within(&name, twice, told);
        if members.contains_key(&name) && twice.len() < MOST_TOLD {
            twice.push(name.clone());
        }
        members.insert(name, value);
    }
    if members.len() == 1
        && let Some((name, value)) = members.iter().next()
        && let Some(digits) = digits(name, value)
    {
        return Ok(Object::Digits(digits.to_owned()));
    }
    Ok(Object::Members(members))
}

/// Reads a list.
pub(super) fn list<'de, A: SeqAccess<'de>>(
    mut list: A,
    mut items: Vec<Value>,
    twice: &mut Vec<String>,
) -> Result<Value, A::Error> {
    loop {
        let told = twice.len();
        let Some(item) = list.next_element_seed(Any { twice })? else {
            return Ok(Value::Array(items));
        };
        if twice.len() > told {
            within(&(items.len() + 1).to_string(), twice, told);
        }
        items.push(item);
    }
}

/// Names what was told since within a member or item.
pub(super) fn within(name: &str, twice: &mut [String], since: usize) {
    for inner in twice.iter_mut().skip(since) {
        *inner = format!("{name}.{inner}");
    }
}

/// Reads any value.
pub(crate) struct Any<'a> {
    /// Where names are told that an object has more than once.
    pub(crate) twice: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Any<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
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

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(number(&value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(number(&value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(real(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Value, E> {
        Err(E::invalid_type(Unexpected::Bytes(bytes), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Value, A::Error> {
        list(items, Vec::new(), self.twice)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        Ok(object(map, self.twice)?.into())
    }
}
