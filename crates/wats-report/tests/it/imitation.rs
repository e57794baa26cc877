//! Numbers that come by their digits, as they do in a build in which some crate has turned on `arbitrary_precision` of
//! `serde_json`. The step `features` of `cargo xtask test` turns it on; here a deserializer does as it does.
//! The tests of `wats-domains` include this file.

use serde::Deserialize;
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

/// Hands over every text that begins with `#` as a number by its digits, every one that begins with `##` as an integer of
/// 128 bits.
pub(crate) struct Imitation(pub(crate) Value);

impl<'de> Deserializer<'de> for Imitation {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match number.as_u64() {
                Some(value) => visitor.visit_u64(value),
                None => visitor.visit_f64(number.as_f64().unwrap()),
            },
            Value::String(text) => match (text.strip_prefix("##"), text.strip_prefix('#')) {
                (Some(digits), _) => match digits.parse() {
                    Ok(value) => visitor.visit_u128(value),
                    Err(_) => visitor.visit_i128(digits.parse().unwrap()),
                },
                (_, Some(digits)) => visitor.visit_map(MapDeserializer::new(
                    [("$serde_json::private::Number", digits)].into_iter(),
                )),
                _ => visitor.visit_string(text),
            },
            Value::Array(items) => {
                visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Imitation)))
            }
            Value::Object(members) => visitor.visit_map(MapDeserializer::new(
                members
                    .into_iter()
                    .map(|(name, value)| (name, Imitation(value))),
            )),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for Imitation {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

pub(crate) fn read<'de, T: Deserialize<'de>>(value: Value) -> T {
    T::deserialize(Imitation(value)).unwrap()
}
