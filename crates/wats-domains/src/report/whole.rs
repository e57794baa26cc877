//! The reports of a file as texts, each with its id: what is in it is sent as it is.

use bytes::Bytes;
use serde::de::IgnoredAny;
use uuid::Uuid;
use wats_report::text;

use super::stored::ReportFormat;
#[cfg(feature = "xml")]
use super::submit::{SubmitOptions, sendable};
use super::submit::{known, with_id};
use super::{Finding, lint_json};
use crate::error::{Error, Result};

/// A report as text, with its id; from [`whole_texts`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WholeText {
    /// The id under which it is stored.
    pub id: Uuid,
    /// JSON or XML.
    pub format: ReportFormat,
    /// The text. It has the id in it.
    pub bytes: Bytes,
}

impl WholeText {
    /// What the server would refuse in it, or lose; see [`lint`](crate::report::lint()).
    ///
    /// # Errors
    /// [`Error::Codec`] or [`Error::Data`] when it cannot be read as a report.
    pub fn lint(&self) -> Result<Vec<Finding>> {
        Ok(match self.format {
            ReportFormat::Wsjf => lint_json(&self.bytes)?,
            #[cfg(feature = "xml")]
            ReportFormat::Wsxf => super::wsxf::read(&self.bytes)?
                .iter()
                .flat_map(super::lint)
                .collect(),
            #[cfg(not(feature = "xml"))]
            ReportFormat::Wsxf => return Err(no_xml()),
        })
    }
}

/// The reports of a file, which is read to its end:
///
/// - a report as WSJF: its text as it is, but for a byte order mark in front;
/// - several as a JSON list, or one after the other (JSON lines): the text of each as it is;
/// - one as WSXF: its text as it is (feature `xml`);
/// - several as WSXF: each as WSJF (feature `xml`).
///
/// A report without an id is given one that is made of its bytes, so it is the same whenever the file is read.
///
/// ```
/// use wats_domains::report::whole_texts;
///
/// let found = whole_texts(r#"[{"sn": "1"}, {"sn": "2"}]"#)?;
/// assert_eq!(found.len(), 2);
/// assert_ne!(found[0].id, found[1].id);
/// assert_eq!(found, whole_texts(r#"[{"sn": "1"}, {"sn": "2"}]"#)?);
/// assert!(whole_texts(r#"[{"sn": "1"}, {"sn""#).is_err());
/// # Ok::<(), wats_domains::Error>(())
/// ```
///
/// # Errors
/// [`Error::Codec`] or [`Error::Data`] when there is no report in it, or not the whole of one; [`Error::Report`] for an id
/// that is none.
pub fn whole_texts(file: impl Into<Bytes>) -> Result<Vec<WholeText>> {
    let file: Bytes = file.into();
    let bytes = file.slice_ref(text::without_mark(&file));
    match bytes.trim_ascii_start() {
        [b'<', ..] => of_xml(file),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => of_xml(file),
        [b'[', ..] => list(&bytes),
        _ => lines(&bytes),
    }
}

/// A report of JSON, given an id if it has none.
fn of_json(bytes: Bytes) -> Result<WholeText> {
    let (id, bytes) = match text::id_of_wsjf(&bytes)? {
        None => with_id(&bytes),
        id => (known(id)?, bytes),
    };
    Ok(WholeText {
        id,
        format: ReportFormat::Wsjf,
        bytes,
    })
}

/// One report, or several one after the other.
fn lines(all: &Bytes) -> Result<Vec<WholeText>> {
    let mut found = Vec::new();
    let mut rest = &all[..];
    loop {
        let start = rest.trim_ascii_start();
        if start.is_empty() && !found.is_empty() {
            return Ok(found);
        }
        text::looks_like_wsjf(start)?;
        let (one, after) = object(start, all)?;
        // What stands around a single one is its own, as it is given to others.
        if found.is_empty() && after.trim_ascii().is_empty() {
            return Ok(vec![of_json(all.clone())?]);
        }
        found.push(of_json(all.slice_ref(one))?);
        rest = after;
    }
}

fn list(all: &Bytes) -> Result<Vec<WholeText>> {
    let wrong = |what: &str| Error::Data(format!("the text is no list of WSJF reports: {what}"));
    let mut found = Vec::new();
    let mut rest = all.trim_ascii().strip_prefix(b"[").unwrap_or_default();
    loop {
        let start = rest.trim_ascii_start();
        if start.starts_with(b"]") && found.is_empty() {
            return Err(wrong("it is empty"));
        }
        text::looks_like_wsjf(start)?;
        let (one, after) = object(start, all)?;
        found.push(of_json(all.slice_ref(one))?);
        match after.trim_ascii_start() {
            [b',', after @ ..] => rest = after,
            [b']'] => return Ok(found),
            [b']', ..] => return Err(wrong("there is something behind its end")),
            [] => return Err(wrong("it ends too early")),
            _ => return Err(wrong("there is no comma between two of them")),
        }
    }
}

