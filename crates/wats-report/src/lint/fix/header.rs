//! Mends the header and its lists.

use super::{Fixer, FutureStart};
use crate::lint::header::{COMMENT, ERROR_MESSAGE, SHORT};
use crate::lint::place::Place;
use crate::lint::rules;
use crate::lint::time::Moment;
use crate::lint::units::PART_TYPE;
use crate::{Attachment, Report, ReportTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// Members that tell units apart.
const IDENTITY: &[&str] = &["pn", "sn", "rev", "batchSN", "fixtureId"];

pub(super) fn mend(fixer: &mut Fixer<'_>, report: &mut Report) {
    let place = &Place::REPORT;
    fixer.characters(report, place, IDENTITY);
    for (name, text) in [
        ("machineName", &mut report.station),
        ("location", &mut report.location),
        ("purpose", &mut report.purpose),
    ] {
        fixer.cut(rules::STATION_LENGTH, place, name, text.as_mut(), SHORT);
    }
    leave_out(
        fixer,
        &mut report.origin,
        rules::ORIGIN_GIVEN,
        "origin",
        place,
    );
    let product = &mut report.product_name;
    leave_out(fixer, product, rules::OUTPUT_ONLY, "productName", place);
    let statistics = &mut report.asset_statistics;
    leave_out_list(fixer, statistics, "assetStats", place);
    if let Some(uut) = &mut report.uut {
        let place = &place.part("uut");
        fixer.characters(uut, place, IDENTITY);
        let step = &mut uut.failing_step_id;
        leave_out(
            fixer,
            step,
            rules::OUTPUT_ONLY,
            "stepIdCausedUUTFailure",
            place,
        );
        leave_out_list(fixer, &mut uut.repairs, "refUURs", place);
        fixer.cut(
            rules::COMMENT_LENGTH,
            place,
            "comment",
            uut.comment.as_mut(),
            COMMENT,
        );
        fixer.cut(
            rules::HEADER_ERROR_LENGTH,
            place,
            "errorMessage",
            uut.error_message.as_mut(),
            ERROR_MESSAGE,
        );
    }
    start(fixer, report);
    lists(fixer, report);
}

/// Misc info, sub units, files and the repair.
fn lists(fixer: &mut Fixer<'_>, report: &mut Report) {
    let place = &Place::REPORT;
    for (index, info) in report.misc_infos.iter_mut().flatten().enumerate() {
        let place = &place.item("misc info", index, None);
        fixer.characters(info, place, &[]);
        fixer.cut(rules::MISC_TEXT, place, "text", info.text.as_mut(), SHORT);
    }
    for (index, unit) in report.sub_units.iter_mut().flatten().enumerate() {
        let place = &place.item("sub unit", index, None);
        fixer.characters(unit, place, IDENTITY);
        fixer.cut(
            rules::PART_TYPE,
            place,
            "partType",
            unit.part_type.as_mut(),
            PART_TYPE,
        );
        for (index, failure) in unit.failures.iter_mut().flatten().enumerate() {
            let place = &place.item("failure", index, None);
            fixer.characters(failure, place, &[]);
            for (index, one) in failure.attachments.iter_mut().flatten().enumerate() {
                file(fixer, one, &place.item("attachment", index, None));
            }
        }
    }
    for (index, one) in report.attachments.iter_mut().flatten().enumerate() {
        file(fixer, one, &place.item("attachment", index, None));
    }
    if let Some(uur) = report.uur.as_deref_mut() {
        let place = &place.part("uur");
        fixer.characters(uur, place, &[]);
        fixer.cut(
            rules::COMMENT_LENGTH,
            place,
            "comment",
            uur.comment.as_mut(),
            COMMENT,
        );
    }
}

/// A file whose content type is not given is one of bytes.
pub(super) fn file(fixer: &mut Fixer<'_>, file: &mut Attachment, place: &Place<'_>) {
    fixer.characters(file, place, &[]);
    if file.content_type.as_deref().is_none_or(str::is_empty) {
        file.content_type = Some("application/octet-stream".to_owned());
        fixer.did(
            rules::ATTACHMENT_TYPE,
            place,
            format_args!("contentType is application/octet-stream now"),
        );
    }
}

/// Takes out what only the server writes.
fn leave_out<T>(
    fixer: &mut Fixer<'_>,
    member: &mut Option<T>,
    rule: &'static rules::Rule,
    name: &str,
    place: &Place<'_>,
) {
    if member.take().is_some() {
        fixer.did(rule, place, format_args!("{name} was left out"));
    }
}

/// The same of a list; an empty one is no loss and stays.
fn leave_out_list<T>(
    fixer: &mut Fixer<'_>,
    list: &mut Option<Vec<T>>,
    name: &str,
    place: &Place<'_>,
) {
    if list.as_ref().is_some_and(|list| !list.is_empty()) {
        leave_out(fixer, list, rules::OUTPUT_ONLY, name, place);
    }
}

/// The start times, one from the other.
fn start(fixer: &mut Fixer<'_>, report: &mut Report) {
    let place = &Place::REPORT;
    let at = |time: &Option<ReportTime>| match time.as_ref().map(Moment::of) {
        Some(Moment::At(at)) => Some(at),
        _ => None,
    };
    let (mut local, mut utc) = (at(&report.start), at(&report.start_utc));
    if let (Some(moment), FutureStart::Now) = (
        local.or(utc).filter(|at| *at > fixer.now),
        fixer.policy.future_start,
    ) {
        let now = fixer.now;
        if report.start.is_some() {
            report.start = Some(ReportTime::local(&in_offset_of(report.start.as_ref(), now)));
            local = Some(now);
        }
        if report.start_utc.is_some() {
            report.start_utc = Some(ReportTime::utc(&now.to_zoned_datetime(TimeZone::UTC)));
            utc = Some(now);
        }
        fixer.did(
            rules::START_IN_FUTURE,
            place,
            format_args!("the start was {moment}, in the future; it is now, {now}"),
        );
    }
    match (local, utc) {
        (Some(local), None) if report.start_utc.is_none() => {
            report.start_utc = Some(ReportTime::utc(&local.to_zoned_datetime(TimeZone::UTC)));
            fixer.did(
                rules::START_UTC_MISSING,
                place,
                format_args!("startUTC was made from start: {local}"),
            );
        }
        (None, Some(utc)) if report.start.is_none() => {
            report.start = Some(ReportTime::local(&utc.to_zoned_datetime(TimeZone::UTC)));
            fixer.did(
                rules::START_MISSING,
                place,
                format_args!("start was made from startUTC: {utc}"),
            );
        }
        (Some(local), Some(utc)) if local != utc && fixer.policy.start_wins => {
            report.start_utc = Some(ReportTime::utc(&local.to_zoned_datetime(TimeZone::UTC)));
            fixer.did(
                rules::START_CONTRADICTION,
                place,
                format_args!("startUTC was {utc}; it is {local} now, as start says"),
            );
        }
        _ => {}
    }
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
