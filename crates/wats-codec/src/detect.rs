//! Which format bytes are in, told from the first of them and never by trying to parse.
//!
//! | first bytes | format |
//! |---|---|
//! | `1f 8b` | gzip |
//! | `28 b5 2f fd`; `50` to `5f`, then `2a 4d 18` | Zstandard; its frames to be skipped |
//! | `c1 57 41` | archive |
//! | `ef bb bf` | JSON after a UTF-8 byte order mark |
//! | white space, `{`, `[`, `"`, `-`, a digit, `t`, `f`, `n` | JSON |
//! | from `80` up, except the reserved `c1` | MessagePack |
//!
//! The first byte decides alone because no document of two or more bytes can start with it in two
//! formats: in MessagePack everything below `80`, and `e0` and above, is a whole document.
//! A single byte may so be an integer of MessagePack or the begin of text; there the caller's own format decides, but for
//! the digits, which are whole documents in both. They are read as JSON, and by those who write MessagePack not at all:
//! one number must not become another. This crate writes such integers of MessagePack in two bytes.

use crate::{Error, Format, Result};

pub(crate) const ARCHIVE_MAGIC: [u8; 3] = [0xc1, b'W', b'A'];
pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
pub(crate) const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
pub(crate) const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

impl Format {
    /// Recognises a document's format from its first bytes.
    ///
    /// [`JsonPretty`](Self::JsonPretty) is recognised as [`Json`](Self::Json). `None` for empty
    /// input and for bytes that start no format.
    ///
    /// ```
    /// use wats_codec::Format;
    ///
    /// assert_eq!(Format::detect(b" {\"id\": 1}"), Some(Format::Json));
    /// assert_eq!(Format::detect(b"\x81\xa2id\x01"), Some(Format::MessagePack));
    /// assert_eq!(Format::detect(b"\x1f\x8b\x08"), Some(Format::JsonGzip));
    /// assert_eq!(Format::detect(b"<html>"), None);
    /// ```
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        recognise(bytes, Self::Json).ok()
    }
}

/// The format of `bytes`; `own` decides where one byte could be either.
pub(crate) fn recognise(bytes: &[u8], own: Format) -> Result<Format> {
    if bytes.starts_with(&GZIP_MAGIC) {
        #[cfg(feature = "gzip")]
        return Ok(Format::JsonGzip);
        #[cfg(not(feature = "gzip"))]
        return Err(Error::NotBuilt { feature: "gzip" });
    }
    if bytes.starts_with(&ARCHIVE_MAGIC) {
        #[cfg(feature = "archive")]
        return Ok(Format::Archive);
        #[cfg(not(feature = "archive"))]
        return Err(Error::NotBuilt { feature: "archive" });
    }
    if bytes.starts_with(&ZSTD_MAGIC) || is_skippable(bytes) {
        #[cfg(feature = "zstd")]
        return Ok(Format::JsonZstd);
        #[cfg(not(feature = "zstd"))]
        return Err(Error::NotBuilt { feature: "zstd" });
    }
    if let Some(text) = bytes.strip_prefix(UTF8_BOM) {
        return if text.trim_ascii().is_empty() {
            Err(Error::Empty)
        } else {
            Ok(Format::Json)
        };
    }
    match bytes {
        [digit @ b'0'..=b'9'] if own.is_msgpack() => {
            let digit = char::from(*digit);
            let start = format!(
                "\"{digit}\" and ends there, which JSON and MessagePack read as different numbers"
            );
            return Err(Error::Unrecognised {
                start: start.into(),
            });
        }
        [_] if own.is_msgpack() => return Ok(own),
        [0xff, 0xfe, ..] => {
            return Err(Error::Encoding {
                encoding: "UTF-16LE",
            });
        }
        [0xfe, 0xff, ..] => {
            return Err(Error::Encoding {
                encoding: "UTF-16BE",
            });
        }
        _ => {}
    }
    match bytes.trim_ascii_start().first() {
        None => Err(Error::Empty),
        Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => Ok(Format::Json),
        Some(0x80..=0xff) if bytes.first() < Some(&0x80) => Err(unrecognised(bytes)),
        Some(0xc1) => Err(unrecognised(bytes)),
        #[cfg(feature = "msgpack")]
        Some(0x80..=0xff) => Ok(Format::MessagePack),
        #[cfg(not(feature = "msgpack"))]
        Some(0x80..=0xff) => Err(Error::NotBuilt { feature: "msgpack" }),
        Some(_) => Err(unrecognised(bytes)),
    }
}

/// Whether a frame begins that readers of Zstandard skip (RFC 8878, 3.1.2): a seek table, or sizes for many threads.
pub(crate) fn is_skippable(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

fn unrecognised(bytes: &[u8]) -> Error {
    let start = bytes.get(..bytes.len().min(16)).unwrap_or_default();
    Error::Unrecognised {
        start: format!("\"{}\"", start.escape_ascii()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "msgpack")]
    #[test]
    fn one_byte_is_read_as_the_own_format_or_not_at_all() {
        for byte in 0..=255u8 {
            let read = |own| recognise(&[byte], own).ok();
            let (json, packed) = (read(Format::Json), read(Format::MessagePack));
            match byte {
                b'0'..=b'9' => assert_eq!((json, packed), (Some(Format::Json), None)),
                0x80.. => {
                    assert_eq!(json, Some(Format::MessagePack).filter(|_| byte != 0xc1));
                }
                _ => {
                    assert_ne!(json, Some(Format::MessagePack), "{byte}");
                    assert_eq!(packed, Some(Format::MessagePack), "{byte}");
                }
            }
        }
    }

    #[test]
    fn empty_and_blank_are_empty() {
        for blank in [&b""[..], b" \r\n\t", UTF8_BOM, b"\xef\xbb\xbf \n"] {
            assert!(matches!(recognise(blank, Format::Json), Err(Error::Empty)));
        }
    }

    #[test]
    fn other_text_shows_its_start() {
        for text in [
            &b"<html><body>"[..],
            b"Bad Gateway",
            b"\xc1abc",
            b" \x93\x01",
        ] {
            let error = recognise(text, Format::Json).unwrap_err();
            assert!(matches!(error, Error::Unrecognised { .. }), "{error}");
        }
        let message = recognise(b"<html>\n<body>long", Format::Json)
            .unwrap_err()
            .to_string();
        assert!(message.contains("<html>\\n<body>"), "{message}");
    }

    #[test]
    fn utf16_is_named() {
        let error = recognise(b"\xff\xfe{\0}\0", Format::Json).unwrap_err();
        assert!(error.to_string().contains("UTF-16LE"), "{error}");
    }
}
