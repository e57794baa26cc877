//! JSON as this crate writes and reads it, in one place, so that all of it does so alike.
//!
//! `serde_json` writes NaN and the infinities as `null` without a word, which is another value; here they are mistakes
//! ([`finite`] finds where). Servers on .NET put a byte order mark before JSON (RFC 8259, section 8.1, lets a reader skip
//! it); it is skipped.

mod finite;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Writes `value`; `what` names it in the error.
pub(crate) fn write<T: Serialize + ?Sized>(what: &str, value: &T) -> Result<Vec<u8>> {
    checked(what, serde_json::to_vec(value), &|| finite::find(value))
}

/// The same for values of all types.
fn checked(
    what: &str,
    text: serde_json::Result<Vec<u8>>,
    find: &dyn Fn() -> Option<String>,
) -> Result<Vec<u8>> {
    let text = text.map_err(|source| {
        Error::request(format!("{what} does not serialise to JSON")).source(source)
    })?;
    // Only what became `null` may have been no number; most bodies have none.
    let has_null = text.windows(4).any(|four| four == b"null");
    match has_null.then(find).flatten() {
        None => Ok(text),
        Some(found) => Err(Error::request(format!("{what} has {found}"))),
    }
}

/// Reads a whole document.
pub(crate) fn read<T: DeserializeOwned>(text: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(without_mark(text))
}

/// A text without the byte order mark of UTF-8.
pub(crate) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Step {
        name: &'static str,
        low_limit: Option<f64>,
        values: Vec<f32>,
        kind: Kind,
    }

    #[derive(Serialize)]
    enum Kind {
        Empty,
        Newtype(f64),
        Tuple(u8, f64),
        Struct { at: f64 },
    }

    fn step(kind: Kind) -> Step {
        Step {
            name: "null",
            low_limit: None,
            values: vec![0.5],
            kind,
        }
    }

    fn refusal(value: &(impl Serialize + ?Sized)) -> String {
        write("the body", value).unwrap_err().to_string()
    }

    #[test]
    fn a_number_that_json_has_not_is_refused_with_its_place() {
        let nan = f64::NAN;
        for (told, place) in [
            (refusal(&nan), "NaN as a whole"),
            (refusal(&Some(f32::INFINITY)), "Infinity as a whole"),
            (refusal(&[1.0, -f64::INFINITY]), "-Infinity at `[1]`"),
            (refusal(&BTreeMap::from([("a b", nan)])), "NaN at `a b`"),
            (refusal(&BTreeMap::from([(7, (1, nan))])), "NaN at `7[1]`"),
            (
                refusal(&[step(Kind::Empty), step(Kind::Newtype(nan))]),
                "NaN at `[1].kind.Newtype`",
            ),
            (
                refusal(&step(Kind::Tuple(1, nan))),
                "NaN at `kind.Tuple[1]`",
            ),
            (
                refusal(&step(Kind::Struct { at: nan })),
                "NaN at `kind.Struct.at`",
            ),
            (
                refusal(&Step {
                    low_limit: Some(nan),
                    ..step(Kind::Empty)
                }),
                "NaN at `lowLimit`",
            ),
            (
                refusal(&Step {
                    values: vec![1.0, f32::NAN],
                    ..step(Kind::Empty)
                }),
                "NaN at `values[1]`",
            ),
        ] {
            assert!(told.contains(place), "{place}: {told}");
        }
    }

    #[test]
    fn null_that_is_meant_is_written() {
        for (value, text) in [
            (
                serde_json::json!({"a": null, "b": [1.5, null]}),
                r#"{"a":null,"b":[1.5,null]}"#,
            ),
            (serde_json::json!("null"), r#""null""#),
        ] {
            assert_eq!(write("the body", &value).unwrap(), text.as_bytes());
        }
        assert_eq!(write("the body", &()).unwrap(), b"null");
        let whole = write("the body", &step(Kind::Struct { at: 1e300 })).unwrap();
        assert!(whole.starts_with(br#"{"name":"null","lowLimit":null,"#));
        let wide = (u128::MAX, i128::MIN, None::<()>);
        assert!(write("the body", &wide).is_ok());
    }

    #[test]
    fn one_mark_is_skipped_and_no_more() {
        assert_eq!(read::<u8>(b"\xef\xbb\xbf 5").unwrap(), 5);
        assert!(read::<u8>(b"\xef\xbb\xbf\xef\xbb\xbf5").is_err());
        assert!(read::<u8>(b"\xef\xbb5").is_err());
    }
}
