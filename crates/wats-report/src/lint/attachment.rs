//! Attachments: files within the report, as base64.

use super::collect::{Collector, Quoted, is_illegal, misread};
use super::header::SHORT;
use super::place::Place;
use super::rules;
use crate::scanned::{self, Kind};
use crate::{Attachment, Payload};

/// Most bytes of a file that servers are likely to take.
const MAX_BYTES: u64 = 10 * 1024 * 1024;

pub(super) fn check(out: &mut Collector, file: &Attachment, place: &Place<'_>) {
    out.members(file, place);
    out.required(
        rules::ATTACHMENT_NAME,
        place,
        ("name", "name", &file.extra),
        file.name.as_deref(),
        SHORT,
    );
    name(out, file.name.as_deref().unwrap_or_default(), place);
    match file.content_type.as_deref() {
        None if misread(&file.extra, "contentType") => {}
        None => out.add(
            rules::ATTACHMENT_TYPE,
            place,
            format_args!("the content type is missing"),
        ),
        Some("") => out.add(
            rules::ATTACHMENT_TYPE,
            place,
            format_args!("the content type is empty"),
        ),
        Some(given) => {
            content_type(out, given, place);
            if out.all() {
                contents(out, file, given, place);
            }
        }
    }
    match &file.data {
        None if misread(&file.extra, "data") => {}
        None => out.add(
            rules::ATTACHMENT_DATA,
            place,
            format_args!("the data is missing"),
        ),
        Some(data) if !data.as_base64().is_none_or(is_base64) => {
            out.add(
                rules::ATTACHMENT_DATA,
                place,
                format_args!("the data is not base64"),
            );
        }
        Some(data) if data.is_empty() => out.add(
            rules::ATTACHMENT_EMPTY,
            place,
            format_args!("the file is empty"),
        ),
        Some(data) if data.len() > MAX_BYTES => out.add(
            rules::ATTACHMENT_SIZE,
            place,
            format_args!("the file has {} MB", data.len() / (1024 * 1024)),
        ),
        Some(_) => {}
    }
}

/// The name, which somebody will save the file under.
fn name(out: &mut Collector, name: &str, place: &Place<'_>) {
    if hidden(out, "name", name, place) || !out.all() || name.is_empty() {
        return;
    }
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let problem = if name.contains(['/', '\\']) {
        "has a path"
    } else if name.contains(['<', '>', ':', '"', '|', '?', '*']) {
        "has a character that no file of Windows may have"
    } else if name.chars().all(|c| c == '.') {
        "is that of a folder"
    } else if name.ends_with([' ', '.']) || name.starts_with(' ') {
        "begins or ends with a blank or a point, which systems leave out"
    } else if RESERVED.iter().any(|word| stem.eq_ignore_ascii_case(word)) {
        "is reserved on Windows"
    } else {
        return;
    };
    out.add(
        rules::ATTACHMENT_FILE_NAME,
        place,
        format_args!("the name {} {problem}", Quoted(name)),
    );
}

/// Names that are devices on Windows, with any extension.
const RESERVED: &[&str] = &[
    "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "COM1", "COM2", "COM3", "COM4", "COM5",
    "COM6", "COM7", "COM8", "COM9", "COM¹", "COM²", "COM³", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5",
    "LPT6", "LPT7", "LPT8", "LPT9", "LPT¹", "LPT²", "LPT³",
];

/// The content type, which is sent as a header when the file is read back.
fn content_type(out: &mut Collector, given: &str, place: &Place<'_>) {
    if hidden(out, "content type", given, place) || !out.all() {
        return;
    }
    let essence = given.split(';').next().unwrap_or_default().trim();
    // A token of RFC 9110, section 5.6.2.
    let is_token = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    let is_type = given.is_ascii()
        && essence
            .split_once('/')
            .is_some_and(|(main, sub)| is_token(main) && is_token(sub));
    if !is_type {
        out.add(
            rules::ATTACHMENT_MEDIA_TYPE,
            place,
            format_args!("the content type {} is no media type", Quoted(given)),
        );
    }
}

