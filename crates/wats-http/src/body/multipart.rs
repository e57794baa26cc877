//! Forms with files: `multipart/form-data` by RFC 7578, written as browsers write it (WHATWG HTML, "multipart form data").
//!
//! A form becomes one [`BodySource`] of many: heads and texts from memory, files and streams as they come. So its length
//! is known before it is sent if that of each part is, and it can be sent again if each part can.
//!
//! Names are UTF-8 between quotes; a quote, CR and LF in them are `%22`, `%0D`, `%0A`, so that no name ends its header.
//! There is no `filename*` (RFC 7578, section 4.2, forbids it) and no length of a part, which some servers take for a part
//! of the value.

use std::fmt::Write as _;
use std::path::PathBuf;

use bytes::Bytes;
use http::header::HeaderValue;

use super::BodySource;
use crate::error::{Error, Result};

/// A form with texts and files, for [`Call::multipart`](crate::Call::multipart).
///
/// Files are read while they are sent and never whole in memory. If a file can be opened again, and a part begun anew,
/// so can the form: the call is repeated as its operation allows.
///
/// ```no_run
/// use wats_http::{Client, Multipart, Part};
///
/// # async fn example(client: Client, png: Vec<u8>) -> wats_http::Result<()> {
/// let form = Multipart::new()
///     .text("comment", "from station 7")
///     .file("report", "reports/4711.xml")
///     .part("chart", Part::bytes(png).file_name("chart.png").content_type("image/png"));
/// client.post("/api/Import").multipart(form).send().await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct Multipart {
    parts: Vec<(String, Part)>,
}

/// The value of one field of a [`Multipart`].
#[derive(Debug)]
#[must_use]
pub struct Part {
    source: BodySource,
    file_name: Option<String>,
    content_type: Option<HeaderValue>,
    mistake: Option<Error>,
}

impl Multipart {
    /// A form without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field with a text, which is sent as UTF-8 and without a content type.
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.part(name, Part::text(value))
    }

    /// Adds a file from disk; see [`Part::file`].
    pub fn file(self, name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.part(name, Part::file(path))
    }

    /// Adds a field. Fields are sent in the order in which they were added; several may have one name.
    pub fn part(mut self, name: impl Into<String>, part: Part) -> Self {
        self.parts.push((name.into(), part));
        self
    }

    /// The body, and its content type.
    pub(crate) fn into_source(self) -> Result<(BodySource, String)> {
        // As nobody can guess it, no part can contain it, by accident or on purpose.
        let mut boundary = String::from("wats-");
        for byte in crate::tls::random::<16>()? {
            let _ = write!(boundary, "{byte:02x}");
        }
        let content_type = format!("multipart/form-data; boundary={boundary}");
        Ok((self.between(&boundary)?, content_type))
    }

    /// The body with this boundary.
    fn between(self, boundary: &str) -> Result<BodySource> {
        let mut sources = Vec::with_capacity(2 * self.parts.len() + 1);
        // What stands between the contents of two parts.
        let mut between = String::new();
        for (name, part) in self.parts {
            if let Some(mistake) = part.mistake {
                return Err(mistake);
            }
            between.push_str("--");
            between.push_str(boundary);
            between.push_str("\r\nContent-Disposition: form-data; name=\"");
            push_escaped(&mut between, &name);
            if let Some(file_name) = &part.file_name {
                between.push_str("\"; filename=\"");
                push_escaped(&mut between, file_name);
            }
            between.push_str("\"\r\n");
            let mut head = std::mem::take(&mut between).into_bytes();
            if let Some(content_type) = &part.content_type {
                head.extend_from_slice(b"Content-Type: ");
                head.extend_from_slice(content_type.as_bytes());
                head.extend_from_slice(b"\r\n");
            }
            head.extend_from_slice(b"\r\n");
            sources.push(BodySource::bytes(head));
            sources.push(part.source);
            between.push_str("\r\n");
        }
        let _ = write!(between, "--{boundary}--\r\n");
        sources.push(BodySource::bytes(between));
        Ok(BodySource::joined(sources))
    }
}

