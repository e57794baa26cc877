//! Models that lose nothing: known members typed, unknown members and explicit nulls kept and written back.
//!
//! The macro `wire!` makes structs whose members are all optional, because a reader must accept what any server version
//! sends. Unlike serde's `flatten` it reads each known member straight into its field and buffers only the others.
//! `extra` holds those others, `nulls` a bit for each explicit null, `number` the numbers. `slot` says what the fields of a model take, `member` what a member of
//! each type is made of, `enums` those that are enums; `read` reads an object to its fields, whichever the format, `write` writes it by `serde`, and `any` is a value of no known type, `part` as much of one as there is room for.

mod any;
mod enums;
mod extra;
#[doc(hidden)]
pub mod member;
#[doc(hidden)]
pub mod nulls;
mod number;
pub(crate) mod part;
#[doc(hidden)]
pub mod read;
#[doc(hidden)]
pub mod slot;
#[doc(hidden)]
pub mod write;

pub use extra::Extra;
pub(crate) use member::{Leaf, Member, Model};
pub use number::Number;
pub(crate) use read::put_value;
#[doc(hidden)]
pub use wats_codec::{__fast_key as key, fast};

/// Defines wire models: `"wireName" => field: Type` per member; see the module. A last `@own field: Type` is this
/// crate's own and not on the wire.
#[doc(hidden)]
#[macro_export]
macro_rules! wire {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* $wire:literal => $field:ident: $ty:ty, )*
            $( @own $own:ident: $own_ty:ty, )?
        }
    )*) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Default)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: Option<$ty>, )*
            /// Members without a field of their own; written back as they were read.
            pub extra: $crate::wire::Extra,
            pub(crate) nulls: $crate::wire::nulls::Nulls<
                { $crate::wire::nulls::bytes_for([$( $wire ),*].len()) }
            >,
            $( pub(crate) $own: $own_ty, )?
        }

        const _: () = {
            use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Unexpected, Visitor};
            use serde::ser::{Serialize, Serializer};
            use $crate::wire::fast::{Decode, Encode, Key, Kind, Sink, Source, Written};
            use $crate::wire::key;
            use $crate::wire::member::{Leaf, Member, Model, decode_value, encode_value};
            use $crate::wire::nulls::has;
            use $crate::wire::read::{Leftover, decode_other, decode_plain, fill, is_settled};
            use $crate::wire::slot::{Fields, Slot, ValueRef, count_others, is_null, is_other, same_extra, written_nulls};
            use $crate::wire::write::object;

            #[allow(non_camel_case_types, reason = "variants carry the names of the fields")]
            enum At {
                $( $field, )*
            }

            const KEYS: &[Key] = &[$( key!($wire) ),*];
            const _: () = assert!(KEYS.len() <= Written::MOST, "a model has at most 64 members");

            impl $name {
                /// Whether the member of this name was read as an explicit null, which is written back for as long as the
                /// member has no value.
                pub fn is_null(&self, name: &str) -> bool {
                    is_null(self, name)
                }

                /// Forgets which members were read as an explicit null, so that they are no longer written.
                pub fn forget_nulls(&mut self) {
                    self.nulls.set(0);
                }
            }

            /// Reads an object into a model, which is empty, by the codec's fast path.
            fn decode<'de, S: Source<'de>>(model: &mut $name, source: &mut S) -> Option<()> {
                let (mut leftover, mut nulls) = (Leftover::default(), 0);
                let mut map = source.begin_struct(KEYS)?;
                // The members in their order, as they are written by this program and by servers.
                $( if source.try_key(&mut map, &key!($wire), At::$field as usize) {
                    if decode_value(source, $wire, &mut model.$field, &mut model.extra, &mut leftover)? {
                        nulls |= 1 << At::$field as usize;
                    }
                } )*
                // What is left: members in another order, those without a field, or just the end.
                while let Some(member) = source.next_key(&mut map, |name| match name {
                    $( $wire => Ok(At::$field), )*
                    other => Err(other.to_owned()),
                })? {
                    match member {
                        // A member that comes twice is left to `serde`.
                        $( Ok(At::$field) if model.$field.is_some() || has(nulls, At::$field as usize) => return None,
                        Ok(At::$field) => {
                            if decode_value(source, $wire, &mut model.$field, &mut model.extra, &mut leftover)? {
                                nulls |= 1 << At::$field as usize;
                            }
                        } )*
                        Err(other) => decode_other(source, other, &mut model.extra, &mut leftover)?,
                    }
                }
                model.nulls.set(nulls);
                (model.extra.is_empty() || is_settled(model)).then_some(())
            }

            impl Encode for $name {
                fn encode<S: Sink>(&self, sink: &mut S) {
                    let counted = S::counts_fields(KEYS);
                    let mut written = Written::default();
                    if counted {
                        $( written.add(At::$field as usize, self.$field.is_some()); )*
                    }
                    let (mut nulls, mut others) = (self.nulls.bits(), 0);
                    if !self.extra.is_empty() {
                        (nulls, others) = (written_nulls(self), count_others(self));
                    }
                    written.add_fields(nulls);
                    written.add_others(others);
                    if !sink.begin_struct(KEYS, &written) {
                        return;
                    }
                    $( if if counted {
                        written.has(At::$field as usize)
                    } else {
                        self.$field.is_some() || has(nulls, At::$field as usize)
                    } {
                        sink.key(&key!($wire), At::$field as usize);
                        match &self.$field {
                            Some(value) => encode_value(value, &self.extra, $wire, sink),
                            None => sink.null(),
                        }
                    } )*
                    if others > 0 {
                        for (name, value) in self.extra.iter().filter(|(name, _)| is_other(self, name)) {
                            sink.dynamic_key(name);
                            value.encode(sink);
                        }
                    }
                    sink.end_map();
                }
            }

            impl Decode for $name {
                fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
                    let mut read = Self::default();
                    decode(&mut read, source)?;
                    Some(read)
                }
            }

            impl Fields for $name {
                fn place(&self, name: &str) -> Option<usize> {
                    Some(match name {
                        $( $wire => At::$field as usize, )*
                        _ => return None,
                    })
                }

                fn at(&self, place: usize) -> Option<&dyn Slot> {
                    $( if place == At::$field as usize {
                        return Some(&self.$field);
                    } )*
                    None
                }

                fn at_mut(&mut self, place: usize) -> Option<&mut dyn Slot> {
                    $( if place == At::$field as usize {
                        return Some(&mut self.$field);
                    } )*
                    None
                }

                fn members(&self) -> &'static [(&'static str, &'static str)] {
                    &[$( ($wire, <$ty as Member>::KIND), )*]
                }

                fn nulls(&self) -> u64 {
                    self.nulls.bits()
                }

                fn set_nulls(&mut self, nulls: u64) {
                    self.nulls.set(nulls);
                }

                fn extra(&self) -> &$crate::wire::Extra {
                    &self.extra
                }

                fn extra_mut(&mut self) -> &mut $crate::wire::Extra {
                    &mut self.extra
                }
            }

            /// The same members with the same values, in whatever order those without a field are.
            impl PartialEq for $name {
                fn eq(&self, other: &Self) -> bool {
                    $( self.$field == other.$field && )*
                    $( self.$own == other.$own && )?
                    same_extra(self, other)
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    object(self, serializer)
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

                        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                            let mut read = $name::default();
                            match fill(&mut read, map)? {
                                None => Ok(read),
                                Some(_) => Err(A::Error::invalid_type(Unexpected::Other("number"), &self)),
                            }
                        }
                    }
                    deserializer.deserialize_map(Members)
                }
            }

            impl Model for $name {
                fn leaves(&self, mut visit: impl FnMut(&'static str, Leaf<'_>)) {
                    $( if let Some(leaf) = self.$field.as_ref().and_then(Member::leaf) {
                        visit($wire, leaf);
                    } )*
                }
            }

            impl Member for $name {
                const KIND: &'static str = "an object";

                fn value(&self) -> ValueRef<'_> {
                    ValueRef::Object(self)
                }

                fn empty_object() -> Option<Self> {
                    Some(Self::default())
                }

                fn as_fields(&mut self) -> Option<&mut dyn Fields> {
                    Some(self)
                }

                #[inline]
                fn encode_member<S: Sink>(&self, sink: &mut S) {
                    self.encode(sink);
                }

                fn decode_member<'de, S: Source<'de>>(
                    field: &mut Option<Self>,
                    leftover: &mut Leftover,
                    source: &mut S,
                ) -> Option<()> {
                    if source.next_kind() != Kind::Map {
                        return decode_plain(field, leftover, source);
                    }
                    decode(field.insert(Self::default()), source)
                }

                /// Where it stays: a model is too large to be moved.
                fn decode_item<'de, S: Source<'de>>(items: &mut Vec<Self>, source: &mut S) -> Option<()> {
                    items.push(Self::default());
                    decode(items.last_mut()?, source)
                }
            }
        };
    )* };
}

