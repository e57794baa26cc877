//! Numbers in the form in which they were read.

use serde::ser::{Serialize, Serializer};

/// A number as reports carry it, in the form in which it was read.
///
/// NaN and the infinities travel as the texts `"NaN"`, `"Infinity"` and `"-Infinity"`. Numbers given as text or without
/// a fraction are read, and written back as they were.
///
/// ```
/// use wats_domains::wire::Number;
///
/// assert_eq!(Number::from(4.5).value(), 4.5);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Number(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Real(f64),
    Signed(i64),
    Unsigned(u64),
    Text(f64, Box<str>),
}

impl Number {
    pub(crate) fn from_signed(value: i64) -> Self {
        Self(Form::Signed(value))
    }

    pub(crate) fn from_unsigned(value: u64) -> Self {
        Self(Form::Unsigned(value))
    }

    /// The number that a text stands for; `None` if it stands for none.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        match text {
            "NaN" => Some(f64::NAN.into()),
            "Infinity" => Some(f64::INFINITY.into()),
            "-Infinity" => Some(f64::NEG_INFINITY.into()),
            other => {
                let value = other.trim().parse().ok()?;
                Some(Self(Form::Text(value, other.into())))
            }
        }
    }

    /// The value; whole numbers above 2⁵³ are rounded here, and only here.
    pub fn value(&self) -> f64 {
        match &self.0 {
            Form::Real(value) | Form::Text(value, _) => *value,
            Form::Signed(value) => *value as f64,
            Form::Unsigned(value) => *value as f64,
        }
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self(Form::Real(value))
    }
}

impl From<Number> for f64 {
    fn from(number: Number) -> Self {
        number.value()
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Real(value) => wats_codec::float::serialize(value, serializer),
            Form::Signed(value) => serializer.serialize_i64(*value),
            Form::Unsigned(value) => serializer.serialize_u64(*value),
            Form::Text(_, text) => serializer.serialize_str(text),
        }
    }
}
