//! The id in the text of a report, WSJF or (`wsxf`, feature `xml`) WSXF, without reading the rest into anything.
//! `single_byte` reads XML of older programs, `split` finds the reports of a text that holds several, `shortened` cuts long texts of
//! one that is read piece by piece.

mod shortened;
#[cfg(feature = "xml")]
pub(crate) mod single_byte;
mod split;
#[cfg(feature = "xml")]
mod wsxf;

#[cfg(feature = "xml")]
pub(crate) use wsxf::WSXF;
#[cfg(feature = "xml")]
#[cfg_attr(docsrs, doc(cfg(feature = "xml")))]
pub use wsxf::id_of_wsxf;

pub(crate) use shortened::{KEPT, Shortened};
pub use split::split_wsjf;

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use uuid::Uuid;
use wats_codec::{Format, Limits, Serde, Serializer};

use crate::Report;
use crate::error::{Error, Result};
use crate::lint::{Finding, rules};
use crate::wire::part::{Room, member};

/// A text without the mark of its encoding, which .NET writes in front. JSON allows readers to ignore it, not senders to
/// send it (RFC 8259, section 8.1).
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// The text of UTF-16 with its mark; `None` where there is no such mark.
pub(crate) fn of_utf16(text: &[u8]) -> Option<std::result::Result<String, String>> {
    let unit = match text {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let (pairs, rest) = text.get(2..).unwrap_or_default().as_chunks::<2>();
    if !rest.is_empty() {
        return Some(Err("it ends within a character of UTF-16".to_owned()));
    }
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    let text = String::from_utf16(&units);
    Some(text.map_err(|_| "it is not UTF-16, as its mark says".to_owned()))
}

impl Report {
    /// Reads a WSJF text as files have it: UTF-8 with or without a mark, or UTF-16 with its mark. Reading is lenient: members
    /// that are unknown or of another kind are kept, and [`lint`](crate::lint()) tells them.
    ///
    /// ```
    /// use wats_report::Report;
    ///
    /// let report = Report::from_wsjf(b"\xef\xbb\xbf{\"pn\": \"PCBA-001\"}")?;
    /// assert_eq!(report.part_number.as_deref(), Some("PCBA-001"));
    /// assert!(Report::from_wsjf(b"<Reports/>").is_err());
    /// # Ok::<(), wats_report::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Codec`] when the text is not JSON or nests deeper than 128, with line and column in its long form (`{:#}`);
    /// [`Error::Data`] when it is not even the beginning of a JSON object.
    pub fn from_wsjf(text: &[u8]) -> Result<Self> {
        let wrong = |why: String| Error::Data(format!("the text is not a WSJF report: {why}"));
        let decoded = of_utf16(text).transpose().map_err(wrong)?;
        let text = match &decoded {
            Some(decoded) => decoded.as_bytes(),
            None => without_mark(text),
        };
        looks_like_wsjf(text)?;
        let json = Serializer::new(Format::Json).limits(Limits::default().no_max_bytes());
        json.from_json(text).map_err(|source| Error::Codec {
            what: "the text is not a WSJF report",
            source,
        })
    }
}

/// Whether a text can be a WSJF report at all: what it looks like instead is told in the words of those who sent it.
///
/// # Errors
/// [`Error::Data`] when it cannot; it says what the text is instead.
pub fn looks_like_wsjf(text: &[u8]) -> Result<()> {
    // Told apart here, because the codec would read other formats too.
    let start = text.trim_ascii_start();
    if start.starts_with(b"{") && start.get(1) != Some(&0) {
        return Ok(());
    }
    let what = kind_of(text).unwrap_or(match start {
        [b'<', ..] => "it is XML; WSXF is submitted with `submit_wsxf`, of the feature `xml`",
        [b'[', ..] => "it is a list; submit the reports in it one by one",
        _ => "it does not begin with `{`",
    });
    Err(Error::Data(format!(
        "the text is not a WSJF report: {what}"
    )))
}

/// What a text is that no reader of reports takes, if it is known by its first bytes.
pub(crate) fn kind_of(text: &[u8]) -> Option<&'static str> {
    if text.trim_ascii().is_empty() {
        return Some("it is empty");
    }
    match text {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, ..] | [_, 0, ..] => {
            Some("it is UTF-16 or UTF-32; write it as UTF-8")
        }
        [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            Some("it is compressed; unpack it first")
        }
        _ => None,
    }
}

