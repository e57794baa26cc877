//! Times of reports: kept as text, so that a report read is a report written, and made from one instant.

use std::fmt;

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
        Self(moment.strftime("%Y-%m-%dT%H:%M:%S%.7f%:z").to_string())
    }

    /// The same moment in UTC, as `startUTC` carries it.
    pub fn utc(moment: &ZonedDateTime) -> Self {
        Self(
            moment
                .timestamp()
                .strftime("%Y-%m-%dT%H:%M:%S%.7fZ")
                .to_string(),
        )
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
}