/// How files of a type begin.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b\x08", "application/gzip"),
];

/// Contents that are of another type than is given. Many types are packed files, so only those that are none are compared.
fn contents(out: &mut Collector, file: &Attachment, given: &str, place: &Place<'_>) {
    let essence = given.split(';').next().unwrap_or_default().trim();
    let essence = match essence.to_ascii_lowercase().as_str() {
        "image/jpg" | "image/pjpeg" => "image/jpeg".to_owned(),
        "image/x-png" => "image/png".to_owned(),
        other => other.to_owned(),
    };
    let is_plain = ["text/", "image/"]
        .iter()
        .any(|main| essence.starts_with(main))
        || ["application/json", "application/xml", "application/pdf"].contains(&essence.as_str());
    let Some(first) = file
        .data
        .as_ref()
        .filter(|_| is_plain)
        .and_then(Payload::first_bytes)
    else {
        return;
    };
    let signature = SIGNATURES
        .iter()
        .find(|(begin, _)| first.starts_with(begin));
    if let Some((_, found)) = signature.filter(|(_, found)| *found != essence) {
        out.add(
            rules::ATTACHMENT_CONTENTS,
            place,
            format_args!(
                "the content type is {}, but the file begins as {found}",
                Quoted(given)
            ),
        );
    }
}

/// Tells a character that nobody sees; one that no server can store is told of every text.
fn hidden(out: &mut Collector, what: &str, text: &str, place: &Place<'_>) -> bool {
    let Some(hidden) = scanned::hidden(text, Kind::Name) else {
        return false;
    };
    if !is_illegal(hidden.char()) {
        out.add(
            rules::ATTACHMENT_CHARACTER,
            place,
            format_args!("the {what} {} contains {hidden}", Quoted(text)),
        );
    }
    true
}

fn is_base64(text: &str) -> bool {
    let text = text.as_bytes();
    let padding = text
        .iter()
        .rev()
        .take(3)
        .take_while(|byte| **byte == b'=')
        .count();
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    text.len().is_multiple_of(4) && padding <= 2 && text[..text.len() - padding].iter().all(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_of_another_type_are_told() {
        use crate::lint::rules::Severity;
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice();
        for (given, bytes, told) in [
            ("text/plain", png, true),
            ("image/jpeg", png, true),
            ("application/json; charset=utf-8", png, true),
            ("image/png", png, false),
            ("Image/PNG", png, false),
            ("image/x-png", png, false),
            ("application/octet-stream", png, false),
            ("image/png", b"\xff\xd8\xff\xe0".as_slice(), true),
            ("image/jpg", b"\xff\xd8\xff\xe0", false),
            ("text/csv", b"PK\x03\x04", true),
            ("application/vnd.ms-excel", b"PK\x03\x04", false),
            ("text/plain", b"PNG is a format", false),
            ("text/plain", b"", false),
        ] {
            let base64 = Attachment {
                data: Some(Payload::from_base64(&base64::Engine::encode(
                    &base64::engine::general_purpose::STANDARD,
                    bytes,
                ))),
                ..Attachment::new("a", bytes).content_type(given)
            };
            for file in [Attachment::new("a", bytes).content_type(given), base64] {
                let mut out = Collector::new(Severity::Advice);
                check(&mut out, &file, &Place::REPORT);
                let found = out.findings.iter().any(|finding| finding.code() == "R609");
                assert_eq!(found, told, "{given} {bytes:?}");
            }
        }
    }

    #[test]
    fn base64_by_its_alphabet_and_padding() {
        for good in ["", "AAAA", "AAA=", "AA==", "a+/9"] {
            assert!(is_base64(good), "{good}");
        }
        for bad in ["A", "AAA", "A===", "====", "AA=A", "AAA-", "AAAA\n", "æ=="] {
            assert!(!is_base64(bad), "{bad}");
        }
    }
}
