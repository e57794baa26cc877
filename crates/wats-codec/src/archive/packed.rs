//! Texts that are lists of numbers, such as the points of a chart, in as many bits as their numbers take.
//!
//! ```text
//! separator  what stands between two numbers
//! decimals   * 2, and 1 if every number has so many; else none ends in a zero behind its point
//! least      the least number, without its point, as zigzag
//! width      how many bits each number has
//! count      how many numbers there are
//! numbers    what each has above the least, the first in the lowest bits; zeros fill the last byte
//! ```

use super::known::Texts;
use super::number::{push_number, take_length, take_number, unzigzag, zigzag};

/// What stands in place of the length of a text that is packed; of others it is twice their length.
pub(super) const PACKED: usize = 1;

/// A shorter text gains next to nothing.
const SHORTEST: usize = 32;

/// A number has no more digits than this, so that what is above the least one fits beside seven bits.
const MOST_DIGITS: usize = 15;
const BEYOND: u64 = 10u64.pow(MOST_DIGITS as u32);
const MOST_WIDTH: u32 = 52;
const MOST_DECIMALS: u8 = 9;

/// What decimals that are missing multiply a number by.
const POWERS: [i64; MOST_DECIMALS as usize + 1] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
];

/// Those of the texts of an archive that are packed.
pub(super) struct Packed {
    /// Which they are, in their order.
    pub(super) numbers: Vec<u32>,
    /// Each of them, with its length before it.
    pub(super) section: Vec<u8>,
}

impl Packed {
    pub(super) fn of(texts: &Texts) -> Self {
        let (mut numbers, mut section, mut one) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..texts.ends.len() as u32 {
            one.clear();
            if pack(texts.get(number), &mut one).is_some() {
                numbers.push(number);
                push_number(&mut section, one.len() as u64);
                section.extend_from_slice(&one);
            }
        }
        Self { numbers, section }
    }

    /// The section of all texts, without what is packed: how many there are, of each [`PACKED`] or twice its length, and
    /// the others joined.
    pub(super) fn others(&self, texts: &Texts) -> [Vec<u8>; 2] {
        let (mut lengths, mut joined) = (Vec::new(), Vec::with_capacity(texts.joined.len()));
        push_number(&mut lengths, texts.ends.len() as u64);
        let mut packed = self.numbers.iter().peekable();
        for number in 0..texts.ends.len() as u32 {
            if packed.next_if_eq(&&number).is_some() {
                push_number(&mut lengths, PACKED as u64);
                continue;
            }
            let text = texts.get(number);
            push_number(&mut lengths, text.len() as u64 * 2);
            joined.extend_from_slice(text);
        }
        [lengths, joined]
    }
}

/// A number as it stands in a text.
struct Written {
    digits: i64,
    decimals: u8,
    /// Whether it has a zero at its end behind the point.
    padded: bool,
}

/// The text at the end of `out`, if it is a list of numbers and gets shorter.
fn pack(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if text.len() < SHORTEST || !matches!(text.first(), Some(b'0'..=b'9' | b'-')) {
        return None;
    }
    let in_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'.');
    let separator = text.iter().copied().find(|byte| !in_number(byte))?;
    if !separator.is_ascii() {
        return None;
    }
    let mut numbers = Vec::with_capacity(text.len() / 4);
    for number in text.split(|byte| *byte == separator) {
        numbers.push(written(number)?);
    }
    let decimals = numbers.iter().map(|number| number.decimals).max()?;
    let fixed = numbers.iter().all(|number| number.decimals == decimals);
    if !fixed && numbers.iter().any(|number| number.padded) {
        return None;
    }
    let mut values = Vec::with_capacity(numbers.len());
    for number in &numbers {
        let missing = decimals - number.decimals;
        let value = number
            .digits
            .checked_mul(*POWERS.get(usize::from(missing))?)?;
        if value.unsigned_abs() >= BEYOND {
            return None;
        }
        values.push(value);
    }
    let (least, most) = (values.iter().min()?, values.iter().max()?);
    let width = u64::BITS - most.abs_diff(*least).leading_zeros();

    let start = out.len();
    out.extend_from_slice(&[separator, decimals * 2 + u8::from(fixed)]);
    push_number(out, zigzag(*least));
    out.push(width as u8);
    push_number(out, values.len() as u64);
    let (mut bits, mut filled) = (0u64, 0);
    for value in &values {
        bits |= value.abs_diff(*least) << filled;
        filled += width;
        while filled >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        out.push(bits as u8);
    }
    if out.len() - start >= text.len() {
        out.truncate(start);
        return None;
    }
    Some(())
}

