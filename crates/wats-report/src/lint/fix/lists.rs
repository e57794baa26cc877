//! Mends what the header lists: misc info, sub units, equipment, files and free data.

use serde_json::Value;

use super::before::Before;
use super::{Fixer, Mend, is_blank};
use crate::lint::collect::Quoted;
use crate::lint::header::SHORT;
use crate::lint::place::Place;
use crate::lint::rules;
use crate::lint::units::PART_TYPE;
use crate::model::AdditionalProperty;
use crate::{AdditionalData, Attachment, MiscInfo, Report, ReportType, SubUnit};

/// Members that tell units apart.
pub(super) const IDENTITY: &[&str] = &["pn", "sn", "rev", "batchSN", "fixtureId", "assetSN"];

pub(super) fn mend(fixer: &mut Fixer<'_>, report: &mut Report) {
    let place = &Place::REPORT;
    misc_infos(fixer, report);
    repaired_unit(fixer, report);
    if fixer.may(Mend::MissingFiles) {
        missing_files(fixer, report);
    }
    for (index, unit) in report.sub_units.iter_mut().flatten().enumerate() {
        sub_unit(fixer, unit, &place.item("sub unit", index, None));
    }
    for (index, asset) in report.assets.iter_mut().flatten().enumerate() {
        fixer.object(asset, &place.item("asset", index, None), IDENTITY);
    }
    for (index, one) in report.attachments.iter_mut().flatten().enumerate() {
        file(fixer, one, &place.item("attachment", index, None));
    }
    additional(fixer, report.additional_data.as_mut(), place);
}

fn misc_infos(fixer: &mut Fixer<'_>, report: &mut Report) {
    let place = &Place::REPORT;
    let Some(infos) = &mut report.misc_infos else {
        return;
    };
    let mut at = 0;
    infos.retain_mut(|info| {
        let place = place.item("misc info", at, None);
        at += 1;
        misc_info(fixer, info, at, &place)
    });
}

/// A value of `numeric` that is no whole number of 32 bits is the text. Where there is one already, it is free data.
fn number_of_misc_info(fixer: &mut Fixer<'_>, info: &mut MiscInfo, place: &Place<'_>) {
    let whole = |number: f64| number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX);
    let given = info.extra.get("numeric").filter(|_| info.number.is_none());
    let text = match given {
        Some(Value::Number(number)) if !number.as_f64().is_some_and(whole) => number.to_string(),
        Some(Value::String(text)) if !text.trim().parse().is_ok_and(whole) => text.clone(),
        Some(Value::Bool(truth)) => truth.to_string(),
        _ => return,
    };
    if text.is_empty() {
        return;
    }
    let has_text = !is_blank(info.text.as_ref()) || crate::lint::misread(&info.extra, "text");
    if has_text && fixer.may(Mend::Unreadable) {
        if let Some(value) = info.extra.remove("numeric") {
            fixer.keep_unreadable(place, "numeric", &value);
        }
        fixer.did(
            rules::WRONG_KIND,
            place,
            format_args!("numeric was `{text}`, which is no whole number of 32 bits; it is free data of the report now"),
        );
    } else if !has_text && fixer.may(Mend::Kinds) {
        info.extra.remove("numeric");
        fixer.did(
            rules::WRONG_KIND,
            place,
            format_args!("numeric is the text `{text}` now, as it is no whole number of 32 bits"),
        );
        info.text = Some(text);
    }
}

/// Answers whether the value stays.
fn misc_info(fixer: &mut Fixer<'_>, info: &mut MiscInfo, number: usize, place: &Place<'_>) -> bool {
    number_of_misc_info(fixer, info, place);
    fixer.object(info, place, &[]);
    if is_blank(info.description.as_ref())
        && fixer.may(Mend::MissingNames)
        && info.extra.get("description").is_none()
    {
        let name = format!("Misc info {number}");
        fixer.did(
            rules::MISC_NAME,
            place,
            format_args!("it had no description; it is `{name}` now"),
        );
        info.description = Some(name);
    }
    fixer.cut(
        rules::MISC_NAME,
        place,
        "description",
        info.description.as_mut(),
        SHORT,
    );
    fixer.cut(rules::MISC_TEXT, place, "text", info.text.as_mut(), SHORT);
    let odd = ["text", "numeric"]
        .iter()
        .any(|name| crate::lint::misread(&info.extra, name));
    let is_empty = info.text.is_none() && info.number.is_none() && !odd;
    if is_empty && fixer.may(Mend::EmptyMiscInfos) {
        fixer.did(
            rules::MISC_EMPTY,
            place,
            format_args!("it had neither text nor number, and was left out"),
        );
        return false;
    }
    true
}

/// The repaired unit is the first of the sub units.
fn repaired_unit(fixer: &mut Fixer<'_>, report: &mut Report) {
    let is_repair = report.report_type == Some(ReportType::Repair);
    let missing = report.sub_units.is_none() && !crate::lint::misread(&report.extra, "subUnits");
    if !is_repair || !missing || !fixer.may(Mend::RepairUnits) {
        return;
    }
    report.sub_units = Some(vec![SubUnit {
        part_type: Some("Main".to_owned()),
        part_number: report.part_number.clone(),
        serial_number: report.serial_number.clone(),
        revision: report.revision.clone(),
        index: Some(0),
        ..SubUnit::default()
    }]);
    fixer.did(
        rules::REPAIR_PARTS,
        &Place::REPORT,
        format_args!("subUnits holds the repaired unit now"),
    );
}

