//! Reading JSON.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fast::{Key, Source, sealed::Sealed};
use crate::float::from_text;

/// Reads JSON of the usual shapes. Compact documents keep the prediction of keys; white space is
/// read too, more slowly.
pub(crate) struct JsonSource<'de> {
    text: &'de str,
    at: usize,
    depth: usize,
    max_depth: usize,
}

/// Whether anything has been read in this map or list.
pub(crate) struct Begun(bool);

impl<'de> JsonSource<'de> {
    /// `None` if the input is no UTF-8.
    pub(crate) fn new(text: &'de [u8], max_depth: usize) -> Option<Self> {
        Some(Self {
            text: std::str::from_utf8(text).ok()?,
            at: 0,
            depth: 0,
            max_depth,
        })
    }

    pub(crate) fn at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    #[inline]
    fn rest(&self) -> &'de [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is not white space, left in place.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline]
    fn literal(&mut self, literal: &str) -> bool {
        let found = self.rest().starts_with(literal.as_bytes());
        if found {
            self.at += literal.len();
        }
        found
    }

    /// The text between quotes.
    #[inline]
    fn string<T>(&mut self, take: impl FnOnce(&str) -> T) -> Option<T> {
        self.take(b'"')?;
        let start = self.at;
        let end = start + special(self.rest())?;
        match self.text.as_bytes().get(end)? {
            b'"' => {
                self.at = end + 1;
                self.text.get(start..end).map(take)
            }
            b'\\' => {
                let text = self.escaped(start)?;
                Some(take(&text))
            }
            _ => None,
        }
    }

    /// The text from `start` on, with its escapes undone.
    #[cold]
    fn escaped(&mut self, start: usize) -> Option<String> {
        let mut text = String::new();
        let mut plain = start;
        loop {
            let tail = self.text.as_bytes().get(plain..)?;
            let end = plain + special(tail)?;
            text.push_str(self.text.get(plain..end)?);
            self.at = end + 1;
            match self.text.as_bytes().get(end)? {
                b'"' => return Some(text),
                b'\\' => text.push(self.escape()?),
                _ => return None,
            }
            plain = self.at;
        }
    }

    fn escape(&mut self) -> Option<char> {
        let kind = *self.rest().first()?;
        self.at += 1;
        Some(match kind {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => match self.code_unit()? {
                high @ 0xd800..=0xdbff => {
                    if !self.literal("\\u") {
                        return None;
                    }
                    let low = self.code_unit()?;
                    char::decode_utf16([high, low]).next()?.ok()?
                }
                unit => char::from_u32(u32::from(unit))?,
            },
            _ => return None,
        })
    }

    fn code_unit(&mut self) -> Option<u16> {
        let digits = self.text.get(self.at..self.at + 4)?;
        // `from_str_radix` would take a sign.
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u16::from_str_radix(digits, 16).ok()
    }

    /// Reads a number by the grammar of JSON.
    #[inline]
    fn number(&mut self) -> Option<Number<'de>> {
        self.peek()?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
        let mut at = start;
        let negative = byte(at) == b'-';
        at += usize::from(negative);
        let mut mantissa = 0u64;
        let digits = |at: &mut usize, mantissa: &mut u64| {
            let start = *at;
            while byte(*at).is_ascii_digit() {
                // Wraps beyond 19 digits; then the value is not used.
                let digit = u64::from(byte(*at) - b'0');
                *mantissa = mantissa.wrapping_mul(10).wrapping_add(digit);
                *at += 1;
            }
            *at - start
        };
        let whole = digits(&mut at, &mut mantissa);
        if whole == 0 || (whole > 1 && byte(start + usize::from(negative)) == b'0') {
            return None;
        }
        let mut fraction = 0;
        let mut integer = true;
        if byte(at) == b'.' {
            at += 1;
            fraction = digits(&mut at, &mut mantissa);
            if fraction == 0 {
                return None;
            }
            integer = false;
        }
        let mut scientific = false;
        if matches!(byte(at), b'e' | b'E') {
            at += 1;
            at += usize::from(matches!(byte(at), b'+' | b'-'));
            if digits(&mut at, &mut 0) == 0 {
                return None;
            }
            scientific = true;
            integer = false;
        }
        self.at = at;
        Some(Number {
            text: self.text.get(start..at)?,
            negative,
            mantissa: (whole + fraction <= 19 && !scientific).then_some(mantissa),
            fraction,
            integer,
        })
    }

    /// The one value that comes next.
    fn span(&mut self) -> Option<&'de str> {
        self.peek()?;
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match self.peek()? {
                b'{' | b'[' => {
                    depth += 1;
                    if self.depth + depth > self.max_depth {
                        return None;
                    }
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                b'"' => self.string(|_| ())?,
                _ => {
                    let scalar = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                    let length = self.rest().iter().take_while(|byte| scalar(byte)).count();
                    if length == 0 {
                        return None;
                    }
                    self.at += length;
                }
            }
            if depth == 0 {
                return self.text.get(start..self.at);
            }
        }
    }

    #[inline]
    fn enter(&mut self, open: u8) -> Option<Begun> {
        self.take(open)?;
        if self.depth == self.max_depth {
            return None;
        }
        self.depth += 1;
        Some(Begun(false))
    }

    /// Reads the separator before what comes next; false at the end.
    #[inline]
    fn more(&mut self, begun: &mut Begun, close: u8) -> Option<bool> {
        let next = self.peek()?;
        if next == close {
            self.at += 1;
            self.depth -= 1;
            return Some(false);
        }
        if begun.0 {
            self.take(b',')?;
        }
        begun.0 = true;
        Some(true)
    }
}

