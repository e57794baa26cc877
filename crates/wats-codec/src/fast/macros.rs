//! The macros that implement the fast path for a caller's types.

/// Implements [`fast::Encode`](crate::fast::Encode) and [`fast::Decode`](crate::fast::Decode) for
/// a struct with named fields.
///
/// Each field names its key; the order is that of the struct, as `serde` writes it. Behind a key
/// may stand what `serde` is told in attributes:
///
/// | here | for `serde` |
/// |---|---|
/// | nothing | nothing (an absent `Option` reads as `None`, and is written as null) |
/// | `(optional)` | `default`, and `skip_serializing_if` for `None`, empty lists and maps |
/// | `(default)` | `default` |
/// | `(float)` | `with = "wats_codec::float"` and its modules |
/// | `(optional_float)` | that, and what `(optional)` stands for |
/// | `..field` as the last entry | `flatten` of a `serde_json::Map` or `BTreeMap<String, Value>` |
///
/// Other unknown keys are passed over, as `serde` does. At most 64 fields can be named.
///
/// ```
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Unit {
///     #[serde(rename = "serialNumber")]
///     serial_number: String,
///     #[serde(default)]
///     tags: Vec<String>,
///     #[serde(flatten)]
///     extra: serde_json::Map<String, serde_json::Value>,
/// }
/// wats_codec::fast_struct!(Unit {
///     serial_number = "serialNumber",
///     tags = "tags" (default),
///     ..extra
/// });
///
/// let json = wats_codec::Serializer::default();
/// let unit: Unit = json.from_slice(br#"{"serialNumber":"A1","phase":16}"#)?;
/// assert_eq!(unit.extra["phase"], 16);
/// # Ok::<(), wats_codec::Error>(())
/// ```
#[macro_export]
macro_rules! fast_struct {
    ($type:ident { $($field:ident = $key:literal $(($mode:ident))?),* $(,)? }) => {
        $crate::fast_struct!(@impl $type { $($field = $key $(($mode))?,)* } []);
    };
    ($type:ident { $($field:ident = $key:literal $(($mode:ident))?,)* ..$extra:ident $(,)? }) => {
        $crate::fast_struct!(@impl $type { $($field = $key $(($mode))?,)* } [$extra]);
    };
    (@impl $type:ident { $($field:ident = $key:literal $(($mode:ident))?,)* } [$($extra:ident)?]) => {
        impl $crate::fast::Encode for $type {
            fn encode<S: $crate::fast::Sink>(&self, sink: &mut S) {
                $crate::fast_struct!(@fields FIELDS Field $($field = $key,)*);

                let mut written = $crate::fast::Written::default();
                $(written.add(
                    Field::$field as usize,
                    $crate::fast_struct!(@written self.$field $(($mode))?),
                );)*
                $(written.add_others($crate::fast::Extra::count(&self.$extra));)?
                if !sink.begin_struct(FIELDS, &written) {
                    return;
                }
                $(if written.has(Field::$field as usize) {
                    sink.key(&$crate::__fast_key!($key), Field::$field as usize);
                    $crate::fast_struct!(@encode self.$field sink $(($mode))?);
                })*
                $($crate::fast::Extra::encode_entries(&self.$extra, sink);)?
                sink.end_map();
            }
        }

        impl $crate::fast::Decode for $type {
            fn decode<'de, S: $crate::fast::Source<'de>>(
                source: &mut S,
            ) -> ::core::option::Option<Self> {
                $crate::fast_struct!(@fields FIELDS Field $($field = $key,)*);

                let mut map = source.begin_struct(FIELDS)?;
                // The keys in their order, as our own writer and every other `serde` writes them.
                $(let mut $field = if source.try_key(
                    &mut map,
                    &$crate::__fast_key!($key),
                    Field::$field as usize,
                ) {
                    ::core::option::Option::Some(
                        $crate::fast_struct!(@decode source $(($mode))?)
                    )
                } else {
                    ::core::option::Option::None
                };)*
                $(let mut $extra = $crate::fast_struct!(@extra $extra);)?
                // What is left: keys in another order, unknown keys, or just the end.
                while let ::core::option::Option::Some((found, _name)) =
                    source.next_key(&mut map, |key| match key {
                        $($key => (Field::$field, ::std::string::String::new()),)*
                        _other => (
                            Field::Unknown_,
                            $crate::fast_struct!(@name _other $($extra)?),
                        ),
                    })?
                {
                    match found {
                        $(Field::$field if $field.is_some() => return ::core::option::Option::None,
                        Field::$field => $field = ::core::option::Option::Some(
                            $crate::fast_struct!(@decode source $(($mode))?)
                        ),)*
                        Field::Unknown_ => $crate::fast_struct!(@unknown source _name $($extra)?),
                    }
                }
                ::core::option::Option::Some(Self {
                    $($field: match $field {
                        ::core::option::Option::Some(value) => value,
                        ::core::option::Option::None => $crate::fast_struct!(@missing $(($mode))?),
                    },)*
                    $($extra,)?
                })
            }
        }
    };

    (@fields $fields:ident $field_enum:ident $($field:ident = $key:literal,)*) => {
        const $fields: &[$crate::fast::Key] = &[$($crate::__fast_key!($key)),*];
        const {
            assert!(
                $fields.len() <= $crate::fast::Written::MOST,
                "a fast struct has at most 64 fields beside those that it flattens"
            );
        }
        #[allow(
            dead_code,
            non_camel_case_types,
            reason = "named after the fields; reading alone needs the last"
        )]
        enum $field_enum { $($field,)* Unknown_ }
    };

    (@written $self:ident.$field:ident (optional)) => {
        !$crate::fast::Encode::is_absent(&$self.$field)
    };
    (@written $self:ident.$field:ident (optional_float)) => {
        !$crate::fast::Encode::is_absent(&$self.$field)
    };
    (@written $self:ident.$field:ident $(($mode:ident))?) => { true };

    (@encode $self:ident.$field:ident $sink:ident (float)) => {
        $crate::fast::Float::encode_float(&$self.$field, $sink)
    };
    (@encode $self:ident.$field:ident $sink:ident (optional_float)) => {
        $crate::fast::Float::encode_float(&$self.$field, $sink)
    };
    (@encode $self:ident.$field:ident $sink:ident $(($mode:ident))?) => {
        $crate::fast::Encode::encode(&$self.$field, $sink)
    };

    (@decode $source:ident (float)) => { $crate::fast::Float::decode_float($source)? };
    (@decode $source:ident (optional_float)) => { $crate::fast::Float::decode_float($source)? };
    (@decode $source:ident $(($mode:ident))?) => { $crate::fast::Decode::decode($source)? };

    (@missing (optional)) => { ::core::default::Default::default() };
    (@missing (optional_float)) => { ::core::default::Default::default() };
    (@missing (default)) => { ::core::default::Default::default() };
    // With `with`, serde calls even an `Option` missing.
    (@missing (float)) => { return ::core::option::Option::None };
    (@missing) => { $crate::fast::Decode::missing()? };

    (@extra $extra:ident) => { ::core::default::Default::default() };
    (@name $key:ident $extra:ident) => { ::std::string::String::from($key) };
    (@name $key:ident) => { ::std::string::String::new() };
    (@unknown $source:ident $name:ident $extra:ident) => {
        $crate::fast::Extra::add(&mut $extra, $name, $source.value()?)
    };
    (@unknown $source:ident $name:ident) => { $source.skip()? };
}

