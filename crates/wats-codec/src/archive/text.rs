//! Texts of a known form in binary. A form is recognised only if writing it out again gives the
//! same text to the last character.

/// No text of a known form is shorter.
pub(super) const SHORTEST: usize = 24;

/// `2026-01-31T23:59:59.999+00:00`, or with `Z`: milliseconds since 1970, and whether with `Z`.
pub(super) fn parse_time(text: &[u8]) -> Option<(i64, bool)> {
    let (clock, zone) = text.split_first_chunk()?;
    let utc = match zone {
        b"Z" => true,
        b"+00:00" => false,
        _ => return None,
    };
    Some((parse_clock(clock)?, utc))
}

/// In which zone a time is told, and how that is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Zone {
    /// `Z`
    Utc,
    /// So many minutes east, as `+01:00`.
    Minutes(i64),
}

/// A hundred nanoseconds.
const TICKS_OF_MILLI: i64 = 10_000;
const TICKS_OF_MINUTE: i64 = 60_000 * TICKS_OF_MILLI;
const MINUTES_OF_DAY: i64 = 24 * 60;

/// `2026-01-31T23:59:59.9999999+01:00`, or with `Z`: in units of 100 ns since 1970 in UTC, and its zone.
pub(super) fn parse_exact_time(text: &[u8]) -> Option<(i64, Zone)> {
    let (clock, rest) = text.split_first_chunk()?;
    let (last, zone) = rest.split_first_chunk()?;
    let [a, b, c, d] = last.map(|digit| i64::from(digit.wrapping_sub(b'0')));
    if [a, b, c, d].into_iter().any(|digit| digit > 9) {
        return None;
    }
    let last = (a * 10 + b) * 100 + c * 10 + d;
    let told = parse_clock(clock)? * TICKS_OF_MILLI + last;
    let zone = match zone {
        b"Z" => Zone::Utc,
        // The rest has the form of the end of a clock.
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
            let digits = digits(&[*h0, *h1, b':', *m0, *m1, b'.', b'0', b'0'], *b"00:00.00")?;
            let (hours, minutes) = (two_of(digits, 0), two_of(digits, 3));
            let minutes = match (sign, i64::from(hours * 60 + minutes)) {
                _ if hours > 23 || minutes > 59 => return None,
                // UTC is written with a plus.
                (b'-', 0) => return None,
                (b'-', minutes) => -minutes,
                (_, minutes) => minutes,
            };
            Zone::Minutes(minutes)
        }
        _ => return None,
    };
    Some((told - zone.ticks(), zone))
}

impl Zone {
    fn ticks(self) -> i64 {
        match self {
            Self::Utc => 0,
            Self::Minutes(minutes) => minutes * TICKS_OF_MINUTE,
        }
    }
}

/// `2026-01-31T23:59:59.999`, in milliseconds since 1970.
fn parse_clock(clock: &[u8; 23]) -> Option<i64> {
    let date = digits(clock.first_chunk()?, *b"0000-00-")?;
    let hours = digits(clock.get(8..)?.first_chunk()?, *b"00T00:00")?;
    // Begins with the last digit of the minute once more.
    let seconds = digits(clock.last_chunk()?, *b"0:00.000")?;
    let (year, month) = (two_of(date, 0) * 100 + two_of(date, 2), two_of(date, 5));
    let (day, hour, minute) = (two_of(hours, 0), two_of(hours, 3), two_of(hours, 6));
    let (second, millis) = (
        two_of(seconds, 2),
        two_of(seconds, 5) * 10 + (seconds >> 56) as u32,
    );
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_month = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days_of_month).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let millis = ((hour * 60 + minute) * 60 + second) * 1000 + millis;
    let days = days_from_date(year, month, day);
    Some(days * MILLIS_OF_DAY + i64::from(millis))
}

/// The digits of a text, a byte each, if it has digits where the form has `0` and equals the form elsewhere.
#[inline]
fn digits(text: &[u8; 8], form: [u8; 8]) -> Option<u64> {
    let digits = u64::from_le_bytes(*text) ^ u64::from_le_bytes(form);
    // What must be added to the least wrong value to reach the eighth bit.
    let to_wrong = form.map(|letter| if letter == b'0' { 0x80 - 10 } else { 0x80 - 1 });
    let wrong = digits.wrapping_add(u64::from_le_bytes(to_wrong)) | digits;
    (wrong & 0x8080_8080_8080_8080 == 0).then_some(digits)
}

