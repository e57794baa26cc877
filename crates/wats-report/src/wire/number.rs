//! Numbers in the form in which they were read.

use serde::ser::{Serialize, Serializer};
use wats_codec::fast::Sink;

use super::any;

/// A number as reports carry it, in the form in which it was read.
///
/// NaN and the infinities travel as the texts `"NaN"`, `"Infinity"` and `"-Infinity"`. Numbers given as text or without
/// a fraction are read, and written back as they were. Where the feature `arbitrary_precision` of `serde_json` is on in a
/// build, so are all others, with every digit.
///
/// ```
/// use wats_report::wire::Number;
///
/// assert_eq!(Number::from(4.5).value(), 4.5);
/// ```
///
/// Numbers are equal when their values are, in whatever form; NaN equals NaN.
#[derive(Debug, Clone)]
pub struct Number(Form);

#[derive(Debug, Clone)]
enum Form {
    Real(f64),
    Signed(i64),
    Unsigned(u64),
    /// A number that was given as a text. Rare, as the next one is, so a pointer is all the room that they take.
    Text(Box<Written>),
    /// A number by its digits, which may be more than an `f64` holds.
    Digits(Box<Written>),
}

/// A number as it stood there.
#[derive(Debug, Clone)]
struct Written {
    value: f64,
    text: Box<str>,
}

impl Written {
    fn new(value: f64, text: &str) -> Self {
        let text = text.into();
        Self { value, text }
    }
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
                Some(Self(Form::Text(Written::new(value, other).into())))
            }
        }
    }

    /// The number of these digits, as JSON has them.
    pub(super) fn from_digits(digits: &str) -> Option<Self> {
        // Whole numbers have a form of their own; -0 is none of them.
        if !digits.starts_with("-0") {
            if let Ok(value) = digits.parse() {
                return Some(Self(Form::Signed(value)));
            }
            if let Ok(value) = digits.parse() {
                return Some(Self(Form::Unsigned(value)));
            }
        }
        let value = digits.parse().ok()?;
        Some(Self(Form::Digits(Written::new(value, digits).into())))
    }

    /// The value; whole numbers above 2⁵³ are rounded here, and only here.
    pub fn value(&self) -> f64 {
        match &self.0 {
            Form::Real(value) => *value,
            Form::Text(written) | Form::Digits(written) => written.value,
            Form::Signed(value) => *value as f64,
            Form::Unsigned(value) => *value as f64,
        }
    }

    /// The same value as a number, if it was given as a text and is finite.
    pub(crate) fn without_text(&self) -> Option<Self> {
        let Form::Text(written) = &self.0 else {
            return None;
        };
        let text = written.text.trim();
        if let Ok(value) = text.parse() {
            return Some(Self(Form::Signed(value)));
        }
        if let Ok(value) = text.parse() {
            return Some(Self(Form::Unsigned(value)));
        }
        written.value.is_finite().then(|| written.value.into())
    }

    /// The value for comparing; `None` for digits of a number beyond every `f64`, of which only the sign is known.
    pub(crate) fn comparable(&self) -> Option<f64> {
        match &self.0 {
            Form::Text(written) | Form::Digits(written) => {
                let Written { value, text } = &**written;
                let beyond = value.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit());
                (!beyond).then_some(*value)
            }
            _ => Some(self.value()),
        }
    }
}

impl Number {
    /// Writes the number by the codec's fast path.
    #[inline]
    pub(super) fn encode<S: Sink>(&self, sink: &mut S) {
        match &self.0 {
            Form::Real(value) => sink.float(*value),
            Form::Signed(value) => sink.i64(*value),
            Form::Unsigned(value) => sink.u64(*value),
            Form::Text(written) => sink.str(&written.text),
            Form::Digits(..) => sink.serde(self),
        }
    }
}

/// What a number is, whatever its form.
#[derive(Debug, PartialEq)]
enum Exact<'a> {
    Whole(i128),
    Real(f64),
    NaN,
    /// Beyond every `f64`: by its text.
    Beyond(&'a str),
}

impl Number {
    fn exact(&self) -> Exact<'_> {
        /// From here on to the next an `f64` is whole, and an `i128` holds it.
        const MOST: f64 = 1e38;
        match &self.0 {
            Form::Signed(value) => return Exact::Whole((*value).into()),
            Form::Unsigned(value) => return Exact::Whole((*value).into()),
            Form::Text(written) | Form::Digits(written) => {
                let text = &written.text;
                if let Ok(value) = text.trim().parse() {
                    return Exact::Whole(value);
                }
                if self.comparable().is_none() {
                    return Exact::Beyond(text.trim());
                }
            }
            Form::Real(_) => {}
        }
        match self.value() {
            value if value.is_nan() => Exact::NaN,
            value if value.fract() == 0.0 && value.abs() < MOST => Exact::Whole(value as i128),
            value => Exact::Real(value),
        }
    }
}

/// Equal are numbers of equal value, in whatever form; whole numbers beyond 2⁵³ are told apart, too. NaN equals NaN.
impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Form::Real(a), Form::Real(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Form::Signed(a), Form::Signed(b)) => a == b,
            _ => self.exact() == other.exact(),
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
            // JSON keeps the digits if this build can; other formats have the number, as long as there is one.
            Form::Digits(written) if serializer.is_human_readable() => {
                any::number(&written.text).serialize(serializer)
            }
            Form::Digits(written) if written.value.is_finite() => {
                serializer.serialize_f64(written.value)
            }
            Form::Text(written) | Form::Digits(written) => serializer.serialize_str(&written.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_equal_in_every_form() {
        let text = |text: &str| Number::from_text(text).unwrap();
        let signed = Number::from_signed;
        for (a, b, equal) in [
            (signed(5), Number::from(5.0), true),
            (signed(5), text("5.00"), true),
            (signed(5), Number::from_unsigned(5), true),
            (signed(-1), Number::from_unsigned(u64::MAX), false),
            (text("NaN"), Number::from(f64::NAN), true),
            (text("NaN"), signed(0), false),
            (Number::from(-0.0), signed(0), true),
            (signed(i64::MAX), signed(i64::MAX - 1), false),
            (
                Number::from_unsigned(u64::MAX),
                Number::from_unsigned(u64::MAX - 1),
                false,
            ),
            (Number::from(1.5), Number::from(1.6), false),
            (text("1e400"), text("Infinity"), false),
            (text("1e400"), text("1e400"), true),
            (text("1e400"), text("-1e400"), false),
            (
                text("9007199254740993"),
                signed(9_007_199_254_740_992),
                false,
            ),
            (
                text("9007199254740993"),
                signed(9_007_199_254_740_993),
                true,
            ),
            (
                Number::from(9_007_199_254_740_992.0),
                signed(9_007_199_254_740_993),
                false,
            ),
            (
                Number::from(9_007_199_254_740_992.0),
                signed(9_007_199_254_740_992),
                true,
            ),
            (Number::from(1e300), text("1e300"), true),
        ] {
            assert_eq!(a == b, equal, "{a:?} {b:?}");
            assert_eq!(b == a, equal, "{b:?} {a:?}");
        }
    }
}
