//! Mends the header.

use super::lists::IDENTITY;
use super::{Fixer, Mend, is_blank, lists, start};
use crate::lint::header::{COMMENT, ERROR_MESSAGE, PROCESS_CODES, SHORT};
use crate::lint::place::Place;
use crate::lint::rules::{self, Rule};
use crate::model::{MiscInfo, Uur, Uut};
use crate::wire::Extra;
use crate::{Report, ReportType};

/// What is said where nobody knows.
const UNKNOWN: &str = "Unknown";

pub(super) fn mend(fixer: &mut Fixer<'_>, report: &mut Report) {
    let place = &Place::REPORT;
    // First, because what is left out here may be named then.
    fixer.object(report, place, IDENTITY);
    if let Some(uut) = &mut report.uut {
        fixer.object(uut, &place.part("uut"), IDENTITY);
    }
    if let Some(uur) = report.uur.as_deref_mut() {
        fixer.object(uur, &place.part("uur"), &[]);
    }
    kind(fixer, report);
    given(fixer, report);
    for (name, text) in [
        ("machineName", &mut report.station),
        ("location", &mut report.location),
        ("purpose", &mut report.purpose),
    ] {
        fixer.cut(rules::STATION_LENGTH, place, name, text.as_mut(), SHORT);
    }
    output_only(fixer, report);
    if fixer.may(Mend::ProcessNames)
        && let Some(name) = report.process_name.take()
    {
        fixer.did(
            rules::PROCESS_UNKNOWN,
            place,
            format_args!("processName `{name}` was left out"),
        );
    }
    let socket = report.uut.as_mut().and_then(|uut| test(fixer, uut));
    if let Some(socket) = socket {
        report.misc_infos.get_or_insert_default().push(socket);
    }
    if let Some(uur) = report.uur.as_deref_mut() {
        repair(fixer, uur);
    }
    start::mend(fixer, report);
    lists::mend(fixer, report);
}

/// The type that the parts of a report tell, and the parts that the type asks for.
fn kind(fixer: &mut Fixer<'_>, report: &mut Report) {
    let place = &Place::REPORT;
    let is_known = matches!(
        report.report_type,
        Some(ReportType::Test | ReportType::Repair)
    );
    if fixer.may(Mend::RepairUnits) && !is_known && report.extra.get("type").is_none() {
        let told = match (report.root.is_some(), report.uur.is_some()) {
            (true, false) => Some(ReportType::Test),
            (false, true) => Some(ReportType::Repair),
            _ => None,
        };
        if let Some(told) = told {
            fixer.did(
                rules::TYPE_UNKNOWN,
                place,
                format_args!("the type is {told} now, as its parts tell"),
            );
            report.report_type = Some(told);
        }
    }
}

/// What the policy names for members that are missing or empty.
fn given(fixer: &mut Fixer<'_>, report: &mut Report) {
    let (place, given) = (&Place::REPORT, &fixer.policy.given);
    if let Some(id) = given.id.filter(|_| report.id.is_none_or(|id| id.is_nil())) {
        report.extra.remove("id");
        report.id = Some(id);
        fixer.did(rules::ID_MISSING, place, format_args!("the id is {id} now"));
    }
    if let Some(code) = given.process_code.filter(|_| report.process_code.is_none())
        && !crate::lint::misread(&report.extra, "processCode")
    {
        report.process_code = Some(code);
        fixer.did(
            rules::PROCESS_CODE,
            place,
            format_args!("processCode is {code} now"),
        );
    }
    let unknown = |mend: Mend| fixer.may(mend).then(|| UNKNOWN.to_owned());
    let (names, revision) = (unknown(Mend::UnknownNames), unknown(Mend::UnknownRevision));
    for (name, member, value, unknown) in [
        ("rev", &mut report.revision, &given.revision, &revision),
        ("machineName", &mut report.station, &given.station, &names),
        ("location", &mut report.location, &given.location, &names),
        ("purpose", &mut report.purpose, &given.purpose, &names),
    ] {
        fill(
            fixer,
            rules::TEXT_MISSING,
            place,
            (name, &report.extra),
            member,
            value.as_ref().or(unknown.as_ref()),
        );
    }
    let operator = given.operator.as_ref().or(names.as_ref());
    if operator.is_none() {
        return;
    }
    let (is_test, is_repair) = (
        report.report_type == Some(ReportType::Test),
        report.report_type == Some(ReportType::Repair),
    );
    if is_test && report.uut.is_none() && !crate::lint::misread(&report.extra, "uut") {
        report.uut = Some(Uut::default());
        fixer.did(
            rules::TEST_PARTS,
            place,
            format_args!("uut was added, for the operator"),
        );
    }
    if is_repair && report.uur.is_none() && !crate::lint::misread(&report.extra, "uur") {
        report.uur = Some(Box::new(Uur::default()));
        fixer.did(
            rules::REPAIR_PARTS,
            place,
            format_args!("uur was added, for the operator"),
        );
    }
    if let Some(uut) = report.uut.as_mut().filter(|_| is_test) {
        let (place, extra) = (&place.part("uut"), &uut.extra);
        fill(
            fixer,
            rules::OPERATOR_MISSING,
            place,
            ("user", extra),
            &mut uut.operator,
            operator,
        );
    }
    if let Some(uur) = report.uur.as_deref_mut().filter(|_| is_repair) {
        let (place, extra) = (&place.part("uur"), &uur.extra);
        fill(
            fixer,
            rules::REPAIR_OPERATOR,
            place,
            ("user", extra),
            &mut uur.operator,
            operator,
        );
    }
}

