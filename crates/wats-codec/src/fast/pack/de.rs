//! Any type of `serde`, read from MessagePack.
//!
//! What is read equals what `rmp-serde` reads of a form for people, but for what it passes over: items that nobody asked for,
//! text that is not UTF-8 and numbers that do not fit are errors here. The functions that call each other for each level
//! are kept small, and apart from those of single values: without optimization the stack is made up of them.

use std::any::type_name;
use std::fmt;

use serde::de::value::SeqDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::read::PackSource;
use crate::fast::Source;
use crate::guard::RAW;

/// What `rmp-serde` calls a type that stands for an extension.
const EXTENSION: &str = "_ExtStruct";

/// Why a value could not be read. Where, the source knows.
#[derive(Debug)]
pub(crate) enum PackError {
    /// It breaks the rules of the format or the limits: a walk over the document tells how.
    Malformed,
    /// It does not fit the type.
    Unfit(Box<str>),
}

type Result<T> = std::result::Result<T, PackError>;

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "malformed",
            Self::Unfit(reason) => reason,
        })
    }
}

impl std::error::Error for PackError {}

impl serde::de::Error for PackError {
    #[cold]
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::Unfit(reason.to_string().into())
    }
}

fn well<T>(read: Option<T>) -> Result<T> {
    read.ok_or(PackError::Malformed)
}

/// How a value begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Map,
    List,
    Other,
}

impl<'de> PackSource<'de> {
    #[inline]
    fn kind(&self) -> Kind {
        match self.next_marker() {
            Some(0x80..=0x8f | 0xde | 0xdf) => Kind::Map,
            Some(0x90..=0x9f | 0xdc | 0xdd) => Kind::List,
            _ => Kind::Other,
        }
    }

    #[inline]
    fn map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let left = self.begin(Kind::Map)?;
        let mut inside = Inside { source: self, left };
        let value = visitor.visit_map(&mut inside);
        match inside.end(value.is_ok()) {
            Ok(()) => value,
            Err(error) => Err(error),
        }
    }

    #[inline]
    fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let left = self.begin(Kind::List)?;
        let mut inside = Inside { source: self, left };
        let value = visitor.visit_seq(&mut inside);
        match inside.end(value.is_ok()) {
            Ok(()) => value,
            Err(error) => Err(error),
        }
    }

    fn begin(&mut self, kind: Kind) -> Result<usize> {
        let begun = match kind {
            Kind::Map => self.begin_map(),
            _ => self.begin_list(),
        };
        begun.map(|left| left.count()).ok_or(PackError::Malformed)
    }

    /// A value that is no map and no list.
    #[inline(never)]
    fn single<V: Visitor<'de>>(&mut self, bytes_as_list: bool, visitor: V) -> Result<V::Value> {
        let start = self.rest();
        let read = match self.next_marker() {
            Some(0xc0) => {
                self.null();
                visitor.visit_unit()
            }
            Some(0xc4..=0xc6) => self.binary(bytes_as_list, visitor),
            Some(0xa0..=0xbf | 0xd9..=0xdb) => {
                let text = self.raw_text();
                text.ok_or(PackError::Malformed)
                    .and_then(|text| visitor.visit_borrowed_str(text))
            }
            Some(0xc7..=0xc9 | 0xd4..=0xd8) => self.extension(visitor),
            Some(0xca | 0xcb) => self.any_float(visitor),
            Some(0xc2 | 0xc3) => match self.bool() {
                Some(truth) => visitor.visit_bool(truth),
                None => Err(PackError::Malformed),
            },
            Some(0xe0..=0xff | 0xd0..=0xd3) => match self.i64() {
                Some(value) => visitor.visit_i64(value),
                None => Err(PackError::Malformed),
            },
            _ => match self.u64() {
                Some(value) => visitor.visit_u64(value),
                None => Err(PackError::Malformed),
            },
        };
        if read.is_err() {
            // Behind the marker of what does not fit.
            self.go_back(start.get(1..).unwrap_or_default());
        }
        read
    }

    fn binary<V: Visitor<'de>>(&mut self, as_list: bool, visitor: V) -> Result<V::Value> {
        let bytes = well(self.bytes())?;
        if as_list {
            return visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied()));
        }
        visitor.visit_borrowed_bytes(bytes)
    }

    fn any_float<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let left = self.rest().len();
        let value = well(self.f64())?;
        if value.is_finite() {
            return visitor.visit_f64(value);
        }
        // This one would make `null` of it.
        if type_name::<V::Value>() == type_name::<serde_json::Value>() {
            return Err(PackError::custom(
                "NaN or an infinity, which a tree of JSON cannot hold",
            ));
        }
        self.special = true;
        match self.stand_in {
            Some(stand_in) if stand_in.for_left.contains(&left) => {
                let read = PackSource::new(stand_in.value, usize::MAX).deserialize_any(visitor);
                self.taken |= read.is_ok();
                read
            }
            _ => visitor.visit_f64(value),
        }
    }

    #[cold]
    fn extension<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let (of_type, contents) = well(self.extended())?;
        let parts = Extension {
            of_type: Some(of_type),
            contents: Some(contents),
        };
        visitor.visit_newtype_struct(parts).map_err(|_| {
            PackError::custom(format_args!(
                "a MessagePack extension of type {of_type}, which this place does not take"
            ))
        })
    }

    /// A whole number of up to 128 bits; beyond 64 it stands as sixteen bytes.
    fn wide(&mut self) -> Result<Wide> {
        match self.next_marker() {
            Some(0xc4) => match <[u8; 16]>::try_from(well(self.bytes())?) {
                Ok(bytes) => Ok(Wide::Bytes(bytes)),
                Err(_) => Err(PackError::custom("bytes that are no number of 128 bits")),
            },
            Some(0xe0..=0xff | 0xd0..=0xd3) => well(self.i64()).map(|n| Wide::Number(n.into())),
            Some(0x00..=0x7f | 0xcc..=0xcf) => well(self.u64()).map(|n| Wide::Number(n.into())),
            _ => Err(PackError::custom("this is no whole number")),
        }
    }
}

