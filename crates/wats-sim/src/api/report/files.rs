//! Files of a report: attachments one by one or in an archive, and the certificate.

use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value};
use uuid::Uuid;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::derive::{for_each_step, repair_files, text_of};
use super::{members, stored};
use crate::answer::{Answer, Handled};
use crate::api::blob::named;
use crate::call::Call;
use crate::query::bad;
use crate::store::StoredReport;

/// What bytes are if nobody says so.
const ANY_TYPE: &str = "application/octet-stream";

/// One attachment: of a test report by its step, of a repair by its id.
pub(super) fn attachment(call: &Call<'_>) -> Handled {
    let query = &call.query;
    let report_id = query
        .get("reportId")
        .ok_or_else(|| bad("reportId is required."))?;
    let report = members(&*stored(call, report_id)?)?;
    let found = match (query.get("attachmentId"), query.count("stepId")?) {
        (Some(id), None) => {
            let id = Uuid::try_parse(id)
                .map_err(|_| bad(format!("The value '{id}' of attachmentId is not a guid.")))?;
            repair_files(&report).find(|file| {
                text_of(file, "id").and_then(|text| Uuid::try_parse(text).ok()) == Some(id)
            })
        }
        (None, Some(step_id)) => {
            let mut found = None;
            for_each_step(&report, &mut |step| {
                if step.get("id").and_then(Value::as_u64) == Some(step_id as u64) {
                    found = found.or(step.get("attachment").and_then(Value::as_object));
                }
            });
            found
        }
        _ => return Err(bad("Either attachmentId or stepId is required.")),
    };
    let Some(file) = found else {
        let message = "The report has no such attachment.";
        return Err(Answer::message(StatusCode::NOT_FOUND, message));
    };
    let content_type = text_of(file, "contentType").unwrap_or(ANY_TYPE);
    let mut answer = Answer::bytes(StatusCode::OK, ANY_TYPE, data(file)?);
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        answer.headers = vec![(CONTENT_TYPE, content_type)];
    }
    Ok(named(answer, name(file)))
}

/// All attachments of a report in a zip archive.
pub(super) fn attachments(call: &Call<'_>) -> Handled {
    let id = call.param(0);
    let report = members(&*stored(call, id)?)?;
    let mut files: Vec<&Map<String, Value>> = Vec::new();
    for_each_step(&report, &mut |step| {
        files.extend(step.get("attachment").and_then(Value::as_object));
    });
    files.extend(repair_files(&report));
    if files.is_empty() {
        let message = "The report has no attachments.";
        return Err(Answer::message(StatusCode::NOT_FOUND, message));
    }
    let archive = archive(&files).map_err(|problem| {
        Answer::message(StatusCode::INTERNAL_SERVER_ERROR, problem.to_string())
    })?;
    let answer = Answer::bytes(StatusCode::OK, "application/zip", archive?);
    Ok(named(answer, &format!("{id}.zip")))
}

fn archive(files: &[&Map<String, Value>]) -> zip::result::ZipResult<Result<Bytes, Answer>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (index, file) in files.iter().enumerate() {
        let data = match data(file) {
            Ok(data) => data,
            Err(answer) => return Ok(Err(answer)),
        };
        // Equal names are told apart by their place.
        let taken = files
            .iter()
            .take(index)
            .any(|other| name(other) == name(file));
        let entry = if taken {
            format!("{index}-{}", name(file))
        } else {
            name(file).to_owned()
        };
        writer.start_file(entry, options)?;
        writer.write_all(&data)?;
    }
    Ok(Ok(writer.finish()?.into_inner().into()))
}

/// A document that says what was tested. The server's own is not published; this one is a short text.
pub(super) fn certificate(call: &Call<'_>) -> Handled {
    let document = document(&*stored(call, call.param(0))?);
    let answer = Answer::bytes(
        StatusCode::OK,
        "text/plain; charset=utf-8",
        Bytes::from(document),
    );
    Ok(named(answer, "certificate.txt"))
}

/// What a certificate says.
pub(in crate::api) fn document(report: &StoredReport) -> String {
    let text = |name: &str| text_of(&report.header, name).unwrap_or_default();
    format!(
        "Test certificate\nPart number {}\nSerial number {}\nResult {}\n",
        text("partNumber"),
        text("serialNumber"),
        text("result")
    )
}

fn name(file: &Map<String, Value>) -> &str {
    text_of(file, "name").unwrap_or("attachment")
}

fn data(file: &Map<String, Value>) -> Result<Bytes, Answer> {
    let text = text_of(file, "data").unwrap_or_default();
    STANDARD.decode(text).map(Bytes::from).map_err(|problem| {
        let message = format!("The attachment is not base64: {problem}");
        Answer::message(StatusCode::INTERNAL_SERVER_ERROR, message)
    })
}
