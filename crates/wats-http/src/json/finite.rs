//! Finds a float that is no number, and where it stands: a serializer that writes nothing.

use std::fmt::{self, Display};

use serde::ser::{self, Serialize};

/// The first float of `value` that JSON has no number for, such as ``NaN at `steps[2].value` ``.
pub(super) fn find<T: Serialize + ?Sized>(value: &T) -> Option<String> {
    let mut finder = Finder::default();
    // Whatever else may be wrong with the value, serde_json has not minded.
    let _ = value.serialize(&mut finder);
    finder.found
}

#[derive(Default)]
struct Finder {
    /// Where the value stands that is being looked at.
    path: String,
    found: Option<String>,
}

/// Ends the search.
#[derive(Debug)]
struct Stop;

impl Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

type Outcome = Result<(), Stop>;

impl Finder {
    fn look(&mut self, value: f64) -> Outcome {
        let name = match value {
            _ if value.is_finite() => return Ok(()),
            _ if value.is_nan() => "NaN",
            _ if value > 0.0 => "Infinity",
            _ => "-Infinity",
        };
        self.found = Some(match &*self.path {
            "" => format!("{name} as a whole, which JSON has no number for"),
            path => format!("{name} at `{path}`, which JSON has no number for"),
        });
        Err(Stop)
    }

    /// Looks at a value one step further down.
    fn within<T: Serialize + ?Sized>(&mut self, step: impl Display, value: &T) -> Outcome {
        let before = self.path.len();
        self.path.push_str(&step.to_string());
        let outcome = value.serialize(&mut *self);
        self.path.truncate(before);
        outcome
    }

    /// The step to a member.
    fn member(&self, name: &str) -> String {
        match &*self.path {
            "" => name.to_owned(),
            _ => format!(".{name}"),
        }
    }

    fn down<'a>(&'a mut self, variant: Option<&str>) -> Below<'a> {
        let before = self.path.len();
        if let Some(variant) = variant {
            let step = self.member(variant);
            self.path.push_str(&step);
        }
        Below {
            finder: self,
            before,
            items: 0,
            key: String::new(),
        }
    }
}

/// The members or items of a value.
struct Below<'a> {
    finder: &'a mut Finder,
    /// How long the path was above.
    before: usize,
    items: usize,
    key: String,
}

impl Below<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
        let at = self.items;
        self.items += 1;
        self.finder.within(format_args!("[{at}]"), value)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Outcome {
        let step = self.finder.member(name);
        self.finder.within(step, value)
    }

    #[expect(clippy::unnecessary_wraps, reason = "what the traits return")]
    fn close(self) -> Outcome {
        self.finder.path.truncate(self.before);
        Ok(())
    }
}

/// What holds no float.
macro_rules! nothing {
    ($($method:ident: $kind:ty),* $(,)?) => {
        $(fn $method(self, _: $kind) -> Outcome { Ok(()) })*
    };
}

impl<'a> ser::Serializer for &'a mut Finder {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Below<'a>;
    type SerializeTuple = Below<'a>;
    type SerializeTupleStruct = Below<'a>;
    type SerializeTupleVariant = Below<'a>;
    type SerializeMap = Below<'a>;
    type SerializeStruct = Below<'a>;
    type SerializeStructVariant = Below<'a>;

    nothing! {
        serialize_bool: bool, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_unit_struct: &'static str,
    }

    fn serialize_f32(self, value: f32) -> Outcome {
        self.look(value.into())
    }

    fn serialize_f64(self, value: f64) -> Outcome {
        self.look(value)
    }

    fn serialize_none(self) -> Outcome {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Outcome {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Outcome {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Outcome {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Outcome {
        let step = self.member(variant);
        self.within(step, value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Below<'a>, Stop> {
        Ok(self.down(None))
    }

    fn serialize_tuple(self, _: usize) -> Result<Below<'a>, Stop> {
        Ok(self.down(None))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Below<'a>, Stop> {
        Ok(self.down(None))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Below<'a>, Stop> {
        Ok(self.down(Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Below<'a>, Stop> {
        Ok(self.down(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Below<'a>, Stop> {
        Ok(self.down(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Below<'a>, Stop> {
        Ok(self.down(Some(variant)))
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Outcome {
        Ok(())
    }
}

/// What has items.
macro_rules! items {
    ($($kind:ident: $method:ident),*) => {
        $(impl ser::$kind for Below<'_> {
            type Ok = ();
            type Error = Stop;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
                self.item(value)
            }

            fn end(self) -> Outcome {
                self.close()
            }
        })*
    };
}

items! {
    SerializeSeq: serialize_element, SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field, SerializeTupleVariant: serialize_field
}

/// What has named members.
macro_rules! members {
    ($($kind:ident),*) => {
        $(impl ser::$kind for Below<'_> {
            type Ok = ();
            type Error = Stop;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Outcome {
                self.member(name, value)
            }

            fn end(self) -> Outcome {
                self.close()
            }
        })*
    };
}

members! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for Below<'_> {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Outcome {
        let key = serde_json::to_string(key).map_err(|_| Stop)?;
        key.trim_matches('"').clone_into(&mut self.key);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
        let key = std::mem::take(&mut self.key);
        self.member(&key, value)
    }

    fn end(self) -> Outcome {
        self.close()
    }
}
