//! What a member of each type can be made of, and the two slots: its field, and the end of a list.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;
use wats_codec::fast::{Encode as _, Growth, Kind, Sink, Source};

use super::any;
use super::read::{Leftover, decode_plain};
use super::slot::{Fields, Slot, ValueRef};
use super::{Extra, Number};

/// No more memory than this is set aside for a list on the word of an input.
const MOST_AHEAD: usize = 1 << 20;

/// A type of member, by the kinds of value that it can be made of.
pub trait Member: Serialize + Sized + 'static {
    /// What it is in words, for those who sent something else.
    const KIND: &'static str = "a value of the schema's kind";

    fn bool(_: bool) -> Option<Self> {
        None
    }
    fn signed(_: i64) -> Option<Self> {
        None
    }
    fn unsigned(value: u64) -> Option<Self> {
        value.try_into().ok().and_then(Self::signed)
    }
    fn real(_: f64) -> Option<Self> {
        None
    }
    fn text(_: &str) -> Option<Self> {
        None
    }
    /// A number by its digits.
    fn digits(digits: &str) -> Option<Self> {
        if let Ok(value) = digits.parse() {
            return Self::signed(value);
        }
        match digits.parse() {
            Ok(value) => Self::unsigned(value),
            Err(_) => Self::real(digits.parse().ok()?),
        }
    }
    fn bytes(_: &[u8]) -> Option<Self> {
        None
    }
    /// An object or list of any kind; given back, if it cannot be one.
    fn any(value: Value) -> Result<Self, Value> {
        Err(value)
    }
    /// An object without members yet, if it is one.
    fn empty_object() -> Option<Self> {
        None
    }
    /// The members of the object that it is.
    fn as_fields(&mut self) -> Option<&mut dyn Fields> {
        None
    }
    /// A list without items yet, if it is one.
    fn empty_list() -> Option<Self> {
        None
    }
    /// Where items of the list that it is are added.
    fn as_items(&mut self) -> Option<&mut dyn Slot> {
        None
    }

    /// What `serde` writes of the member.
    fn value(&self) -> ValueRef<'_>;

    /// Writes the member by the codec's fast path: the bytes that `serde` writes.
    fn encode_member<S: Sink>(&self, sink: &mut S) {
        sink.serde(self);
    }

    /// Reads the member to its empty field by the codec's fast path; what the field cannot take goes to `leftover`.
    fn decode_member<'de, S: Source<'de>>(
        field: &mut Option<Self>,
        leftover: &mut Leftover,
        source: &mut S,
    ) -> Option<()> {
        decode_plain(field, leftover, source)
    }

    /// Reads one more item of a list by the codec's fast path, which leaves items of another kind to `serde`.
    fn decode_item<'de, S: Source<'de>>(items: &mut Vec<Self>, source: &mut S) -> Option<()> {
        let mut leftover = Leftover::default();
        decode_plain(items, &mut leftover, source)?;
        leftover.is_empty().then_some(())
    }

    /// Whether the same value may be spelt in several ways; then the way in which it was read is kept.
    const SPELT: bool = false;

    /// Whether the text stands for this value; only asked where values are spelt in several ways.
    fn is_spelt(&self, _: &str) -> bool {
        false
    }

    /// Whether this is the text as which the value is written.
    fn is_written(&self, _: &str) -> bool {
        true
    }

    /// What a list of such members is in words.
    const LIST: &'static str = "a list of objects";

    /// A null as an item of a list.
    fn null_item() -> Option<Self> {
        None
    }

    /// The member as a text or a number, if it is one.
    fn leaf(&self) -> Option<Leaf<'_>> {
        None
    }

    /// The member as a text that may be changed, if it is one.
    fn text_mut(&mut self) -> Option<&mut String> {
        None
    }
}

/// A text or number of a model.
#[derive(Debug, Clone, Copy)]
pub enum Leaf<'a> {
    Text(&'a str),
    Number(f64),
}

