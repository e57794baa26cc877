//! `api/Report`: take reports in, give them back, list their headers.
//!
//! - here: reports in and out as WSJF and WSXF; `detail`: less than the whole report; `wsxf`: the XML form,
//! - `derive`: the header of a report; `headers`: lists of them,
//! - `files`: attachments and certificates,
//! - `quarantine`: the internal routes for what became of a report.

mod derive;
mod detail;
pub(super) mod files;
mod headers;
mod quarantine;
mod wsxf;

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{effects, process};
use crate::answer::{Answer, Handled};
use crate::call::{Call, parse_json};
use crate::query::bad;
use crate::report_rules::{self, ReportRules};
use crate::routes::routes;
use crate::store::{NewReport, Processing, Store, StoredReport, full};
use derive::{id_of, text_of};
use detail::Detail;

routes! {
    POST "/api/Report/WSJF" => post;
    POST "/api/Report/WSXF" => post_wsxf;
    GET "/api/Report/Wsjf/{id}" => get;
    GET "/api/Report/Wsxf/{id}" => get_wsxf;
    GET "/api/Report/Query/Header" => headers::query_headers;
    GET "/api/Report/Query/HeaderByMiscInfo" => headers::query_by_misc_info;
    GET "/api/Report/Attachment" => files::attachment;
    GET "/api/Report/Attachments/{id}" => files::attachments;
    GET "/api/Report/Certificate/{id}" => files::certificate;
    GET "/api/internal/Report/GetReportState/{id}" => quarantine::state;
    GET "/api/internal/Quarantine" => quarantine::list;
    DELETE "/api/internal/Quarantine" => quarantine::delete;
    POST "/api/internal/Quarantine/Retry" => quarantine::retry;
    POST "/api/internal/Quarantine/Retry/Future" => quarantine::retry_future;
}

/// Takes a WSJF report in. The bytes are kept as they came; a known id is overwritten.
fn post(call: &Call<'_>) -> Handled {
    receive(
        call,
        call.settings.rules,
        &call.json()?,
        (call.body.clone(), None),
    )
}

/// Takes a WSXF text with one report in. Its header and what [`wsxf`] knows of its steps are kept as WSJF beside it.
fn post_wsxf(call: &Call<'_>) -> Handled {
    let report = wsxf::read(&call.body).map_err(|problem| {
        let message = format!("The request is invalid: {problem}");
        Answer::message(StatusCode::BAD_REQUEST, message)
    })?;
    let wsjf = Bytes::from(report.to_string());
    receive(
        call,
        ReportRules::Basic,
        &report,
        (wsjf, Some(call.body.clone())),
    )
}

/// Takes a report in that may be either.
pub(crate) fn load(call: &Call<'_>) -> Handled {
    let first = call
        .body
        .iter()
        .find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
    if first == Some(&b'<') {
        post_wsxf(call)
    } else {
        post(call)
    }
}

fn receive(
    call: &Call<'_>,
    rules: ReportRules,
    report: &Value,
    bytes: (Bytes, Option<Bytes>),
) -> Handled {
    let (id, number) = take(
        call.store,
        call.now(),
        rules,
        report,
        bytes,
        call.processing.clone(),
    )?;
    Ok(Answer::json(&json!({
        "ID": id.to_string(),
        "uuid": id.to_string(),
        "Report_ID": number,
    })))
}

/// Checks a report, takes it in and carries out what it changes elsewhere; answers its id and the number of that.
pub(crate) fn take(
    store: &Store,
    now: Timestamp,
    rules: ReportRules,
    report: &Value,
    (wsjf, wsxf): (Bytes, Option<Bytes>),
    processing: Processing,
) -> Result<(Uuid, u64), Answer> {
    let process = |code| store.read(|state| process::by_code(state, code).cloned());
    let violations = report_rules::check(report, rules, process);
    if !violations.is_empty() {
        let lines: Vec<_> = violations.iter().map(ToString::to_string).collect();
        return Err(Answer::message(StatusCode::BAD_REQUEST, lines.join("\n")));
    }
    // The rules have made sure of the object and its id.
    let (Some(members), Some(id)) = (report.as_object(), id_of(report)) else {
        return Err(Answer::message(
            StatusCode::BAD_REQUEST,
            "report: id must be a guid",
        ));
    };
    let text = |name: &str| text_of(members, name).unwrap_or_default().to_owned();
    let process_code = members
        .get("processCode")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let new = NewReport {
        id,
        wsjf,
        wsxf,
        header: derive::header(members, process(process_code).as_ref()),
        start: derive::start_of(members),
        run_key: (text("sn"), text("pn"), process_code),
        passed: text_of(members, "result") == Some("P"),
    };
    let number = store.change(|change| {
        let number = change
            .reports_mut()
            .receive(new, processing, now)
            .map_err(full)?;
        effects::settle(change);
        Ok(number)
    })?;
    Ok((id, number))
}

/// Gives a report back as WSJF: without options the very bytes that were posted.
fn get(call: &Call<'_>) -> Handled {
    let stored = stored(call, call.param(0))?;
    let detail = Detail::of(&call.query)?;
    if detail.is_full() {
        return Ok(Answer::bytes(
            StatusCode::OK,
            "application/json; charset=utf-8",
            stored.wsjf.clone(),
        ));
    }
    let mut report = parse_json(&stored.wsjf)?;
    detail.apply(&mut report);
    Ok(Answer::json(&report))
}

/// Gives a report back as WSXF: the very bytes if it was posted that way, else what [`wsxf`] makes of it.
fn get_wsxf(call: &Call<'_>) -> Handled {
    let stored = stored(call, call.param(0))?;
    let detail = Detail::of(&call.query)?;
    call.query.switch("includeIndexes")?;
    let xml = match &stored.wsxf {
        Some(wsxf) if detail.is_full() => wsxf.clone(),
        _ => {
            let mut report = parse_json(&stored.wsjf)?;
            detail.apply(&mut report);
            Bytes::from(wsxf::write(&report))
        }
    };
    Ok(Answer::bytes(
        StatusCode::OK,
        "application/xml; charset=utf-8",
        xml,
    ))
}

fn stored(call: &Call<'_>, id: &str) -> Result<Arc<StoredReport>, Answer> {
    let id = guid(id)?;
    call.store
        .read(|state| state.reports.get(&id))
        .ok_or_else(|| not_found(&id))
}

fn guid(id: &str) -> Result<Uuid, Answer> {
    Uuid::try_parse(id).map_err(|_| {
        Answer::message(
            StatusCode::BAD_REQUEST,
            format!("The value '{id}' is not a report id."),
        )
    })
}

fn not_found(id: &Uuid) -> Answer {
    Answer::message(
        StatusCode::NOT_FOUND,
        format!("There is no report with id '{id}'."),
    )
}

/// The members of a stored report.
fn members(stored: &StoredReport) -> Result<Map<String, Value>, Answer> {
    match parse_json(&stored.wsjf)? {
        Value::Object(members) => Ok(members),
        _ => Err(bad("The report is not an object.")),
    }
}
