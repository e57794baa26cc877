//! Mends the start times.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ZonedDateTime};

use super::{Fixer, Mend};
use crate::lint::collect::Quoted;
use crate::lint::misread;
use crate::lint::place::Place;
use crate::lint::rules;
use crate::lint::time::Moment;
use crate::{Report, ReportTime};

/// The start times, one from the other.
pub(super) fn mend(fixer: &mut Fixer<'_>, report: &mut Report) {
    let place = &Place::REPORT;
    written(fixer, report);
    if fixer.may(Mend::Unreadable) {
        unreadable(fixer, report);
    }
    let (mut local, mut utc) = (at(report.start.as_ref()), at(report.start_utc.as_ref()));
    if let Some(moment) = local.or(utc).filter(|at| *at > fixer.now)
        && fixer.may(Mend::FutureStart)
    {
        let now = fixer.now;
        if report.start.is_some() {
            report.start = Some(ReportTime::local(&in_offset_of(report.start.as_ref(), now)));
            local = Some(now);
        }
        if report.start_utc.is_some() {
            report.start_utc = Some(in_utc(now));
            utc = Some(now);
        }
        fixer.did(
            rules::START_IN_FUTURE,
            place,
            format_args!("the start was {moment}, in the future; it is now, {now}"),
        );
    }
    match (local, utc) {
        (Some(local), None) if report.start_utc.is_none() && fixer.may(Mend::MissingStart) => {
            report.start_utc = Some(in_utc(local));
            fixer.did(
                rules::START_UTC_MISSING,
                place,
                format_args!("startUTC was made from start: {local}"),
            );
        }
        (None, Some(utc)) if report.start.is_none() && fixer.may(Mend::MissingStart) => {
            report.start = Some(ReportTime::local(&utc.to_zoned_datetime(TimeZone::UTC)));
            fixer.did(
                rules::START_MISSING,
                place,
                format_args!("start was made from startUTC: {utc}"),
            );
        }
        (Some(local), Some(utc)) if local != utc && fixer.may(Mend::StartWins) => {
            report.start_utc = Some(in_utc(local));
            fixer.did(
                rules::START_CONTRADICTION,
                place,
                format_args!("startUTC was {utc}; it is {local} now, as start says"),
            );
        }
        _ => {}
    }
}

/// How the times are written: an offset where there is none, no blank before it, and no empty texts.
fn written(fixer: &mut Fixer<'_>, report: &mut Report) {
    let place = &Place::REPORT;
    for (name, rule, time) in [
        ("start", rules::START_MISSING, &mut report.start),
        ("startUTC", rules::START_UTC_MISSING, &mut report.start_utc),
    ] {
        let text = time.as_ref().map(ReportTime::as_str).unwrap_or_default();
        if time.is_some() && text.trim().is_empty() {
            if fixer.may(Mend::MissingStart) {
                *time = None;
                fixer.did(
                    rule,
                    place,
                    format_args!("{name} was empty, and was left out"),
                );
            }
        } else if fixer.may(Mend::NaiveStart)
            && let Some(plain) = without_blanks(text).or_else(|| in_plain_notation(text))
        {
            fixer.did(
                rules::START_UNREADABLE,
                place,
                format_args!("{name} was {}; it is {plain} now", Quoted(text)),
            );
            *time = Some(ReportTime::from(plain.as_str()));
        }
    }
    if !fixer.may(Mend::NaiveStart) {
        return;
    }
    if let Some(utc) = naive(report.start_utc.as_ref()) {
        let moment = Offset::UTC.to_timestamp(utc);
        if let Ok(moment) = moment {
            report.start_utc = Some(in_utc(moment));
            fixer.did(
                rules::START_NAIVE,
                place,
                format_args!("startUTC had no offset; it is {moment} now"),
            );
        }
    }
    let Some(local) = naive(report.start.as_ref()) else {
        return;
    };
    let utc = at(report.start_utc.as_ref());
    let differ = utc.and_then(|utc| difference(local, utc));
    // Some write the first moment that their clock knows for none.
    let is_told = utc.is_some_and(|utc| utc >= Timestamp::UNIX_EPOCH);
    if !is_told
        && !misread(&report.extra, "startUTC")
        && let Some(zone) = &fixer.policy.given.zone
        && let Ok(moment) = zone.to_zoned_datetime(local)
        && moment.datetime() == local
    {
        report.start = Some(ReportTime::local(&moment));
        let offset = moment.offset();
        fixer.did(
            rules::START_NAIVE,
            place,
            format_args!("start had no offset; it has {offset} now, as the zone has it"),
        );
        return;
    }
    if let Some(offset) = differ
        && let Ok(moment) = offset.to_timestamp(local)
    {
        let local = moment.to_zoned_datetime(TimeZone::fixed(offset));
        report.start = Some(ReportTime::local(&local));
        fixer.did(
            rules::START_NAIVE,
            place,
            format_args!(
                "start had no offset; it has {offset} now, by which it differs from startUTC"
            ),
        );
    }
}

