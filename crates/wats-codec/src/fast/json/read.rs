//! Reading JSON: the scanner. [`de`](super::de) hands what it finds to `serde`.

use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{DeserializeOwned, DeserializeSeed};
use serde_json::Value;

use crate::fast::{self, Key, Kind, Source, sealed::Sealed};
use crate::float::from_text;

/// Reads JSON of the usual shapes. Compact documents keep the prediction of keys; white space is
/// read too, more slowly.
pub(crate) struct JsonSource<'de> {
    text: &'de str,
    at: usize,
    depth: usize,
    max_depth: usize,
    /// Whether a value could not be read by way of `serde`, even if whoever asked for it went on without.
    pub(super) failed: bool,
    /// Where a number ended that no float holds.
    pub(crate) too_large: Option<usize>,
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
            failed: false,
            too_large: None,
        })
    }

    pub(crate) fn at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// The text so far since `start`.
    pub(super) fn since(&self, start: usize) -> Option<&'de str> {
        self.text.get(start..self.at)
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    #[inline]
    fn rest(&self) -> &'de [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is not white space, left in place.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        match self.text.as_bytes().get(self.at) {
            Some(byte) if *byte > b' ' => Some(*byte),
            _ => self.peek_past_space(),
        }
    }

    #[inline(never)]
    fn peek_past_space(&mut self) -> Option<u8> {
        let rest = self.rest();
        let space = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        let length = rest.iter().take_while(|byte| space(byte)).count();
        self.at += length;
        rest.get(length).copied()
    }

    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    #[inline]
    pub(super) fn nothing(&mut self) -> bool {
        self.peek() == Some(b'n') && self.literal("null")
    }

    #[inline]
    pub(super) fn truth(&mut self) -> Option<bool> {
        self.peek()?;
        if self.literal("true") {
            Some(true)
        } else {
            self.literal("false").then_some(false)
        }
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
        match self.plain() {
            Some(text) => Some(take(text)),
            None => self.escaped().map(|text| take(&text)),
        }
    }

    /// The text between quotes, if it stands there as it is; else nothing is read.
    pub(super) fn plain(&mut self) -> Option<&'de str> {
        if self.peek()? != b'"' {
            return None;
        }
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let end = special(bytes, start)?;
        if *bytes.get(end)? != b'"' {
            return None;
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    /// The text between quotes, with its escapes undone.
    #[cold]
    pub(super) fn escaped(&mut self) -> Option<String> {
        self.take(b'"')?;
        let bytes = self.text.as_bytes();
        let mut text = String::new();
        loop {
            let plain = self.at;
            let end = special(bytes, plain)?;
            text.push_str(self.text.get(plain..end)?);
            self.at = end + 1;
            match bytes.get(end)? {
                b'"' => return Some(text),
                b'\\' => text.push(self.escape()?),
                _ => return None,
            }
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
    pub(super) fn scan_number(&mut self) -> Option<Number<'de>> {
        let negative = self.peek()? == b'-';
        let text = self.rest();
        let mut at = usize::from(negative);
        let mut mantissa = 0;
        let whole = digits(text, &mut at, &mut mantissa);
        if whole == 0 || (whole > 1 && text.get(usize::from(negative)) == Some(&b'0')) {
            return None;
        }
        let integer = !matches!(text.get(at), Some(b'.' | b'e' | b'E'));
        let mut number = Number {
            text: text.get(..at)?,
            negative,
            mantissa: (whole <= EXACT_DIGITS).then_some(mantissa),
            fraction: 0,
            integer,
        };
        if !integer {
            number.go_on(text, mantissa)?;
        }
        self.at += number.text.len();
        Some(number)
    }

    /// Remembers where a number stood that no float holds.
    #[inline]
    pub(super) fn within_range(&mut self, value: Option<f64>) -> Option<f64> {
        if value.is_none() {
            self.too_large = Some(self.at);
        }
        value
    }

    /// Reads a value of no interest. It is checked like any other: what is passed over must be JSON too.
    pub(super) fn pass_over(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string(|_| ()),
            b'{' => {
                let mut map = self.enter(b'{')?;
                while self.more(&mut map, b'}')? {
                    self.string(|_| ())?;
                    self.take(b':')?;
                    self.pass_over()?;
                }
                Some(())
            }
            b'[' => {
                let mut list = self.enter(b'[')?;
                while self.more(&mut list, b']')? {
                    self.pass_over()?;
                }
                Some(())
            }
            b'n' => self.nothing().then_some(()),
            b't' | b'f' => self.truth().map(|_| ()),
            _ => self.scan_number().map(|_| ()),
        }
    }

    #[inline]
    pub(super) fn enter(&mut self, open: u8) -> Option<Begun> {
        self.take(open)?;
        if self.depth == self.max_depth {
            return None;
        }
        self.depth += 1;
        Some(Begun(false))
    }

    /// Reads the separator before what comes next; false at the end.
    #[inline]
    pub(super) fn more(&mut self, begun: &mut Begun, close: u8) -> Option<bool> {
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

/// So many digits make a number that a `u64` holds.
const EXACT_DIGITS: usize = 19;

/// Reads digits, counts them and adds them to a number, which wraps beyond [`EXACT_DIGITS`]; then it is not used.
#[inline]
fn digits(text: &[u8], at: &mut usize, number: &mut u64) -> usize {
    let start = *at;
    while let Some(byte @ b'0'..=b'9') = text.get(*at) {
        *number = number.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
        *at += 1;
    }
    *at - start
}

/// A number as this crate knows them.
pub(crate) enum Plain {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

/// The number that a whole text is, or why it is none. Of a fraction a float keeps the nearest, as everywhere; a whole number
/// it must keep as it is.
pub(crate) fn plain_number(text: &str) -> Result<Plain, &'static str> {
    let number = Number::of(text).ok_or("a number of serde_json that is none")?;
    if let Some(value) = number.unsigned() {
        return Ok(Plain::Unsigned(value));
    }
    if let Some(value) = number.signed() {
        return Ok(Plain::Signed(value));
    }
    let exact = |value: &f64| !number.integer || text == "-0" || format!("{value:.0}") == text;
    let float = number.float().filter(exact).map(Plain::Float);
    float.ok_or("a number that neither an integer of 64 bits nor a float holds: write it as text")
}

/// Whether a text is one JSON value without more around it, of no more levels than this.
pub(crate) fn is_json(text: &str, max_depth: usize) -> bool {
    let Some(mut source) = JsonSource::new(text.as_bytes(), max_depth) else {
        return false;
    };
    source.pass_over().is_some() && source.at_end()
}

/// A number as it stands in the text.
pub(super) struct Number<'de> {
    text: &'de [u8],
    pub(super) negative: bool,
    /// All digits as one number, if it is exact and there is no exponent.
    mantissa: Option<u64>,
    /// How many of the digits stand behind the point.
    fraction: usize,
    pub(super) integer: bool,
}

impl<'de> Number<'de> {
    /// Goes on behind the whole part, whose digits are `mantissa`.
    #[inline]
    fn go_on(&mut self, text: &'de [u8], mut mantissa: u64) -> Option<()> {
        let mut at = self.text.len();
        if text.get(at) == Some(&b'.') {
            at += 1;
            self.fraction = digits(text, &mut at, &mut mantissa);
            if self.fraction == 0 {
                return None;
            }
            // The sign and the point are none of them.
            let count = at - 1 - usize::from(self.negative);
            self.mantissa = (count <= EXACT_DIGITS).then_some(mantissa);
        }
        if matches!(text.get(at), Some(b'e' | b'E')) {
            at += 1;
            at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
            if digits(text, &mut at, &mut 0) == 0 {
                return None;
            }
            self.mantissa = None;
        }
        self.text = text.get(..at)?;
        Some(())
    }

    #[cold]
    pub(super) fn parsed<T: FromStr>(&self) -> Option<T> {
        std::str::from_utf8(self.text).ok()?.parse().ok()
    }

    /// The number that a whole text is.
    pub(super) fn of(text: &'de str) -> Option<Self> {
        let mut source = JsonSource::new(text.as_bytes(), 0)?;
        let number = source.scan_number()?;
        // No white space on either side.
        (number.text.len() == text.len()).then_some(number)
    }

    #[inline]
    pub(super) fn unsigned(&self) -> Option<u64> {
        if !self.integer || self.negative {
            return None;
        }
        // Twenty digits may still fit.
        self.mantissa.or_else(|| self.parsed())
    }

    #[inline]
    pub(super) fn signed(&self) -> Option<i64> {
        let mantissa = self.mantissa.filter(|_| self.integer)?;
        match (self.negative, mantissa) {
            // `serde_json` reads -0 as a float.
            (true, 0) => None,
            (true, _) => 0i64.checked_sub_unsigned(mantissa),
            (false, _) => mantissa.try_into().ok(),
        }
    }

    #[inline]
    pub(super) fn float(&self) -> Option<f64> {
        // Both exact as floats, so that one division rounds correctly (Clinger 1990).
        const EXACT: u64 = 1 << 53;
        let value = match (self.mantissa, POWERS.get(self.fraction)) {
            (Some(mantissa), Some(power)) if mantissa <= EXACT => {
                let magnitude = mantissa as f64 / power;
                if self.negative { -magnitude } else { magnitude }
            }
            _ => self.parsed()?,
        };
        value.is_finite().then_some(value)
    }
}

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The place of the first quote, backslash or control character, eight bytes at a time.
#[inline]
fn special(bytes: &[u8], mut at: usize) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    while let Some(chunk) = bytes.get(at..at + 8).and_then(|chunk| chunk.first_chunk()) {
        let word = u64::from_le_bytes(*chunk);
        // Each difference sets the high bit of a byte that it takes below zero. Above the first such byte bits may be
        // wrong, and those of non-ASCII bytes are no news.
        let control = word.wrapping_sub(ONES * 0x20);
        let quote = (word ^ (ONES * u64::from(b'"'))).wrapping_sub(ONES);
        let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
        let found = (control | quote | backslash) & !word & HIGHS;
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    special_among_few(bytes, at)
}

#[cold]
fn special_among_few(bytes: &[u8], at: usize) -> Option<usize> {
    let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    let found = bytes.get(at..)?.iter().position(|byte| special(*byte))?;
    Some(at + found)
}

impl Sealed for JsonSource<'_> {}

impl<'de> Source<'de> for JsonSource<'de> {
    type Map = Begun;
    type List = Begun;

    #[inline]
    fn next_kind(&mut self) -> Kind {
        match self.peek() {
            Some(b'"') => Kind::Text,
            Some(b'0'..=b'9' | b'-') => Kind::Number,
            Some(b'n') => Kind::Null,
            Some(b'{') => Kind::Map,
            Some(b'[') => Kind::List,
            Some(b't' | b'f') => Kind::Bool,
            _ => Kind::Other,
        }
    }

    #[inline]
    fn null(&mut self) -> bool {
        self.nothing()
    }

    #[inline]
    fn bool(&mut self) -> Option<bool> {
        self.truth()
    }

    #[inline]
    fn u64(&mut self) -> Option<u64> {
        self.scan_number()?.unsigned()
    }

    #[inline]
    fn i64(&mut self) -> Option<i64> {
        self.scan_number()?.signed()
    }

    #[inline]
    fn number(&mut self) -> Option<fast::Number> {
        let number = self.scan_number()?;
        if number.negative {
            if let Some(value) = number.signed() {
                return Some(fast::Number::Signed(value));
            }
        } else if let Some(value) = number.unsigned() {
            return Some(fast::Number::Unsigned(value));
        }
        self.within_range(number.float()).map(fast::Number::Float)
    }

    #[inline]
    fn f64(&mut self) -> Option<f64> {
        let number = self.scan_number()?;
        self.within_range(number.float())
    }

    #[inline]
    fn float(&mut self) -> Option<f64> {
        if self.peek()? == b'"' {
            return self.string(from_text)?;
        }
        self.f64()
    }

    #[allow(
        clippy::inline_always,
        reason = "the key is a constant only where it is inlined"
    )]
    #[inline(always)]
    fn try_symbol(&mut self, key: &Key) -> bool {
        // `,"name":` without its ends.
        let [_, quoted @ .., _] = key.json else {
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
        self.pass_over()
    }

    fn serde<T: DeserializeOwned>(&mut self) -> Option<T> {
        self.seed(PhantomData)
    }

    fn seed<T>(&mut self, seed: impl for<'x> DeserializeSeed<'x, Value = T>) -> Option<T> {
        let value = seed.deserialize(&mut *self).ok()?;
        (!self.failed).then_some(value)
    }

    #[inline]
    fn begin_map(&mut self) -> Option<Begun> {
        self.enter(b'{')
    }

    #[allow(
        clippy::inline_always,
        reason = "the key is a constant only where it is inlined"
    )]
    #[inline(always)]
    fn try_key(&mut self, map: &mut Begun, key: &Key, _index: usize) -> bool {
        // `,"name":`; the comma is looked at apart, so that what is compared has a constant length.
        let [_, quoted @ ..] = key.json else {
            return false;
        };
        let text = self.text.as_bytes();
        let start = self.at + usize::from(map.0);
        let found = text
            .get(start..)
            .is_some_and(|rest| rest.starts_with(quoted));
        if !found || (map.0 && text.get(self.at) != Some(&b',')) {
            return false;
        }
        self.at = start + quoted.len();
        map.0 = true;
        true
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

    #[inline]
    fn read_of(&self) -> Option<(usize, usize)> {
        Some((self.at, self.text.len()))
    }
}