enum Wide {
    Number(i128),
    Bytes([u8; 16]),
}

macro_rules! whole_numbers {
    ($($method:ident)*) => { $(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.next_marker() {
                Some(0x00..=0x7f | 0xcc..=0xcf) => match self.u64() {
                    Some(value) => visitor.visit_u64(value),
                    None => Err(PackError::Malformed),
                },
                _ => self.deserialize_any(visitor),
            }
        }
    )* };
}

impl<'de> Deserializer<'de> for &mut PackSource<'de> {
    type Error = PackError;

    #[inline]
    fn is_human_readable(&self) -> bool {
        !self.compact
    }

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.kind() {
            Kind::Map => self.map(visitor),
            Kind::List => self.list(visitor),
            Kind::Other => self.single(false, visitor),
        }
    }

    whole_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.next_marker() {
            Some(0xca | 0xcb) => match self.f64() {
                Some(value) => visitor.visit_f64(value),
                None => Err(PackError::Malformed),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.next_marker() {
            Some(0xca | 0xcb) => {
                let value = well(self.f64())?;
                if value.is_finite() && (value as f32).is_infinite() {
                    return Err(PackError::invalid_value(Unexpected::Float(value), &visitor));
                }
                visitor.visit_f64(value)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.wide()? {
            Wide::Number(value) => visitor.visit_i128(value),
            Wide::Bytes(bytes) => visitor.visit_i128(i128::from_be_bytes(bytes)),
        }
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.wide()? {
            Wide::Number(value) => match u128::try_from(value) {
                Ok(value) => visitor.visit_u128(value),
                Err(_) => Err(PackError::custom(format_args!(
                    "{value} where no number is below 0"
                ))),
            },
            Wide::Bytes(bytes) => visitor.visit_u128(u128::from_be_bytes(bytes)),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.null() {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        match name {
            EXTENSION => return self.deserialize_any(visitor),
            RAW => {
                let reason = "raw JSON (RawValue) stands in JSON only: read a value";
                return Err(PackError::custom(reason));
            }
            _ => {}
        }
        visitor.visit_newtype_struct(self)
    }

    /// Which is written as an empty list.
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if self.next_marker() == Some(0x90) {
            self.go_back(self.rest().get(1..).unwrap_or_default());
            return visitor.visit_unit();
        }
        self.deserialize_any(visitor)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.kind() {
            Kind::List => self.list(visitor),
            Kind::Map => self.map(visitor),
            Kind::Other => self.single(true, visitor),
        }
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    /// A variant is its name, or a map of its name to its contents.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if self.kind() != Kind::Map {
            return visitor.visit_enum(Name(self));
        }
        let left = self.begin(Kind::Map)?;
        if left != 1 {
            let reason = format_args!("invalid length {left}, expected a map of one variant");
            return Err(PackError::custom(reason));
        }
        let value = visitor.visit_enum(Variant(&mut *self));
        self.leave();
        value
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        well(self.skip())?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { bool char str string bytes byte_buf unit map identifier }
}

/// In a list or map; of a map so many entries are left.
struct Inside<'a, 'de> {
    source: &'a mut PackSource<'de>,
    left: usize,
}

impl Inside<'_, '_> {
    #[inline]
    fn next(&mut self) -> bool {
        let more = self.left > 0;
        self.left -= usize::from(more);
        more
    }

    /// Leaves it. What was read well must have been read whole.
    fn end(self, read: bool) -> Result<()> {
        self.source.leave();
        if read && self.left > 0 {
            let reason = format_args!("{} more than the type takes", self.left);
            return Err(PackError::custom(reason));
        }
        Ok(())
    }

    /// Every item takes a byte at least.
    fn hint(&self) -> usize {
        self.left.min(self.source.rest().len())
    }
}

impl<'de> SeqAccess<'de> for &mut Inside<'_, 'de> {
    type Error = PackError;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if !self.next() {
            return Ok(None);
        }
        seed.deserialize(&mut *self.source).map(Some)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.hint())
    }
}

impl<'de> MapAccess<'de> for &mut Inside<'_, 'de> {
    type Error = PackError;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if !self.next() {
            return Ok(None);
        }
        seed.deserialize(&mut *self.source).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        seed.deserialize(&mut *self.source)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.hint())
    }
}

