//! Texts of a known form in binary. A form is recognised only if writing it out again gives the
//! same text to the last character.

/// `2026-01-31T23:59:59.999+00:00`, or with `Z`: milliseconds since 1970, and whether with `Z`.
pub(super) fn parse_time(text: &[u8]) -> Option<(i64, bool)> {
    let (clock, zone) = text.split_at_checked(23)?;
    let utc = match zone {
        b"Z" => true,
        b"+00:00" => false,
        _ => return None,
    };
    let number = |range: std::ops::Range<usize>| {
        clock.get(range)?.iter().try_fold(0i64, |sum, digit| {
            digit
                .is_ascii_digit()
                .then(|| sum * 10 + i64::from(digit - b'0'))
        })
    };
    for (at, sign) in [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'.'),
    ] {
        if clock.get(at) != Some(&sign) {
            return None;
        }
    }
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let milli = number(20..23)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_month = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days_of_month).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_from_date(year, month, day);
    let millis = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + milli;
    Some((millis, utc))
}

/// Writes a time out; `None` beyond the years 0 to 9999.
pub(super) fn format_time(millis: i64, utc: bool) -> Option<([u8; 29], usize)> {
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    if !(-719_528..=2_932_896).contains(&days) {
        return None;
    }
    let (year, month, day) = date_from_days(days);
    // What is left of a day fits 32 bits, whose divisions by constants are multiplications.
    let (date, rest) = ([year as u32, month as u32, day as u32], rest as u32);
    let (seconds, millis) = (rest / 1000, rest % 1000);
    let two = |number: u32| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
    let mut text = *b"0000-00-00T00:00:00.000+00:00";
    [text[0], text[1]] = two(date[0] / 100);
    [text[2], text[3]] = two(date[0] % 100);
    [text[5], text[6]] = two(date[1]);
    [text[8], text[9]] = two(date[2]);
    [text[11], text[12]] = two(seconds / 3600);
    [text[14], text[15]] = two(seconds / 60 % 60);
    [text[17], text[18]] = two(seconds % 60);
    text[20] = b'0' + (millis / 100) as u8;
    [text[21], text[22]] = two(millis % 100);
    if utc {
        text[23] = b'Z';
    }
    Some((text, if utc { 24 } else { 29 }))
}

