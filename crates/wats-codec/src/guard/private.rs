//! The structs by which `serde_json` hands numbers of any size and raw JSON to itself.
//!
//! With its feature `arbitrary_precision` a number is a struct of one field, the text of the number, and so it is with
//! `raw_value` and raw JSON. Only `serde_json` knows these by their names. A number is written here as what it is: an integer
//! of 64 bits or a float, the same as without the feature, or not at all. Raw JSON is let through where JSON is written,
//! counts for its levels, and is refused elsewhere.

use std::fmt::{self, Display, Write};

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Fault, Guard, Rules, Watch};
use crate::fast::json::{Plain, is_json, plain_number};
use crate::json::check_depth;

pub(crate) const NUMBER: &str = "$serde_json::private::Number";
pub(crate) const RAW: &str = "$serde_json::private::RawValue";

const NO_NUMBER: &str = "a number of serde_json that is none";
const NO_PLACE: &str = "raw JSON (RawValue) stands in JSON only: write it as a value";
const NO_JSON: &str = "raw JSON that is none";

/// The fields of a struct, or the one field of a private struct, which is rare and therefore kept elsewhere.
pub(super) enum Fields<'a, S: Serializer, R> {
    Plain(Watch<'a, S::SerializeStruct, R>),
    Private(Box<Private<'a, S, R>>),
}

/// What stands for a number or for raw JSON.
pub(super) enum Private<'a, S: Serializer, R> {
    Number {
        guard: &'a Guard<R>,
        inner: S,
        number: Option<Plain>,
    },
    Raw {
        guard: &'a Guard<R>,
        depth: usize,
        inner: S::SerializeStruct,
    },
}

impl<'a, S: Serializer, R: Rules> Fields<'a, S, R> {
    #[cold]
    pub(super) fn private(watch: Watch<'a, S, R>, name: &'static str) -> Result<Self, S::Error> {
        let Watch {
            inner,
            guard,
            depth,
        } = watch;
        let private = if name == NUMBER {
            let number = None;
            Private::Number {
                guard,
                inner,
                number,
            }
        } else if R::RAW_JSON {
            let inner = inner.serialize_struct(RAW, 1)?;
            Private::Raw {
                guard,
                depth,
                inner,
            }
        } else {
            return Err(guard.unwritable(NO_PLACE));
        };
        Ok(Self::Private(Box::new(private)))
    }
}

impl<S: Serializer, R: Rules> Private<'_, S, R> {
    #[cold]
    #[inline(never)]
    fn field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        let text = &*text_of(value).unwrap_or_default();
        match self {
            Self::Number { guard, number, .. } => {
                *number = Some(plain_number(text).map_err(|reason| guard.unwritable(reason))?);
                Ok(())
            }
            Self::Raw {
                guard,
                depth,
                inner,
            } => {
                let levels = guard.max_depth - *depth;
                if check_depth(text.as_bytes(), levels).is_err() {
                    return Err(guard.stop(Fault::TooDeep));
                }
                if !is_json(text, levels) {
                    return Err(guard.unwritable(NO_JSON));
                }
                inner.serialize_field(key, text)
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn end(self) -> Result<S::Ok, S::Error> {
        match self {
            Self::Raw { inner, .. } => inner.end(),
            Self::Number {
                inner,
                number,
                guard,
            } => match number {
                Some(Plain::Unsigned(value)) => inner.serialize_u64(value),
                Some(Plain::Signed(value)) => inner.serialize_i64(value),
                Some(Plain::Float(value)) => inner.serialize_f64(value),
                None => Err(guard.unwritable(NO_NUMBER)),
            },
        }
    }
}

impl<S: Serializer, R: Rules> SerializeStruct for Fields<'_, S, R> {
    type Ok = S::Ok;
    type Error = S::Error;

    #[allow(
        clippy::inline_always,
        reason = "measured: a tenth of writing MessagePack"
    )]
    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        match self {
            Self::Plain(fields) => {
                let value = fields.wrap(value);
                fields.inner.serialize_field(key, &value)
            }
            Self::Private(private) => private.field(key, value),
        }
    }

    #[inline]
    fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
        match self {
            Self::Plain(fields) => fields.inner.skip_field(key),
            Self::Private(_) => Ok(()),
        }
    }

    #[inline]
    fn end(self) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(fields) => fields.inner.end(),
            Self::Private(private) => private.end(),
        }
    }
}

/// The text that a value is written as; `None` if it is none.
#[cold]
#[inline(never)]
fn text_of<T: Serialize + ?Sized>(value: &T) -> Option<String> {
    /// A formatter is a serializer of plain values.
    struct Shown<'a, T: ?Sized>(&'a T);
    impl<T: Serialize + ?Sized> Display for Shown<'_, T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.serialize(f)
        }
    }

    let mut text = String::new();
    write!(text, "{}", Shown(value)).ok()?;
    Some(text)
}
