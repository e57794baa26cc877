//! Any type of `serde`, read by the scanner of the fast path.
//!
//! What is read here is what `serde_json` would have read. What is not, be it an error or merely unusual, is read again
//! by `serde_json`, whose verdict holds. So the error here says nothing and costs nothing.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::read::{Begun, JsonSource, Number};
use crate::guard::RAW;

/// The document is `serde_json`'s to read.
#[derive(Debug)]
pub(crate) struct Fallback;

type Result<T> = std::result::Result<T, Fallback>;

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("left to serde_json")
    }
}

impl std::error::Error for Fallback {}

impl serde::de::Error for Fallback {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> JsonSource<'de> {
    #[inline]
    fn visit_text<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        match self.plain() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => visitor.visit_str(&self.escaped().ok_or(Fallback)?),
        }
    }

    #[inline]
    fn visit_number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let number = self.scan_number().ok_or(Fallback)?;
        self.visit_as_found(&number, visitor)
    }

    /// Hands a number over in the type that `serde_json` finds for it.
    #[inline]
    fn visit_as_found<V: Visitor<'de>>(
        &mut self,
        number: &Number<'de>,
        visitor: V,
    ) -> Result<V::Value> {
        if number.negative {
            if let Some(value) = number.signed() {
                return visitor.visit_i64(value);
            }
        } else if let Some(value) = number.unsigned() {
            return visitor.visit_u64(value);
        }
        let value = number.float();
        visitor.visit_f64(self.within_range(value).ok_or(Fallback)?)
    }

    fn visit_bytes<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        if self.peek() == Some(b'[') {
            return self.visit_list(visitor);
        }
        match self.plain() {
            Some(text) => visitor.visit_borrowed_bytes(text.as_bytes()),
            None => visitor.visit_bytes(self.escaped().ok_or(Fallback)?.as_bytes()),
        }
    }

    /// Raw JSON, as `serde_json` hands it to itself.
    fn visit_raw<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        self.peek().ok_or(Fallback)?;
        let start = self.position();
        self.pass_over().ok_or(Fallback)?;
        visitor.visit_map(Raw(self.since(start)))
    }

    // Without optimization each `?` on what was read takes a copy of it on the stack, for each level.

    #[inline]
    fn visit_list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let mut inside = self.inside(b'[')?;
        let value = visitor.visit_seq(&mut inside);
        match inside.end(value.is_ok()) {
            Ok(()) => value,
            Err(error) => Err(error),
        }
    }

    #[inline]
    fn visit_object<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let mut inside = self.inside(b'{')?;
        let value = visitor.visit_map(&mut inside);
        match inside.end(value.is_ok()) {
            Ok(()) => value,
            Err(error) => Err(error),
        }
    }

    #[inline]
    fn inside(&mut self, open: u8) -> Result<Inside<'_, 'de>> {
        let begun = self.enter(open).ok_or(Fallback)?;
        Ok(Inside {
            source: self,
            begun: Some(begun),
            close: if open == b'[' { b']' } else { b'}' },
        })
    }

    /// Reads a part of a value, and remembers if that went wrong.
    #[inline]
    fn part<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let part = seed.deserialize(&mut *self);
        self.failed |= part.is_err();
        part
    }
}

impl Number<'_> {
    fn visit_wide<'de, V: Visitor<'de>>(&self, signed: bool, visitor: V) -> Result<V::Value> {
        if !self.integer {
            return Err(Fallback);
        }
        if signed {
            return visitor.visit_i128(self.parsed().ok_or(Fallback)?);
        }
        visitor.visit_u128(self.parsed().ok_or(Fallback)?)
    }

    /// `serde_json` rounds such a number once.
    fn visit_f32<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value> {
        if let Some(value) = self.unsigned() {
            return visitor.visit_u64(value);
        }
        if let Some(value) = self.signed() {
            return visitor.visit_i64(value);
        }
        let value = self.parsed::<f32>().filter(|value| value.is_finite());
        visitor.visit_f64(f64::from(value.ok_or(Fallback)?))
    }
}

/// Raw JSON in the form that `serde_json` expects of itself.
struct Raw<'de>(Option<&'de str>);

impl<'de> MapAccess<'de> for Raw<'de> {
    type Error = Fallback;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        seed.deserialize(BorrowedStrDeserializer::new(RAW))
            .map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let text = self.0.take().ok_or(Fallback)?;
        seed.deserialize(BorrowedStrDeserializer::new(text))
    }
}

macro_rules! numbers {
    ($($method:ident)*) => { $(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.visit_number(visitor)
        }
    )* };
}

macro_rules! texts {
    ($($method:ident)*) => { $(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.visit_text(visitor)
        }
    )* };
}