/// What the models of `wire!` have in common, for those who look at every member.
pub trait Model: Fields {
    /// Visits the texts and numbers, not those of inner objects and lists.
    fn leaves(&self, visit: impl FnMut(&'static str, Leaf<'_>))
    where
        Self: Sized;
}

/// The spelling in which a value was read, if it is still that value.
pub fn spelling<'a, T: Member>(value: &T, extra: &'a Extra, name: &str) -> Option<&'a Value> {
    if !T::SPELT {
        return None;
    }
    extra
        .get(name)
        .filter(|spelling| is_spelling(value, spelling))
}

/// Writes a member by the codec's fast path, in the spelling in which it was read if it is still that value.
#[inline]
pub fn encode_value<T: Member, S: Sink>(value: &T, extra: &Extra, name: &str, sink: &mut S) {
    match spelling(value, extra, name) {
        Some(as_read) => as_read.encode(sink),
        None => value.encode_member(sink),
    }
}

/// Reads the value of a member to its empty field by the codec's fast path; answers whether it is a null.
#[inline]
pub fn decode_value<'de, T: Member, S: Source<'de>>(
    source: &mut S,
    name: &'static str,
    field: &mut Option<T>,
    extra: &mut Extra,
    leftover: &mut Leftover,
) -> Option<bool> {
    T::decode_member(field, leftover, source)?;
    Some(!leftover.is_empty() && leftover.settle(name, extra))
}

/// Whether this is another way to spell the value.
fn is_spelling<T: Member>(value: &T, spelling: &Value) -> bool {
    T::SPELT && spelling.as_str().is_some_and(|text| value.is_spelt(text))
}

impl Member for bool {
    const KIND: &'static str = "true or false";

    fn value(&self) -> ValueRef<'_> {
        ValueRef::Bool(*self)
    }

    fn bool(value: bool) -> Option<Self> {
        Some(value)
    }

    #[inline]
    fn encode_member<S: Sink>(&self, sink: &mut S) {
        sink.bool(*self);
    }
}

impl Member for i32 {
    const KIND: &'static str = "a whole number of 32 bits";

    fn value(&self) -> ValueRef<'_> {
        ValueRef::I32(*self)
    }

    fn signed(value: i64) -> Option<Self> {
        value.try_into().ok()
    }

    #[inline]
    fn encode_member<S: Sink>(&self, sink: &mut S) {
        sink.i64((*self).into());
    }
}

impl Member for i64 {
    const KIND: &'static str = "a whole number of 64 bits";

    fn value(&self) -> ValueRef<'_> {
        ValueRef::I64(*self)
    }

    fn signed(value: i64) -> Option<Self> {
        Some(value)
    }

    #[inline]
    fn encode_member<S: Sink>(&self, sink: &mut S) {
        sink.i64(*self);
    }
}

impl Member for String {
    const KIND: &'static str = "a text";

    fn value(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }

    fn text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    #[inline]
    fn encode_member<S: Sink>(&self, sink: &mut S) {
        sink.str(self);
    }

    #[inline]
    fn decode_member<'de, S: Source<'de>>(
        field: &mut Option<Self>,
        leftover: &mut Leftover,
        source: &mut S,
    ) -> Option<()> {
        if source.next_kind() != Kind::Text {
            return decode_plain(field, leftover, source);
        }
        *field = Some(source.string()?);
        Some(())
    }

    fn leaf(&self) -> Option<Leaf<'_>> {
        Some(Leaf::Text(self))
    }

    fn text_mut(&mut self) -> Option<&mut String> {
        Some(self)
    }
}

impl Member for Uuid {
    const KIND: &'static str = "a UUID";

    fn value(&self) -> ValueRef<'_> {
        ValueRef::Id(self)
    }

    fn text(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    // Capitals, braces and the like stay as they were read.
    const SPELT: bool = true;

    fn is_spelt(&self, text: &str) -> bool {
        text.parse() == Ok(*self)
    }

    fn is_written(&self, text: &str) -> bool {
        self.hyphenated().encode_lower(&mut Self::encode_buffer()) == text
    }

    fn bytes(bytes: &[u8]) -> Option<Self> {
        Self::from_slice(bytes).ok()
    }

    #[inline]
    fn encode_member<S: Sink>(&self, sink: &mut S) {
        sink.str(self.hyphenated().encode_lower(&mut Self::encode_buffer()));
    }
}

