//! Models that lose nothing: known members typed, unknown members and explicit nulls kept and written back.
//!
//! The macro `wire!` makes structs whose members are all optional, because a reader must accept what any server version
//! sends. Unlike serde's `flatten` it reads each known member straight into its field and buffers only the others.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

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

    /// All members in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A number as reports carry it: any `f64`; NaN and the infinities travel as the texts `"NaN"`, `"Infinity"` and
/// `"-Infinity"`, and numbers given as text are read.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Number(pub f64);

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self(value)
    }
}

impl From<Number> for f64 {
    fn from(value: Number) -> Self {
        value.0
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        wats_codec::float::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;
        impl Visitor<'_> for NumberOrText {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a number as text")
            }

            fn visit_f64<E>(self, value: f64) -> Result<Number, E> {
                Ok(Number(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Number, E> {
                Ok(Number(value as f64))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Number, E> {
                Ok(Number(value as f64))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Number, E> {
                // Takes `NaN`, `Infinity` and `-Infinity` too.
                text.trim()
                    .parse()
                    .map(Number)
                    .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(NumberOrText)
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

            #[allow(non_camel_case_types, reason = "variants carry the names of the fields")]
            enum Member {
                $( $field, )*
                Other(String),
            }

            impl<'de> Deserialize<'de> for Member {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    struct Names;
                    impl Visitor<'_> for Names {
                        type Value = Member;

                        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                            f.write_str("a member name")
                        }

                        fn visit_str<E>(self, name: &str) -> Result<Member, E> {
                            Ok(match name {
                                $( $wire => Member::$field, )*
                                other => Member::Other(other.to_owned()),
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
                                    $( Member::$field => {
                                        read.$field = map.next_value()?;
                                        if read.$field.is_none() {
                                            read.extra.insert($wire, serde_json::Value::Null);
                                        }
                                    } )*
                                    Member::Other(name) => read.extra.insert(name, map.next_value::<serde_json::Value>()?),
                                }
                            }
                            Ok(read)
                        }
                    }
                    deserializer.deserialize_map(Members)
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
        let read = |text: &str| serde_json::from_str::<Pair>(text).unwrap().right.unwrap().0;
        assert_eq!(read(r#"{"right": 3}"#).to_string(), "3");
        assert_eq!(read(r#"{"right": "1.5"}"#).to_string(), "1.5");
        assert!(read(r#"{"right": "NaN"}"#).is_nan());
        let pair = Pair {
            right: Some(Number(f64::NEG_INFINITY)),
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