fn fill(
    fixer: &mut Fixer<'_>,
    rule: &'static Rule,
    place: &Place<'_>,
    (name, extra): (&str, &Extra),
    member: &mut Option<String>,
    value: Option<&String>,
) {
    if let Some(value) = value.filter(|_| is_blank(member.as_ref()))
        && !crate::lint::misread(extra, name)
    {
        *member = Some(value.clone());
        fixer.did(
            rule,
            place,
            format_args!("{name} was empty; it is `{value}` now"),
        );
    }
}

fn output_only(fixer: &mut Fixer<'_>, report: &mut Report) {
    if !fixer.may(Mend::OutputOnly) {
        return;
    }
    let place = &Place::REPORT;
    if report.origin.take().is_some() {
        fixer.did(
            rules::ORIGIN_GIVEN,
            place,
            format_args!("origin was left out"),
        );
    }
    if report
        .extra
        .get("origin")
        .is_some_and(|origin| !origin.is_null())
    {
        report.extra.remove("origin");
        fixer.did(
            rules::ORIGIN_GIVEN,
            place,
            format_args!("origin was left out"),
        );
    }
    leave_out(fixer, &mut report.product_name, "productName", place);
    leave_out_list(fixer, &mut report.asset_statistics, "assetStats", place);
    if let Some(uut) = &mut report.uut {
        let place = &place.part("uut");
        leave_out(
            fixer,
            &mut uut.failing_step_id,
            "stepIdCausedUUTFailure",
            place,
        );
        leave_out_list(fixer, &mut uut.repairs, "refUURs", place);
    }
}

/// Takes out what only the server writes.
fn leave_out<T>(fixer: &mut Fixer<'_>, member: &mut Option<T>, name: &str, place: &Place<'_>) {
    if member.take().is_some() {
        fixer.did(
            rules::OUTPUT_ONLY,
            place,
            format_args!("{name} was left out"),
        );
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
        leave_out(fixer, list, name, place);
    }
}

/// The header members of a test; a socket beyond the range is told in the misc info that it answers.
fn test(fixer: &mut Fixer<'_>, uut: &mut Uut) -> Option<MiscInfo> {
    let place = &Place::REPORT.part("uut");
    super::kinds::number(fixer, &mut uut.execution_time, "execTime", place);
    super::measurement::finite(fixer, &mut uut.execution_time, "execTime", place);
    let comment = uut.comment.as_mut();
    fixer.cut(rules::COMMENT_LENGTH, place, "comment", comment, COMMENT);
    let message = uut.error_message.as_mut();
    fixer.cut(
        rules::HEADER_ERROR_LENGTH,
        place,
        "errorMessage",
        message,
        ERROR_MESSAGE,
    );
    fixer.cut(
        rules::OPERATOR_MISSING,
        place,
        "user",
        uut.operator.as_mut(),
        SHORT,
    );
    let may = fixer.may(Mend::Ranges);
    let index = uut
        .socket_index
        .filter(|index| may && !(-1..=32_767).contains(index))?;
    uut.socket_index = None;
    fixer.did(
        rules::SOCKET_INDEX,
        place,
        format_args!("testSocketIndex {index} is misc info now"),
    );
    Some(MiscInfo {
        description: Some("testSocketIndex".to_owned()),
        number: Some(index),
        ..MiscInfo::default()
    })
}

fn repair(fixer: &mut Fixer<'_>, uur: &mut Uur) {
    let place = &Place::REPORT.part("uur");
    super::kinds::number(fixer, &mut uur.execution_time, "execTime", place);
    super::measurement::finite(fixer, &mut uur.execution_time, "execTime", place);
    let comment = uur.comment.as_mut();
    fixer.cut(rules::COMMENT_LENGTH, place, "comment", comment, COMMENT);
    fixer.cut(
        rules::REPAIR_OPERATOR,
        place,
        "user",
        uur.operator.as_mut(),
        SHORT,
    );
    if let Some(code) = uur
        .process_code
        .filter(|code| !PROCESS_CODES.contains(code))
        && fixer.may(Mend::Ranges)
    {
        uur.process_code = None;
        fixer.did(
            rules::REPAIRED_PROCESS,
            place,
            format_args!("processCode {code} was left out"),
        );
    }
}
