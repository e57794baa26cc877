//! `api/Export`: certificates of test reports as a file. An export is ready as soon as it is queued, and belongs to the token
//! that queued it. What is kept of it is which reports it has; the archive is made when it is fetched.

use std::io::{Cursor, Write as _};
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use uuid::Uuid;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::analytics;
use super::blob::named;
use super::report::files;
use crate::answer::{Answer, Handled};
use crate::call::{Call, not_found, text};
use crate::query::bad;
use crate::routes::routes;
use crate::shape::names;
use crate::store::StoredReport;

/// Exports by their owner and name, see [`key`].
const EXPORTS: &str = "export";
const NUMBERS: &[&str] = names! {
    "default" "integer" "decimal" "scientific" "general" "hexadecimal" "binary"
};
const DETAILS: &[&str] = names! {
    "stationData" "miscInfo" "subUnitInfo" "asset" "batchNumber" "executionTime" "testSocketIndex" "operator" "errorCode"
    "errorMessage" "fixtureId" "testOperation" "reportStatus" "comment" "swFilename" "swVersion" "stepStatus" "stepTime"
    "measurement" "units" "compOperator" "lowLimit" "highLimit" "viewStepHierarchy" "signCertificate" "xyGraph" "pageNumbers"
};

routes! {
    GET "/api/Export/List" => list;
    GET "/api/Export/{fileName}" => download;
    POST "/api/Export/Certificate" => queue;
}

/// Queues certificates of the reports of a filter, and answers the name of the file.
fn queue(call: &Call<'_>) -> Handled {
    let required = |name: &str| {
        call.query
            .switch(name)?
            .ok_or_else(|| bad(format!("{name} is required.")))
    };
    let headers_only = required("headerDataOnly")?;
    let one_file_each = required("asIndividualFiles")?;
    let email = call.required("email")?;
    let known = |name: &str, value: &str, known: &[&str]| {
        if known
            .iter()
            .any(|one| one.eq_ignore_ascii_case(value.trim()))
        {
            return Ok(());
        }
        Err(bad(format!("There is no {name} '{value}'.")))
    };
    if let Some(format) = call.optional("numericFormat") {
        known("numericFormat", format, NUMBERS)?;
    }
    let (reports, dimensions) = analytics::reports_to_export(call)?;
    for detail in call
        .optional("dimensions")
        .or(dimensions.as_deref())
        .into_iter()
        .flat_map(|all| all.split(';'))
    {
        known("dimension", detail, DETAILS)?;
    }
    let name = call.store.change(|change| {
        let name = format!("Certificates_{}", change.next(EXPORTS)?);
        let export = json!({
            "exportFileName": name,
            "owner": owner(call),
            "headerDataOnly": headers_only,
            "asIndividualFiles": one_file_each,
            "email": email,
            "reports": reports,
        });
        change.put(EXPORTS, &key(&owner(call), &name), export)?;
        Ok(name)
    })?;
    Ok(Answer::json(&json!({ "exportFileName": name })))
}

/// The names of the exports of this token.
#[expect(clippy::unnecessary_wraps, reason = "handlers are all of one type")]
fn list(call: &Call<'_>) -> Handled {
    let owner = owner(call);
    let exports = call.store.all(EXPORTS).into_iter();
    let mine = exports.filter(|export| text(export, "owner") == Some(&owner));
    Ok(Answer::json(
        &mine
            .map(|export| export["exportFileName"].clone())
            .collect(),
    ))
}

/// A file by its name, with or without its extension.
fn download(call: &Call<'_>) -> Handled {
    let file_name = call.param(0);
    let name = file_name.strip_suffix(".zip").unwrap_or(file_name);
    let export = call.store.get(EXPORTS, &key(&owner(call), name));
    let export = export.ok_or_else(|| not_found(format!("export '{file_name}'")))?;
    let ids = export
        .get("reports")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let ids = ids.filter_map(|id| Uuid::try_parse(id.as_str()?).ok());
    let reports: Vec<Arc<StoredReport>> = call
        .store
        .read(|state| ids.filter_map(|id| state.reports.get(&id)).collect());
    let one_file_each = export.get("asIndividualFiles").and_then(Value::as_bool) == Some(true);
    let archive = archive(&reports, one_file_each);
    let archive = archive.map_err(|problem| {
        Answer::message(StatusCode::INTERNAL_SERVER_ERROR, problem.to_string())
    })?;
    let answer = Answer::bytes(StatusCode::OK, "application/zip", archive);
    Ok(named(answer, &format!("{name}.zip")))
}

fn archive(reports: &[Arc<StoredReport>], one_file_each: bool) -> zip::result::ZipResult<Bytes> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    if !one_file_each {
        writer.start_file("certificates.txt", options)?;
    }
    for report in reports {
        if one_file_each {
            let id = report
                .header
                .get("uuid")
                .and_then(Value::as_str)
                .unwrap_or_default();
            writer.start_file(format!("{id}.txt"), options)?;
        }
        writer.write_all(files::document(report).as_bytes())?;
    }
    Ok(writer.finish()?.into_inner().into())
}

fn key(owner: &str, name: &str) -> String {
    format!("{owner}\n{name}")
}

/// Who sent a request: what its token comes to by FNV-1a, as tokens are not to be kept.
fn owner(call: &Call<'_>) -> String {
    let token = call
        .headers
        .get(AUTHORIZATION)
        .map(http::HeaderValue::as_bytes);
    let hash = token
        .unwrap_or_default()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}
