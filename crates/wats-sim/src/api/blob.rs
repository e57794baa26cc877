//! Files that are kept: documents with a name and the contents in Base64, bounded each and all together.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::call::{invalid, text};
use crate::store::{Change, full};

/// Most bytes of one file.
const MAX_FILE: usize = 32 << 20;
/// Most bytes of all files.
const MAX_TOTAL: u64 = 1 << 30;
/// How many bytes there are, by the key `bytes`.
const TOTAL: &str = "blob.total";

/// Keeps a file in place of that of its key.
pub(super) fn put(
    change: &mut Change<'_>,
    table: &str,
    key: &str,
    name: &str,
    data: &[u8],
) -> Result<(), Answer> {
    if data.len() > MAX_FILE {
        return Err(invalid(format!(
            "the file '{name}' has more than {MAX_FILE} bytes"
        )));
    }
    let before = change.get(table, key).map_or(0, size);
    let total = total(change).saturating_sub(before) + data.len() as u64;
    if total > MAX_TOTAL {
        return Err(full(format!(
            "The server keeps at most {MAX_TOTAL} bytes of files."
        )));
    }
    change.put(TOTAL, "bytes", json!(total))?;
    let file = json!({ "name": name, "size": data.len(), "data": STANDARD.encode(data) });
    change.put(table, key, file)
}

/// Removes a file; whether there was one.
pub(super) fn remove(change: &mut Change<'_>, table: &str, key: &str) -> Result<bool, Answer> {
    let Some(size) = change.get(table, key).map(size) else {
        return Ok(false);
    };
    let total = total(change).saturating_sub(size);
    change.put(TOTAL, "bytes", json!(total))?;
    Ok(change.remove(table, key))
}

fn total(change: &Change<'_>) -> u64 {
    let total = change.get(TOTAL, "bytes").and_then(Value::as_u64);
    total.unwrap_or_default()
}

fn size(file: &Value) -> u64 {
    file.get("size").and_then(Value::as_u64).unwrap_or_default()
}

/// The contents of a file.
pub(super) fn data(file: &Value) -> Bytes {
    let decoded = STANDARD.decode(text(file, "data").unwrap_or_default());
    decoded.unwrap_or_default().into()
}

/// A file as an answer, under its own name or the one that is asked for.
pub(super) fn answer(file: &Value, name: Option<&str>) -> Answer {
    let answer = Answer::bytes(StatusCode::OK, "application/octet-stream", data(file));
    let own = text(file, "name").unwrap_or_default();
    named(answer, name.unwrap_or(own))
}

/// As [`answer`], to be shown in a page: of the kind that its name says, without a name for a file.
pub(super) fn shown(file: &Value) -> Answer {
    let mut answer = Answer::bytes(StatusCode::OK, "application/octet-stream", data(file));
    let name = text(file, "name").unwrap_or_default().to_ascii_lowercase();
    let kinds = [
        (".png", "image/png"),
        (".jpg", "image/jpeg"),
        (".jpeg", "image/jpeg"),
        (".bmp", "image/bmp"),
    ];
    if let Some((_, kind)) = kinds.iter().find(|(ending, _)| name.ends_with(ending)) {
        answer.headers = vec![(CONTENT_TYPE, HeaderValue::from_static(kind))];
    }
    answer
}

/// Names the file of an answer; a name that a header cannot hold is escaped (RFC 5987).
pub(super) fn named(answer: Answer, name: &str) -> Answer {
    let plain = name
        .chars()
        .all(|c| (' '..='~').contains(&c) && c != '"' && c != '\\');
    let disposition = if plain {
        format!("attachment; filename=\"{name}\"")
    } else {
        let escaped =
            percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        format!("attachment; filename*=UTF-8''{escaped}")
    };
    match HeaderValue::from_str(&disposition) {
        Ok(disposition) => answer.with_header(CONTENT_DISPOSITION, disposition),
        Err(_) => answer,
    }
}
