//! Reports as they stand in files: found, named by their ids, and read where somebody wants to look into them.
//!
//! Here is the text of one report; `file` looks through a file that is too large for memory.

mod file;

#[cfg(feature = "xml")]
use std::borrow::Cow;
use std::path::PathBuf;

use bytes::Bytes;
use uuid::Uuid;
use wats_codec::{Format, Limits, Serializer};
use wats_report::text;

use super::lint::{InPieces, lint_json_in};
use super::stored::{ReportFormat, StoredReport};
use super::submit::{known, with_id};
use super::{Finding, Report, lint};
use crate::error::{Error, Result};

/// A file of more bytes than this is not read into memory by [`ReportText::in_file`].
const WHOLE: u64 = 16 << 20;

/// No file of more bytes is read into memory.
const MOST: u64 = 1 << 30;

/// The text of a report as it stands in a file, WSJF or WSXF.
///
/// ```
/// use wats_domains::report::ReportText;
///
/// let file = br#"{"sn": "1"}
/// {"sn": "2", "id": "83ac0b8e-b575-4004-94de-f905774c3ed8"}"#;
/// let mut reports = ReportText::all_of(&file[..])?;
/// assert_eq!(reports.len(), 2);
/// let (id, second) = reports.remove(1).with_id()?;
/// assert_eq!(id.to_string(), "83ac0b8e-b575-4004-94de-f905774c3ed8");
/// assert_eq!(second.read()?.serial_number.as_deref(), Some("2"));
/// # Ok::<(), wats_domains::Error>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReportText {
    /// Its form.
    pub format: ReportFormat,
    /// Where its bytes are.
    pub text: StoredReport,
}

impl ReportText {
    /// A report in this form.
    pub fn new(format: ReportFormat, text: impl Into<StoredReport>) -> Self {
        let text = text.into();
        Self { format, text }
    }

    /// The reports of a text, each as it stands there: a WSJF object, several one after the other, a list of them, or WSXF
    /// with any number. What it is its first byte tells. An empty list has none.
    ///
    /// Whether the reports can be read is not looked at.
    ///
    /// # Errors
    /// [`Error::Data`] when the text is neither JSON nor XML, or is XML and no WSXF.
    pub fn all_of(file: impl Into<Bytes>) -> Result<Vec<Self>> {
        let file: Bytes = file.into();
        if is_xml(&file) {
            return all_of_xml(&file);
        }
        let parts = text::split_wsjf(&file);
        if let [only] = parts.as_slice() {
            text::looks_like_wsjf(file.get(only.clone()).unwrap_or_default())?;
        }
        let parts = parts.into_iter().map(|at| {
            let text = file.slice(at);
            Self::new(ReportFormat::Wsjf, text)
        });
        Ok(parts.collect())
    }

    /// The reports of a file, as [`all_of`](Self::all_of). The only WSJF report of a file of more than 16 MiB stays there, and is
    /// sent piece by piece; the file must not change until then. This blocks.
    ///
    /// # Errors
    /// As [`all_of`](Self::all_of), and when the file cannot be read, or is of more than 1 GiB and not one WSJF report.
    pub fn in_file(path: impl Into<PathBuf>) -> Result<Vec<Self>> {
        let path = path.into();
        let length = file::large(&path, WHOLE)?;
        if let Some(length) = length {
            let text = StoredReport::File { path, length };
            return Ok(vec![Self::new(ReportFormat::Wsjf, text)]);
        }
        Self::all_of(file::whole(&path, MOST)?)
    }

