//! Misc info, sub units with their failures, and what only repairs have.

use super::collect::{Collector, misread};
use super::header::{COMMENT, PROCESS_CODES, SHORT};
use super::place::Place;
use super::{attachment, rules};
use crate::scanned::Kind;
use crate::{Failure, MiscInfo, Report, ReportType, SubUnit, model::Uur};

/// Longest type of a sub unit.
pub(super) const PART_TYPE: usize = 50;

pub(super) fn check(out: &mut Collector, report: &Report) {
    let place = &Place::REPORT;
    let is_repair = report.report_type == Some(ReportType::Repair);
    for (index, info) in report.misc_infos.iter().flatten().enumerate() {
        misc_info(
            out,
            info,
            &place.item("misc info", index, info.description.as_deref()),
        );
    }
    if is_repair {
        for (name, missing) in [
            ("uur", report.uur.is_none()),
            ("subUnits", report.sub_units.is_none()),
        ] {
            if missing && !misread(&report.extra, name) {
                out.add(
                    rules::REPAIR_PARTS,
                    place,
                    format_args!("{name} is missing, which a repair report must have"),
                );
            }
        }
    }
    if let Some(uur) = &report.uur {
        repair(out, uur, is_repair);
    }
    let units = report.sub_units.as_deref().unwrap_or_default();
    for (index, unit) in units.iter().enumerate() {
        sub_unit(
            out,
            unit,
            &place.item("sub unit", index, unit.serial_number.as_deref()),
        );
    }
    if is_repair && out.all() {
        tree(out, units);
    }
    for (index, asset) in report.assets.iter().flatten().enumerate() {
        let serial_number = asset.serial_number.as_deref();
        let place = &place.item("asset", index, serial_number);
        out.members(asset, place);
        out.scanned(place, "serial number", serial_number, Kind::Number);
    }
    super::additional::check(out, report.additional_data.as_deref(), place);
    let files = report.attachments.as_deref().unwrap_or_default();
    for (index, file) in files.iter().enumerate() {
        attachment::check(
            out,
            file,
            &place.item("attachment", index, file.name.as_deref()),
        );
    }
    let failures = units
        .iter()
        .any(|unit| unit.failures.as_ref().is_some_and(|f| !f.is_empty()));
    if report.report_type == Some(ReportType::Test) && (failures || !files.is_empty()) {
        out.add(
            rules::REPAIR_ONLY,
            place,
            format_args!("a test report has failures or binaryData, which belong to repairs"),
        );
    }
}

fn misc_info(out: &mut Collector, info: &MiscInfo, place: &Place<'_>) {
    out.members(info, place);
    out.required(
        rules::MISC_NAME,
        place,
        ("description", "description", &info.extra),
        info.description.as_deref(),
        SHORT,
    );
    out.scanned(
        place,
        "description",
        info.description.as_deref(),
        Kind::Name,
    );
    out.length(rules::MISC_TEXT, place, "text", info.text.as_deref(), SHORT);
    let odd = misread(&info.extra, "text") || misread(&info.extra, "numeric");
    if info.text.is_none() && info.number.is_none() && !odd {
        out.add(
            rules::MISC_EMPTY,
            place,
            format_args!("it has neither text nor number"),
        );
    }
}

fn repair(out: &mut Collector, uur: &Uur, is_repair: bool) {
    let place = &Place::REPORT.part("uur");
    out.members(uur, place);
    match uur.operator.as_deref() {
        None if !is_repair || misread(&uur.extra, "user") => {}
        None => out.add(
            rules::REPAIR_OPERATOR,
            place,
            format_args!("the operator is missing"),
        ),
        operator => out.filled(rules::REPAIR_OPERATOR, place, "operator", operator, SHORT),
    }
    out.scanned(place, "operator", uur.operator.as_deref(), Kind::Name);
    out.length(
        rules::COMMENT_LENGTH,
        place,
        "comment",
        uur.comment.as_deref(),
        COMMENT,
    );
    if let Some(code) = uur
        .process_code
        .filter(|code| !PROCESS_CODES.contains(code))
    {
        out.add(
            rules::REPAIRED_PROCESS,
            place,
            format_args!("the process code of the test is {code}; it must be 0 to 32767"),
        );
    }
}

fn sub_unit(out: &mut Collector, unit: &SubUnit, place: &Place<'_>) {
    out.members(unit, place);
    out.length(
        rules::PART_TYPE,
        place,
        "part type",
        unit.part_type.as_deref(),
        PART_TYPE,
    );
    for (name, text) in [
        ("part number", &unit.part_number),
        ("serial number", &unit.serial_number),
        ("revision", &unit.revision),
    ] {
        let text = text.as_deref();
        out.length(rules::UNIT_LENGTH_SUB, place, name, text, SHORT);
        out.scanned(place, name, text, Kind::Number);
    }
    for (index, one) in unit.failures.iter().flatten().enumerate() {
        failure(
            out,
            one,
            &place.item("failure", index, one.component_reference.as_deref()),
        );
    }
}

fn failure(out: &mut Collector, failure: &Failure, place: &Place<'_>) {
    out.members(failure, place);
    out.scanned(
        place,
        "article number",
        failure.article_number.as_deref(),
        Kind::Number,
    );
    let named = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    if !named(&failure.category) || !named(&failure.code) {
        out.add(
            rules::FAILURE_UNNAMED,
            place,
            format_args!("the failure has no category or no code"),
        );
    }
    for (index, file) in failure.attachments.iter().flatten().enumerate() {
        attachment::check(
            out,
            file,
            &place.item("attachment", index, file.name.as_deref()),
        );
    }
}

/// The numbers by which the units of a repair refer to each other.
fn tree(out: &mut Collector, units: &[SubUnit]) {
    let mut known: Vec<i32> = units.iter().filter_map(|unit| unit.index).collect();
    known.sort_unstable();
    let place = &Place::REPORT;
    if known.windows(2).any(|pair| pair[0] == pair[1]) {
        out.add(
            rules::UNIT_TREE,
            place,
            format_args!("two sub units have the same idx"),
        );
    }
    for (index, unit) in units.iter().enumerate() {
        let refers = [
            ("parentIdx", unit.parent_index),
            ("replacedIdx", unit.replaced_by),
        ];
        for (name, other) in refers {
            if let Some(other) = other.filter(|other| known.binary_search(other).is_err()) {
                out.add(
                    rules::UNIT_TREE,
                    &place.item("sub unit", index, unit.serial_number.as_deref()),
                    format_args!("{name} is {other}, which no sub unit has as idx"),
                );
            }
        }
    }
}
