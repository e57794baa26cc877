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

/// What stands in place of the length of a text that is packed; of others it is their length and one more.
pub(super) const PACKED: usize = 0;

/// A shorter text gains next to nothing.
const SHORTEST: usize = 32;

/// A number has no more digits than this, so that what is above the least one fits beside seven bits.
const MOST_DIGITS: u32 = 15;
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
#[derive(Default)]
pub(super) struct Packed {
    /// Which they are, in their order.
    pub(super) numbers: Vec<u32>,
    /// Each of them, with its length before it.
    pub(super) section: Vec<u8>,
}

impl Packed {
    pub(super) fn of(texts: &Texts) -> Self {
        let mut found = Self::default();
        let (mut numbers, mut one) = (Vec::new(), Vec::new());
        let mut start = 0;
        for (number, end) in (0..).zip(&texts.ends) {
            let whole = start..*end;
            start = *end;
            // Most are told by their length.
            if whole.len() < SHORTEST {
                continue;
            }
            let text = texts.joined.get(whole).unwrap_or_default();
            if !matches!(text.first(), Some(b'0'..=b'9' | b'-')) {
                continue;
            }
            one.clear();
            if pack(text, &mut numbers, &mut one).is_some() {
                found.numbers.push(number);
                push_number(&mut found.section, one.len() as u64);
                found.section.extend_from_slice(&one);
            }
        }
        found
    }

    /// The section of all texts, in parts: how many there are, [`PACKED`] or the length of each, and those that are not packed.
    pub(super) fn others<'a>(&self, texts: &'a Texts, lengths: &'a mut Vec<u8>) -> Vec<&'a [u8]> {
        lengths.clear();
        lengths.reserve(texts.ends.len() + size_of::<u64>());
        push_number(lengths, texts.ends.len() as u64);
        let mut parts: Vec<&[u8]> = vec![&[]];
        let mut packed = self.numbers.iter().peekable();
        let (mut before, mut begin) = (0, 0);
        for (number, end) in (0..).zip(&texts.ends) {
            if packed.next_if_eq(&&number).is_some() {
                push_number(lengths, PACKED as u64);
                parts.push(texts.joined.get(begin..before).unwrap_or_default());
                begin = *end;
            } else {
                push_number(lengths, (end - before) as u64 + 1);
            }
            before = *end;
        }
        parts.push(texts.joined.get(begin..).unwrap_or_default());
        if let Some(first) = parts.first_mut() {
            *first = lengths;
        }
        parts
    }
}

/// A number as it stands in a text.
struct Number {
    digits: i64,
    decimals: u8,
}

