//! Times of reports: kept as text, so that a report read is a report written, and made from one instant.

use std::fmt;

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ZonedDateTime};
use serde::{Deserialize, Serialize};
use wats_codec::fast::Sink;

use crate::wire::Member;
use crate::wire::slot::ValueRef;

/// A moment as it stands in a report, with its offset and its number of decimals.
///
/// Servers export seven decimals, some clients three, some none; keeping the text is what keeps them all.
///
/// ```
/// use wats_report::ReportTime;
///
/// let time = ReportTime::from("2026-01-30T22:01:41.4707353+01:00");
/// assert_eq!(time.timestamp()?.to_string(), "2026-01-30T21:01:41.4707353Z");
/// # Ok::<(), wats_report::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReportTime(String);

impl ReportTime {
    /// Local time with offset, as `start` carries it.
    pub fn local(moment: &ZonedDateTime) -> Self {
        Self::local_at(moment.timestamp(), moment.offset())
    }

    /// The same moment in UTC, as `startUTC` carries it.
    pub fn utc(moment: &ZonedDateTime) -> Self {
        let moment = moment.timestamp();
        let text = Digits::of(moment, Offset::UTC).and_then(|digits| digits.with("Z"));
        Self(text.unwrap_or_else(|| moment.strftime("%Y-%m-%dT%H:%M:%S%.7fZ").to_string()))
    }

    /// As [`local`](Self::local), of a moment and the offset that is in force then.
    pub(crate) fn local_at(moment: Timestamp, offset: Offset) -> Self {
        let text = Digits::of(moment, offset).and_then(|digits| digits.with_offset(offset));
        Self(text.unwrap_or_else(|| {
            let moment = moment.to_zoned_datetime(TimeZone::fixed(offset));
            moment.strftime("%Y-%m-%dT%H:%M:%S%.7f%:z").to_string()
        }))
    }

    /// The text as it stands in the report.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The moment.
    ///
    /// # Errors
    /// [`Error::Data`](crate::Error::Data) when the text is no time with an offset.
    pub fn timestamp(&self) -> crate::Result<Timestamp> {
        self.0.parse().map_err(|source| {
            crate::Error::Data(format!(
                "`{}` is not a time with an offset such as 2026-01-30T22:01:41+01:00: {source}",
                self.0
            ))
        })
    }
}

/// Date and time to seven decimals. Each step of a report in progress has one, and to interpret a format costs several times
/// as much.
struct Digits([u8; 27]);

impl Digits {
    /// `None` for years that do not have four digits.
    fn of(moment: Timestamp, offset: Offset) -> Option<Self> {
        let at = offset.to_datetime(moment);
        let year = u32::try_from(at.year()).ok()?;
        let mut digits = *b"0000-00-00T00:00:00.0000000";
        put(&mut digits[..4], year);
        for (place, value) in [
            (5, at.month()),
            (8, at.day()),
            (11, at.hour()),
            (14, at.minute()),
            (17, at.second()),
        ] {
            put(&mut digits[place..place + 2], value.unsigned_abs().into());
        }
        put(
            &mut digits[20..],
            at.subsec_nanosecond().unsigned_abs() / 100,
        );
        Some(Self(digits))
    }

    fn with(&self, end: &str) -> Option<String> {
        let digits = std::str::from_utf8(&self.0).ok()?;
        let mut text = String::with_capacity(digits.len() + end.len());
        text.push_str(digits);
        text.push_str(end);
        Some(text)
    }

    /// `None` for offsets that are no whole minutes.
    fn with_offset(&self, offset: Offset) -> Option<String> {
        let seconds = offset.seconds();
        let minutes = seconds.unsigned_abs() / 60;
        let mut end = *b"+00:00";
        if seconds < 0 {
            end[0] = b'-';
        }
        put(&mut end[1..3], minutes / 60);
        put(&mut end[4..], minutes % 60);
        let end = std::str::from_utf8(&end).ok()?;
        self.with(end).filter(|_| seconds % 60 == 0)
    }
}

/// Writes a number in as many decimal digits as there is room for.
fn put(room: &mut [u8], mut value: u32) {
    for place in room.iter_mut().rev() {
        // A digit.
        *place = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

impl From<&str> for ReportTime {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Member for ReportTime {
    const KIND: &'static str = "a text";

    fn value(&self) -> ValueRef<'_> {
        ValueRef::Text(&self.0)
    }

    fn text(text: &str) -> Option<Self> {
        Some(text.into())
    }

    fn encode_member<S: Sink>(&self, sink: &mut S) {
        sink.str(&self.0);
    }
}

impl fmt::Display for ReportTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_name_the_same_moment() {
        // The second 02:30 of the night in which summer time ends, half-hour zone offsets, and an ordinary one.
        for text in [
            "2026-10-25T02:30:00.123456789+01:00[Europe/Oslo]",
            "2026-07-01T12:00:00+05:30[Asia/Kolkata]",
        ] {
            let moment: ZonedDateTime = text.parse().unwrap();
            let (local, utc) = (ReportTime::local(&moment), ReportTime::utc(&moment));
            assert_eq!(local.timestamp().unwrap(), utc.timestamp().unwrap());
            assert_eq!(
                &local.as_str()[..19],
                &text[..19],
                "local time is what the clock on the wall showed"
            );
            assert!(utc.as_str().ends_with('Z'));
        }
    }

    /// Whatever the moment: the text is that of the format.
    #[test]
    fn the_digits_are_those_of_the_format() {
        let mut at = -62_200_000_000_i64;
        let mut nanos = 0_i32;
        while at < 253_000_000_000 {
            let moment = Timestamp::new(at, nanos).unwrap();
            for seconds in [0, 3_600, -12_600, 20_700, 50_400, -50_400, 2_580, -1, 1_172] {
                let zone = TimeZone::fixed(Offset::from_seconds(seconds).unwrap());
                let moment = moment.to_zoned_datetime(zone);
                let (local, utc) = (ReportTime::local(&moment), ReportTime::utc(&moment));
                let formatted = moment.strftime("%Y-%m-%dT%H:%M:%S%.7f%:z").to_string();
                assert_eq!(local.as_str(), formatted);
                let moment = moment.timestamp();
                let formatted = moment.strftime("%Y-%m-%dT%H:%M:%S%.7fZ").to_string();
                assert_eq!(utc.as_str(), formatted);
            }
            at += 98_765_432;
            nanos = (nanos + 123_456_789) % 1_000_000_000;
        }
    }
}