/// The offset by which a local time differs from UTC, if it is one that a place on earth may have.
fn difference(local: DateTime, utc: Timestamp) -> Option<Offset> {
    /// Offsets are whole quarters of an hour, and no more than 14 hours.
    const QUARTER: i64 = 15 * 60;
    const MOST: i64 = 14 * 60 * 60;
    let local = Offset::UTC.to_timestamp(local).ok()?;
    let seconds = local.as_second() - utc.as_second();
    let quarters = (seconds + seconds.signum() * QUARTER / 2) / QUARTER * QUARTER;
    // Clients make the two texts one after the other.
    let fits = quarters.abs() <= MOST && (seconds - quarters).abs() <= 2;
    fits.then(|| Offset::from_seconds(i32::try_from(quarters).ok()?).ok())?
}

/// A start that nobody can read, where the other one tells the moment.
fn unreadable(fixer: &mut Fixer<'_>, report: &mut Report) {
    let place = &Place::REPORT;
    for is_local in [true, false] {
        let (one, other, name) = if is_local {
            (&mut report.start, &report.start_utc, "start")
        } else {
            (&mut report.start_utc, &report.start, "startUTC")
        };
        if at(other.as_ref()).is_none() || misread(&report.extra, name) {
            continue;
        }
        let is_meant = |text: &str| without_blanks(text).or_else(|| in_plain_notation(text));
        if let Some(time) = one.take_if(|time| {
            Moment::of(time) == Moment::Unreadable && is_meant(time.as_str()).is_none()
        }) {
            let text = time.as_str();
            fixer.did(
                rules::START_UNREADABLE,
                place,
                format_args!(
                    "{name} was {}, which is no time; it is free data of the report now",
                    Quoted(text)
                ),
            );
            fixer.keep_unreadable(place, name, &text.into());
        }
    }
}

/// A moment that is told in the notation of older writers of JSON or that of mails, which say it exactly.
fn in_plain_notation(text: &str) -> Option<String> {
    let moment = if let Some(ticks) = text.trim().strip_prefix("/Date(") {
        of_ticks(ticks.strip_suffix(")/")?)?
    } else {
        jiff::fmt::rfc2822::parse(text.trim()).ok()?
    };
    Some(ReportTime::local(&moment).as_str().to_owned())
}

/// Milliseconds since 1970, and the offset of the clock on the wall, if it is told.
fn of_ticks(ticks: &str) -> Option<ZonedDateTime> {
    let sign = ticks.get(1..)?.find(['+', '-']).map(|at| at + 1);
    let (millis, offset) = ticks.split_at_checked(sign.unwrap_or(ticks.len()))?;
    let moment = Timestamp::from_millisecond(millis.parse().ok()?).ok()?;
    if offset.is_empty() {
        return Some(moment.to_zoned_datetime(TimeZone::UTC));
    }
    let (hours, minutes) = offset.split_at_checked(3)?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let seconds = hours
        .checked_mul(3_600)?
        .checked_add(minutes.checked_mul(60 * sign)?)?;
    let offset = Offset::from_seconds(seconds).ok()?;
    Some(moment.to_zoned_datetime(TimeZone::fixed(offset)))
}

/// The time without the blanks that make it unreadable.
fn without_blanks(text: &str) -> Option<String> {
    let unreadable = |text: &str| Moment::of(&ReportTime::from(text)) == Moment::Unreadable;
    if !unreadable(text) {
        return None;
    }
    let (date, rest) = text.trim().split_at_checked(10)?;
    let rest: String = rest.split_whitespace().collect();
    let plain = format!("{date}T{}", rest.trim_start_matches('T'));
    (!unreadable(&plain)).then_some(plain)
}

fn at(time: Option<&ReportTime>) -> Option<Timestamp> {
    match Moment::of(time?) {
        Moment::At(at) => Some(at),
        _ => None,
    }
}

fn naive(time: Option<&ReportTime>) -> Option<DateTime> {
    let time = time.filter(|time| Moment::of(time) == Moment::Naive)?;
    let text = time.as_str();
    match text.parse::<Date>() {
        Ok(date) if text.len() == 10 => Some(date.to_datetime(Time::midnight())),
        _ => text.parse().ok(),
    }
}

fn in_utc(at: Timestamp) -> ReportTime {
    ReportTime::utc(&at.to_zoned_datetime(TimeZone::UTC))
}

/// A moment in the offset of another time.
fn in_offset_of(time: Option<&ReportTime>, at: Timestamp) -> ZonedDateTime {
    let pieces = time.and_then(|time| {
        jiff::fmt::temporal::DateTimeParser::new()
            .parse_pieces(time.as_str())
            .ok()
    });
    let offset = pieces.and_then(|pieces| pieces.to_numeric_offset());
    at.to_zoned_datetime(offset.map_or(TimeZone::UTC, TimeZone::fixed))
}