impl Member for Number {
    const KIND: &'static str = "a number";

    fn value(&self) -> ValueRef<'_> {
        ValueRef::Number(self)
    }

    fn signed(value: i64) -> Option<Self> {
        Some(Self::from_signed(value))
    }

    fn unsigned(value: u64) -> Option<Self> {
        Some(Self::from_unsigned(value))
    }

    fn real(value: f64) -> Option<Self> {
        Some(value.into())
    }

    fn text(text: &str) -> Option<Self> {
        Self::from_text(text)
    }

    fn digits(digits: &str) -> Option<Self> {
        Self::from_digits(digits)
    }

    fn leaf(&self) -> Option<Leaf<'_>> {
        Some(Leaf::Number(self.value()))
    }

    #[inline]
    fn encode_member<S: Sink>(&self, sink: &mut S) {
        self.encode(sink);
    }
}

impl Member for Value {
    const LIST: &'static str = "a list";

    fn value(&self) -> ValueRef<'_> {
        ValueRef::Json(self)
    }

    fn null_item() -> Option<Self> {
        Some(Self::Null)
    }
    fn bool(value: bool) -> Option<Self> {
        Some(value.into())
    }
    fn signed(value: i64) -> Option<Self> {
        Some(value.into())
    }
    fn unsigned(value: u64) -> Option<Self> {
        Some(value.into())
    }
    fn real(value: f64) -> Option<Self> {
        Some(any::real(value))
    }
    fn digits(digits: &str) -> Option<Self> {
        Some(any::number(digits))
    }
    fn text(text: &str) -> Option<Self> {
        Some(text.into())
    }
    fn any(value: Value) -> Result<Self, Value> {
        Ok(value)
    }
    fn encode_member<S: Sink>(&self, sink: &mut S) {
        self.encode(sink);
    }
}

impl<T: Member> Member for Box<T> {
    const KIND: &'static str = T::KIND;

    fn value(&self) -> ValueRef<'_> {
        (**self).value()
    }

    fn empty_object() -> Option<Self> {
        T::empty_object().map(Self::new)
    }

    fn as_fields(&mut self) -> Option<&mut dyn Fields> {
        (**self).as_fields()
    }

    #[inline]
    fn encode_member<S: Sink>(&self, sink: &mut S) {
        (**self).encode_member(sink);
    }

    fn decode_member<'de, S: Source<'de>>(
        field: &mut Option<Self>,
        leftover: &mut Leftover,
        source: &mut S,
    ) -> Option<()> {
        let mut inner = None;
        T::decode_member(&mut inner, leftover, source)?;
        *field = inner.map(Self::new);
        Some(())
    }
}

impl<T: Member> Member for Vec<T> {
    const KIND: &'static str = T::LIST;

    fn value(&self) -> ValueRef<'_> {
        ValueRef::List(self, self.len())
    }

    fn empty_list() -> Option<Self> {
        Some(Self::new())
    }

    fn as_items(&mut self) -> Option<&mut dyn Slot> {
        Some(self)
    }

    fn encode_member<S: Sink>(&self, sink: &mut S) {
        if !sink.begin_list(self.len()) {
            return;
        }
        for item in self {
            sink.item();
            item.encode_member(sink);
        }
        sink.end_list();
    }

    fn decode_member<'de, S: Source<'de>>(
        field: &mut Option<Self>,
        leftover: &mut Leftover,
        source: &mut S,
    ) -> Option<()> {
        if source.next_kind() != Kind::List {
            return decode_plain(field, leftover, source);
        }
        let mut list = source.begin_list()?;
        let most = MOST_AHEAD / size_of::<T>().max(1);
        let ahead = source.remaining(&list).min(most);
        let items = field.insert(Self::with_capacity(ahead));
        let growth = Growth::of(source);
        while source.next_item(&mut list)? {
            if items.len() == items.capacity() {
                growth.grow(items, source);
            }
            T::decode_item(items, source)?;
        }
        Growth::end(items);
        Some(())
    }
}

