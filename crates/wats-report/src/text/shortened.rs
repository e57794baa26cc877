//! JSON of any size with its long texts cut, so that whoever reads it needs memory for its structure alone.

use std::io::{self, Read};

/// Bytes of a text that are kept at least; those that are longer are cut.
pub(crate) const KEPT: usize = 64 << 10;

/// Digits of a number that are kept.
const DIGITS: usize = 1000;

/// How much is read at a time.
const PIECE: usize = 64 << 10;

/// A reader of JSON that leaves out what of a text is behind its first 64 KiB. All else passes as it is; whether what is left
/// out is well-formed is not looked at.
#[derive(Debug)]
pub(crate) struct Shortened<R> {
    inner: R,
    piece: Vec<u8>,
    at: usize,
    place: Place,
}

/// Where in the JSON the reader is.
#[derive(Debug, Default)]
struct Place {
    in_text: bool,
    /// Bytes of the text, or digits of the number, so far.
    kept: usize,
    /// What of an escape is still to come: 0 is none, 1 its letter, 2 to 5 digits of `\u`.
    escape: u8,
    /// The digits of `\u` so far.
    unit: u16,
    /// The last character was the first half of a pair of `\u`.
    is_half: bool,
    /// The rest of the text is left out.
    cuts: bool,
}

impl<R: Read> Shortened<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            piece: Vec::new(),
            at: 0,
            place: Place::default(),
        }
    }
}

impl Place {
    /// Whether the next byte is kept.
    fn keeps(&mut self, byte: u8) -> bool {
        if self.in_text {
            return self.of_text(byte);
        }
        if byte == b'"' {
            *self = Self {
                in_text: true,
                ..Self::default()
            };
            return true;
        }
        self.kept = if byte.is_ascii_digit() {
            self.kept.saturating_add(1)
        } else {
            0
        };
        self.kept <= DIGITS
    }

    fn of_text(&mut self, byte: u8) -> bool {
        let is_start = self.escape == 0 && byte & 0b1100_0000 != 0b1000_0000;
        if is_start && byte == b'"' {
            *self = Self::default();
            return true;
        }
        self.cuts |= is_start && !self.is_half && self.kept >= KEPT;
        self.kept = self.kept.saturating_add(1);
        match (self.escape, byte) {
            (0, b'\\') => self.escape = 1,
            (0, _) => self.is_half = false,
            (1, b'u') => (self.escape, self.unit) = (5, 0),
            (1, _) => (self.escape, self.is_half) = (0, false),
            (digits, byte) => {
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                // Four digits of four bits each.
                self.unit = (self.unit << 4) | u16::try_from(digit).unwrap_or_default();
                self.escape = if digits == 2 { 0 } else { digits - 1 };
                if self.escape == 0 {
                    self.is_half = (0xd800..0xdc00).contains(&self.unit);
                }
            }
        }
        !self.cuts
    }
}

impl<R: Read> Read for Shortened<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written == 0 && !buffer.is_empty() {
            if self.at >= self.piece.len() {
                self.piece.resize(PIECE, 0);
                let read = self.inner.read(&mut self.piece);
                self.piece.truncate(*read.as_ref().unwrap_or(&0));
                self.at = 0;
                if read? == 0 {
                    return Ok(0);
                }
            }
            let rest = self.piece.get(self.at..).unwrap_or_default();
            for byte in rest {
                let Some(to) = buffer.get_mut(written) else {
                    break;
                };
                self.at += 1;
                if self.place.keeps(*byte) {
                    *to = *byte;
                    written += 1;
                }
            }
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn shortened(text: &str) -> String {
        let mut short = String::new();
        Shortened::new(text.as_bytes())
            .read_to_string(&mut short)
            .unwrap();
        short
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        for (piece, escaped) in [
            ("x", "x"),
            ("漢", "漢"),
            ("\u{1f600}", "\\ud83d\\ude00"),
            ("\u{1f600}", "\u{1f600}"),
            ("\"", "\\\""),
            ("\\", "\\\\"),
            ("\u{e9}", "\\u00e9"),
        ] {
            // An odd beginning, so that the cut falls anywhere within a character.
            for front in ["", "a", "ab", "abc", "abcdefg"] {
                let text = format!("{{\"a\": \"{front}{}\", \"b\": 5}}", escaped.repeat(KEPT));
                let short = shortened(&text);
                assert!(short.len() < KEPT + 100, "{piece}: {}", short.len());
                let value: Value = serde_json::from_str(&short).unwrap();
                let whole: Value = serde_json::from_str(&text).unwrap();
                let (kept, all) = (value["a"].as_str().unwrap(), whole["a"].as_str().unwrap());
                assert!(all.starts_with(kept) && kept.len() > KEPT / 12, "{piece}");
                assert_eq!(value["b"], 5);
            }
        }
        let number = format!("[1.{}, 2]", "3".repeat(100_000));
        assert!(shortened(&number).len() < DIGITS + 100);
    }

    proptest! {
        #[test]
        fn short_texts_pass_as_they_are(text in "\\PC{0,60}|([\\[\\]{}\",:\\\\u0-9a-f \n]){0,60}") {
            prop_assert_eq!(shortened(&text), text);
        }
    }
}
