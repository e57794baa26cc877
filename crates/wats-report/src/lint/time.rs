//! Start times: readable, with an offset, one moment, and that moment past.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::collect::{Collector, Quoted, misread};
use super::place::Place;
use super::rules;
use crate::{Report, ReportTime};

/// What a text says of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    At(Timestamp),
    /// A date and time without offset.
    Naive,
    Unreadable,
}

impl Moment {
    pub(super) fn of(time: &ReportTime) -> Self {
        let text = time.as_str();
        // Years of more or less than four digits are nobody's test.
        if text.as_bytes().get(4) != Some(&b'-') {
            return Self::Unreadable;
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Self::At(at);
        }
        let naive = match text.parse::<Date>() {
            Ok(date) if text.len() == 10 => Ok(date.to_datetime(jiff::civil::Time::midnight())),
            _ => text.parse::<DateTime>(),
        };
        match naive.and_then(|naive| TimeZone::UTC.to_timestamp(naive)) {
            Ok(_) => Self::Naive,
            Err(_) => Self::Unreadable,
        }
    }
}

/// The start of a report.
pub(super) fn start(out: &mut Collector, report: &Report) {
    let local = read(out, "start", report.start.as_ref());
    let utc = read(out, "startUTC", report.start_utc.as_ref());
    let place = &Place::REPORT;
    if report.start.is_none() && !misread(&report.extra, "start") {
        out.add(
            rules::START_MISSING,
            place,
            format_args!("start is missing"),
        );
    }
    if report.start_utc.is_none() && !misread(&report.extra, "startUTC") {
        out.add(
            rules::START_UTC_MISSING,
            place,
            format_args!("startUTC is missing"),
        );
    }
    if let (Some(local), Some(utc)) = (local, utc)
        && local != utc
    {
        out.add(
            rules::START_CONTRADICTION,
            place,
            format_args!("start is {local} in UTC, but startUTC is {utc}"),
        );
    }
    let Some(at) = local.or(utc).filter(|_| out.all()) else {
        return;
    };
    if at > out.now {
        let now = out.now;
        out.add(
            rules::START_IN_FUTURE,
            place,
            format_args!("the start {at} is in the future; now is {now}"),
        );
    }
    if at < Timestamp::UNIX_EPOCH {
        out.add(
            rules::START_TOO_OLD,
            place,
            format_args!("the start {at} is before 1970"),
        );
    }
}

fn read(out: &mut Collector, name: &str, time: Option<&ReportTime>) -> Option<Timestamp> {
    let time = time?;
    let place = &Place::REPORT;
    match Moment::of(time) {
        Moment::At(at) => return Some(at),
        Moment::Naive => out.add(
            rules::START_NAIVE,
            place,
            format_args!("{name} `{time}` has no offset"),
        ),
        Moment::Unreadable => out.add(
            rules::START_UNREADABLE,
            place,
            format_args!("{name} is no time: {}", Quoted(time.as_str())),
        ),
    }
    None
}