/// Adds the text that was packed; `None` if it is none, or if `out` would have more than `most` bytes.
pub(super) fn unpack(mut packed: &[u8], out: &mut Vec<u8>, most: usize) -> Option<()> {
    let ([separator, form], rest) = packed.split_first_chunk()?;
    packed = rest;
    let (decimals, fixed) = (form / 2, form % 2 == 1);
    let least = unzigzag(take_number(&mut packed)?);
    let (width, rest) = packed.split_first()?;
    packed = rest;
    let width = u32::from(*width);
    let count = take_length(&mut packed)?;
    if decimals > MOST_DECIMALS || width > MOST_WIDTH {
        return None;
    }
    let mask = (1u64 << width) - 1;
    let (mut bits, mut filled) = (0u64, 0);
    for number in 0..count {
        while filled < width {
            let (byte, rest) = packed.split_first()?;
            packed = rest;
            bits |= u64::from(*byte) << filled;
            filled += 8;
        }
        let value = least.checked_add_unsigned(bits & mask)?;
        bits >>= width;
        filled -= width;
        if number > 0 {
            out.push(*separator);
        }
        push_decimal(out, value, decimals, fixed);
        if out.len() > most {
            return None;
        }
    }
    (packed.is_empty() && bits == 0).then_some(())
}

/// Reads a number that can be written again from its digits and decimals alone.
fn written(number: &[u8]) -> Option<Written> {
    let (negative, unsigned) = match number {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, number),
    };
    if unsigned.len() > MOST_DIGITS + 1 {
        return None;
    }
    let (mut digits, mut whole, mut count) = (0i64, unsigned.len(), unsigned.len());
    for (at, byte) in unsigned.iter().enumerate() {
        match byte {
            b'0'..=b'9' => digits = digits * 10 + i64::from(byte - b'0'),
            b'.' if whole == unsigned.len() => (whole, count) = (at, unsigned.len() - 1),
            _ => return None,
        }
    }
    let decimals = u8::try_from(count - whole).ok()?;
    let bare = whole < unsigned.len() && decimals == 0;
    let leading = whole == 0 || (whole > 1 && unsigned.first() == Some(&b'0'));
    let long = count > MOST_DIGITS || decimals > MOST_DECIMALS;
    if bare || leading || long || (negative && digits == 0) {
        return None;
    }
    Some(Written {
        digits: if negative { -digits } else { digits },
        decimals,
        padded: decimals > 0 && digits % 10 == 0,
    })
}

