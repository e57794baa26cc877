//! A fast path for models whose shape is known: constant key bytes in writing, predicted keys in
//! reading.
//!
//! `serde` must discover a struct anew in every document. A type that names its fields to
//! [`fast_struct!`](crate::fast_struct) or [`fast_enum!`](crate::fast_enum) is written and read by
//! code made for it, several times as fast. [`Serializer::to_vec`] and [`Serializer::from_slice`] take every type with these
//! traits, and any other type of `serde` within [`Serde`]. The path changes no byte and no value:
//!
//! * What it writes equals what `serde` writes, byte for byte.
//! * What it reads equals what `serde` reads. Where it meets anything out of the ordinary (an
//!   error, a number of the wrong kind) it gives up and `serde` reads the document from the start.
//!   So errors are `serde`'s, with their positions, and the path may stay simple.
//!
//! The attributes that the macros take mirror those of `serde`, which the type carries too; tests
//! of such a type call [`verify()`], which compares both paths on a value.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use wats_codec::{Format, Serde, Serializer, fast_enum, fast_struct};
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! enum Status {
//!     #[serde(rename = "P")]
//!     Passed,
//!     #[serde(rename = "F")]
//!     Failed,
//! }
//! fast_enum!(Status { Passed = "P", Failed = "F" });
//!
//! #[derive(Debug, PartialEq, Serialize, Deserialize)]
//! #[serde(rename_all = "camelCase")]
//! struct Step {
//!     name: String,
//!     status: Status,
//!     #[serde(skip_serializing_if = "Option::is_none")]
//!     total_time: Option<f64>,
//! }
//! fast_struct!(Step { name = "name", status = "status", total_time = "totalTime" (optional) });
//!
//! let steps = vec![Step { name: "Vout".into(), status: Status::Passed, total_time: None }];
//! let json = Serializer::new(Format::Json);
//! let bytes = json.to_vec(&steps)?;
//! assert_eq!(bytes, json.to_vec(&Serde(&steps))?);
//! assert_eq!(json.from_slice::<Vec<Step>>(&bytes)?, steps);
//! wats_codec::fast::verify(&steps)?;
//! # Ok::<(), wats_codec::Error>(())
//! ```
//!
//! # Layout
//! [`Encode`] and [`Decode`] are what a type implements, against any [`Sink`] or [`Source`];
//! `json` and `pack` (MessagePack) are those of a format, as `crate::archive` is; `growth` is that of lists; `values` implements the traits for the
//! types of the standard library; `macros` for those of the caller, and `by_serde` for any other.
//!
//! [`Serializer::to_vec`]: crate::Serializer::to_vec
//! [`Serializer::from_slice`]: crate::Serializer::from_slice

mod by_serde;
mod growth;
pub(crate) mod json;
#[doc(hidden)]
pub mod key;
mod macros;
#[cfg(feature = "msgpack")]
pub(crate) mod pack;
mod values;
mod verify;

use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};

pub use by_serde::Serde;
#[doc(hidden)]
pub use growth::Growth;
pub use key::Key;
pub use values::{Extra, Float};
pub use verify::verify;

/// A value that can write itself to any [`Sink`]: what [`Serializer::to_vec`](crate::Serializer::to_vec) takes.
///
/// [`fast_struct!`](crate::fast_struct), [`fast_enum!`](crate::fast_enum) and [`fast_serde!`](crate::fast_serde) implement it;
/// [`Serde`] has it for any other type of `serde`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how it is encoded",
    note = "for any type of `serde` wrap the value, `Serde(&value)`, or name the type to `fast_serde!`; `fast_struct!` makes it fast"
)]
pub trait Encode: Serialize {
    /// Writes exactly one value.
    fn encode<S: Sink>(&self, sink: &mut S);

    /// Whether a field marked `optional` is left out: `None`, and an empty list or map.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A value that can read itself from any [`Source`]: what [`Serializer::from_slice`](crate::Serializer::from_slice) gives.
///
/// [`fast_struct!`](crate::fast_struct), [`fast_enum!`](crate::fast_enum) and [`fast_serde!`](crate::fast_serde) implement it;
/// [`Serde`] has it for any other type of `serde`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how it is decoded",
    note = "for any type of `serde` read `Serde<{Self}>`, or name the type to `fast_serde!`; `fast_struct!` makes it fast"
)]
pub trait Decode: DeserializeOwned {
    /// Reads exactly one value; `None` hands the document over to `serde`.
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self>;