/// The number of the two digits from `at` on.
#[inline]
fn two_of(digits: u64, at: u32) -> u32 {
    let pairs = digits * 10 + (digits >> 8);
    (pairs >> (8 * at)) as u32 & 0xff
}

const MILLIS_OF_DAY: i64 = 86_400_000;

/// Days since 1970 in the Gregorian calendar (Hinnant, "chrono-compatible date algorithms"), counted
/// from 400 years before the year 0, so that no number is negative.
fn days_from_date(year: u32, month: u32, day: u32) -> i64 {
    let year = year + 400 - u32::from(month <= 2);
    let (era, year_of_era) = (year / 400, year % 400);
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    i64::from(day) - 719_468 - 146_097
}

/// The year, month and day of a day from the year 0 to 9999.
#[inline]
fn date_from_days(days: i64) -> (u32, u32, u32) {
    let days = (days + 719_468 + 146_097) as u32;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u32::from(month <= 2);
    (year - 400, month, day)
}

/// A UUID in small letters.
pub(super) fn parse_uuid(text: &[u8]) -> Option<[u8; 16]> {
    let (first, rest) = text.split_first_chunk::<8>()?;
    let [
        b'-',
        a0,
        a1,
        a2,
        a3,
        b'-',
        b0,
        b1,
        b2,
        b3,
        b'-',
        c0,
        c1,
        c2,
        c3,
        b'-',
        last @ ..,
    ] = rest
    else {
        return None;
    };
    let middle = [a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3].map(|digit| *digit);
    let last: &[u8; 12] = last.try_into().ok()?;
    let mut worst = 0;
    let mut pack = |digits: &[u8]| {
        digits.iter().fold(0u64, |sum, digit| {
            let value = HEX.get(usize::from(*digit)).copied().unwrap_or(16);
            worst |= value;
            sum << 4 | u64::from(value)
        })
    };
    let (first, middle, last) = (pack(first), pack(&middle), pack(last));
    let uuid = u128::from(first) << 96 | u128::from(middle) << 48 | u128::from(last);
    (worst < 16).then(|| uuid.to_be_bytes())
}

/// The value of each byte as a hexadecimal digit in small letters; 16 if it is none.
const HEX: [u8; 256] = values(b"0123456789abcdef");

const GUID_PREFIX: &[u8] = b"ID#:";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The value of each byte as a digit of base 64; 64 if it is none.
const VALUE: [u8; 256] = values(BASE64);