/// Adds a number as it stood in the text, which is made from its last digit on.
fn push_decimal(out: &mut Vec<u8>, value: i64, decimals: u8, fixed: bool) {
    let (mut digits, mut decimals) = (value.unsigned_abs(), decimals);
    while !fixed && decimals > 0 && digits.is_multiple_of(10) {
        digits /= 10;
        decimals -= 1;
    }
    // Twenty digits, a point and a sign.
    let mut block = [0; 24];
    let (mut places, mut length) = (block.iter_mut().rev(), 0);
    let mut put = |byte| {
        if let Some(place) = places.next() {
            *place = byte;
            length += 1;
        }
    };
    let mut last = || {
        let digit = b'0' + (digits % 10) as u8;
        digits /= 10;
        (digit, digits > 0)
    };
    for _ in 0..decimals {
        put(last().0);
    }
    if decimals > 0 {
        put(b'.');
    }
    loop {
        let (digit, more) = last();
        put(digit);
        if !more {
            break;
        }
    }
    if value < 0 {
        put(b'-');
    }
    out.extend_from_slice(block.get(block.len() - length..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text once more, and how long it was packed; `None` if it was not.
    fn again(text: &str) -> Option<(String, usize)> {
        let (mut packed, mut out) = (Vec::new(), Vec::new());
        pack(text.as_bytes(), &mut packed)?;
        unpack(&packed, &mut out, text.len()).unwrap();
        Some((String::from_utf8(out).unwrap(), packed.len()))
    }

    #[test]
    fn lists_of_numbers_get_shorter() {
        for (text, most) in [
            (
                "2.3064;3.5126;1.7294;1.4435;2.7147;3.5586;2.06;2;3.77;0.0701",
                28,
            ),
            ("0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", 16),
            ("1.50 2.00 -3.25 4.00 0.00 1.75 2.25 99.50", 20),
            ("7;7;7;7;7;7;7;7;7;7;7;7;7;7;7;7;7;7;7;7", 5),
            ("-0.000000001;999999.999999999;0;-999999.999999999", 38),
        ] {
            let (read, packed) = again(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(read, text);
            assert!(packed <= most, "{text}: {packed}");
        }
    }

    #[test]
    fn what_would_be_written_otherwise_is_no_list() {
        let list = |number: &str| format!("{number};1.5;2.25;3.5;4.5;5.5;6.5;7.5;8.5;9.5");
        assert!(again(&list("1")).is_some());
        for number in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "-.5",
            "01",
            "00",
            "-0",
            "-0.0",
            "1.50",
            "1e3",
            "+1",
            "1.2.3",
            "--1",
            "1-",
            "1234567890123456",
            "0.0000000001",
            "999999999999999.5",
            "NaN",
            "1 ",
        ] {
            assert_eq!(again(&list(number)), None, "{number}");
        }
        for text in [
            "1;2;3",
            "1å2å3å4å5å6å7å8å9å10å11å12å13å14",
            "1;2;3;4;5;6;7;8;9;10;11;12;13,14;15;16",
        ] {
            assert_eq!(again(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_packed_text_is_refused() {
        let mut packed = Vec::new();
        let text = "1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16";
        pack(text.as_bytes(), &mut packed).unwrap();
        assert_eq!(unpack(&packed, &mut Vec::new(), text.len() - 1), None);
        for cut in 0..packed.len() {
            assert_eq!(
                unpack(packed.get(..cut).unwrap(), &mut Vec::new(), 1000),
                None
            );
        }
        packed.push(0);
        assert_eq!(unpack(&packed, &mut Vec::new(), 1000), None);
        // Numbers that take no bits end where the limit does.
        let mut bomb = vec![b';', 0, 2, 0];
        push_number(&mut bomb, u64::MAX >> 1);
        let mut out = Vec::new();
        assert_eq!(unpack(&bomb, &mut out, 1000), None);
        assert!(out.len() < 1100);
    }

    proptest! {
        #[test]
        fn packed_texts_survive(
            numbers in proptest::collection::vec((-2_000_000i64..2_000_000, 0..4u8), 8..60),
            separator in "[;,| \t:/a]",
            fixed: bool,
            scale in 0..9u32,
        ) {
            let texts: Vec<_> = numbers.iter().map(|(number, decimals)| {
                let decimals = usize::from(if fixed { 3 } else { *decimals });
                let number = number * 10i64.pow(scale);
                format!("{:.decimals$}", number as f64 / 1000.0)
            }).collect();
            let text = texts.join(&separator);
            if let Some((read, packed)) = again(&text) {
                prop_assert_eq!(&read, &text);
                prop_assert!(packed < text.len());
            }
        }

        #[test]
        fn texts_that_look_like_lists_survive(text in "[0-9.;-]{32,80}") {
            if let Some((read, _)) = again(&text) {
                prop_assert_eq!(read, text);
            }
        }

        #[test]
        fn any_bytes_are_unpacked_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut out = Vec::new();
            let _ = unpack(&bytes, &mut out, 10_000);
            prop_assert!(out.len() < 10_100);
        }
    }
}