    /// The value of a field that is not there: `None` for an `Option`, else none.
    fn missing() -> Option<Self> {
        None
    }
}

pub(crate) mod sealed {
    /// The formats are ours to add.
    pub trait Sealed {}
}

/// The writing side of a format. Faults are kept and reported at the end.
pub trait Sink: sealed::Sealed {
    /// Writes a null.
    fn null(&mut self);
    /// Writes a truth value.
    fn bool(&mut self, value: bool);
    /// Writes an unsigned number.
    fn u64(&mut self, value: u64);
    /// Writes a signed number.
    fn i64(&mut self, value: i64);
    /// Writes a float; what is not finite goes by the serializer's policy.
    fn f64(&mut self, value: f64);
    /// Writes a float as [`float`](crate::float) does: text for what JSON has no number for.
    fn float(&mut self, value: f64);
    /// Writes text.
    fn str(&mut self, value: &str);
    /// Writes one of a few texts, such as the name of an enum's variant.
    fn symbol(&mut self, key: &Key);
    /// Begins a map of `entries`; if false, write nothing more.
    fn begin_map(&mut self, entries: usize) -> bool;
    /// Whether [`begin_struct`](Self::begin_struct) must be told which fields are written. Where it need not be, a look at
    /// each of them is saved.
    #[inline]
    fn counts_fields(fields: &'static [Key]) -> bool {
        let _ = fields;
        true
    }
    /// Begins the map of a struct with these `fields`, in their order; if false, write nothing more.
    #[inline]
    fn begin_struct(&mut self, fields: &'static [Key], written: &Written) -> bool {
        let _ = fields;
        self.begin_map(written.entries())
    }
    /// Writes the key of the struct's field `index`.
    fn key(&mut self, key: &Key, index: usize);
    /// Writes any key.
    fn dynamic_key(&mut self, key: &str);
    /// Ends the map.
    fn end_map(&mut self);
    /// Begins a list of `items`; if false, write nothing more.
    fn begin_list(&mut self, items: usize) -> bool;
    /// Announces the next item.
    fn item(&mut self);
    /// Ends the list.
    fn end_list(&mut self);
    /// Writes a value by way of `serde`.
    fn serde<T: Serialize + ?Sized>(&mut self, value: &T);
}

/// Which fields of a struct are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    /// A bit for each of the struct's own fields.
    pub(crate) fields: u64,
    /// How many entries are none of the struct's own fields.
    pub(crate) others: usize,
}

impl Written {
    /// The most fields a struct may have.
    pub const MOST: usize = u64::BITS as usize;

    /// Says whether the field `index` is written.
    #[inline]
    pub fn add(&mut self, index: usize, written: bool) {
        self.fields |= u64::from(written) << index;
    }

    /// Adds the fields of these bits, as far as they are not written anyway.
    #[inline]
    pub const fn add_fields(&mut self, fields: u64) {
        self.fields |= fields;
    }

    /// Adds entries that are none of the struct's own fields.
    #[inline]
    pub fn add_others(&mut self, count: usize) {
        self.others += count;
    }

    /// How many entries there are in all. Counted only where a format asks: adding up takes as long as the bits.
    #[inline]
    pub(crate) const fn entries(&self) -> usize {
        self.fields.count_ones() as usize + self.others
    }

    /// Whether the field `index` is written.
    #[inline]
    pub const fn has(&self, index: usize) -> bool {
        self.fields >> index & 1 == 1
    }
}

/// What kind of value comes next in a [`Source`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A null.
    Null,
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// A text.
    Text,
    /// A map, which is an object in JSON.
    Map,
    /// A list.
    List,
    /// Something else, such as bytes; or no value at all.
    Other,
}

/// A number in the type in which it was found, which is the one that `serde` would be given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number that is not negative.
    Unsigned(u64),
    /// A whole number, negative in most formats.
    Signed(i64),
    /// Any other number.
    Float(f64),
}

