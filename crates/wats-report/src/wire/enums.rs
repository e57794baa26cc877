//! Enums on the wire that keep what they do not know: of texts (`codes!`) and of whole numbers (`numbers!`).

/// Makes an enum of texts: each variant with its text, and `Other` for any other text.
#[doc(hidden)]
#[macro_export]
macro_rules! codes {
    (
        $(#[$meta:meta])*
        pub enum $name:ident: $what:literal {
            $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )*
            /// Anything else, kept for writing back.
            Other(Box<str>),
        }

        impl $name {
            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )*
                    other => Self::Other(other.into()),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($what)
                    }

                    fn visit_str<E>(self, text: &str) -> Result<$name, E> {
                        Ok(text.into())
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl $crate::wire::member::Member for $name {
            const KIND: &'static str = "a text";

            fn value(&self) -> $crate::wire::slot::ValueRef<'_> {
                $crate::wire::slot::ValueRef::Text(self.as_str())
            }

            fn text(text: &str) -> Option<Self> {
                Some(text.into())
            }

            fn encode_member<S: $crate::wire::fast::Sink>(&self, sink: &mut S) {
                match self {
                    $( Self::$variant => sink.symbol(&$crate::wire::key!($text)), )*
                    Self::Other(text) => sink.str(text),
                }
            }

            fn decode_member<'de, S: $crate::wire::fast::Source<'de>>(
                field: &mut Option<Self>,
                leftover: &mut $crate::wire::read::Leftover,
                source: &mut S,
            ) -> Option<()> {
                $( if source.try_symbol(&$crate::wire::key!($text)) {
                    *field = Some(Self::$variant);
                    return Some(());
                } )*
                $crate::wire::read::decode_plain(field, leftover, source)
            }

            fn leaf(&self) -> Option<$crate::wire::member::Leaf<'_>> {
                // The known ones need no look.
                match self {
                    Self::Other(text) => Some($crate::wire::member::Leaf::Text(text)),
                    _ => None,
                }
            }
        }
    };
}

/// Makes an enum of whole numbers: each variant with its number, and `Other` for any other. The name of a variant is read
/// too, as servers write enums in either way, and is written back as long as the value is that one.
#[doc(hidden)]
#[macro_export]
macro_rules! numbers {
    (
        $(#[$meta:meta])*
        pub enum $name:ident: $what:literal {
            $( $(#[$variant_meta:meta])* $variant:ident = $number:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )*
            /// Any other number, kept for writing back.
            Other(i32),
        }

        impl $name {
            /// The number on the wire.
            pub fn number(self) -> i32 {
                match self {
                    $( Self::$variant => $number, )*
                    Self::Other(number) => number,
                }
            }
        }

        impl From<i32> for $name {
            fn from(number: i32) -> Self {
                match number {
                    $( $number => Self::$variant, )*
                    other => Self::Other(other),
                }
            }
        }

        impl std::fmt::Display for $name {
            /// The number, as on the wire.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.number().fmt(f)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i32(self.number())
            }
        }

        impl $crate::wire::member::Member for $name {
            const KIND: &'static str = $what;
            const SPELT: bool = true;

            fn value(&self) -> $crate::wire::slot::ValueRef<'_> {
                $crate::wire::slot::ValueRef::I32(self.number())
            }

            fn signed(number: i64) -> Option<Self> {
                i32::try_from(number).ok().map(Self::from)
            }

            fn text(text: &str) -> Option<Self> {
                $( if text.eq_ignore_ascii_case(stringify!($variant)) {
                    return Some(Self::$variant);
                } )*
                text.parse().ok().map(i32::into)
            }

            fn is_spelt(&self, text: &str) -> bool {
                <Self as $crate::wire::member::Member>::text(text) == Some(*self)
            }

            fn is_written(&self, _: &str) -> bool {
                false
            }

            fn encode_member<S: $crate::wire::fast::Sink>(&self, sink: &mut S) {
                sink.i64(self.number().into());
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #![allow(unreachable_pub, dead_code, reason = "the macros make public types")]

    crate::numbers! {
        /// A state.
        pub enum State: "a state" {
            /// In use.
            Active = 1,
            /// Not in use.
            Inactive = 0,
        }
    }

    crate::wire! {
        /// Something with a state.
        pub struct Thing {
            /// Its state.
            "state" => state: State,
        }
    }

    /// What is written of a thing that was read.
    fn again(json: &str) -> (Thing, String) {
        let codec = wats_codec::Serializer::new(wats_codec::Format::Json);
        let thing: Thing = serde_json::from_str(json).unwrap();
        let by_codec: Thing = codec.from_slice(json.as_bytes()).unwrap();
        let written = serde_json::to_string(&thing).unwrap();
        assert_eq!(codec.to_vec(&by_codec).unwrap(), written.as_bytes());
        (thing, written)
    }

    #[test]
    fn a_number_enum_reads_numbers_and_names_and_writes_what_was_read() {
        for (json, state) in [
            (r#"{"state":1}"#, Some(State::Active)),
            (r#"{"state":0}"#, Some(State::Inactive)),
            (r#"{"state":-7}"#, Some(State::Other(-7))),
            (r#"{"state":"active"}"#, Some(State::Active)),
            (r#"{"state":"Inactive"}"#, Some(State::Inactive)),
            (r#"{"state":"1"}"#, Some(State::Active)),
            (r#"{"state":"else"}"#, None),
            (r#"{"state":1.5}"#, None),
            (r#"{"state":5000000000}"#, None),
            (r#"{"state":null}"#, None),
        ] {
            let (thing, written) = again(json);
            assert_eq!(thing.state, state, "{json}");
            assert_eq!(written, json);
        }
    }

    #[test]
    fn a_number_that_is_set_replaces_the_name_that_was_read() {
        let (mut thing, _) = again(r#"{"state":"active"}"#);
        thing.state = Some(State::Inactive);
        assert_eq!(serde_json::to_string(&thing).unwrap(), r#"{"state":0}"#);
        assert_eq!(State::Inactive.to_string(), "0");
        assert_eq!(State::Other(9).to_string(), "9");
    }
}