impl<'de> Deserializer<'de> for &mut JsonSource<'de> {
    type Error = Fallback;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.peek().ok_or(Fallback)? {
            b'"' => self.visit_text(visitor),
            b'0'..=b'9' | b'-' => self.visit_number(visitor),
            b'{' => self.visit_object(visitor),
            b'[' => self.visit_list(visitor),
            b'n' => self.deserialize_unit(visitor),
            _ => self.deserialize_bool(visitor),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f64
    }

    texts! { deserialize_char deserialize_str deserialize_string deserialize_identifier }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.scan_number().ok_or(Fallback)?.visit_f32(visitor)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.scan_number()
            .ok_or(Fallback)?
            .visit_wide(true, visitor)
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.scan_number()
            .ok_or(Fallback)?
            .visit_wide(false, visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit_bytes(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit_bytes(visitor)
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_bool(self.truth().ok_or(Fallback)?)
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if !self.nothing() {
            return Err(Fallback);
        }
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.nothing() {
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
        if name == RAW {
            return self.visit_raw(visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit_list(visitor)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.visit_list(visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.visit_list(visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit_object(visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.peek() {
            Some(b'[') => self.visit_list(visitor),
            _ => self.visit_object(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if self.peek() == Some(b'{') {
            let mut inside = self.inside(b'{')?;
            let value = visitor.visit_enum(&mut inside);
            return match inside.end(value.is_ok()) {
                Ok(()) => value,
                Err(error) => Err(error),
            };
        }
        match self.plain() {
            Some(name) => visitor.visit_enum(unit(name)),
            None => visitor.visit_enum(unit(&self.escaped().ok_or(Fallback)?)),
        }
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.pass_over().ok_or(Fallback)?;
        visitor.visit_unit()
    }
}

/// A variant without contents.
fn unit(name: &str) -> StrDeserializer<'_, Fallback> {
    name.into_deserializer()
}

/// Between the brackets of a list, an object or a variant with contents.
struct Inside<'a, 'de> {
    source: &'a mut JsonSource<'de>,
    /// `None` behind the closing bracket.
    begun: Option<Begun>,
    close: u8,
}

impl Inside<'_, '_> {
    /// Whether another item or member comes.
    #[inline]
    fn more(&mut self) -> Result<bool> {
        let Some(begun) = &mut self.begun else {
            return Ok(false);
        };
        let more = self.source.more(begun, self.close).ok_or(Fallback)?;
        if !more {
            self.begun = None;
        }
        Ok(more)
    }

    /// Checks that nothing is left of what was read well.
    #[inline]
    fn end(mut self, read: bool) -> Result<()> {
        if read && self.more()? {
            return Err(Fallback);
        }
        Ok(())
    }
}

impl<'de> SeqAccess<'de> for &mut Inside<'_, 'de> {
    type Error = Fallback;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if !self.more()? {
            return Ok(None);
        }
        self.source.part(seed).map(Some)
    }
}

impl<'de> MapAccess<'de> for &mut Inside<'_, 'de> {
    type Error = Fallback;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if !self.more()? {
            return Ok(None);
        }
        let key = seed.deserialize(MemberName(&mut *self.source));
        self.source.failed |= key.is_err();
        key.map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        self.source.take(b':').ok_or(Fallback)?;
        self.source.part(seed)
    }
}

impl<'de> EnumAccess<'de> for &mut Inside<'_, 'de> {
    type Error = Fallback;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        if !self.more()? {
            return Err(Fallback);
        }
        let variant = self.source.part(seed)?;
        self.source.take(b':').ok_or(Fallback)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Inside<'_, 'de> {
    type Error = Fallback;

    fn unit_variant(self) -> Result<()> {
        self.source.nothing().then_some(()).ok_or(Fallback)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        self.source.part(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.source.visit_list(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.source.deserialize_struct("", fields, visitor)
    }
}

/// The name of a member, which stands for a number where a map has numbers for keys.
struct MemberName<'a, 'de>(&'a mut JsonSource<'de>);

impl<'de> MemberName<'_, 'de> {
    /// The number that the name is.
    fn number(&mut self) -> Result<Number<'de>> {
        let name = self.0.plain().ok_or(Fallback)?;
        Number::of(name).ok_or(Fallback)
    }
}

macro_rules! numeric_names {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
            let number = self.number()?;
            self.0.visit_as_found(&number, visitor)
        }
    )* };
}

impl<'de> Deserializer<'de> for MemberName<'_, 'de> {
    type Error = Fallback;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.0.visit_text(visitor)
    }

    numeric_names! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f64
    }

    fn deserialize_f32<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        self.number()?.visit_f32(visitor)
    }

    fn deserialize_i128<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        self.number()?.visit_wide(true, visitor)
    }

    fn deserialize_u128<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
        self.number()?.visit_wide(false, visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0.plain() {
            Some("true") => visitor.visit_bool(true),
            Some("false") => visitor.visit_bool(false),
            _ => Err(Fallback),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.0.visit_bytes(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.0.visit_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        char str string unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