/// The reading side of a format. `None` gives up: `serde` takes over.
pub trait Source<'de>: sealed::Sealed {
    /// Where in a map the source is.
    type Map;
    /// Where in a list the source is.
    type List;

    /// What comes next, as far as its first byte tells.
    fn next_kind(&mut self) -> Kind;
    /// Reads a null if one comes next.
    fn null(&mut self) -> bool;
    /// Reads a truth value.
    fn bool(&mut self) -> Option<bool>;
    /// Reads an unsigned number.
    fn u64(&mut self) -> Option<u64>;
    /// Reads a signed number.
    fn i64(&mut self) -> Option<i64>;
    /// Reads a number of whatever type.
    fn number(&mut self) -> Option<Number>;
    /// Reads a float from any number.
    fn f64(&mut self) -> Option<f64>;
    /// Reads a float as [`float`](crate::float) does: from a number or a text.
    fn float(&mut self) -> Option<f64>;
    /// Reads the text of `key` if it comes next.
    fn try_symbol(&mut self, key: &Key) -> bool;
    /// Reads text and hands it to `take`.
    fn text<T>(&mut self, take: impl FnOnce(&str) -> T) -> Option<T>;
    /// Reads text that is kept.
    #[inline]
    fn string(&mut self) -> Option<String> {
        self.text(str::to_owned)
    }
    /// Reads the value that comes next, whatever it is.
    fn value(&mut self) -> Option<serde_json::Value>;
    /// Passes over the value that comes next.
    fn skip(&mut self) -> Option<()>;
    /// Reads a value by way of `serde`.
    fn serde<T: DeserializeOwned>(&mut self) -> Option<T>;
    /// Reads a value by way of a seed of `serde`.
    fn seed<T>(&mut self, seed: impl for<'x> DeserializeSeed<'x, Value = T>) -> Option<T>;

    /// Begins a map.
    fn begin_map(&mut self) -> Option<Self::Map>;
    /// Begins a map that is likely to hold some of these `fields`, in their order.
    #[inline]
    fn begin_struct(&mut self, fields: &'static [Key]) -> Option<Self::Map> {
        let _ = fields;
        self.begin_map()
    }
    /// Reads the next key if it is `key`, that of the struct's field `index`.
    fn try_key(&mut self, map: &mut Self::Map, key: &Key, index: usize) -> bool;
    /// Reads the next key and hands it to `take`; `Some(None)` at the end of the map.
    fn next_key<T>(
        &mut self,
        map: &mut Self::Map,
        take: impl FnOnce(&str) -> T,
    ) -> Option<Option<T>>;
    /// Begins a list.
    fn begin_list(&mut self) -> Option<Self::List>;
    /// Whether another item comes.
    fn next_item(&mut self, list: &mut Self::List) -> Option<bool>;
    /// At least how many items come, as far as that is known and backed by input.
    fn remaining(&self, list: &Self::List) -> usize;
    /// How many bytes were read, of how many, where lists do not say how many items come.
    #[inline]
    fn read_of(&self) -> Option<(usize, usize)> {
        None
    }
}

/// Writes `value` as compact JSON at the end of `out`.
pub(crate) fn write_json<T: Encode + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
    max_depth: usize,
    non_finite: crate::NonFinite,
) -> crate::Result<()> {
    let mut sink = json::JsonSink::new(std::mem::take(out), max_depth, non_finite);
    value.encode(&mut sink);
    *out = sink.finish()?;
    Ok(())
}

#[cfg(feature = "msgpack")]
/// Writes `value` as MessagePack at the end of `out`.
pub(crate) fn write_pack<T: Encode + ?Sized>(
    value: &T,
    out: &mut Vec<u8>,
    max_depth: usize,
) -> crate::Result<()> {
    let mut sink = pack::PackSink::new(std::mem::take(out), max_depth);
    value.encode(&mut sink);
    *out = sink.finish()?;
    Ok(())
}

/// What the scanner of JSON knows of a document that it leaves to `serde_json`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    /// Where a number ended that no float holds.
    pub(crate) too_large: Option<usize>,
}

/// Reads a whole JSON document, or gives up.
pub(crate) fn read_json<T: Decode>(text: &[u8], max_depth: usize) -> Result<T, Left> {
    let Some(mut source) = json::JsonSource::new(text, max_depth) else {
        return Err(Left { too_large: None });
    };
    match T::decode(&mut source) {
        Some(value) if source.at_end() => Ok(value),
        _ => Err(Left {
            too_large: source.too_large,
        }),
    }
}

#[cfg(feature = "msgpack")]
/// Reads a whole MessagePack document, or gives up.
pub(crate) fn read_pack<T: Decode>(bytes: &[u8], max_depth: usize) -> Option<T> {
    let mut source = pack::PackSource::new(bytes, max_depth);
    let value = T::decode(&mut source)?;
    source.at_end().then_some(value)
}