/// What is wrong with bytes that are no text, and where.
pub(crate) fn not_utf8(text: &[u8], problem: std::str::Utf8Error) -> String {
    let at = problem.valid_up_to();
    let byte = text.get(at).copied().unwrap_or_default();
    let at = place(text, at);
    format!("the byte 0x{byte:02x} {at} is not UTF-8")
}

/// The place of a byte in a text, in words.
pub(crate) fn place(text: &[u8], at: usize) -> String {
    let before = &text[..at.min(text.len())];
    let mut lines = before.split(|byte| *byte == b'\n');
    let column = lines.next_back().map_or(0, <[u8]>::len) + 1;
    format!("at line {} column {column}", lines.count() + 1)
}

/// The id of a WSJF text without a mark of its encoding; `None` if it has no such member.
///
/// # Errors
/// [`Error::Codec`] or [`Error::Data`] when the text is no JSON object, [`Error::Report`] when its id is no UUID.
pub fn id_of_wsjf(text: &[u8]) -> Result<Option<Uuid>> {
    looks_like_wsjf(text)?;
    // Texts that are passed over are not looked into below, and a server would put others in the place of such bytes.
    if let Err(problem) = std::str::from_utf8(text) {
        return Err(Error::Data(format!(
            "the text is not a WSJF report: {}",
            not_utf8(text, problem)
        )));
    }
    let json = Serializer::new(Format::Json).limits(Limits::default().no_max_bytes());
    let Serde(found) = json
        .from_json::<Serde<Ids>>(text)
        .map_err(|source| Error::Codec {
            what: "the text is not a WSJF report",
            source,
        })?;
    found.id()
}

/// The id of a WSJF text that is read piece by piece to its end, without the mark of its encoding, and whether the object has
/// no member at all. Whether texts in it are UTF-8 is not looked at.
///
/// # Errors
/// [`Error::Data`] when the text is no JSON object, or reading fails; [`Error::Report`] when its id is no UUID.
pub fn id_of_wsjf_in(reader: impl std::io::Read) -> Result<(Option<Uuid>, bool)> {
    let wrong = |problem: serde_json::Error| {
        Error::Data(format!("the text is not a WSJF report: {problem}"))
    };
    let mut json = serde_json::Deserializer::from_reader(reader);
    let found = Ids::deserialize(&mut json).map_err(wrong)?;
    json.end().map_err(wrong)?;
    Ok((found.id()?, found.is_empty))
}

/// What a WSJF text, read piece by piece to its end, says of its unit and its test: type, part and serial number, process,
/// result and start. The other members of the report are none. It is without the mark of its encoding.
///
/// # Errors
/// [`Error::Data`] when the text is no JSON object, or reading fails.
pub fn outline_of_wsjf_in(reader: impl std::io::Read) -> Result<Report> {
    let wrong = |problem: serde_json::Error| {
        Error::Data(format!("the text is not a WSJF report: {problem}"))
    };
    let reader = std::io::BufReader::new(Shortened::new(reader));
    let mut json = serde_json::Deserializer::from_reader(reader);
    let Outline(members) = Outline::deserialize(&mut json).map_err(wrong)?;
    json.end().map_err(wrong)?;
    serde_json::from_value(Value::Object(members)).map_err(wrong)
}

/// Members of a report that tell it from others.
struct Outline(serde_json::Map<String, Value>);

impl Outline {
    const NAMES: [&str; 7] = [
        "type",
        "pn",
        "sn",
        "processCode",
        "result",
        "start",
        "startUTC",
    ];
    /// All of them are short.
    const MOST: usize = 256 << 10;
}

