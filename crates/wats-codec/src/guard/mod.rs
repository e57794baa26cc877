//! Enforces the rules of depth and floats while serializing: whatever passes through here is written to the inner serializer
//! unchanged, but what could not be read back as what it was is stopped, or written as what it is:
//!
//! * nesting beyond the limit, and floats without a JSON number: `serde_json` would write NaN as `null` without a word, and
//!   neither encoder watches depth;
//! * what `serde_json` says to itself ([`private`]): its features `arbitrary_precision` and `raw_value`, which any crate of a
//!   build may turn on, write numbers and raw JSON as structs of a secret name. Numbers are written as numbers here;
//! * whole numbers of 128 bits that 64 hold, and the floats of [`float`](crate::float), are numbers in MessagePack.
//!
//! [`Guarded`] wraps a value; serializing it wraps the serializer, whose compounds wrap the values
//! they are handed, and so on down the tree. A fault is kept in the shared [`Guard`], because the
//! error type on the way up is the inner serializer's.

mod private;

use std::cell::Cell;
use std::fmt::Display;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::float::{self, NonFinite, text_of};
use crate::{Error, Format};
use private::Fields;
pub(crate) use private::{NUMBER, RAW};

/// What a format asks for. Types, so that the compiler leaves out the questions that a format does not have.
pub(crate) trait Rules: Copy {
    /// Whether raw JSON is at home.
    const RAW_JSON: bool;
    /// Whether every float is.
    const EVERY_FLOAT: bool;

    /// What becomes of the floats that are not.
    fn non_finite(self) -> NonFinite;
}

/// There are no special floats; raw JSON is at home.
#[derive(Clone, Copy)]
pub(crate) struct JsonRules(pub(crate) NonFinite);

impl Rules for JsonRules {
    const RAW_JSON: bool = true;
    const EVERY_FLOAT: bool = false;

    #[inline]
    fn non_finite(self) -> NonFinite {
        self.0
    }
}

/// There is every float, and no raw JSON.
#[cfg(feature = "msgpack")]
#[derive(Clone, Copy)]
pub(crate) struct PackRules;

#[cfg(feature = "msgpack")]
impl Rules for PackRules {
    const RAW_JSON: bool = false;
    const EVERY_FLOAT: bool = true;

    #[inline]
    fn non_finite(self) -> NonFinite {
        NonFinite::Error
    }
}

/// The rules for one document and the first fault found.
pub(crate) struct Guard<R> {
    max_depth: usize,
    rules: R,
    /// While one of our own floats is written, in its form for programs.
    for_programs: Cell<bool>,
    fault: Cell<Option<Fault>>,
}

#[derive(Clone, Copy)]
enum Fault {
    TooDeep,
    NonFinite(&'static str),
    Unwritable(&'static str),
}

impl<R> Guard<R> {
    pub(crate) fn new(max_depth: usize, rules: R) -> Self {
        Self {
            max_depth,
            rules,
            for_programs: Cell::new(false),
            fault: Cell::new(None),
        }
    }

    pub(crate) fn wrap<'a, T: ?Sized>(&'a self, value: &'a T) -> Guarded<'a, T, R> {
        Guarded {
            value,
            guard: self,
            depth: 0,
        }
    }

    /// The fault that stopped the writing, if the guard did.
    pub(crate) fn fault(&self, format: Format) -> Option<Error> {
        self.fault.get().map(|fault| match fault {
            Fault::TooDeep => Error::TooDeep {
                limit: self.max_depth,
                at: None,
            },
            Fault::NonFinite(value) => Error::NonFinite { value },
            Fault::Unwritable(reason) => Error::Unwritable {
                format,
                reason: reason.into(),
                source: None,
            },
        })
    }

    fn stop<E: serde::ser::Error>(&self, fault: Fault) -> E {
        self.fault.set(Some(fault));
        E::custom("stopped by the guard")
    }

    #[cold]
    fn unwritable<E: serde::ser::Error>(&self, reason: &'static str) -> E {
        self.stop(Fault::Unwritable(reason))
    }

    /// The depth inside `levels` more containers, or the error that there may not be so many.
    fn deeper<E: serde::ser::Error>(&self, depth: usize, levels: usize) -> Result<usize, E> {
        let depth = depth + levels;
        if depth > self.max_depth {
            return Err(self.stop(Fault::TooDeep));
        }
        Ok(depth)
    }
}

/// A value on its way to a serializer under the rules of a [`Guard`].
pub(crate) struct Guarded<'a, T: ?Sized, R> {
    value: &'a T,
    guard: &'a Guard<R>,
    depth: usize,
}

impl<T: Serialize + ?Sized, R: Rules> Serialize for Guarded<'_, T, R> {
    #[inline]
    fn serialize<S: Serializer>(&self, inner: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(Watch {
            inner,
            guard: self.guard,
            depth: self.depth,
        })
    }
}