/// Packs the text at the end of `out`, if it is a list of numbers and gets shorter. `numbers` is room for them.
fn pack(text: &[u8], numbers: &mut Vec<Number>, out: &mut Vec<u8>) -> Option<()> {
    let in_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'.');
    let separator = text.iter().copied().find(|byte| !in_number(byte))?;
    if !separator.is_ascii() {
        return None;
    }
    numbers.clear();
    let (decimals, fixed) = read(text, separator, numbers)?;
    let (mut least, mut most) = (i64::MAX, i64::MIN);
    for number in &mut *numbers {
        // No number has more than the most digits then: see `read`.
        number.digits *= POWERS.get(usize::from(decimals - number.decimals))?;
        least = least.min(number.digits);
        most = most.max(number.digits);
    }
    let width = u64::BITS - most.abs_diff(least).leading_zeros();

    let start = out.len();
    out.extend_from_slice(&[separator, decimals * 2 + u8::from(fixed)]);
    push_number(out, zigzag(least));
    out.push(width as u8);
    push_number(out, numbers.len() as u64);
    let (mut bits, mut filled) = (0u64, 0);
    for number in &*numbers {
        bits |= number.digits.abs_diff(least) << filled;
        filled += width;
        // Eight bytes are one store; those that are not full yet go again.
        let end = out.len() + filled as usize / 8;
        out.extend_from_slice(&bits.to_le_bytes());
        out.truncate(end);
        bits >>= filled & !7;
        filled &= 7;
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

/// Reads the numbers of a list that can be written again from their digits and decimals alone. The most decimals that one
/// has, and whether all have so many.
fn read(text: &[u8], separator: u8, numbers: &mut Vec<Number>) -> Option<(u8, bool)> {
    // A bit for every count of decimals, and of digits before them, that some number has.
    let (mut decimals, mut wholes, mut padded) = (0u32, 0u32, false);
    let mut rest = text;
    loop {
        let Read {
            number,
            whole,
            length,
        } = match Read::short(rest) {
            Some(read) => read,
            None => Read::long(rest)?,
        };
        decimals |= 1 << number.decimals;
        wholes |= 1 << whole;
        padded |= number.decimals > 0 && number.digits % 10 == 0;
        numbers.push(number);
        match rest.get(length..)?.split_first() {
            None => break,
            Some((byte, after)) if *byte == separator => rest = after,
            Some(_) => return None,
        }
    }
    let [most, whole] = [decimals, wholes].map(|counts| u32::BITS - 1 - counts.leading_zeros());
    let fixed = decimals.is_power_of_two();
    // With as many decimals as the longest of them, each is still short enough.
    let list = whole + most <= MOST_DIGITS && (fixed || !padded);
    list.then_some((most as u8, fixed))
}

/// A number that is written as it stands in a text.
struct Read {
    number: Number,
    /// How many digits come before its point.
    whole: u32,
    length: usize,
}

impl Read {
    /// The number at the begin of a text, if it ends within eight bytes.
    #[inline]
    fn short(text: &[u8]) -> Option<Self> {
        let word = u64::from_le_bytes(*text.first_chunk()?);
        let negative = word as u8 == b'-';
        let word = if negative { word >> 8 } else { word };
        let values = word ^ u64::from_le_bytes([b'0'; 8]);
        let whole = digits_before(values);
        let has_point = values.checked_shr(8 * whole)? as u8 == b'.' ^ b'0';
        let (digits, count) = if has_point {
            let before = (1 << (8 * whole)) - 1;
            let joined = values & before | values >> 8 & !before;
            (joined, digits_before(joined))
        } else {
            (values, whole)
        };
        let length = count + u32::from(negative) + u32::from(has_point);
        let bare = has_point && count == whole;
        let leading_zero = whole > 1 && values as u8 == 0;
        if length >= u64::BITS / 8 || whole == 0 || bare || leading_zero {
            return None;
        }
        // Zeros come before the digits, then each pair is one number, and each pair of these.
        let ones = digits << (u64::BITS - 8 * count);
        let pairs = (ones * 10 + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
        let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
        let digits = ((fours * 10_000 + (fours >> 32)) & 0xffff_ffff).cast_signed();
        if negative && digits == 0 {
            return None;
        }
        let number = Number {
            digits: if negative { -digits } else { digits },
            decimals: (count - whole) as u8,
        };
        let length = length as usize;
        Some(Self {
            number,
            whole,
            length,
        })
    }

    /// The same of any length.
    fn long(text: &[u8]) -> Option<Self> {
        let unsigned = text.strip_prefix(b"-").unwrap_or(text);
        let negative = unsigned.len() < text.len();
        let (mut digits, mut count, mut point, mut end) = (0i64, 0, None, unsigned.len());
        for (at, byte) in unsigned.iter().enumerate() {
            match byte {
                b'0'..=b'9' if count < MOST_DIGITS => {
                    digits = digits * 10 + i64::from(byte - b'0');
                    count += 1;
                }
                b'.' if point.is_none() => point = Some(count),
                _ => {
                    end = at;
                    break;
                }
            }
        }
        let whole = point.unwrap_or(count);
        let decimals = count - whole;
        let bare = point.is_some() && decimals == 0;
        let leading_zero = whole > 1 && unsigned.first() == Some(&b'0');
        if whole == 0
            || decimals > u32::from(MOST_DECIMALS)
            || bare
            || leading_zero
            || (negative && digits == 0)
        {
            return None;
        }
        let number = Number {
            digits: if negative { -digits } else { digits },
            decimals: decimals as u8,
        };
        Some(Self {
            number,
            whole,
            length: end + usize::from(negative),
        })
    }
}

/// How many bytes come before the first that is no digit, of eight without the value of `0`.
#[inline]
fn digits_before(values: u64) -> u32 {
    // What is no digit reaches the eighth bit of its byte, and may reach into those that come after it.
    let reached = values.wrapping_add(u64::from_le_bytes([0x80 - 10; 8])) | values;
    (reached & u64::from_le_bytes([0x80; 8])).trailing_zeros() / 8
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
        pack(text.as_bytes(), &mut Vec::new(), &mut packed)?;
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
        pack(text.as_bytes(), &mut Vec::new(), &mut packed).unwrap();
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
