//! The header of a report.

use super::collect::{Collector, Quoted, misread};
use super::place::Place;
use super::{rules, time};
use crate::scanned::Kind;
use crate::{Report, ReportType, Status, model::Uut};

/// Longest name, number and short text.
pub(super) const SHORT: usize = 100;
/// Longest comment.
pub(super) const COMMENT: usize = 5_000;
/// Longest error message that is sure to be kept.
pub(super) const ERROR_MESSAGE: usize = 200;
/// Codes that a process may have.
pub(super) const PROCESS_CODES: std::ops::RangeInclusive<i32> = 0..=32_767;

/// Characters that searches and paths take for something else.
const HARMFUL: &[char] = &['*', '%', '?', '[', ']', '^', '!', '/', '\\', ';', ','];

/// The members that every report has.
pub(super) fn check(out: &mut Collector, report: &Report) {
    let place = &Place::REPORT;
    out.members(report, place);
    match report.id {
        Some(id) if !id.is_nil() => {}
        None if misread(&report.extra, "id") => {}
        _ => out.add(
            rules::ID_MISSING,
            place,
            format_args!("the id is missing or nil; reports of one id overwrite each other"),
        ),
    }
    identity(out, report);
    station(out, report);
    match report.process_code {
        Some(code) if PROCESS_CODES.contains(&code) => {}
        None if misread(&report.extra, "processCode") => {}
        Some(code) => out.add(
            rules::PROCESS_CODE,
            place,
            format_args!("the process code is {code}; it must be 0 to 32767"),
        ),
        None => out.add(
            rules::PROCESS_CODE,
            place,
            format_args!("the process code is missing"),
        ),
    }
    match &report.result {
        Some(Status::Passed | Status::Failed | Status::Error | Status::Terminated) => {}
        None if misread(&report.extra, "result") => {}
        None => out.add(
            rules::RESULT_LETTER,
            place,
            format_args!("the result is missing"),
        ),
        Some(other) => out.add(
            rules::RESULT_LETTER,
            place,
            format_args!(
                "the result is {}; it must be P, F, E or T",
                Quoted(other.as_str())
            ),
        ),
    }
    out.scanned(
        place,
        "process name",
        report.process_name.as_deref(),
        Kind::Name,
    );
    if report.origin.is_some() {
        out.add(
            rules::ORIGIN_GIVEN,
            place,
            format_args!("origin is given, which the server makes"),
        );
    }
    for (name, given) in [
        ("productName", report.product_name.is_some()),
        ("assetStats", is_filled(report.asset_statistics.as_ref())),
    ] {
        output_only(out, name, given, place);
    }
    time::start(out, report);
    match &report.report_type {
        Some(ReportType::Test) => test(out, report),
        Some(ReportType::Repair) => {}
        None if misread(&report.extra, "type") => {}
        None => out.add(
            rules::TYPE_UNKNOWN,
            place,
            format_args!("the type is missing"),
        ),
        Some(other) => out.add(
            rules::TYPE_UNKNOWN,
            place,
            format_args!("the type is {}; it must be T or R", Quoted(other.as_str())),
        ),
    }
    if let Some(uut) = &report.uut {
        unit_under_test(out, uut, report.report_type == Some(ReportType::Test));
    }
}

/// A member that only the server writes.
fn output_only(out: &mut Collector, name: &str, given: bool, place: &Place<'_>) {
    if given {
        out.add(
            rules::OUTPUT_ONLY,
            place,
            format_args!("{name} is given, which only the server writes"),
        );
    }
}

/// An empty list is no loss.
fn is_filled<T>(list: Option<&Vec<T>>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}

