//! The fast path of the types of the standard library, and of JSON trees.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::growth::MOST_AHEAD;
use super::{Decode, Encode, Growth, Sink, Source};

impl Encode for bool {
    #[inline]
    fn encode<S: Sink>(&self, sink: &mut S) {
        sink.bool(*self);
    }
}

impl Decode for bool {
    #[inline]
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        source.bool()
    }
}

macro_rules! number {
    ($($type:ty => $method:ident),*) => {$(
        impl Encode for $type {
            #[inline]
            fn encode<S: Sink>(&self, sink: &mut S) {
                sink.$method((*self).into());
            }
        }

        impl Decode for $type {
            #[inline]
            fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
                source.$method()?.try_into().ok()
            }
        }
    )*};
}

number!(u8 => u64, u16 => u64, u32 => u64, u64 => u64, i8 => i64, i16 => i64, i32 => i64, i64 => i64);

impl Encode for f64 {
    #[inline]
    fn encode<S: Sink>(&self, sink: &mut S) {
        sink.f64(*self);
    }
}

impl Decode for f64 {
    #[inline]
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        source.f64()
    }
}

impl Encode for str {
    #[inline]
    fn encode<S: Sink>(&self, sink: &mut S) {
        sink.str(self);
    }
}

impl Encode for String {
    #[inline]
    fn encode<S: Sink>(&self, sink: &mut S) {
        sink.str(self);
    }
}

impl Decode for String {
    #[inline]
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        source.string()
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    #[inline]
    fn encode<S: Sink>(&self, sink: &mut S) {
        (**self).encode(sink);
    }

    fn is_absent(&self) -> bool {
        (**self).is_absent()
    }
}

impl<T: Encode + ?Sized> Encode for Box<T> {
    #[inline]
    fn encode<S: Sink>(&self, sink: &mut S) {
        (**self).encode(sink);
    }

    fn is_absent(&self) -> bool {
        (**self).is_absent()
    }
}

impl<T: Decode> Decode for Box<T> {
    #[inline]
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        T::decode(source).map(Self::new)
    }
}

impl<T: Encode> Encode for Option<T> {
    #[inline]
    fn encode<S: Sink>(&self, sink: &mut S) {
        match self {
            Some(value) => value.encode(sink),
            None => sink.null(),
        }
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Decode> Decode for Option<T> {
    #[inline]
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        if source.null() {
            return Some(None);
        }
        T::decode(source).map(Some)
    }

    fn missing() -> Option<Self> {
        Some(None)
    }
}

impl<T: Encode> Encode for [T] {
    fn encode<S: Sink>(&self, sink: &mut S) {
        if !sink.begin_list(self.len()) {
            return;
        }
        for item in self {
            sink.item();
            item.encode(sink);
        }
        sink.end_list();
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Encode> Encode for Vec<T> {
    #[inline]
    fn encode<S: Sink>(&self, sink: &mut S) {
        self.as_slice().encode(sink);
    }

    #[inline]
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        let mut list = source.begin_list()?;
        let ahead = MOST_AHEAD / size_of::<T>().max(1);
        let mut items = Self::with_capacity(source.remaining(&list).min(ahead));
        let growth = Growth::of(source);
        while source.next_item(&mut list)? {
            if items.len() == items.capacity() {
                growth.grow(&mut items, source);
            }
            items.push(T::decode(source)?);
        }
        Growth::end(&mut items);
        Some(items)
    }
}

impl<T: Encode> Encode for BTreeMap<String, T> {
    fn encode<S: Sink>(&self, sink: &mut S) {
        if !sink.begin_map(self.len()) {
            return;
        }
        for (key, value) in self {
            sink.dynamic_key(key);
            value.encode(sink);
        }
        sink.end_map();
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Decode> Decode for BTreeMap<String, T> {
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        let mut map = source.begin_map()?;
        let mut entries = Self::new();
        while let Some(key) = source.next_key(&mut map, str::to_owned)? {
            entries.insert(key, T::decode(source)?);
        }
        Some(entries)
    }
}

impl<T: Encode, H: BuildHasher> Encode for HashMap<String, T, H> {
    fn encode<S: Sink>(&self, sink: &mut S) {
        if !sink.begin_map(self.len()) {
            return;
        }
        for (key, value) in self {
            sink.dynamic_key(key);
            value.encode(sink);
        }
        sink.end_map();
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Decode, H: BuildHasher + Default> Decode for HashMap<String, T, H> {
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        let mut map = source.begin_map()?;
        let mut entries = Self::default();
        while let Some(key) = source.next_key(&mut map, str::to_owned)? {
            entries.insert(key, T::decode(source)?);
        }
        Some(entries)
    }
}

impl<T: Encode, const N: usize> Encode for [T; N]
where
    Self: Serialize,
{
    fn encode<S: Sink>(&self, sink: &mut S) {
        self.as_slice().encode(sink);
    }
}

impl<T: Decode, const N: usize> Decode for [T; N]
where
    Self: DeserializeOwned,
{
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        Vec::decode(source)?.try_into().ok()
    }
}

/// Tuples are lists of a known length.
macro_rules! tuple {
    ($($item:ident $index:tt),*) => {
        impl<$($item: Encode),*> Encode for ($($item,)*) {
            fn encode<S: Sink>(&self, sink: &mut S) {
                if !sink.begin_list([$($index),*].len()) {
                    return;
                }
                $(
                    sink.item();
                    self.$index.encode(sink);
                )*
                sink.end_list();
            }
        }

        impl<$($item: Decode),*> Decode for ($($item,)*) {
            fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
                let mut list = source.begin_list()?;
                let read = ($(
                    {
                        if !source.next_item(&mut list)? {
                            return None;
                        }
                        $item::decode(source)?
                    },
                )*);
                (!source.next_item(&mut list)?).then_some(read)
            }
        }
    };
}

tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);

crate::fast_serde!(
    (),
    char,
    f32,
    i128,
    isize,
    u128,
    usize,
    Duration,
    SystemTime,
    IpAddr,
    SocketAddr,
    PathBuf
);

impl Encode for Value {
    fn encode<S: Sink>(&self, sink: &mut S) {
        match self {
            Self::Null => sink.null(),
            Self::Bool(value) => sink.bool(*value),
            Self::String(text) => sink.str(text),
            Self::Array(items) => items.encode(sink),
            Self::Object(entries) => {
                if sink.begin_map(entries.len()) {
                    entries.encode_entries(sink);
                    sink.end_map();
                }
            }
            Self::Number(number) => {
                if let Some(value) = number.as_u64() {
                    sink.u64(value);
                } else if let Some(value) = number.as_i64() {
                    match value {
                        // -0, which numbers of any size keep as text.
                        0 => sink.f64(-0.0),
                        _ => sink.i64(value),
                    }
                } else {
                    sink.serde(number);
                }
            }
        }
    }
}

impl Decode for Value {
    fn decode<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        source.value()
    }
}