/// A serializer, or one of its compounds, under the rules of a [`Guard`].
struct Watch<'a, S, R> {
    inner: S,
    guard: &'a Guard<R>,
    depth: usize,
}

impl<'a, S, R> Watch<'a, S, R> {
    #[inline]
    fn wrap<'v, T: ?Sized>(&self, value: &'v T) -> Guarded<'v, T, R>
    where
        'a: 'v,
    {
        Guarded {
            value,
            guard: self.guard,
            depth: self.depth,
        }
    }
}

macro_rules! forward {
    ($($method:ident($kind:ty)),* $(,)?) => {$(
        #[inline]
        fn $method(self, value: $kind) -> Result<S::Ok, S::Error> {
            self.inner.$method(value)
        }
    )*};
}

impl<'a, S: Serializer, R: Rules> Serializer for Watch<'a, S, R> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Watch<'a, S::SerializeSeq, R>;
    type SerializeTuple = Watch<'a, S::SerializeTuple, R>;
    type SerializeTupleStruct = Watch<'a, S::SerializeTupleStruct, R>;
    type SerializeTupleVariant = Watch<'a, S::SerializeTupleVariant, R>;
    type SerializeMap = Watch<'a, S::SerializeMap, R>;
    type SerializeStruct = Fields<'a, S, R>;
    type SerializeStructVariant = Watch<'a, S::SerializeStructVariant, R>;

    forward! {
        serialize_bool(bool),
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64),
        serialize_char(char), serialize_str(&str), serialize_bytes(&[u8]),
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<S::Ok, S::Error> {
        if R::EVERY_FLOAT || value.is_finite() {
            return self.inner.serialize_f32(value);
        }
        self.serialize_f64(f64::from(value))
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<S::Ok, S::Error> {
        if R::EVERY_FLOAT || value.is_finite() {
            return self.inner.serialize_f64(value);
        }
        match self.guard.rules.non_finite() {
            NonFinite::Text => self.inner.serialize_str(text_of(value)),
            NonFinite::Error => Err(self.guard.stop(Fault::NonFinite(text_of(value)))),
        }
    }

    #[inline]
    fn serialize_i128(self, value: i128) -> Result<S::Ok, S::Error> {
        match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => self.inner.serialize_i64(value),
            (_, Ok(value)) => self.inner.serialize_u64(value),
            _ => self.inner.serialize_i128(value),
        }
    }

    #[inline]
    fn serialize_u128(self, value: u128) -> Result<S::Ok, S::Error> {
        match u64::try_from(value) {
            Ok(value) => self.inner.serialize_u64(value),
            Err(_) => self.inner.serialize_u128(value),
        }
    }

    #[inline]
    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_none()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        let value = self.wrap(value);
        self.inner.serialize_some(&value)
    }

    #[inline]
    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit()
    }

    /// Nothing, as in JSON: an empty list, which `rmp-serde` makes of it, is read by a unit struct only where `serde` did
    /// not collect it first.
    #[inline]
    fn serialize_unit_struct(self, name: &'static str) -> Result<S::Ok, S::Error> {
        if R::RAW_JSON {
            self.inner.serialize_unit_struct(name)
        } else {
            self.inner.serialize_unit()
        }
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.inner.serialize_unit_variant(name, index, variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        if R::EVERY_FLOAT && name == float::NAME {
            let guard = self.guard;
            guard.for_programs.set(true);
            let written = value.serialize(self);
            guard.for_programs.set(false);
            return written;
        }
        let value = self.wrap(value);
        self.inner.serialize_newtype_struct(name, &value)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let value = Guarded {
            value,
            guard: self.guard,
            depth: self.guard.deeper(self.depth, 1)?,
        };
        self.inner
            .serialize_newtype_variant(name, index, variant, &value)
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        Ok(Watch {
            depth: self.guard.deeper(self.depth, 1)?,
            guard: self.guard,
            inner: self.inner.serialize_seq(len)?,
        })
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        Ok(Watch {
            depth: self.guard.deeper(self.depth, 1)?,
            guard: self.guard,
            inner: self.inner.serialize_tuple(len)?,
        })
    }

    #[inline]
    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        Ok(Watch {
            depth: self.guard.deeper(self.depth, 1)?,
            guard: self.guard,
            inner: self.inner.serialize_tuple_struct(name, len)?,
        })
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        Ok(Watch {
            depth: self.guard.deeper(self.depth, 2)?,
            guard: self.guard,
            inner: self
                .inner
                .serialize_tuple_variant(name, index, variant, len)?,
        })
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        Ok(Watch {
            depth: self.guard.deeper(self.depth, 1)?,
            guard: self.guard,
            inner: self.inner.serialize_map(len)?,
        })
    }

    #[inline]
    fn serialize_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        if name.starts_with('$') && (name == NUMBER || name == RAW) {
            return Fields::private(self, name);
        }
        Ok(Fields::Plain(Watch {
            depth: self.guard.deeper(self.depth, 1)?,
            guard: self.guard,
            inner: self.inner.serialize_struct(name, len)?,
        }))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        Ok(Watch {
            depth: self.guard.deeper(self.depth, 2)?,
            guard: self.guard,
            inner: self
                .inner
                .serialize_struct_variant(name, index, variant, len)?,
        })
    }

    #[inline]
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.inner.collect_str(value)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        // In every format: what `serde` collects before it reads is always taken for the form for people.
        !self.guard.for_programs.get()
    }
}