/// Puts a value that can be none.
fn put<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    *slot = value;
    slot.is_some()
}

/// The field of a member.
impl<T: Member> Slot for Option<T> {
    fn is_set(&self) -> bool {
        self.is_some()
    }

    fn take_back(&mut self) {
        *self = None;
    }

    fn null(&mut self) -> bool {
        put(self, None)
    }

    fn bool(&mut self, value: bool) -> bool {
        put(self, T::bool(value))
    }

    fn signed(&mut self, value: i64) -> bool {
        put(self, T::signed(value))
    }

    fn unsigned(&mut self, value: u64) -> bool {
        put(self, T::unsigned(value))
    }

    fn real(&mut self, value: f64) -> bool {
        put(self, T::real(value))
    }

    fn digits(&mut self, digits: &str) -> bool {
        put(self, T::digits(digits))
    }

    fn text(&mut self, text: &str) -> bool {
        put(self, T::text(text))
            && (!T::SPELT || self.as_ref().is_some_and(|value| value.is_written(text)))
    }

    fn bytes(&mut self, bytes: &[u8]) -> bool {
        put(self, T::bytes(bytes))
    }

    fn any(&mut self, value: Value) -> Result<(), Value> {
        *self = None;
        *self = Some(T::any(value)?);
        Ok(())
    }

    fn object(&mut self) -> Option<&mut dyn Fields> {
        *self = T::empty_object();
        self.as_mut()?.as_fields()
    }

    fn list(&mut self) -> Option<&mut dyn Slot> {
        *self = T::empty_list();
        self.as_mut()?.as_items()
    }

    fn is_spelling(&self, spelling: &Value) -> bool {
        self.as_ref()
            .is_some_and(|value| is_spelling(value, spelling))
    }

    fn text_mut(&mut self) -> Option<&mut String> {
        self.as_mut()?.text_mut()
    }

    fn value(&self, _: usize) -> Option<ValueRef<'_>> {
        self.as_ref().map(Member::value)
    }
}

/// Adds an item that can be none.
fn add<T>(items: &mut Vec<T>, item: Option<T>) -> bool {
    let is_item = item.is_some();
    items.extend(item);
    is_item
}

/// The end of a list.
impl<T: Member> Slot for Vec<T> {
    fn is_set(&self) -> bool {
        false
    }

    fn take_back(&mut self) {
        self.pop();
    }

    fn null(&mut self) -> bool {
        add(self, T::null_item())
    }

    fn bool(&mut self, value: bool) -> bool {
        add(self, T::bool(value))
    }

    fn signed(&mut self, value: i64) -> bool {
        add(self, T::signed(value))
    }

    fn unsigned(&mut self, value: u64) -> bool {
        add(self, T::unsigned(value))
    }

    fn real(&mut self, value: f64) -> bool {
        add(self, T::real(value))
    }

    fn digits(&mut self, digits: &str) -> bool {
        add(self, T::digits(digits))
    }

    fn text(&mut self, text: &str) -> bool {
        // There is no room for a spelling beside an item.
        add(
            self,
            T::text(text).filter(|item| !T::SPELT || item.is_written(text)),
        )
    }

    fn bytes(&mut self, bytes: &[u8]) -> bool {
        add(self, T::bytes(bytes))
    }

    fn any(&mut self, value: Value) -> Result<(), Value> {
        self.push(T::any(value)?);
        Ok(())
    }

    fn object(&mut self) -> Option<&mut dyn Fields> {
        self.push(T::empty_object()?);
        self.last_mut()?.as_fields()
    }

    fn list(&mut self) -> Option<&mut dyn Slot> {
        self.push(T::empty_list()?);
        self.last_mut()?.as_items()
    }

    fn is_spelling(&self, _: &Value) -> bool {
        false
    }

    fn text_mut(&mut self) -> Option<&mut String> {
        None
    }

    fn value(&self, at: usize) -> Option<ValueRef<'_>> {
        self.get(at).map(Member::value)
    }
}