fn sub_unit(fixer: &mut Fixer<'_>, unit: &mut SubUnit, place: &Place<'_>) {
    fixer.object(unit, place, IDENTITY);
    let part_type = unit.part_type.as_mut();
    fixer.cut(rules::PART_TYPE, place, "partType", part_type, PART_TYPE);
    for (index, failure) in unit.failures.iter_mut().flatten().enumerate() {
        let place = &place.item("failure", index, None);
        fixer.object(failure, place, &[]);
        for (index, one) in failure.attachments.iter_mut().flatten().enumerate() {
            file(fixer, one, &place.item("attachment", index, None));
        }
    }
}

/// Files of a repair of which there is only the name.
fn missing_files(fixer: &mut Fixer<'_>, report: &mut Report) {
    let place = &Place::REPORT;
    let mut all = Vec::new();
    let mut leave_out = |files: &mut Option<Vec<Attachment>>, place: &Place<'_>| {
        let mut at = 0;
        files.get_or_insert_default().retain(|file| {
            let place = place.item("attachment", at, None);
            at += 1;
            let is_missing = is_missing(file);
            if is_missing {
                all.push(left_out(fixer, file, &place));
            }
            !is_missing
        });
    };
    if report.attachments.is_some() {
        leave_out(&mut report.attachments, place);
    }
    for (unit, one) in report.sub_units.iter_mut().flatten().enumerate() {
        let place = place.item("sub unit", unit, None);
        for (index, failure) in one.failures.iter_mut().flatten().enumerate() {
            if failure.attachments.is_some() {
                let place = place.item("failure", index, None);
                leave_out(&mut failure.attachments, &place);
            }
        }
    }
    for before in all {
        before.add_to_list(report.additional_data.get_or_insert_default());
    }
}

/// Whether a file has no data, not even none that could be read.
pub(super) fn is_missing(file: &Attachment) -> bool {
    file.data.is_none() && !crate::lint::misread(&file.extra, "data")
}

/// Tells that a file is left out, and keeps what it is called.
pub(super) fn left_out(fixer: &mut Fixer<'_>, file: &Attachment, place: &Place<'_>) -> Before {
    let name = file.name.as_deref().unwrap_or_default();
    let mut before = Before::default();
    before.keep("", "attachment", name);
    if let Some(content_type) = &file.content_type {
        before.keep(name, "contentType", content_type.as_str());
    }
    fixer.did(
        rules::ATTACHMENT_DATA,
        place,
        format_args!(
            "the file {} had no data; its name is free data now",
            Quoted(name)
        ),
    );
    before
}

/// A file whose content type is not given is one of bytes.
pub(super) fn file(fixer: &mut Fixer<'_>, file: &mut Attachment, place: &Place<'_>) {
    fixer.object(file, place, &[]);
    if is_blank(file.name.as_ref())
        && fixer.may(Mend::MissingNames)
        && file.extra.get("name").is_none()
    {
        file.name = Some("attachment".to_owned());
        fixer.did(
            rules::ATTACHMENT_NAME,
            place,
            format_args!("the file had no name; it is `attachment` now"),
        );
    }
    fixer.cut(
        rules::ATTACHMENT_NAME,
        place,
        "name",
        file.name.as_mut(),
        SHORT,
    );
    if is_blank(file.content_type.as_ref()) && fixer.may(Mend::ContentTypes) {
        file.content_type = Some("application/octet-stream".to_owned());
        fixer.did(
            rules::ATTACHMENT_TYPE,
            place,
            format_args!("contentType is application/octet-stream now"),
        );
    }
    if fixer.may(Mend::Base64)
        && let Some(plain) = file.data.as_ref().and_then(crate::Payload::in_plain_base64)
    {
        file.data = Some(plain);
        fixer.did(
            rules::ATTACHMENT_DATA,
            place,
            format_args!("the data is base64 as the server takes it now"),
        );
    }
}

/// Free data and all within; it nests no deeper than what read it allows, so the recursion is bounded.
pub(super) fn additional(
    fixer: &mut Fixer<'_>,
    list: Option<&mut Vec<AdditionalData>>,
    place: &Place<'_>,
) {
    for (index, data) in list.into_iter().flatten().enumerate() {
        let place = &place.item("additional data", index, None);
        fixer.object(data, place, &[]);
        properties(fixer, data.properties.as_mut(), place);
    }
}

fn properties(
    fixer: &mut Fixer<'_>,
    list: Option<&mut Vec<AdditionalProperty>>,
    place: &Place<'_>,
) {
    for (index, one) in list.into_iter().flatten().enumerate() {
        property(fixer, one, &place.item("property", index, None));
    }
}

fn property(fixer: &mut Fixer<'_>, one: &mut AdditionalProperty, place: &Place<'_>) {
    fixer.object(one, place, &[]);
    properties(fixer, one.properties.as_mut(), place);
    let Some(array) = one.array.as_deref_mut() else {
        return;
    };
    let place = &place.part("array");
    fixer.object(array, place, &[]);
    for (index, item) in array.items.iter_mut().flatten().enumerate() {
        let place = &place.item("item", index, None);
        fixer.object(item, place, &[]);
        if let Some(value) = item.value.as_deref_mut() {
            property(fixer, value, place);
        }
    }
}