/// The object that a text begins with, and what comes behind it.
fn object<'a>(text: &'a [u8], all: &[u8]) -> Result<(&'a [u8], &'a [u8])> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => Ok(text.split_at(values.byte_offset().min(text.len()))),
        Some(Err(problem)) => {
            let before = all.len().saturating_sub(text.len());
            Err(Error::Data(format!(
                "the text is not a WSJF report: {problem}, in what begins at byte {before}"
            )))
        }
        None => Err(Error::Data(
            "the text is not a WSJF report: it is empty".to_owned(),
        )),
    }
}

#[cfg(feature = "xml")]
fn of_xml(file: Bytes) -> Result<Vec<WholeText>> {
    // As it is, if the server would take it so.
    if let Ok(Some(id)) = text::id_of_wsxf(&file) {
        return Ok(vec![WholeText {
            id: known(Some(id))?,
            format: ReportFormat::Wsxf,
            bytes: file,
        }]);
    }
    let reports = super::wsxf::read(&file)?;
    let each = reports.iter().map(|report| {
        let id = sendable(report, &SubmitOptions::default())?;
        let mut bytes = Vec::new();
        let written = report.body()?.write_to(&mut bytes);
        written.map_err(|error| Error::Data(format!("the report cannot be written: {error}")))?;
        Ok(WholeText {
            id,
            format: ReportFormat::Wsjf,
            bytes: bytes.into(),
        })
    });
    each.collect()
}

#[cfg(not(feature = "xml"))]
fn of_xml(_: Bytes) -> Result<Vec<WholeText>> {
    Err(no_xml())
}

#[cfg(not(feature = "xml"))]
fn no_xml() -> Error {
    Error::Config("reports in XML need the feature `xml`".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "83ac0b8e-b575-4004-94de-f905774c3ed8";

    #[test]
    fn one_is_as_it_is_and_several_are_each_as_they_are() {
        let one = format!(" {{\"id\": \"{ID}\", \"x\": 1.50}}\n");
        let found = whole_texts(format!("\u{feff}{one}")).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].bytes, one);
        assert_eq!(found[0].id.to_string(), ID);
        for several in [
            format!("[{one},{{\"sn\":\"[}}\"}} ]\n"),
            format!("{one}\n{{\"sn\":\"[}}\"}}"),
            format!("{}{{\"sn\":\"[}}\"}}", one.trim()),
        ] {
            let found = whole_texts(several.clone()).unwrap();
            assert_eq!(found.len(), 2, "{several}");
            assert_eq!(found[0].bytes, one.trim());
            let id = found[1].id;
            assert_eq!(
                found[1].bytes,
                format!("{{\"id\":\"{id}\",\"sn\":\"[}}\"}}")
            );
            assert_eq!(whole_texts(several).unwrap()[1].id, id);
        }
    }

    #[test]
    fn no_start_of_a_file_is_taken_for_the_whole() {
        let one = format!("{{\"id\": \"{ID}\", \"x\": [1, {{}}]}}");
        let file = format!("[{one}, {{\"sn\": \"2\"}}]");
        for whole in [one.as_str(), file.as_str()] {
            for cut in 0..whole.len() {
                assert!(
                    whole_texts(whole[..cut].to_owned()).is_err(),
                    "{}",
                    &whole[..cut]
                );
            }
            assert!(whole_texts(whole.to_owned()).is_ok());
        }
        for odd in [
            "[]", "[1]", "[{}{}]", "[{}]x", "{} x", "nonsense", "", "{}{", "[{},]",
        ] {
            assert!(whole_texts(odd).is_err(), "{odd}");
        }
    }

    #[cfg(feature = "xml")]
    #[test]
    fn xml_of_one_is_as_it_is_and_of_several_is_json() {
        let report = |sn: &str, id: &str| {
            format!(
                "<Report {id} type=\"UUT\" PN=\"P\" SN=\"{sn}\" Start=\"2026-01-30T22:01:41Z\"/>"
            )
        };
        let file = |reports: &str| {
            format!(
                "<Reports xmlns=\"http://wats.virinco.com/schemas/WATS/Report/wsxf\">{reports}</Reports>"
            )
        };
        let one = file(&report("1", &format!("ID=\"{ID}\"")));
        let found = whole_texts(one.clone()).unwrap();
        assert_eq!((found.len(), found[0].format), (1, ReportFormat::Wsxf));
        assert_eq!(found[0].bytes, one);
        let two = file(&format!("{}{}", report("1", ""), report("2", "")));
        let found = whole_texts(two.clone()).unwrap();
        assert_eq!((found.len(), found[0].format), (2, ReportFormat::Wsjf));
        assert_ne!(found[0].id, found[1].id);
        assert_eq!(whole_texts(two.clone()).unwrap(), found);
        assert!(!found[0].lint().unwrap().is_empty());
        for cut in 0..two.len() {
            assert!(
                whole_texts(two[..cut].to_owned()).is_err(),
                "{}",
                &two[..cut]
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,40}|(\\{|\\}|\\[|\\]|,|:|\"|a|1| |<|>){0,30}") {
            let _ = whole_texts(text);
        }
    }
}
