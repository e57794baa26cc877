//! Values as they are spelt in the two dialects: WSXF has texts only, and words where WSJF has letters.

use std::borrow::Cow;

use serde_json::Value;
use uuid::Uuid;

/// How a value is spelt.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// As it is.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    TrueFalse,
    /// A UUID, in capitals.
    Id,
    /// Base64, which may be in lines.
    Base64,
    /// Bits, in hexadecimal digits.
    Flags,
    /// Whole numbers with spaces in between, a list in WSJF.
    Indexes,
    /// A word for each letter of WSJF.
    Words(&'static [(&'static str, &'static str)]),
}

impl Form {
    /// The value of WSJF that a text of WSXF stands for. What is not of the form stays the text that it is.
    pub(super) fn read(self, text: &str) -> Value {
        match self {
            Self::Text => text.into(),
            Self::Number => number(text),
            Self::TrueFalse => match text.trim() {
                "true" | "True" | "TRUE" | "1" => true.into(),
                "false" | "False" | "FALSE" | "0" => false.into(),
                _ => text.into(),
            },
            Self::Id => {
                let id = text.trim();
                match id.parse::<Uuid>() {
                    Ok(known) if known.to_string().to_uppercase() == id => known.to_string().into(),
                    Ok(_) => id.into(),
                    Err(_) => text.into(),
                }
            }
            Self::Flags => match text
                .trim()
                .strip_prefix("0x")
                .map(|hex| u32::from_str_radix(hex, 16))
            {
                Some(Ok(bits)) => bits.cast_signed().into(),
                Some(Err(_)) => text.into(),
                None => number(text),
            },
            Self::Indexes => {
                let numbers = text.split_ascii_whitespace().map(str::parse::<i64>);
                match numbers.collect::<Result<Vec<_>, _>>() {
                    Ok(numbers) => numbers.into(),
                    Err(_) => text.into(),
                }
            }
            Self::Base64 => text.split_ascii_whitespace().collect::<String>().into(),
            Self::Words(words) => {
                let given = text.trim();
                let found = words.iter().find(|(letter, word)| {
                    word.eq_ignore_ascii_case(given) || letter.eq_ignore_ascii_case(given)
                });
                found.map_or(text, |(letter, _)| letter).into()
            }
        }
    }

    /// The text of WSXF for a value of WSJF; `None` for objects, lists and nulls.
    pub(super) fn write(self, value: &Value) -> Option<String> {
        let text = match value {
            Value::Array(items) if matches!(self, Self::Indexes) => {
                let texts: Vec<String> = items.iter().map(Value::to_string).collect();
                return Some(without_controls(&texts.join(" ")).into_owned());
            }
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            Value::Bool(value) => return Some(value.to_string()),
            Value::Number(number) => {
                let bits = number.as_i64().and_then(|bits| i32::try_from(bits).ok());
                if let (Self::Flags, Some(bits)) = (self, bits) {
                    return Some(format!("0x{bits:X}"));
                }
                let digits = number.to_string();
                // `10`, as servers write it.
                return Some(digits.strip_suffix(".0").unwrap_or(&digits).to_owned());
            }
            Value::String(text) => text,
        };
        Some(match self {
            Self::Number => match text.as_str() {
                "Infinity" => "INF".to_owned(),
                "-Infinity" => "-INF".to_owned(),
                other => without_controls(other).into_owned(),
            },
            Self::Id if text.parse::<Uuid>().is_ok_and(|id| id.to_string() == *text) => {
                text.to_uppercase()
            }
            Self::Words(words) => {
                let found = words.iter().find(|(letter, _)| letter == text);
                match found {
                    Some((_, word)) => (*word).to_owned(),
                    None => without_controls(text).into_owned(),
                }
            }
            _ => without_controls(text).into_owned(),
        })
    }
}

/// The number that a text is; another text stays what it is.
fn number(text: &str) -> Value {
    let trimmed = text.trim();
    match trimmed {
        "INF" => return "Infinity".into(),
        "-INF" => return "-Infinity".into(),
        "-0" => return Value::from(-0.0),
        _ => {}
    }
    if let Ok(whole) = trimmed.parse::<i64>() {
        return whole.into();
    }
    if let Ok(whole) = trimmed.parse::<u64>() {
        return whole.into();
    }
    let looks = trimmed
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    match trimmed.parse::<f64>() {
        Ok(real) if looks && real.is_finite() => real.into(),
        _ => text.into(),
    }
}

/// Whether XML 1.0 has a way to write a character.
pub(super) fn is_allowed(character: char) -> bool {
    !matches!(character,
        '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}')
}

/// A text with the replacement character in place of those that XML has no way to write.
pub(super) fn without_controls(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    let replaced = |character| {
        if is_allowed(character) {
            character
        } else {
            char::REPLACEMENT_CHARACTER
        }
    };
    Cow::Owned(text.chars().map(replaced).collect())
}