fn identity(out: &mut Collector, report: &Report) {
    let place = &Place::REPORT;
    for (name, wire, value) in [
        ("part number", "pn", &report.part_number),
        ("serial number", "sn", &report.serial_number),
        ("revision", "rev", &report.revision),
    ] {
        let value = value.as_deref();
        if value.is_none() && !misread(&report.extra, wire) {
            out.add(
                rules::TEXT_MISSING,
                place,
                format_args!("the {name} is missing"),
            );
        }
        out.filled_in_length(rules::IDENTITY_LENGTH, place, name, value, SHORT);
        out.scanned(place, name, value, Kind::Number);
        if out.all()
            && wire != "rev"
            && let Some(harmful) =
                value.and_then(|value| value.chars().find(|c| HARMFUL.contains(c)))
        {
            out.add(
                rules::HARMFUL_CHARACTERS,
                place,
                format_args!(
                    "the {name} contains `{harmful}`, which searches take for something else"
                ),
            );
        }
    }
}

fn station(out: &mut Collector, report: &Report) {
    let place = &Place::REPORT;
    for (name, wire, value) in [
        ("station name", "machineName", &report.station),
        ("location", "location", &report.location),
        ("purpose", "purpose", &report.purpose),
    ] {
        if value.is_none() && !misread(&report.extra, wire) {
            out.add(
                rules::TEXT_MISSING,
                place,
                format_args!("the {name} is missing; set it with station(..)"),
            );
        }
        let value = value.as_deref();
        out.filled_in_length(rules::STATION_LENGTH, place, name, value, SHORT);
        out.scanned(place, name, value, Kind::Name);
    }
}

/// What a test report has beyond the common members.
fn test(out: &mut Collector, report: &Report) {
    let place = &Place::REPORT;
    for (name, missing) in [
        ("uut", report.uut.is_none()),
        ("root", report.root.is_none()),
    ] {
        if missing && !misread(&report.extra, name) {
            out.add(
                rules::TEST_PARTS,
                place,
                format_args!("{name} is missing, which a test report must have"),
            );
        }
    }
    let Some(root) = &report.root else { return };
    if root.sequence_call.is_none() && !misread(&root.extra, "seqCall") {
        out.add(
            rules::ROOT_SEQUENCE,
            &Place::ROOT,
            format_args!("the root has no sequence call"),
        );
    }
    if let (Some(status), Some(result)) = (&root.status, &report.result)
        && status != result
    {
        out.add(
            rules::ROOT_STATUS,
            &Place::ROOT,
            format_args!(
                "the root's status is {}, but the result is {}",
                Quoted(status.as_str()),
                Quoted(result.as_str())
            ),
        );
    }
}

fn unit_under_test(out: &mut Collector, uut: &Uut, is_test: bool) {
    let place = &Place::REPORT.part("uut");
    out.members(uut, place);
    for (name, given) in [
        ("stepIdCausedUUTFailure", uut.failing_step_id.is_some()),
        ("refUURs", is_filled(uut.repairs.as_ref())),
    ] {
        output_only(out, name, given, place);
    }
    match uut.operator.as_deref() {
        None if !is_test || misread(&uut.extra, "user") => {}
        None => out.add(
            rules::OPERATOR_MISSING,
            place,
            format_args!("the operator is missing; set it with operator(..)"),
        ),
        operator => out.filled(rules::OPERATOR_MISSING, place, "operator", operator, SHORT),
    }
    out.scanned(place, "operator", uut.operator.as_deref(), Kind::Name);
    out.length(
        rules::COMMENT_LENGTH,
        place,
        "comment",
        uut.comment.as_deref(),
        COMMENT,
    );
    if let Some(index) = uut
        .socket_index
        .filter(|index| !(-1..=32_767).contains(index))
    {
        out.add(
            rules::SOCKET_INDEX,
            place,
            format_args!("the socket index is {index}; it must be -1 to 32767"),
        );
    }
    for (name, value) in [
        ("batch serial number", &uut.batch_serial_number),
        ("fixture id", &uut.fixture_id),
    ] {
        let value = value.as_deref();
        out.length(rules::BATCH_LENGTH, place, name, value, SHORT);
        out.scanned(place, name, value, Kind::Number);
    }
    out.length(
        rules::HEADER_ERROR_LENGTH,
        place,
        "error message",
        uut.error_message.as_deref(),
        ERROR_MESSAGE,
    );
}