impl Part {
    fn new(source: BodySource) -> Self {
        Self {
            source,
            file_name: None,
            content_type: None,
            mistake: None,
        }
    }

    /// A text, without a content type, which means `text/plain` in UTF-8.
    pub fn text(value: impl Into<String>) -> Self {
        Self::new(BodySource::bytes(value.into()))
    }

    /// Bytes from memory.
    pub fn bytes(value: impl Into<Bytes>) -> Self {
        Self::new(BodySource::bytes(value)).content_type("application/octet-stream")
    }

    /// A file from disk, as [`BodySource::file`] reads it, with the last part of its path as its name.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let part = Self::stream(BodySource::file(path));
        match name {
            Some(name) => part.file_name(name),
            None => part,
        }
    }

    /// Whatever a source gives. If it can be sent once only, so can the form.
    pub fn stream(source: BodySource) -> Self {
        Self::new(source).content_type("application/octet-stream")
    }

    /// Sets the name of the file that the server is told. A part with one is a file to most servers.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Sets the content type; `application/octet-stream` but for texts. One that is none is a mistake that `execute`
    /// reports.
    pub fn content_type(mut self, value: impl TryInto<HeaderValue>) -> Self {
        match crate::header::content_type(value) {
            Ok(value) => self.content_type = Some(value),
            Err(mistake) => {
                self.mistake.get_or_insert(mistake);
            }
        }
        self
    }
}

/// Appends a name so that it stands between quotes.
fn push_escaped(head: &mut String, name: &str) {
    for character in name.chars() {
        match character {
            '"' => head.push_str("%22"),
            '\r' => head.push_str("%0D"),
            '\n' => head.push_str("%0A"),
            other => head.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;

    async fn written(form: Multipart) -> String {
        let source = form.between("B").unwrap().settle().await.unwrap();
        let pieces: Vec<Bytes> = source.open().unwrap().try_collect().await.unwrap();
        let whole = String::from_utf8(pieces.concat()).unwrap();
        assert_eq!(source.announced(), Some(whole.len() as u64));
        whole
    }

    #[tokio::test]
    async fn the_form_of_rfc_7578_to_the_byte() {
        let form = Multipart::new()
            .text("comment", "Zürich\r\n2")
            .part("empty", Part::bytes(""))
            .part(
                "chart",
                Part::bytes("\r\n--B")
                    .file_name("c.png")
                    .content_type("image/png"),
            );
        assert_eq!(
            written(form).await,
            "--B\r\nContent-Disposition: form-data; name=\"comment\"\r\n\r\nZürich\r\n2\r\n\
             --B\r\nContent-Disposition: form-data; name=\"empty\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n\
             --B\r\nContent-Disposition: form-data; name=\"chart\"; filename=\"c.png\"\r\nContent-Type: image/png\r\n\r\n\r\n--B\r\n\
             --B--\r\n"
        );
        assert_eq!(written(Multipart::new()).await, "--B--\r\n");
    }

    #[tokio::test]
    async fn no_name_ends_its_header() {
        let form = Multipart::new().part(
            "a\"; x=\"b\r\nX: y",
            Part::text("v").file_name("Ω [1]\\\".txt\n"),
        );
        let whole = written(form).await;
        let head = whole.split("\r\n").nth(1).unwrap();
        assert_eq!(
            head,
            "Content-Disposition: form-data; name=\"a%22; x=%22b%0D%0AX: y\"; filename=\"Ω [1]\\%22.txt%0A\""
        );
    }

    #[test]
    fn boundaries_differ_and_need_no_quotes() {
        let boundary = || {
            let (_, content_type) = Multipart::new().into_source().unwrap();
            let boundary = content_type.strip_prefix("multipart/form-data; boundary=");
            boundary.unwrap().to_owned()
        };
        let one = boundary();
        assert_ne!(one, boundary());
        assert!(one.len() <= 70, "RFC 2046, section 5.1.1");
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
    }

    #[test]
    fn a_content_type_that_is_none_is_told() {
        let form = Multipart::new().part("x", Part::text("v").content_type("a/b\r\nX: y"));
        let mistake = form.into_source().unwrap_err().to_string();
        assert!(mistake.contains("content type"), "{mistake}");
    }
}