impl<'de> Deserialize<'de> for Outline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Outline;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outline, A::Error> {
                let mut members = serde_json::Map::new();
                let mut room = Room::new(Outline::MOST, KEPT);
                while let Some(name) = map.next_key::<String>()? {
                    if Outline::NAMES.contains(&name.as_str()) {
                        member(&mut map, name, &mut members, &mut room)?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Outline(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The one id of those that were found.
fn one(ids: &[Value]) -> Result<Option<Uuid>> {
    match ids {
        [] => Ok(None),
        [Value::String(id)] => match id.parse() {
            Ok(id) => Ok(Some(id)),
            Err(_) => Err(no_uuid(id)),
        },
        [Value::Null] => Err(Error::Report(vec![Finding::new(
            rules::ID_MISSING,
            "its id is null; write the id under which it is stored, or leave `id` out to be given one",
        )])),
        [other] => Err(no_uuid(&other.to_string())),
        _ => Err(Error::Data(
            "the text is not a WSJF report: it has more than one `id`".to_owned(),
        )),
    }
}

/// What is wrong with an id that is none.
pub fn no_uuid(id: &str) -> Error {
    let shown: String = id.chars().take(80).collect();
    Error::Report(vec![Finding::new(
        rules::ID_MISSING,
        format!(
            "its id `{}` is no UUID; give it the id under which it is stored, or a new UUID if it is not",
            shown.escape_debug()
        ),
    )])
}

/// The values of all members `id`, whatever their case: so does the server read names.
struct Ids {
    ids: Vec<Value>,
    is_empty: bool,
}

impl Ids {
    fn id(&self) -> Result<Option<Uuid>> {
        one(&self.ids)
    }
}

impl<'de> Deserialize<'de> for Ids {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Ids;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ids, A::Error> {
                let mut ids = Vec::new();
                let mut is_empty = true;
                while let Some(IsId(is_id)) = map.next_key()? {
                    is_empty = false;
                    if is_id {
                        ids.push(map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Ids { ids, is_empty })
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// Whether the name of a member is `id`.
struct IsId(bool);

impl<'de> Deserialize<'de> for IsId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = IsId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }

            fn visit_str<E>(self, name: &str) -> Result<IsId, E> {
                Ok(IsId(name.eq_ignore_ascii_case("id")))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "83ac0b8e-b575-4004-94de-f905774c3ed8";

    #[test]
    fn ids_in_json() {
        let id = |text: &str| id_of_wsjf(text.as_bytes()).map(|id| id.map(|id| id.to_string()));
        assert_eq!(id("{\"a\": {\"id\": 5}}").unwrap(), None);
        for text in [
            format!(" {{\"id\": \"{ID}\", \"b\": [1e999999]}}"),
            format!("{{\"Id\": \"{}\"}}", ID.to_uppercase()),
            format!("{{\"\\u0069d\": \"{ID}\"}}"),
        ] {
            assert_eq!(id(&text).unwrap().as_deref(), Some(ID), "{text}");
        }
        for text in [
            "[]",
            "",
            "{",
            "{\"id\": null}",
            "{\"id\": 5}",
            "{\"id\": \"x\"}",
            "{\"id\": \"x\\ny\"}",
            &format!("{{\"id\": \"{ID}\", \"ID\": \"{ID}\"}}"),
            &format!("{{\"id\": \"{ID}\"}} x"),
        ] {
            let told = id(text).unwrap_err().to_string();
            assert_eq!(told.lines().count(), 1, "{text}: {told}");
        }
    }

    #[test]
    fn a_file_may_be_of_utf_16() {
        let text = format!("{{\"id\": \"{ID}\", \"sn\": \"SN-ø😀\"}}");
        let units = || std::iter::once(0xfeff_u16).chain(text.encode_utf16());
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        let read = Report::from_wsjf(text.as_bytes()).unwrap();
        assert_eq!(read.serial_number.as_deref(), Some("SN-ø😀"));
        for file in [&little, &big] {
            assert_eq!(Report::from_wsjf(file).unwrap(), read);
            assert!(Report::from_wsjf(&file[..file.len() - 1]).is_err());
            // Without the mark nobody says what it is.
            assert!(Report::from_wsjf(&file[2..]).is_err());
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_wherever_they_are() {
        let error = id_of_wsjf(b"{\"pn\": \"\xd8\", \"id\": null}").unwrap_err();
        assert!(error.to_string().contains("UTF-8"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,60}|(<|>|/|Reports|Report|ID=|\"|'|&|;|xmlns=| ){0,30}") {
            let _ = id_of_wsjf(text.as_bytes());
        }
    }
}