/// The value of each byte as one of these digits; their number if it is none.
const fn values(digits: &[u8]) -> [u8; 256] {
    let mut values = [digits.len() as u8; 256];
    let mut digit = 0;
    while digit < digits.len() {
        values[digits[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
}

/// `ID#:` and 22 digits of base 64, as TestStand names steps: 132 bits in 17 bytes.
pub(super) fn parse_guid(text: &[u8]) -> Option<[u8; 17]> {
    let digits: &[u8; 22] = text.strip_prefix(GUID_PREFIX)?.try_into().ok()?;
    let (first, rest) = digits.split_first_chunk::<20>()?;
    let mut worst = 0;
    // Ten digits fill 60 bits.
    let mut pack = |digits: &[u8]| {
        digits.iter().fold(0u64, |sum, digit| {
            let value = VALUE.get(usize::from(*digit)).copied().unwrap_or(64);
            worst |= value;
            sum << 6 | u64::from(value)
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

/// A text of one of the forms, written out.
#[derive(Default)]
pub(super) struct Form {
    block: Block,
    length: usize,
}

/// Room for the longest of them, placed and sized as the check of UTF-8 likes it.
#[repr(align(16))]
struct Block([u8; 48]);

impl Default for Block {
    fn default() -> Self {
        Self([0; 48])
    }
}

impl Form {
    #[inline]
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.block.0).ok()?.get(..self.length)
    }

    #[inline]
    fn begin<const N: usize>(&mut self, template: &[u8; N]) -> Option<&mut [u8; N]> {
        let text = self.block.0.first_chunk_mut()?;
        *text = *template;
        self.length = N;
        Some(text)
    }

    /// Milliseconds since 1970; `None` beyond the years 0 to 9999.
    pub(super) fn time(&mut self, millis: i64, utc: bool) -> Option<()> {
        let text = self.begin(b"0000-00-00T00:00:00.000+00:00")?;
        write_clock(text.first_chunk_mut()?, millis)?;
        if utc {
            text[23] = b'Z';
            self.length = 24;
        }
        Some(())
    }

    /// In units of 100 ns since 1970 in UTC; `None` beyond the years 0 to 9999, and for a zone of a day and more.
    pub(super) fn exact_time(&mut self, ticks: i64, zone: Zone) -> Option<()> {
        if let Zone::Minutes(minutes) = zone
            && minutes.unsigned_abs() >= MINUTES_OF_DAY.unsigned_abs()
        {
            return None;
        }
        let told = ticks.checked_add(zone.ticks())?;
        let text = self.begin(b"0000-00-00T00:00:00.0000000+00:00")?;
        write_clock(text.first_chunk_mut()?, told.div_euclid(TICKS_OF_MILLI))?;
        let last = told.rem_euclid(TICKS_OF_MILLI) as u32;
        [text[23], text[24]] = two(last / 100);
        [text[25], text[26]] = two(last % 100);
        match zone {
            Zone::Utc => {
                text[27] = b'Z';
                self.length = 28;
            }
            Zone::Minutes(minutes) => {
                text[27] = if minutes < 0 { b'-' } else { b'+' };
                let minutes = minutes.unsigned_abs() as u32;
                [text[28], text[29]] = two(minutes / 60);
                [text[31], text[32]] = two(minutes % 60);
            }
        }
        Some(())
    }

    pub(super) fn uuid(&mut self, uuid: [u8; 16]) -> Option<()> {
        let text = self.begin(&[b'-'; 36])?;
        let mut at = 0;
        for (n, byte) in uuid.into_iter().enumerate() {
            at += usize::from(matches!(n, 4 | 6 | 8 | 10));
            for (offset, digit) in [byte >> 4, byte & 15].into_iter().enumerate() {
                let letter = if digit < 10 { b'0' } else { b'a' - 10 };
                *text.get_mut(at + offset)? = letter + digit;
            }
            at += 2;
        }
        Some(())
    }

    /// `None` for bits beyond the 132.
    pub(super) fn guid(&mut self, guid: [u8; 17]) -> Option<()> {
        let (high, low) = guid.split_first_chunk::<15>()?;
        let low = u64::from(u16::from_be_bytes(low.try_into().ok()?));
        if low >= 1 << 12 {
            return None;
        }
        let mut wide = [0; 16];
        *wide.last_chunk_mut()? = *high;
        let high = u128::from_be_bytes(wide);
        let text = self.begin(b"ID#:0000000000000000000000")?;
        let (first, rest) = text.get_mut(GUID_PREFIX.len()..)?.split_at_mut(20);
        let (a, b) = first.split_at_mut(10);
        let unpack = |into: &mut [u8], mut sum: u64| {
            for place in into.iter_mut().rev() {
                *place = BASE64.get((sum & 63) as usize).copied().unwrap_or_default();
                sum >>= 6;
            }
        };
        // Ten digits fill 60 bits; what stands above is left over.
        unpack(a, (high >> 60) as u64);
        unpack(b, high as u64);
        unpack(rest, low);
        Some(())
    }
}

/// Fills in the digits of `0000-00-00T00:00:00.000`, from milliseconds since 1970.
#[inline]
fn write_clock(text: &mut [u8; 23], millis: i64) -> Option<()> {
    let days = millis.div_euclid(MILLIS_OF_DAY);
    let rest = millis.rem_euclid(MILLIS_OF_DAY) as u32;
    if !(-719_528..=2_932_896).contains(&days) {
        return None;
    }
    let (year, month, day) = date_from_days(days);
    let (seconds, millis) = (rest / 1000, rest % 1000);
    [text[0], text[1]] = two(year / 100);
    [text[2], text[3]] = two(year % 100);
    [text[5], text[6]] = two(month);
    [text[8], text[9]] = two(day);
    [text[11], text[12]] = two(seconds / 3600);
    [text[14], text[15]] = two(seconds / 60 % 60);
    [text[17], text[18]] = two(seconds % 60);
    text[20] = b'0' + (millis / 100) as u8;
    [text[21], text[22]] = two(millis % 100);
    Some(())
}

/// A number below 100.
#[inline]
fn two(number: u32) -> [u8; 2] {
    [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(text: &str) -> Option<String> {
        let (millis, utc) = parse_time(text.as_bytes())?;
        let mut form = Form::default();
        form.time(millis, utc).unwrap();
        Some(form.text().unwrap().to_owned())
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
        let mut form = Form::default();
        assert_eq!(form.time(i64::MIN, true), None);
        assert_eq!(form.time(i64::MAX, false), None);
    }

    #[test]
    fn exact_times_are_known_only_in_one_form() {
        for text in [
            "1970-01-01T00:00:00.0000000Z",
            "2026-01-30T22:01:41.4707353+01:00",
            "2026-01-30T22:01:41.4707353-03:30",
            "2026-01-30T22:01:41.4707353+00:00",
            // Beyond the years of four digits in UTC, but not as they are told.
            "0000-01-01T00:00:00.0000001+23:59",
            "9999-12-31T23:59:59.9999999-23:59",
        ] {
            let (ticks, zone) = parse_exact_time(text.as_bytes()).unwrap();
            let mut form = Form::default();
            form.exact_time(ticks, zone).unwrap();
            assert_eq!(form.text(), Some(text));
        }
        let known = |text: &str| parse_exact_time(text.as_bytes());
        assert_eq!(
            known("1970-01-01T01:00:01.0000001+01:00"),
            Some((10_000_001, Zone::Minutes(60)))
        );
        for text in [
            "2026-01-30T22:01:41.4707353-00:00",
            "2026-01-30T22:01:41.4707353+24:00",
            "2026-01-30T22:01:41.4707353+01:60",
            "2026-01-30T22:01:41.4707353+0100 ",
            "2026-01-30T22:01:41.4707353 01:00",
            "2026-01-30T22:01:41.4707353+1 :00",
            "2026-01-30T22:01:41.470735 +01:00",
            "2026-01-30T22:01:41.470735:Z",
            "2026-02-29T22:01:41.4707353Z",
            "2026-01-30T22:01:41.4707353z",
            "2026-01-30T22:01:41.470735Z",
        ] {
            assert_eq!(known(text), None, "{text}");
        }
        let mut form = Form::default();
        for (ticks, zone) in [
            (i64::MAX, Zone::Utc),
            (i64::MIN, Zone::Minutes(-60)),
            (0, Zone::Minutes(MINUTES_OF_DAY)),
            (0, Zone::Minutes(i64::MIN)),
        ] {
            assert_eq!(form.exact_time(ticks, zone), None);
        }
    }

    proptest! {
        #[test]
        fn forms_survive(
            millis in -62_167_219_200_000..=253_402_300_799_999i64,
            utc: bool,
            uuid: [u8; 16],
            guid: [u8; 17],
        ) {
            let mut form = Form::default();
            let zone = if utc {
                Zone::Utc
            } else {
                Zone::Minutes(i64::from(guid[0]) * 11 - 1400)
            };
            let ticks = millis * TICKS_OF_MILLI + i64::from(guid[1]) * 39;
            if form.exact_time(ticks, zone).is_some() {
                let text = form.text().unwrap().as_bytes();
                prop_assert_eq!(parse_exact_time(text), Some((ticks, zone)));
            }
            form.time(millis, utc).unwrap();
            prop_assert_eq!(parse_time(form.text().unwrap().as_bytes()), Some((millis, utc)));
            form.uuid(uuid).unwrap();
            prop_assert_eq!(parse_uuid(form.text().unwrap().as_bytes()), Some(uuid));
            match form.guid(guid) {
                Some(()) => prop_assert_eq!(parse_guid(form.text().unwrap().as_bytes()), Some(guid)),
                None => prop_assert!(guid[15] >= 16),
            }
        }

        #[test]
        fn nearly_forms_survive_or_are_unknown(
            text in "[0-9a-fA-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
            guid in "ID#:[A-Za-z0-9+/=_]{22}",
        ) {
            if let Some(uuid) = parse_uuid(text.as_bytes()) {
                let mut form = Form::default();
                form.uuid(uuid).unwrap();
                prop_assert_eq!(form.text(), Some(&*text));
            }
            if let Some(packed) = parse_guid(guid.as_bytes()) {
                let mut form = Form::default();
                form.guid(packed).unwrap();
                prop_assert_eq!(form.text(), Some(&*guid));
            }
        }
    }
}
