//! Models that lose nothing: known members typed, unknown members and explicit nulls kept and written back.
//!
//! The macro `wire!` makes structs whose members are all optional, because a reader must accept what any server version
//! sends. Unlike serde's `flatten` it reads each known member straight into its field and buffers only the others.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::report::{CompOp, ReportTime, Status};

/// Members of a JSON object that have no field of their own, in the order in which they were read.
///
/// They are written back as they were. An explicit `null` of a known member is kept here too, for as long as the
/// field has no value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Extra(Vec<(String, Value)>);

impl Extra {
    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Sets a member, replacing one of the same name.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        let name = name.into();
        self.0.retain(|(key, _)| *key != name);
        self.0.push((name, value.into()));
    }

    /// The value of a member, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0
            .iter_mut()
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1)
    }

    /// All members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A number as reports carry it, in the form in which it was read.
///
/// NaN and the infinities travel as the texts `"NaN"`, `"Infinity"` and `"-Infinity"`. Numbers given as text or without
/// a fraction are read, and written back as they were.
///
/// ```
/// use wats_domains::wire::Number;
///
/// assert_eq!(Number::from(4.5).value(), 4.5);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Number(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Real(f64),
    Signed(i64),
    Unsigned(u64),
    Text(f64, Box<str>),
}

impl Number {
    /// The value; whole numbers above 2⁵³ are rounded here, and only here.
    pub fn value(&self) -> f64 {
        match &self.0 {
            Form::Real(value) | Form::Text(value, _) => *value,
            Form::Signed(value) => *value as f64,
            Form::Unsigned(value) => *value as f64,
        }
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self(Form::Real(value))
    }
}

impl From<Number> for f64 {
    fn from(number: Number) -> Self {
        number.value()
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Real(value) => wats_codec::float::serialize(value, serializer),
            Form::Signed(value) => serializer.serialize_i64(*value),
            Form::Unsigned(value) => serializer.serialize_u64(*value),
            Form::Text(_, text) => serializer.serialize_str(text),
        }
    }
}

/// What stood where a member of type `T` was expected.
pub(crate) enum Read<T> {
    Value(T),
    /// A null, or a value of another kind or out of range; kept as it is.
    Other(Value),
}

/// How a member of a model is read. One odd member must not make a whole report unreadable, so single values are taken
/// as they come; objects and lists are read straight into their types.
pub(crate) trait Member: Sized {
    /// What it is in words, for those who sent something else.
    const KIND: &'static str = "a value of the schema's kind";

    fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Read<Self>, A::Error>;

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

/// Members that are single values, by the kinds of value they can be made of.
trait Single: Sized {
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
}

impl Single for bool {
    fn bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Single for i32 {
    fn signed(value: i64) -> Option<Self> {
        value.try_into().ok()
    }
}

impl Single for i64 {
    fn signed(value: i64) -> Option<Self> {
        Some(value)
    }
}

impl Single for String {
    fn text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Single for Status {
    fn text(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

impl Single for CompOp {
    fn text(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

impl Single for ReportTime {
    fn text(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

impl Single for Uuid {
    fn text(text: &str) -> Option<Self> {
        // Other spellings, such as in capitals, are kept as they are.
        let id: Self = text.parse().ok()?;
        (id.hyphenated().encode_lower(&mut Self::encode_buffer()) == text).then_some(id)
    }

    fn bytes(bytes: &[u8]) -> Option<Self> {
        Self::from_slice(bytes).ok()
    }
}

impl Single for Number {
    fn signed(value: i64) -> Option<Self> {
        Some(Self(Form::Signed(value)))
    }

    fn unsigned(value: u64) -> Option<Self> {
        Some(Self(Form::Unsigned(value)))
    }

    fn real(value: f64) -> Option<Self> {
        Some(value.into())
    }

    fn text(text: &str) -> Option<Self> {
        match text {
            "NaN" => Some(f64::NAN.into()),
            "Infinity" => Some(f64::INFINITY.into()),
            "-Infinity" => Some(f64::NEG_INFINITY.into()),
            other => {
                let value = other.trim().parse().ok()?;
                Some(Self(Form::Text(value, other.into())))
            }
        }
    }
}

/// Reads one value of any kind, as a `T` if it can be one.
struct Any<T>(PhantomData<T>);

impl<'de, T: Single> DeserializeSeed<'de> for Any<T> {
    type Value = Read<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Single> Visitor<'de> for Any<T> {
    type Value = Read<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Read<T>, E> {
        Ok(Read::Other(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Read<T>, E> {
        Ok(T::bool(value).map_or_else(|| Read::Other(value.into()), Read::Value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Read<T>, E> {
        Ok(T::signed(value).map_or_else(|| Read::Other(value.into()), Read::Value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Read<T>, E> {
        Ok(T::unsigned(value).map_or_else(|| Read::Other(value.into()), Read::Value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Read<T>, E> {
        Ok(T::real(value).map_or_else(|| Read::Other(value.into()), Read::Value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Read<T>, E> {
        Ok(T::text(text).map_or_else(|| Read::Other(text.into()), Read::Value))
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Read<T>, E> {
        // Only binary formats have them, and those we write ourselves.
        T::bytes(bytes)
            .map(Read::Value)
            .ok_or_else(|| E::invalid_type(Unexpected::Bytes(bytes), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Read<T>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(seq)).map(Read::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Read<T>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(Read::Other)
    }
}

macro_rules! single_members {
    ($( $ty:ty, $kind:literal $({ $($leaf:tt)* })?; )*) => { $(
        impl Member for $ty {
            const KIND: &'static str = $kind;

            fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Read<Self>, A::Error> {
                map.next_value_seed(Any(PhantomData))
            }

            $($($leaf)*)?
        }
    )* };
}

single_members! {
    bool, "true or false";
    i32, "a whole number of 32 bits";
    i64, "a whole number of 64 bits";
    Uuid, "a UUID";
    Status, "a text";
    CompOp, "a text";
    ReportTime, "a text";
    String, "a text" {
        fn leaf(&self) -> Option<Leaf<'_>> {
            Some(Leaf::Text(self))
        }

        fn text_mut(&mut self) -> Option<&mut String> {
            Some(self)
        }
    };
    Number, "a number" {
        fn leaf(&self) -> Option<Leaf<'_>> {
            Some(Leaf::Number(self.value()))
        }
    };
}

impl Member for Value {
    fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Read<Self>, A::Error> {
        Ok(match map.next_value()? {
            Self::Null => Read::Other(Self::Null),
            value => Read::Value(value),
        })
    }
}

impl<T: DeserializeOwned> Member for Vec<T> {
    const KIND: &'static str = "a list of objects";

    fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Read<Self>, A::Error> {
        Ok(map
            .next_value::<Option<Self>>()?
            .map_or(Read::Other(Value::Null), Read::Value))
    }
}

/// Defines wire models: `"wireName" => field: Type` per member; see the module.
macro_rules! wire {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* $wire:literal => $field:ident: $ty:ty, )*
        }
    )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: Option<$ty>, )*
            /// Members without a field of their own, and explicit nulls; written back as they were read.
            pub extra: $crate::wire::Extra,
        }

        const _: () = {
            use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
            use serde::ser::{Serialize, SerializeMap, Serializer};
            use $crate::wire::{Member, Read};

            #[allow(non_camel_case_types, reason = "variants carry the names of the fields")]
            enum Name {
                $( $field, )*
                Other(String),
            }

            impl<'de> Deserialize<'de> for Name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    struct Names;
                    impl Visitor<'_> for Names {
                        type Value = Name;

                        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                            f.write_str("a member name")
                        }

                        fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                            Ok(match name {
                                $( $wire => Name::$field, )*
                                other => Name::Other(other.to_owned()),
                            })
                        }
                    }
                    deserializer.deserialize_identifier(Names)
                }
            }

            impl $name {
                /// Whether the member has a typed value, which then stands for whatever `extra` holds.
                fn is_set(&self, name: &str) -> bool {
                    match name {
                        $( $wire => self.$field.is_some(), )*
                        _ => false,
                    }
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let extra = || self.extra.iter().filter(|(name, _)| !self.is_set(name));
                    let known = 0 $( + usize::from(self.$field.is_some()) )*;
                    let mut map = serializer.serialize_map(Some(known + extra().count()))?;
                    $( if let Some(value) = &self.$field {
                        map.serialize_entry($wire, value)?;
                    } )*
                    for (name, value) in extra() {
                        map.serialize_entry(name, value)?;
                    }
                    map.end()
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    struct Members;
                    impl<'de> Visitor<'de> for Members {
                        type Value = $name;

                        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                            f.write_str(concat!("an object (", stringify!($name), ")"))
                        }

                        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                            let mut read = $name::default();
                            while let Some(member) = map.next_key()? {
                                match member {
                                    $( Name::$field => match Member::read(&mut map)? {
                                        Read::Value(value) => read.$field = Some(value),
                                        Read::Other(other) => {
                                            read.$field = None;
                                            read.extra.insert($wire, other);
                                        }
                                    }, )*
                                    Name::Other(name) => read.extra.insert(name, map.next_value::<serde_json::Value>()?),
                                }
                            }
                            Ok(read)
                        }
                    }
                    deserializer.deserialize_map(Members)
                }
            }

            impl $crate::wire::Model for $name {
                const MEMBERS: &'static [(&'static str, &'static str)] =
                    &[$( ($wire, <$ty as Member>::KIND), )*];

                fn extra(&self) -> &$crate::wire::Extra {
                    &self.extra
                }

                fn leaves(&self, mut visit: impl FnMut(&'static str, $crate::wire::Leaf<'_>)) {
                    $( if let Some(leaf) = self.$field.as_ref().and_then(Member::leaf) {
                        visit($wire, leaf);
                    } )*
                }

                fn texts_mut(&mut self, mut visit: impl FnMut(&'static str, &mut String)) {
                    $( if let Some(text) = self.$field.as_mut().and_then(Member::text_mut) {
                        visit($wire, text);
                    } )*
                }
            }

            impl Member for $name {
                const KIND: &'static str = "an object";

                fn read<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Read<Self>, A::Error> {
                    let read: Option<Self> = map.next_value()?;
                    Ok(read.map_or(Read::Other(serde_json::Value::Null), Read::Value))
                }
            }
        };
    )* };
}

pub(crate) use wire;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    wire! {
        /// A model of two members.
        #[allow(unreachable_pub, reason = "the macro makes public types")]
        pub struct Pair {
            /// A text.
            "leftName" => left: String,
            /// A number.
            "right" => right: Number,
        }
    }

    fn round(value: &Value) -> Value {
        serde_json::to_value(serde_json::from_value::<Pair>(value.clone()).unwrap()).unwrap()
    }

    #[test]
    fn unknown_members_and_nulls_come_back() {
        for value in [
            json!({}),
            json!({"leftName": null, "right": 1.5, "new": {"a": [1, null]}}),
            json!({"left": 1}),
        ] {
            assert_eq!(round(&value), value);
        }
    }

    #[test]
    fn values_of_other_kinds_are_kept_and_hurt_nothing() {
        for right in [
            json!(3),
            json!(u64::MAX),
            json!(-7),
            json!("1.50"),
            json!("1e3"),
            json!("n/a"),
            json!(true),
            json!([1, {"a": null}]),
            json!({"b": 1.5}),
        ] {
            let value = json!({"leftName": 5, "right": right});
            assert_eq!(round(&value), value);
        }
        let pair: Pair = serde_json::from_value(json!({"leftName": 5, "right": "x"})).unwrap();
        assert_eq!((pair.left, pair.right), (None, None));
    }

    #[test]
    fn a_value_set_later_replaces_the_null() {
        let mut pair: Pair = serde_json::from_value(json!({"leftName": null})).unwrap();
        pair.left = Some("x".to_owned());
        assert_eq!(
            serde_json::to_value(&pair).unwrap(),
            json!({"leftName": "x"})
        );
    }

    #[test]
    fn numbers_in_all_their_forms() {
        let read = |text: &str| {
            serde_json::from_str::<Pair>(text)
                .unwrap()
                .right
                .unwrap()
                .value()
        };
        assert_eq!(read(r#"{"right": 3}"#).to_string(), "3");
        assert_eq!(read(r#"{"right": "1.5"}"#).to_string(), "1.5");
        assert!(read(r#"{"right": "NaN"}"#).is_nan());
        let pair = Pair {
            right: Some(f64::NEG_INFINITY.into()),
            ..Pair::default()
        };
        assert_eq!(
            serde_json::to_string(&pair).unwrap(),
            r#"{"right":"-Infinity"}"#
        );
    }

    proptest! {
        #[test]
        fn any_object_survives(left in proptest::option::of(any::<String>()), name in "[a-z]{1,5}", n in any::<i64>()) {
            prop_assume!(name != "right");
            let value = json!({"leftName": left, name: [n]});
            prop_assert_eq!(round(&value), value);
        }
    }
}