/// What a field marked `float` can hold: the types of [`float`](crate::float) and its modules.
pub trait Float: Sized {
    /// Writes the value, special floats as text in JSON.
    fn encode_float<S: Sink>(&self, sink: &mut S);
    /// Reads the value, special floats from text too.
    fn decode_float<'de, S: Source<'de>>(source: &mut S) -> Option<Self>;
}

impl Float for f64 {
    #[inline]
    fn encode_float<S: Sink>(&self, sink: &mut S) {
        sink.float(*self);
    }

    #[inline]
    fn decode_float<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        source.float()
    }
}

impl Float for Option<f64> {
    #[inline]
    fn encode_float<S: Sink>(&self, sink: &mut S) {
        match self {
            Some(value) => sink.float(*value),
            None => sink.null(),
        }
    }

    #[inline]
    fn decode_float<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        if source.null() {
            return Some(None);
        }
        source.float().map(Some)
    }
}

impl Float for Vec<f64> {
    fn encode_float<S: Sink>(&self, sink: &mut S) {
        if !sink.begin_list(self.len()) {
            return;
        }
        for value in self {
            sink.item();
            sink.float(*value);
        }
        sink.end_list();
    }

    fn decode_float<'de, S: Source<'de>>(source: &mut S) -> Option<Self> {
        let mut list = source.begin_list()?;
        let mut values = Self::with_capacity(source.remaining(&list).min(MOST_AHEAD / 8));
        while source.next_item(&mut list)? {
            values.push(source.float()?);
        }
        Some(values)
    }
}

/// What can hold the entries that a struct has no field for.
pub trait Extra: Default {
    /// How many there are.
    fn count(&self) -> usize;
    /// Writes them, within a map.
    fn encode_entries<S: Sink>(&self, sink: &mut S);
    /// Takes one more; a later one replaces an earlier of the same key.
    fn add(&mut self, key: String, value: Value);
}

macro_rules! extra {
    ($($type:ty),*) => {$(
        impl Extra for $type {
            fn count(&self) -> usize {
                self.len()
            }

            fn encode_entries<S: Sink>(&self, sink: &mut S) {
                for (key, value) in self {
                    sink.dynamic_key(key);
                    value.encode(sink);
                }
            }

            fn add(&mut self, key: String, value: Value) {
                self.insert(key, value);
            }
        }
    )*};
}

extra!(Map<String, Value>, BTreeMap<String, Value>);