/// Implements [`fast::Encode`](crate::fast::Encode) and [`fast::Decode`](crate::fast::Decode) for
/// an enum of plain variants that is written as text.
///
/// `..Variant` as the last entry is a variant that holds any other text as a `String`.
///
/// ```
/// # use wats_codec::{Format, Serializer, fast_enum};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// enum Group {
///     #[serde(rename = "M")]
///     Main,
///     #[serde(untagged)]
///     Other(String),
/// }
/// fast_enum!(Group { Main = "M", ..Other });
///
/// let group: Group = Serializer::default().from_slice(b"\"Q\"")?;
/// assert_eq!(group, Group::Other("Q".into()));
/// # Ok::<(), wats_codec::Error>(())
/// ```
#[macro_export]
macro_rules! fast_enum {
    ($type:ident { $($variant:ident = $name:literal),* $(,)? }) => {
        $crate::fast_enum!(@impl $type { $($variant = $name,)* } []);
    };
    ($type:ident { $($variant:ident = $name:literal,)* ..$other:ident $(,)? }) => {
        $crate::fast_enum!(@impl $type { $($variant = $name,)* } [$other]);
    };
    (@impl $type:ident { $($variant:ident = $name:literal,)* } [$($other:ident)?]) => {
        impl $crate::fast::Encode for $type {
            fn encode<S: $crate::fast::Sink>(&self, sink: &mut S) {
                match self {
                    $(Self::$variant => sink.symbol(&$crate::__fast_key!($name)),)*
                    $(Self::$other(text) => sink.str(text),)?
                }
            }
        }

        impl $crate::fast::Decode for $type {
            fn decode<'de, S: $crate::fast::Source<'de>>(
                source: &mut S,
            ) -> ::core::option::Option<Self> {
                $(if source.try_symbol(&$crate::__fast_key!($name)) {
                    return ::core::option::Option::Some(Self::$variant);
                })*
                source.text(|text| match text {
                    $($name => ::core::option::Option::Some(Self::$variant),)*
                    $(other => ::core::option::Option::Some(
                        Self::$other(::std::string::String::from(other))
                    ),)?
                    #[allow(unreachable_patterns, reason = "reached without a catch-all variant")]
                    _ => ::core::option::Option::None,
                })?
            }
        }
    };
}

/// Implements [`fast::Encode`](crate::fast::Encode) and [`fast::Decode`](crate::fast::Decode) for
/// types by way of `serde`, so that they may stand as fields in a fast type.
///
/// ```
/// # use wats_codec::{Serializer, fast_serde, fast_struct};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(tag = "kind")]
/// enum Shape { Point { x: f64 }, Nothing }
/// fast_serde!(Shape);
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize)]
/// struct Chart { label: String, shape: Shape }
/// fast_struct!(Chart { label = "label", shape = "shape" });
///
/// let chart = Chart { label: "Ripple".into(), shape: Shape::Point { x: 0.5 } };
/// wats_codec::fast::verify(&chart)?;
/// # Ok::<(), wats_codec::Error>(())
/// ```
#[macro_export]
macro_rules! fast_serde {
    ($($type:ty),* $(,)?) => {$(
        impl $crate::fast::Encode for $type {
            fn encode<S: $crate::fast::Sink>(&self, sink: &mut S) {
                sink.serde(self);
            }
        }

        impl $crate::fast::Decode for $type {
            fn decode<'de, S: $crate::fast::Source<'de>>(
                source: &mut S,
            ) -> ::core::option::Option<Self> {
                source.serde()
            }
        }
    )*};
}