/// Days since 1970 in the Gregorian calendar (Hinnant, "chrono-compatible date algorithms").
fn days_from_date(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[inline]
fn date_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day = days - era * 146_097;
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// A UUID in small letters.
pub(super) fn parse_uuid(text: &[u8]) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.try_into().ok()?;
    let mut uuid = [0; 16];
    let mut at = 0;
    for (n, byte) in uuid.iter_mut().enumerate() {
        if matches!(n, 4 | 6 | 8 | 10) {
            if text.get(at) != Some(&b'-') {
                return None;
            }
            at += 1;
        }
        let digit = |at: usize| match text.get(at)? {
            digit @ b'0'..=b'9' => Some(digit - b'0'),
            digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        *byte = digit(at)? << 4 | digit(at + 1)?;
        at += 2;
    }
    Some(uuid)
}

pub(super) fn format_uuid(uuid: [u8; 16]) -> [u8; 36] {
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (n, byte) in uuid.into_iter().enumerate() {
        at += usize::from(matches!(n, 4 | 6 | 8 | 10));
        for (offset, digit) in [byte >> 4, byte & 15].into_iter().enumerate() {
            let letter = if digit < 10 { b'0' } else { b'a' - 10 };
            if let Some(place) = text.get_mut(at + offset) {
                *place = letter + digit;
            }
        }
        at += 2;
    }
    text
}

const GUID_PREFIX: &[u8] = b"ID#:";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What each byte is worth as a digit of base 64; 64 if it is none.
const WORTH: [u8; 256] = {
    let mut worth = [64; 256];
    let mut digit = 0;
    while digit < BASE64.len() {
        worth[BASE64[digit] as usize] = digit as u8;
        digit += 1;
    }
    worth
};

/// `ID#:` and 22 digits of base 64, as TestStand names steps: 132 bits in 17 bytes.
pub(super) fn parse_guid(text: &[u8]) -> Option<[u8; 17]> {
    let digits: &[u8; 22] = text.strip_prefix(GUID_PREFIX)?.try_into().ok()?;
    let (first, rest) = digits.split_first_chunk::<20>()?;
    let mut worst = 0;
    // Ten digits fill 60 bits.
    let mut pack = |digits: &[u8]| {
        digits.iter().fold(0u64, |sum, digit| {
            let worth = WORTH.get(usize::from(*digit)).copied().unwrap_or(64);
            worst |= worth;
            sum << 6 | u64::from(worth)
        })
    };
    let (a, b) = first.split_at(10);
    let high128 = u128::from(pack(a)) << 60 | u128::from(pack(b));
    let low64 = pack(rest);
    if worst >= 64 {
        return None;
    }
    let mut guid = [0; 17];
    let (high, low) = guid.split_at_mut(15);
    high.copy_from_slice(high128.to_be_bytes().last_chunk::<15>()?);
    low.copy_from_slice(low64.to_be_bytes().last_chunk::<2>()?);
    Some(guid)
}

/// `None` for bits beyond the 132.
pub(super) fn format_guid(guid: [u8; 17]) -> Option<[u8; 26]> {
    let (high, low) = guid.split_first_chunk::<15>()?;
    let mut text = [0; 26];
    let (prefix, digits) = text.split_at_mut(GUID_PREFIX.len());
    prefix.copy_from_slice(GUID_PREFIX);
    let (first, rest) = digits.split_at_mut(20);
    let unpack = |into: &mut [u8], bytes: &[u8]| {
        let mut sum = bytes
            .iter()
            .fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
        for place in into.iter_mut().rev() {
            *place = BASE64.get((sum & 63) as usize).copied().unwrap_or_default();
            sum >>= 6;
        }
        sum == 0
    };
    (unpack(first, high) && unpack(rest, low)).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(text: &str) -> Option<String> {
        let (millis, utc) = parse_time(text.as_bytes())?;
        let (bytes, length) = format_time(millis, utc).unwrap();
        Some(String::from_utf8(bytes[..length].to_vec()).unwrap())
    }

    #[test]
    fn times_are_known_only_in_one_form() {
        for text in [
            "1970-01-01T00:00:00.000Z",
            "2024-02-29T23:59:59.999+00:00",
            "0000-01-01T00:00:00.001Z",
            "9999-12-31T23:59:59.999+00:00",
            "1900-03-01T12:34:56.789Z",
        ] {
            assert_eq!(time(text).as_deref(), Some(text));
        }
        assert_eq!(
            parse_time(b"1970-01-02T00:00:00.001Z"),
            Some((86_400_001, true))
        );
        for text in [
            "2023-02-29T00:00:00.000Z",
            "2023-13-01T00:00:00.000Z",
            "2023-00-01T00:00:00.000Z",
            "2023-01-00T00:00:00.000Z",
            "2023-04-31T00:00:00.000Z",
            "2023-01-01T24:00:00.000Z",
            "2023-01-01T00:60:00.000Z",
            "2023-01-01T00:00:60.000Z",
            "2023-01-01T00:00:00.000z",
            "2023-01-01T00:00:00.000+01:00",
            "2023-01-01 00:00:00.000Z",
            "2023-01-01T00:00:00,000Z",
            "2023-01-01T00:00:00.00Z",
            "+023-01-01T00:00:00.000Z",
            "",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
        assert_eq!(format_time(i64::MIN, true), None);
        assert_eq!(format_time(i64::MAX, false), None);
    }

    proptest! {
        #[test]
        fn forms_survive(
            millis in -62_167_219_200_000..=253_402_300_799_999i64,
            utc: bool,
            uuid: [u8; 16],
            guid: [u8; 17],
        ) {
            let (text, length) = format_time(millis, utc).unwrap();
            prop_assert_eq!(parse_time(&text[..length]), Some((millis, utc)));
            prop_assert_eq!(parse_uuid(&format_uuid(uuid)), Some(uuid));
            match format_guid(guid) {
                Some(text) => prop_assert_eq!(parse_guid(&text), Some(guid)),
                None => prop_assert!(guid[15] >= 16),
            }
        }

        #[test]
        fn nearly_forms_survive_or_are_unknown(
            text in "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            guid in "ID#:[A-Za-z0-9+/=_]{22}",
        ) {
            if let Some(uuid) = parse_uuid(text.as_bytes()) {
                prop_assert_eq!(&format_uuid(uuid)[..], text.as_bytes());
            }
            if let Some(packed) = parse_guid(guid.as_bytes()) {
                prop_assert_eq!(&format_guid(packed).unwrap()[..], guid.as_bytes());
            }
        }
    }
}