/// A variant by its name alone.
struct Name<'a, 'de>(&'a mut PackSource<'de>);

impl<'de> EnumAccess<'de> for Name<'_, 'de> {
    type Error = PackError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        Ok((seed.deserialize(&mut *self.0)?, self))
    }
}

impl<'de> VariantAccess<'de> for Name<'_, 'de> {
    type Error = PackError;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value> {
        Err(without_contents("newtype variant"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value> {
        Err(without_contents("tuple variant"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value> {
        Err(without_contents("struct variant"))
    }
}

fn without_contents(expected: &str) -> PackError {
    PackError::invalid_type(Unexpected::UnitVariant, &expected)
}

/// A variant with contents.
struct Variant<'a, 'de>(&'a mut PackSource<'de>);

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = PackError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        Ok((seed.deserialize(&mut *self.0)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = PackError;

    fn unit_variant(self) -> Result<()> {
        if self.0.null() {
            return Ok(());
        }
        Err(PackError::custom("contents of a variant that has none"))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.0.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.0.deserialize_seq(visitor)
    }
}

/// An extension as a list of its type and its contents.
struct Extension<'de> {
    of_type: Option<i8>,
    contents: Option<&'de [u8]>,
}

impl<'de> Deserializer<'de> for Extension<'de> {
    type Error = PackError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(self)
    }

    forward_to_deserialize_any! {
        bool u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64 char str string unit option seq bytes
        byte_buf map unit_struct newtype_struct struct identifier tuple enum ignored_any tuple_struct
    }
}

impl<'de> SeqAccess<'de> for Extension<'de> {
    type Error = PackError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        use serde::de::IntoDeserializer;
        use serde::de::value::BorrowedBytesDeserializer;

        if let Some(of_type) = self.of_type.take() {
            return seed.deserialize(of_type.into_deserializer()).map(Some);
        }
        let contents = self.contents.take().map(BorrowedBytesDeserializer::new);
        contents.map(|bytes| seed.deserialize(bytes)).transpose()
    }
}
