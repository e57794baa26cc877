//! Floats that JSON has no number for, in the text form of WSJF: `"NaN"`, `"Infinity"`,
//! `"-Infinity"`.
//!
//! Use the module on a field: `#[serde(with = "wats_codec::float")]` for `f64`,
//! [`float::option`](option) for `Option<f64>`, [`float::seq`](seq) for `Vec<f64>`. Formats that
//! people read (JSON) carry text for the three special values and plain numbers for all others;
//! MessagePack carries real floats throughout. Reading accepts either form in both.
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use wats_codec::{Format, Serializer, fast_struct};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Measurement {
//!     #[serde(with = "wats_codec::float")]
//!     value: f64,
//!     #[serde(with = "wats_codec::float::option")]
//!     limit: Option<f64>,
//! }
//! fast_struct!(Measurement { value = "value" (float), limit = "limit" (optional_float) });
//!
//! let json = Serializer::new(Format::Json);
//! let bytes = json.to_vec(&Measurement { value: f64::NAN, limit: Some(5.5) })?;
//! assert_eq!(bytes, br#"{"value":"NaN","limit":5.5}"#);
//! let back: Measurement = json.from_slice(&bytes)?;
//! assert!(back.value.is_nan());
//! # Ok::<(), wats_codec::Error>(())
//! ```

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// What a [`Serializer`](crate::Serializer) does with a plain `f64` or `f32` that is NaN or
/// infinite when the format is JSON. Silently writing `null`, as `serde_json` does, is not on
/// offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NonFinite {
    /// Refuse with [`Error::NonFinite`](crate::Error::NonFinite).
    #[default]
    Error,
    /// Write the text `"NaN"`, `"Infinity"` or `"-Infinity"`.
    ///
    /// This concerns writing. To read such text, a field needs this module (or a type of its own
    /// that takes text): a plain `f64` refuses text on reading.
    Text,
}

/// The text form of a float that is not finite; not to be asked of others.
pub(crate) fn text_of(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// The name under which [`serialize`] writes what is not finite, for MessagePack and archives to know it: they are written in
/// the form for people and yet hold every float. To every other format a newtype struct is what it holds.
pub(crate) const NAME: &str = "$wats_codec::float";

/// A float that is not finite: text for people, itself for programs.
struct Special(f64);

impl Serialize for Special {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(text_of(self.0))
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// Reads the spellings that are in use: those of WSJF, `Inf`, `INF`, and signs.
pub(crate) fn from_text(text: &str) -> Option<f64> {
    let (negative, name) = match text.as_bytes() {
        [b'-', ..] => (true, text.get(1..)?),
        [b'+', ..] => (false, text.get(1..)?),
        _ => (false, text),
    };
    let magnitude = if name.eq_ignore_ascii_case("nan") {
        f64::NAN
    } else if name.eq_ignore_ascii_case("infinity") || name.eq_ignore_ascii_case("inf") {
        f64::INFINITY
    } else {
        return None;
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// Writes a float: text for NaN and infinities in formats for people, else a number.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else {
        serializer.serialize_newtype_struct(NAME, &Special(*value))
    }
}

/// Reads a float from a number or from one of the texts.
///
/// # Errors
/// If the document holds something else.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    deserializer.deserialize_any(FloatVisitor)
}

struct FloatVisitor;

impl Visitor<'_> for FloatVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or one of \"NaN\", \"Infinity\", \"-Infinity\"")
    }

    fn visit_f32<E: Error>(self, value: f32) -> Result<f64, E> {
        Ok(f64::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        from_text(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// One float behind the text form, to build the other shapes from.
struct Float(f64);

impl Serialize for Float {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

/// The same for `Option<f64>`: `None` is `null`.
///
/// Add `#[serde(default)]` where the field may be absent.
pub mod option {
    use super::{Deserialize, Deserializer, Float, Serializer};

    /// Writes the float, or `null` for `None`.
    ///
    /// # Errors
    /// Those of the serializer.
    #[allow(
        clippy::ref_option,
        reason = "the signature that `serde(with)` calls for"
    )]
    pub fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.serialize_some(&Float(*value)),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a number, one of the texts, or `null` as `None`.
    ///
    /// # Errors
    /// If the document holds something else.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Float>::deserialize(deserializer)?.map(|float| float.0))
    }
}

/// The same for `Vec<f64>`.
pub mod seq {
    use super::{Deserialize, Deserializer, Float, Serializer};

    /// Writes the floats as a list.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| Float(*value)))
    }

    /// Reads a list of numbers and texts.
    ///
    /// # Errors
    /// If the document holds something else.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let floats = Vec::<Float>::deserialize(deserializer)?;
        Ok(floats.into_iter().map(|float| float.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_spelling_in_use() {
        for text in ["NaN", "nan", "+NaN", "-nan"] {
            assert!(from_text(text).unwrap().is_nan(), "{text}");
        }
        for text in ["Infinity", "Inf", "INF", "+Infinity", "+inf"] {
            assert_eq!(from_text(text), Some(f64::INFINITY), "{text}");
        }
        for text in ["-Infinity", "-inf"] {
            assert_eq!(from_text(text), Some(f64::NEG_INFINITY), "{text}");
        }
        for text in ["", "-", "+", "1", "none", "infinite", "--inf"] {
            assert_eq!(from_text(text), None, "{text}");
        }
    }

    #[test]
    fn text_form_reads_back() {
        for value in [f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(from_text(text_of(value)), Some(value));
        }
        assert!(from_text(text_of(f64::NAN)).unwrap().is_nan());
    }
}
