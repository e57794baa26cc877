//! Files of stored reports: attachments and the certificate.

use std::borrow::Cow;

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use uuid::Uuid;
use wats_http::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap};
use wats_http::{Call, Response};

use super::{HeaderAttachment, HeaderList, HeaderQuery, ReportHeader, ReportService};
use crate::error::Result;
use crate::odata::Filter;
use crate::report::HeaderField;
use crate::route;

/// Which attachment of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentKey {
    /// Of a test: the id of the step that it belongs to.
    Step(i32),
    /// Of a repair: its own id.
    Id(Uuid),
}

/// A file that the server gave.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Download {
    /// What it is, such as `image/png`, if the server said so.
    pub content_type: Option<String>,
    /// Its name, if the server said so. It comes from whoever made the report: keep only its last part before writing to
    /// a disk.
    pub file_name: Option<String>,
    /// Its contents.
    pub contents: Bytes,
}

impl Download {
    fn of(response: Response) -> Self {
        let text = |name| response.headers().get(name)?.to_str().ok();
        Self {
            content_type: text(CONTENT_TYPE).map(str::to_owned),
            file_name: file_name(response.headers()),
            contents: response.into_body(),
        }
    }
}

/// The name in a `Content-Disposition` (RFC 6266): the one with an encoding, else the plain one.
fn file_name(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_DISPOSITION)?.as_bytes();
    let text: Cow<'_, str> = String::from_utf8_lossy(value);
    let parameter = |name: &str| {
        parameters(&text)
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    };
    let encoded = parameter("filename*").and_then(|value| {
        let (charset, rest) = value.split_once('\'')?;
        let (_, escaped) = rest.split_once('\'')?;
        let utf8 = charset.eq_ignore_ascii_case("utf-8");
        let name = percent_decode_str(escaped).decode_utf8();
        name.ok().filter(|_| utf8).map(Cow::into_owned)
    });
    encoded
        .or_else(|| parameter("filename"))
        .filter(|name| !name.is_empty())
}

/// The parameters after the first `;`, without their quotes.
fn parameters(text: &str) -> impl Iterator<Item = (&str, String)> {
    let mut rest = text.split_once(';').map_or("", |(_, rest)| rest);
    std::iter::from_fn(move || {
        let (name, value) = rest.split_once('=')?;
        let (value, after) = if let Some(quoted) = value.trim_start().strip_prefix('"') {
            unquote(quoted)
        } else {
            let (value, after) = value.split_once(';').unwrap_or((value, ""));
            (value.trim().to_owned(), after)
        };
        rest = after;
        Some((name.trim_matches([' ', ';']), value))
    })
}

/// A quoted text up to its end, and what follows it.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

impl ReportService<'_> {
    /// The attachments of a report, without their contents; empty if it has none, or if there is no such report. Their
    /// names and places come from its header (`$expand=attachments,uurAttachments`).
    ///
    /// # Errors
    /// The call fails.
    pub async fn attachments(self, id: Uuid) -> Result<Vec<HeaderAttachment>> {
        let query = HeaderQuery::default()
            .filter(Filter::eq(HeaderField::Id, id))
            .select([HeaderField::Id])
            .expand(HeaderList::Attachments)
            .expand(HeaderList::UurAttachments)
            .top(1);
        let headers: Vec<ReportHeader> = self.headers(&query).await?;
        Ok(headers
            .into_iter()
            .flat_map(|header| [header.attachments, header.uur_attachments])
            .flatten()
            .flatten()
            .collect())
    }

    /// The contents of one attachment (`GET /api/Report/Attachment`).
    ///
    /// # Errors
    /// Status 404 when there is none, or the call fails.
    ///
    /// ```no_run
    /// # async fn example(api: wats_domains::Api, id: uuid::Uuid) -> wats_domains::Result<()> {
    /// use wats_domains::report::AttachmentKey;
    ///
    /// let photo = api.report().attachment(id, AttachmentKey::Step(12)).await?;
    /// println!("{} bytes of {:?}", photo.contents.len(), photo.content_type);
    /// # Ok(()) }
    /// ```
    pub async fn attachment(self, report_id: Uuid, key: AttachmentKey) -> Result<Download> {
        let route = &route::REPORT_ATTACHMENT;
        let call = route.call().query("reportId", report_id);
        let call = match key {
            AttachmentKey::Step(step_id) => call.query("stepId", step_id),
            AttachmentKey::Id(id) => call.query("attachmentId", id),
        };
        self.download(route, call).await
    }

    /// All attachments of a report as a zip archive (`GET /api/Report/Attachments/{id}`).
    ///
    /// # Errors
    /// Status 404 when there are none, or the call fails.
    pub async fn attachments_zip(self, id: Uuid) -> Result<Download> {
        let route = &route::REPORT_ATTACHMENTS;
        self.download(route, route.call().path("id", id)).await
    }

    /// The certificate of a report (`GET /api/Report/Certificate/{id}`), in the form that the server gives.
    ///
    /// # Errors
    /// Status 404 when there is none, or the call fails.
    pub async fn certificate(self, id: Uuid) -> Result<Download> {
        let route = &route::REPORT_CERTIFICATE;
        self.download(route, route.call().path("id", id)).await
    }

    /// Files come as they are: the usual wish for JSON would have servers wrap them in it.
    async fn download(self, route: &route::Route, call: Call) -> Result<Download> {
        let response = self.api.send(route, call.header("accept", "*/*")).await?;
        Ok(Download::of(response))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wats_http::http::HeaderValue;

    use super::*;

    fn name(disposition: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_DISPOSITION,
            HeaderValue::from_bytes(disposition.as_bytes()).unwrap(),
        );
        file_name(&headers)
    }

    #[test]
    fn names_of_files_in_all_their_writings() {
        for (disposition, expected) in [
            ("attachment; filename=a.png", Some("a.png")),
            (
                "attachment; filename=\"a; b=c.png\"; size=5",
                Some("a; b=c.png"),
            ),
            ("attachment; filename=\"a\\\"b\"", Some("a\"b")),
            (
                "attachment; filename=\"plain\"; filename*=UTF-8''%C3%B8.png",
                Some("ø.png"),
            ),
            ("attachment;FILENAME*=utf-8'en'x%20y", Some("x y")),
            ("attachment; filename*=latin1''x; filename=b", Some("b")),
            ("attachment; filename*=UTF-8''%C3", None),
            ("attachment; filename=\"\"", None),
            ("attachment", None),
        ] {
            assert_eq!(name(disposition).as_deref(), expected, "{disposition}");
        }
    }

    proptest! {
        #[test]
        fn no_disposition_panics(text in "[ -~]{0,40}|(attachment|;| |filename\\*?=|\"|\\\\|'|%|UTF-8|ø){0,12}") {
            let _ = name(&text);
        }
    }
}