pub(crate) use wire;

#[cfg(test)]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the macro makes public methods, which not every test calls"
)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    wire! {
        /// A model of two members.
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
    fn nulls_are_told_and_can_be_forgotten() {
        let read = |text: &str| serde_json::from_str::<Pair>(text).unwrap();
        let mut pair = read(r#"{"leftName": null, "new": null}"#);
        for (name, is_null) in [
            ("leftName", true),
            ("new", true),
            ("right", false),
            ("left", false),
        ] {
            assert_eq!(pair.is_null(name), is_null, "{name}");
        }
        assert_ne!(pair, read(r#"{"new": null}"#));
        // What is put in place of a null is written once, and equal to the same as it is read.
        pair.extra.insert("leftName", Value::Null);
        assert!(pair.is_null("leftName"));
        assert_eq!(pair, read(r#"{"new": null, "leftName": null}"#));
        let text = serde_json::to_string(&pair).unwrap();
        assert_eq!(text, r#"{"new":null,"leftName":null}"#);
        pair.extra.insert("leftName", 5);
        assert_eq!(pair, read(r#"{"new": null, "leftName": 5}"#));
        pair.extra.remove("leftName");
        assert!(pair.is_null("leftName"));
        pair.forget_nulls();
        assert_eq!(pair, read(r#"{"new": null}"#));
        pair.extra.remove("new");
        assert_eq!(serde_json::to_string(&pair).unwrap(), "{}");
    }

    #[test]
    fn of_a_null_and_another_value_the_last_counts() {
        for (text, left, is_twice) in [
            (r#"{"leftName": null, "leftName": "x"}"#, json!("x"), true),
            (r#"{"leftName": "x", "leftName": null}"#, json!(null), true),
            (r#"{"leftName": null, "leftName": null}"#, json!(null), true),
            (r#"{"leftName": [1], "leftName": null}"#, json!(null), true),
            (r#"{"leftName": null, "leftName": [1]}"#, json!([1]), true),
            (
                r#"{"leftName": [1], "leftName": null, "leftName": [2]}"#,
                json!([2]),
                true,
            ),
            (r#"{"leftName": null, "right": null}"#, json!(null), false),
        ] {
            let fast: Pair = wats_codec::Serializer::default()
                .from_slice(text.as_bytes())
                .unwrap();
            for pair in [serde_json::from_str(text).unwrap(), fast] {
                let written = serde_json::to_value(&pair).unwrap();
                assert_eq!(written["leftName"], left, "{text}");
                let told: &[&str] = if is_twice { &["leftName"] } else { &[] };
                assert_eq!(pair.extra.duplicates(), told, "{text}");
                assert_eq!(pair, serde_json::from_value(written).unwrap(), "{text}");
            }
        }
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