/// A number as it stands in the text.
struct Number<'de> {
    text: &'de str,
    negative: bool,
    /// All digits as one number, if it is exact and there is no exponent.
    mantissa: Option<u64>,
    /// How many of the digits stand behind the point.
    fraction: usize,
    integer: bool,
}

impl Number<'_> {
    #[inline]
    fn float(&self) -> Option<f64> {
        // Both exact as floats, so that one division rounds correctly (Clinger 1990).
        const EXACT: u64 = 1 << 53;
        let value = match (self.mantissa, POWERS.get(self.fraction)) {
            (Some(mantissa), Some(power)) if mantissa <= EXACT => {
                let magnitude = mantissa as f64 / power;
                if self.negative { -magnitude } else { magnitude }
            }
            _ => self.text.parse().ok()?,
        };
        value.is_finite().then_some(value)
    }
}

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The offset of the first quote, backslash or control character, eight bytes at a time.
#[inline]
fn special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    // Marks the bytes below `n` (at most 128); above the first such byte marks may be wrong.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & HIGHS;
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(|tail| tail.first_chunk()) {
        let word = u64::from_le_bytes(*chunk);
        let found = below(word, 0x20)
            | below(word ^ (ONES * u64::from(b'"')), 1)
            | below(word ^ (ONES * u64::from(b'\\')), 1);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let tail = bytes.get(at..)?.iter();
    let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
    tail.copied()
        .position(|byte| special(&byte))
        .map(|found| at + found)
}

impl Sealed for JsonSource<'_> {}

impl<'de> Source<'de> for JsonSource<'de> {
    type Map = Begun;
    type List = Begun;

    #[inline]
    fn null(&mut self) -> bool {
        self.peek() == Some(b'n') && self.literal("null")
    }

    #[inline]
    fn bool(&mut self) -> Option<bool> {
        self.peek()?;
        if self.literal("true") {
            Some(true)
        } else {
            self.literal("false").then_some(false)
        }
    }

    #[inline]
    fn u64(&mut self) -> Option<u64> {
        let number = self.number()?;
        if !number.integer || number.negative {
            return None;
        }
        // Twenty digits may still fit.
        number.mantissa.or_else(|| number.text.parse().ok())
    }

    #[inline]
    fn i64(&mut self) -> Option<i64> {
        let number = self.number()?;
        let mantissa = number.mantissa.filter(|_| number.integer)?;
        match (number.negative, mantissa) {
            // `serde_json` reads -0 as a float.
            (true, 0) => None,
            (true, _) => 0i64.checked_sub_unsigned(mantissa),
            (false, _) => mantissa.try_into().ok(),
        }
    }

    #[inline]
    fn f64(&mut self) -> Option<f64> {
        self.number()?.float()
    }

    #[inline]
    fn float(&mut self) -> Option<f64> {
        if self.peek()? == b'"' {
            return self.string(from_text)?;
        }
        self.f64()
    }

    #[inline]
    fn try_symbol(&mut self, key: &Key) -> bool {
        let Some(quoted) = key.json.get(1..key.json.len() - 1) else {
            return false;
        };
        let found = self.rest().starts_with(quoted);
        if found {
            self.at += quoted.len();
        }
        found
    }

    #[inline]
    fn text<T>(&mut self, take: impl FnOnce(&str) -> T) -> Option<T> {
        self.string(take)
    }

    fn value(&mut self) -> Option<Value> {
        self.serde()
    }

    fn skip(&mut self) -> Option<()> {
        // Checked like any other value: what is passed over must be JSON too.
        self.serde::<serde::de::IgnoredAny>().map(|_| ())
    }

    fn serde<T: DeserializeOwned>(&mut self) -> Option<T> {
        serde_json::from_str(self.span()?).ok()
    }

    #[inline]
    fn begin_map(&mut self) -> Option<Begun> {
        self.enter(b'{')
    }

    #[inline]
    fn try_key(&mut self, map: &mut Begun, key: &Key, _index: usize) -> bool {
        let separator = usize::from(!map.0);
        let expected = key.json.get(separator..).unwrap_or_default();
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
            map.0 = true;
        }
        found
    }

    #[inline]
    fn next_key<T>(&mut self, map: &mut Begun, take: impl FnOnce(&str) -> T) -> Option<Option<T>> {
        if !self.more(map, b'}')? {
            return Some(None);
        }
        let key = self.string(take)?;
        self.take(b':')?;
        Some(Some(key))
    }

    #[inline]
    fn begin_list(&mut self) -> Option<Begun> {
        self.enter(b'[')
    }

    #[inline]
    fn next_item(&mut self, list: &mut Begun) -> Option<bool> {
        self.more(list, b']')
    }

    #[inline]
    fn remaining(&self, _list: &Begun) -> usize {
        0
    }
}
