//! Periods of time, in UTC: how long they are, where they begin, what they are called.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// How long a period is. The server describes no numbers; these are those that clients send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grouping {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
}

impl Grouping {
    pub(super) fn of(number: i64) -> Option<Self> {
        Some(match number {
            0 => Self::Year,
            1 => Self::Quarter,
            2 => Self::Month,
            3 => Self::Week,
            4 => Self::Day,
            5 => Self::Hour,
            _ => return None,
        })
    }

    /// Where the period of a moment begins.
    pub(super) fn floor(self, moment: Timestamp) -> Timestamp {
        let at = civil(moment);
        let date = at.date();
        let day = |date: jiff::civil::Date| date.to_datetime(jiff::civil::Time::midnight());
        let month = |month: i8| date.with().month(month).day(1).build().map(day);
        let begin = match self {
            Self::Year => month(1),
            Self::Quarter => month((date.month() - 1) / 3 * 3 + 1),
            Self::Month => month(date.month()),
            Self::Week => date
                .checked_sub(Span::new().days(date.weekday().to_monday_zero_offset()))
                .map(day),
            Self::Day => Ok(day(date)),
            Self::Hour => at.with().minute(0).second(0).subsec_nanosecond(0).build(),
        };
        begin.map_or(moment, instant)
    }

    /// So many periods before the beginning of one; as far back as time goes where that is too many.
    pub(super) fn back(self, begin: Timestamp, count: i64) -> Timestamp {
        let span = match self {
            Self::Year => Span::new().try_years(count),
            Self::Quarter => Span::new().try_months(count.saturating_mul(3)),
            Self::Month => Span::new().try_months(count),
            Self::Week => Span::new().try_weeks(count),
            Self::Day => Span::new().try_days(count),
            Self::Hour => Span::new().try_hours(count),
        };
        let back = span.and_then(|span| civil(begin).checked_sub(span));
        back.map_or(Timestamp::MIN, instant)
    }

    pub(super) fn name(self, moment: Timestamp) -> String {
        let at = civil(moment);
        let (year, month, day) = (at.year(), at.month(), at.day());
        match self {
            Self::Year => format!("{year:04}"),
            Self::Quarter => format!("{year:04}-Q{}", (month - 1) / 3 + 1),
            Self::Month => format!("{year:04}-{month:02}"),
            Self::Week => {
                let week = at.date().iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Self::Day => format!("{year:04}-{month:02}-{day:02}"),
            Self::Hour => format!("{year:04}-{month:02}-{day:02}T{:02}", at.hour()),
        }
    }
}

/// From a moment on, up to before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Window {
    pub(super) fn contains(self, moment: Timestamp) -> bool {
        self.from <= moment && moment < self.until
    }

    /// The time before, as long; `None` if it has no beginning.
    pub(super) fn before(self, now: Timestamp) -> Option<Self> {
        let until = self.until.min(now);
        let length = until.duration_since(self.from);
        let from = self.from.checked_sub(length).ok()?;
        (self.from > Timestamp::MIN).then_some(Self {
            from,
            until: self.from,
        })
    }
}

/// The last so many times 24 hours.
pub(super) fn last_days(now: Timestamp, days: i64) -> Window {
    let hours = jiff::SignedDuration::from_hours(days.clamp(0, 10_000_000) * 24);
    Window {
        from: now.checked_sub(hours).unwrap_or(Timestamp::MIN),
        until: Timestamp::MAX,
    }
}

pub(super) fn civil(moment: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(moment)
}

fn instant(at: DateTime) -> Timestamp {
    TimeZone::UTC.to_timestamp(at).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_begin_and_are_called() {
        let moment: Timestamp = "2026-11-29T16:23:45Z".parse().unwrap();
        for (number, begin, name, three_back) in [
            (0, "2026-01-01T00:00:00Z", "2026", "2023-01-01T00:00:00Z"),
            (1, "2026-10-01T00:00:00Z", "2026-Q4", "2026-01-01T00:00:00Z"),
            (2, "2026-11-01T00:00:00Z", "2026-11", "2026-08-01T00:00:00Z"),
            (
                3,
                "2026-11-23T00:00:00Z",
                "2026-W48",
                "2026-11-02T00:00:00Z",
            ),
            (
                4,
                "2026-11-29T00:00:00Z",
                "2026-11-29",
                "2026-11-26T00:00:00Z",
            ),
            (
                5,
                "2026-11-29T16:00:00Z",
                "2026-11-29T16",
                "2026-11-29T13:00:00Z",
            ),
        ] {
            let grouping = Grouping::of(number).unwrap();
            let floor = grouping.floor(moment);
            assert_eq!(floor.to_string(), begin);
            assert_eq!(grouping.name(moment), name);
            assert_eq!(grouping.back(floor, 3).to_string(), three_back);
            assert_eq!(grouping.back(floor, i64::MAX), Timestamp::MIN);
        }
        assert_eq!(Grouping::of(6), None);
    }
}