macro_rules! compound {
    ($kind:ident, $method:ident) => {
        impl<C: $kind, R: Rules> $kind for Watch<'_, C, R> {
            type Ok = C::Ok;
            type Error = C::Error;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
                let value = self.wrap(value);
                self.inner.$method(&value)
            }

            #[inline]
            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        }
    };
    ($kind:ident named) => {
        impl<C: $kind, R: Rules> $kind for Watch<'_, C, R> {
            type Ok = C::Ok;
            type Error = C::Error;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), C::Error> {
                let value = self.wrap(value);
                self.inner.serialize_field(key, &value)
            }

            #[inline]
            fn skip_field(&mut self, key: &'static str) -> Result<(), C::Error> {
                self.inner.skip_field(key)
            }

            #[inline]
            fn end(self) -> Result<C::Ok, C::Error> {
                self.inner.end()
            }
        }
    };
}

compound!(SerializeSeq, serialize_element);
compound!(SerializeTuple, serialize_element);
compound!(SerializeTupleStruct, serialize_field);
compound!(SerializeTupleVariant, serialize_field);
compound!(SerializeStruct named);
compound!(SerializeStructVariant named);

impl<C: SerializeMap, R: Rules> SerializeMap for Watch<'_, C, R> {
    type Ok = C::Ok;
    type Error = C::Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), C::Error> {
        let key = self.wrap(key);
        self.inner.serialize_key(&key)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), C::Error> {
        let value = self.wrap(value);
        self.inner.serialize_value(&value)
    }

    #[inline]
    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), C::Error> {
        let key = self.wrap(key);
        let value = self.wrap(value);
        self.inner.serialize_entry(&key, &value)
    }

    #[inline]
    fn end(self) -> Result<C::Ok, C::Error> {
        self.inner.end()
    }
}
