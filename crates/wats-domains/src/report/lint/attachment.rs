//! Attachments: files within the report, as base64.

use super::collect::{Collector, misread};
use super::header::SHORT;
use super::place::Place;
use super::rules;
use crate::report::Attachment;

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
    if file.content_type.as_deref().is_none_or(str::is_empty)
        && !misread(&file.extra, "contentType")
    {
        out.add(
            rules::ATTACHMENT_TYPE,
            place,
            format_args!("the content type is missing"),
        );
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
        Some(data) if data.len() > MAX_BYTES => out.add(
            rules::ATTACHMENT_SIZE,
            place,
            format_args!("the file has {} MB", data.len() / (1024 * 1024)),
        ),
        Some(_) => {}
    }
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
    fn base64_by_its_alphabet_and_padding() {
        for good in ["", "AAAA", "AAA=", "AA==", "a+/9"] {
            assert!(is_base64(good), "{good}");
        }
        for bad in ["A", "AAA", "A===", "====", "AA=A", "AAA-", "AAAA\n", "æ=="] {
            assert!(!is_base64(bad), "{bad}");
        }
    }
}