    /// The bytes, if they are in memory.
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.text {
            StoredReport::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// How many bytes it has.
    #[allow(clippy::len_without_is_empty, reason = "a report is never empty")]
    pub fn len(&self) -> u64 {
        self.text.len()
    }

    /// Reads it into the model. One that is in a file is read into memory as a whole. This may block.
    ///
    /// # Errors
    /// [`Error::Codec`] and [`Error::Data`] when it is no report.
    pub fn read(&self) -> Result<Report> {
        let bytes = self.text.read()?;
        match self.format {
            ReportFormat::Wsjf => {
                let json = text::without_mark(&bytes);
                text::looks_like_wsjf(json)?;
                let codec = Serializer::new(Format::Json).limits(Limits::default().no_max_bytes());
                codec.from_json(json).map_err(|source| Error::Codec {
                    what: "the text is not a WSJF report",
                    source,
                })
            }
            ReportFormat::Wsxf => read_xml(&bytes),
        }
    }

    /// What the server would refuse in it, or lose; see [`lint`](crate::report::lint()).
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn lint(&self) -> Result<Vec<Finding>> {
        Ok(lint(&self.read()?))
    }

    /// As [`lint`](Self::lint), for a text of any size: a WSJF text is read piece by piece, so that a large one takes a few
    /// megabytes of memory. What is too large to be looked at is counted. This may block.
    ///
    /// # Errors
    /// [`Error::Data`] when it is no report, or its file cannot be read; [`Error::Codec`] for WSXF.
    pub fn lint_in_pieces(&self) -> Result<InPieces> {
        let mut reader = match self.format {
            ReportFormat::Wsjf => self.text.reader()?,
            ReportFormat::Wsxf => {
                let report = self.read()?;
                let wsjf = serde_json::to_vec(&report).map_err(|error| {
                    Error::Data(format!("the report cannot be written: {error}"))
                })?;
                return Ok(lint_json_in(wsjf.as_slice())?);
            }
        };
        Ok(lint_json_in(&mut reader)?)
    }

    /// The id of the report, and its text with it. A report without an id is given one that is made of its bytes, so that
    /// the same bytes have the same id whenever they are sent; nothing else is changed but a byte order mark in front of
    /// WSJF, which is left out. This may block: a file is looked through.
    ///
    /// # Errors
    /// [`Error::Codec`] or [`Error::Data`] when the text is no report, [`Error::Report`] when it has an id that is none.
    pub fn with_id(self) -> Result<(Uuid, Self)> {
        match (self.format, self.text) {
            (ReportFormat::Wsjf, StoredReport::Bytes(bytes)) => {
                let bytes = bytes.slice_ref(text::without_mark(&bytes));
                let (id, bytes) = match text::id_of_wsjf(&bytes)? {
                    None => with_id(&bytes),
                    found => (known(found)?, bytes),
                };
                Ok((id, Self::new(ReportFormat::Wsjf, bytes)))
            }
            (ReportFormat::Wsjf, StoredReport::File { path, length }) => {
                let (id, text) = file::with_id(&path, length)?;
                Ok((id, Self::new(ReportFormat::Wsjf, text)))
            }
            (format, text) => {
                let bytes = text.read()?;
                let (id, bytes) = with_id_xml(&bytes)?;
                Ok((known(Some(id))?, Self::new(format, bytes)))
            }
        }
    }
}

/// Whether a text begins as XML, in whatever encoding.
fn is_xml(text: &[u8]) -> bool {
    let start = text::without_mark(text).trim_ascii_start();
    start.starts_with(b"<") || matches!(text, [0xff, 0xfe, b'<', 0, ..] | [0xfe, 0xff, 0, b'<', ..])
}

#[cfg(feature = "xml")]
fn owned(whole: &Bytes, part: Cow<'_, [u8]>) -> Bytes {
    match part {
        Cow::Borrowed(part) => whole.slice_ref(part),
        Cow::Owned(part) => part.into(),
    }
}

#[cfg(feature = "xml")]
fn all_of_xml(file: &Bytes) -> Result<Vec<ReportText>> {
    let parts = wats_report::wsxf::split(file)?.into_iter();
    let texts = parts.map(|part| ReportText::new(ReportFormat::Wsxf, owned(file, part)));
    Ok(texts.collect())
}

#[cfg(feature = "xml")]
fn read_xml(bytes: &Bytes) -> Result<Report> {
    let mut reports = wats_report::wsxf::read(bytes)?;
    match (reports.pop(), reports.is_empty()) {
        (Some(report), true) => Ok(report),
        _ => Err(Error::Data(
            "the text is not a WSXF report: it holds several; read them one by one".to_owned(),
        )),
    }
}

#[cfg(feature = "xml")]
fn with_id_xml(bytes: &Bytes) -> Result<(Uuid, Bytes)> {
    let (id, text) = wats_report::wsxf::with_id(bytes)?;
    Ok((id, owned(bytes, text)))
}

#[cfg(not(feature = "xml"))]
fn without_xml<T>() -> Result<T> {
    Err(Error::Config(
        "reports in XML need the feature `xml`".to_owned(),
    ))
}

#[cfg(not(feature = "xml"))]
fn all_of_xml(_: &Bytes) -> Result<Vec<ReportText>> {
    without_xml()
}

#[cfg(not(feature = "xml"))]
fn read_xml(_: &Bytes) -> Result<Report> {
    without_xml()
}

#[cfg(not(feature = "xml"))]
fn with_id_xml(_: &Bytes) -> Result<(Uuid, Bytes)> {
    without_xml()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_holds_its_first_byte_tells() {
        let count = |text: &[u8]| ReportText::all_of(text.to_vec()).map(|all| all.len());
        for (text, reports) in [
            (&b"{\"a\": 1}"[..], 1),
            (b"\xef\xbb\xbf[]", 0),
            (b"[{}, 5]", 2),
            (b"{", 1),
        ] {
            assert_eq!(count(text).unwrap(), reports);
        }
        for text in [&b""[..], b"PK\x03\x04", b"a;b", b"[{}", b"{\0}\0"] {
            assert!(count(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_text_in_a_file_is_looked_at_in_pieces() {
        use std::io::Write as _;
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let text =
            "\u{feff}{\"sn\": \"1\", \"type\": \"T\", \"root\": {\"steps\": [{\"name\": \"\"}]}}";
        file.write_all(text.as_bytes()).unwrap();
        let length = text.len() as u64;
        let path = file.path().to_owned();
        let in_file = ReportText::new(ReportFormat::Wsjf, StoredReport::File { path, length });
        let told = in_file.lint_in_pieces().unwrap();
        assert_eq!((told.steps, told.not_looked_at), (2, 0));
        let whole = ReportText::new(ReportFormat::Wsjf, Bytes::from(text))
            .lint()
            .unwrap();
        assert_eq!(told.findings.len(), whole.len());
        let (_, named) = in_file.with_id().unwrap();
        let named = named.lint_in_pieces().unwrap().findings;
        assert_eq!(named.len() + 1, whole.len(), "it has an id now");
    }

    /// Whether all of a text is there: each report can be read.
    fn is_whole(text: &str) -> bool {
        let all = ReportText::all_of(text.to_owned());
        all.is_ok_and(|all| !all.is_empty() && all.iter().all(|one| one.read().is_ok()))
    }

    #[test]
    fn no_start_of_a_file_is_taken_for_the_whole() {
        let one = r#"{"id": "83ac0b8e-b575-4004-94de-f905774c3ed8", "x": [1, {}]}"#;
        let list = format!(r#"[{one}, {{"sn": "2"}}]"#);
        for whole in [one, &list] {
            for cut in 0..whole.len() {
                assert!(!is_whole(&whole[..cut]), "{}", &whole[..cut]);
            }
            assert!(is_whole(whole));
        }
        for odd in ["[]", "[1]", "[{}{}]", "[{}]x", "{} x", "{}{", "[{},]"] {
            assert!(!is_whole(odd), "{odd}");
        }
    }

    #[cfg(feature = "xml")]
    #[test]
    fn no_start_of_xml_is_taken_for_the_whole() {
        let text = "<Reports xmlns='http://wats.virinco.com/schemas/WATS/Report/wsxf'><Report SN='1'/><Report SN='2'/></Reports>";
        for cut in 0..text.len() {
            assert!(!is_whole(&text[..cut]), "{}", &text[..cut]);
        }
        assert!(is_whole(text));
    }

    #[cfg(feature = "xml")]
    #[test]
    fn xml_is_taken_apart_and_named() {
        let text = "<Reports xmlns='http://wats.virinco.com/schemas/WATS/Report/wsxf'><Report SN='1'/><Report SN='2'/></Reports>";
        let all = ReportText::all_of(text).unwrap();
        let named: Vec<_> = all.into_iter().map(|one| one.with_id().unwrap()).collect();
        assert_eq!(named.len(), 2);
        assert_ne!(named[0].0, named[1].0);
        for (id, one) in named {
            assert_eq!(one.read().unwrap().id, Some(id));
        }
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(ReportText::all_of(utf16).unwrap().len(), 2);
    }
}
